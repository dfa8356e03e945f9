"""What somebody wants on one side: requirements, a wheel, a folder, pins, or what is installed."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from conformance.command import CommandError
from conformance.process.framework import shipped
from conformance.process.source import declared
from conformance.upgrade.pinfile import pins

HERE = "installed"
PINS = ".txt"
SOURCES = ("pyproject.toml", "setup.py")


@dataclass(frozen=True)
class Wanted:
    """One side, as it was asked for."""

    told: str
    requirements: tuple[str, ...] = ()  # what an installer is given; none where all is there
    names: tuple[str, ...] = ()  # of the distributions, where they can be told without a look
    interpreter: str = ""  # where all is there: a path, or "" for this one


def both(root: Path, before: str, after: str) -> tuple[Wanted, Wanted]:
    """Two sides; of two files of pins, such as constraints.txt, that in which they differ.

    Raises CommandError.
    """
    if not before.endswith(PINS) and not after.endswith(PINS):
        return parsed(before), parsed(after)
    old, new = (_pinned(path) for path in (before, after))
    ours = {name for one in shipped(root) for group in _packages(one) for name in group.split("|")}
    moved = [
        name for name in old if new.get(name, old[name]) != old[name] and name in _canonical(ours)
    ]
    if not moved:
        raise CommandError(f"{before} and {after}: no package of an adapter has another pin")
    one, two = (
        Wanted(path, tuple(f"{name}=={pinned[name]}" for name in moved), tuple(moved))
        for path, pinned in ((before, old), (after, new))
    )
    return one, two


def parsed(text: str) -> Wanted:
    """The side that `text` names. Raises CommandError."""
    if text == HERE:
        return Wanted(text)
    if not text.strip():
        raise CommandError("a side that names nothing")
    path = Path(text).expanduser()
    if path.is_dir() and not any((path / name).exists() for name in SOURCES):
        python = path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not python.exists():
            raise CommandError(f"{text}: neither an environment nor the source of a package")
        return Wanted(text, interpreter=str(python))
    if path.is_file() and path.suffix not in (".whl", ".gz", ".zip"):
        if not os.access(path, os.X_OK):
            raise CommandError(f"{text}: no interpreter: it cannot be executed")
        return Wanted(text, interpreter=str(path))
    parts = [_part(one) for one in _split(text)]
    names = tuple(name for _, name in parts if name)
    return Wanted(text, tuple(one for one, _ in parts), names)


def _pinned(path: str) -> dict[str, str]:
    if not path.endswith(PINS):
        raise CommandError(f"{path}: a file of pins is compared with another one")
    try:
        return pins(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise CommandError(f"{path}: no file of pins: {problem}") from problem


def adapters(root: Path, sides: Sequence[Wanted]) -> list[str]:
    """The adapters of what two sides name: those of that name, or else those that run on it.

    Raises CommandError where the sides name unlike packages, or nothing that an adapter runs on.
    """
    known = shipped(root)
    groups = {one: [_canonical(group.split("|")) for group in _packages(one)] for one in known}
    # A nightly build has a name of its own, and is what the release of the plain name is.
    plain = {name: group[0] for one in known for group in groups[one] for name in group}
    first, second = ({plain.get(name, name) for name in side.names} for side in sides)
    if first and second and not first & second:
        one, two = (" ".join(sorted(names)) for names in (first, second))
        raise CommandError(f"{one} and {two}: two sides are two versions of one package")
    names = (first & second) or first | second
    chosen = [one for one in known if canonicalize_name(one) in names]
    chosen = chosen or [one for one in known if groups[one][0][0] in names]
    chosen = chosen or [one for one in known if names.intersection(g[0] for g in groups[one])]
    if not chosen:
        told = " ".join(sorted(names)) or " and ".join(side.told for side in sides)
        raise CommandError(f"{told}: no adapter runs on that: say which by --framework")
    return chosen


def beside(frameworks: Sequence[str]) -> list[str]:
    """What adapters need: names of distributions, alternatives with ``|`` between them."""
    found = [package for one in frameworks for package in _packages(one)]
    return list(dict.fromkeys(found))


def _canonical(names: Iterable[str]) -> list[str]:
    return [canonicalize_name(name) for name in names]


def _packages(framework: str) -> Sequence[str]:
    module = framework if "." in framework else f"adapters.{framework.replace('-', '_')}"
    packages: Sequence[str] = declared(module, "PACKAGES")
    return packages


def _split(text: str) -> list[str]:
    """One requirement with spaces in it, or several with spaces between them."""
    try:
        Requirement(text)
    except InvalidRequirement:
        return [text] if Path(text).exists() else text.split()
    return [text]


def _part(text: str) -> tuple[str, str]:
    """What an installer is given, and the name of its distribution where that can be told."""
    path = Path(text).expanduser()
    if path.suffix == ".whl" or os.sep in text.partition("@")[0]:
        if not path.exists():
            raise CommandError(f"{text}: there is no such file or folder")
        if path.suffix != ".whl":
            return str(path.resolve()), ""
        try:
            return str(path.resolve()), parse_wheel_filename(path.name)[0]
        except InvalidWheelFilename as problem:
            raise CommandError(f"{text}: {problem}") from problem
    try:
        return text, canonicalize_name(Requirement(text).name)
    except InvalidRequirement as problem:
        line = str(problem).partition("\n")[0]
        raise CommandError(
            f"{text}: no requirement, and there is no such file: {line}"
        ) from problem
