"""Pins behind the newest release: which, who runs on them, and what speaks of them alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from conformance.casefile.document import parse
from conformance.process.framework import shipped
from conformance.process.source import declared

KNOWN = {"deviations": "deviations", "properties": "records"}  # folders, and the list in a file


@dataclass(frozen=True)
class Behind:
    """One pin that is not the newest release."""

    package: str
    pinned: str
    newest: str
    adapters: tuple[str, ...]  # that run on it
    ending: tuple[str, ...]  # what is known of the pinned release and not of the newest, with place


def behind(
    root: Path, pinned: Iterable[tuple[str, str]], releases: Callable[[str], Sequence[str]]
) -> Iterator[Behind]:
    """Every pin, a package and its version, that has a newer release among its `releases`."""
    runs_on = _runs_on(root)
    ranges = list(_ranges(root))
    for package, version in pinned:
        newest = max(releases(package), key=Version, default=version)
        if Version(newest) > Version(version):
            ending = (
                f"{where}: {known}: not of {newest}"
                for where, known in ranges
                if canonicalize_name(known.name) == package
                and known.specifier.contains(version, prereleases=True)
                and not known.specifier.contains(newest, prereleases=True)
            )
            users = tuple(name for name, names in runs_on.items() if package in names)
            yield Behind(package, version, newest, users, tuple(ending))


def lines(one: Behind) -> Iterator[str]:
    """For a terminal."""
    users = f"  ({', '.join(one.adapters)})" if one.adapters else ""
    yield f"{one.package} {one.pinned} -> {one.newest}{users}"
    yield from (f"  {text}" for text in one.ending)


def _runs_on(root: Path) -> dict[str, set[str]]:
    """By adapter, the canonical names of all packages that it may run on."""
    return {
        name: {
            canonicalize_name(package)
            for group in declared(f"adapters.{name.replace('-', '_')}", "PACKAGES")
            for package in group.split("|")
        }
        for name in shipped(root)
    }


def _ranges(root: Path) -> Iterator[tuple[str, Requirement]]:
    """Every range of versions in the files of pins and records: where first, and how often."""
    for folder, key in KNOWN.items():
        for path in sorted((root / "cases" / folder).glob("*.yaml")):
            document = parse(path.read_text(encoding="utf-8"))
            places: dict[str, list[int]] = {}
            for number, entry in enumerate((document.data or {}).get(key) or []):
                line = document.values.get((key, number, "version"))
                places.setdefault(str(entry.get("version")), []).append(line.line if line else 0)
            for text, found in places.items():
                try:
                    known = Requirement(text)
                except InvalidRequirement:  # a run of the suite says so
                    continue
                yield f"{path.relative_to(root).as_posix()}:{found[0]}: {len(found)} {key}", known
