"""Which framework, in which interpreter: ``NAME[@INTERPRETER]`` made sense of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from adapters.contract import Convention, File, Gap, Layer, Native, Spelling
from conformance.casefile.suggest import hint
from conformance.convention import gap as gaps
from conformance.convention.declaration import mistakes
from conformance.process import child, gateway, source

START = 60.0  # seconds that an interpreter has for its first answer
PLACE = 120.0  # and an adapter for the import of its framework, and to find a device


class FrameworkError(Exception):
    """A framework asked for by name that cannot be had; the message is one line."""


@dataclass(frozen=True)
class Framework:
    """One adapter in one interpreter, and what is installed there."""

    label: str  # as it was asked for: "keras", "my_pkg.my_adapter", "torch@.venvs/old/bin/python"
    module: str  # "adapters.keras"
    interpreter: str  # a path, an execnet specification, or "" for this interpreter
    versions: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    convention: Convention | None = None  # as declared; `find` reads it
    gaps: tuple[Gap, ...] = ()  # all that are declared, of whatever version
    functions: tuple[str, ...] = source.MAY  # of the optional ones, those that the adapter defines
    file: str = ""  # the adapter's, where its interpreter finds it
    device: str = "cpu"  # what it runs on, one of `source.DEVICES`

    @property
    def name(self) -> str:
        """The adapter's name, whatever interpreter it runs in: "keras"."""
        return self.label.partition("@")[0]

    def gap(self, layer: Layer) -> Gap | None:
        """The gap that `layer` falls into, in the versions that are installed."""
        return gaps.gap_of(layer, self._there)

    @cached_property
    def _there(self) -> tuple[Gap, ...]:
        return tuple(gap for gap in self.gaps if gaps.holds(gap, self.versions))

    def plain(self) -> dict[str, Any]:
        """Everything as plain data, for another process: see `of`."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Framework":
        """The framework that `plain` has made travel."""
        convention = plain["convention"] and declared(plain["convention"])
        there = tuple(Gap(**one) for one in plain["gaps"])
        return cls(**{**plain, "convention": convention, "gaps": there})

    def __str__(self) -> str:
        """``keras (keras 3.15.1, tensorflow 2.21.0)``, and where not on the CPU ``on cuda``."""
        parts = [f"{package} {version}" for package, version in self.versions.items()]
        where = "" if self.device == "cpu" else f" on {self.device}"
        return f"{self.label} ({', '.join(parts)}){where}"


def shipped(root: Path) -> list[str]:
    """The adapters of this project, by the names that ``--framework`` takes."""
    files = sorted((root / "adapters").glob("[!_]*.py"))
    return [file.stem.replace("_", "-") for file in files if file.stem != "contract"]


def named(given: Iterable[str]) -> list[str]:
    """The labels that ``--framework`` was given: in each text one, or several with commas.

    An interpreter's path may have commas of its own: of those that are there, the longest is
    meant. Raises FrameworkError for a text that names none.
    """
    labels = []
    for text in given:
        pieces = text.split(",")
        if not any(pieces):
            raise FrameworkError(f"--framework {text}: it names none")
        while pieces:
            joined = (",".join(pieces[:end]) for end in range(len(pieces), 1, -1))
            label = next((one for one in joined if _leads_somewhere(one)), pieces[0])
            del pieces[: label.count(",") + 1]
            labels += [label] if label else []
    return labels


def _leads_somewhere(label: str) -> bool:
    name, _, path = label.partition("@")
    return bool(path) and "," not in name and Path(path).exists()


def find(
    root: Path, labels: Sequence[str], missing: bool = False, device: str = "cpu"
) -> tuple[Framework, ...]:
    """The frameworks named by `labels`, or every adapter of this project where none is named.

    Raises FrameworkError for a name that is unknown or not installed. Where none is named, or where
    `missing` is true, what is not installed is returned with its `missing` distributions. A
    `device` other than the CPU is missing like a distribution where the adapter runs on none such,
    or where its own process finds none.
    """
    wanted = [_parse(root, label) for label in dict.fromkeys(labels or shipped(root))]
    found: dict[str, Framework] = {}
    for interpreter in dict.fromkeys(framework.interpreter for framework in wanted):
        here = [framework for framework in wanted if framework.interpreter == interpreter]
        for framework, probed in zip(here, _probe(root, interpreter, here), strict=True):
            if "error" in probed:
                guess = _beside(framework.module) if source.find(framework.module) is None else ""
                raise FrameworkError(f"--framework {framework.label}: {probed['error']}{guess}")
            convention = declared(probed["convention"])
            there = tuple(gaps.located(Gap(**one), str(root)) for one in probed["gaps"])
            for mistake in mistakes(convention, there):
                raise FrameworkError(f"--framework {framework.label}: {probed['file']}: {mistake}")
            for gap, mistake in gaps.mistakes(there, probed["packages"]):
                raise FrameworkError(f"--framework {framework.label}: {gap.where}: GAPS: {mistake}")
            made = replace(
                framework,
                versions=probed["versions"],
                missing=tuple(probed["missing"]),
                convention=convention,
                gaps=there,
                functions=tuple(probed["functions"]),
                file=probed["file"],
                device=device,
            )
            if device != "cpu" and not made.missing:
                placed = device in probed["devices"] and _placed(root, made)
                made = replace(made, missing=() if placed else (device,))
            found[framework.label] = made
    frameworks = tuple(found[framework.label] for framework in wanted)
    for framework in frameworks:
        if labels and framework.missing and not missing:
            raise FrameworkError(
                f"--framework {framework.label}: not installed: {', '.join(framework.missing)}"
            )
    return frameworks


def beside(frameworks: Sequence[Framework]) -> dict[str, Path]:
    """The folder of each adapter from elsewhere, where its pins and records lie, by its name.

    One on another machine is looked for on this one; without it there, nothing is known of it.
    """
    folders: dict[str, Path] = {}
    for framework in frameworks:
        file = framework.file
        if not Path(file).is_file():
            file = source.find(framework.module) or ""
        if "." in framework.name and file:
            folders.setdefault(framework.name, Path(file).parent)
    return folders


def declared(plain: Mapping[str, Any]) -> Convention:
    """The convention that travelled as plain data."""
    families = {
        key: {canonical: Native(**native) for canonical, native in plain[key].items()}
        for key in ("inputs", "results", "weights")
    }
    spellings = tuple(
        Spelling(
            **{**one, "weights": {key: Native(**form) for key, form in one["weights"].items()}}
        )
        for one in plain["spellings"]
    )
    files = tuple(File(**one) for one in plain["files"])
    return Convention(**{**plain, **families, "spellings": spellings, "files": files})


def _parse(root: Path, label: str) -> Framework:
    name, at, interpreter = label.partition("@")
    wrong = gateway.mistake(interpreter) if interpreter else at and "no interpreter is named"
    if wrong:
        raise FrameworkError(f"--framework {label}: {wrong}")
    if "." in name:
        return Framework(label, name, interpreter)
    known = shipped(root)
    if name not in known:
        guess = hint(name, known)
        raise FrameworkError(
            f"--framework {label}: unknown framework {name!r}{guess} (known: {', '.join(known)})"
        )
    return Framework(label, f"adapters.{name.replace('-', '_')}", interpreter)


def _probe(
    root: Path, interpreter: str, frameworks: Sequence[Framework]
) -> Sequence[child.Message]:
    modules = [framework.module for framework in frameworks]
    if not interpreter:
        return [source.probe(module) for module in modules]
    try:
        gateway.try_out(interpreter, START)
        with gateway.Gateway(interpreter, {"path": [str(root)], "probe": modules}) as opened:
            probed: list[child.Message] = opened.receive(timeout=START)
            return probed
    except (gateway.Lost, gateway.Slow) as lost:
        python = Path(interpreter, "bin", "python")  # of the folder of a virtual environment
        guess = f": did you mean '{python}'?" if python.exists() else ""
        return [{"error": f"{interpreter} does not answer: {lost}{guess}"}] * len(frameworks)


def _placed(root: Path, framework: Framework) -> bool:
    """Whether the framework's own process finds the device. Raises FrameworkError."""
    setup = {"adapter": framework.module, "path": [str(root)], "device": framework.device}
    try:
        with gateway.Gateway(framework.interpreter, {**setup, "cache": ""}) as opened:
            loaded: child.Message = opened.receive(timeout=PLACE)
    except (gateway.Lost, gateway.Slow) as lost:
        raise FrameworkError(f"--framework {framework.label}: {framework.device}: {lost}") from lost
    if "exception" in loaded:
        raised = loaded["exception"]
        told = f"{raised['type']}: {raised['message']} ({raised['at']})"
        raise FrameworkError(f"--framework {framework.label}: {framework.device}: {told}")
    return bool(loaded["placed"])


def _beside(module: str) -> str:
    """The module beside it that may have been meant, as the end of a sentence; or nothing."""
    package, _, name = module.rpartition(".")
    origin = Path(source.find(package) or "")
    known = [file.stem for file in sorted(origin.parent.glob("[!_]*.py"))]
    close = get_close_matches(name, known, n=1) if origin.name == "__init__.py" else []
    return f": did you mean '{package}.{close[0]}'?" if close else ""
