"""The folder of a framework's records, in whatever order they come.

At every moment each can be read, and in the end each says what differs from the release before it.
"""

from pathlib import Path

from packaging.version import Version

from conformance.report import kept
from conformance.report.kept import Kept, KeptError, path_of


def missing(folder: Path, framework: str, releases: list[str]) -> list[str]:
    """Those of `releases` that are not on record."""
    return [one for one in releases if not path_of(folder, framework, one).exists()]


def put(folder: Path, one: Kept) -> str:
    """Puts a record where it belongs, and says what that changed. Raises KeptError, OSError."""
    framework, release = one.about.framework, one.about.release
    path = path_of(folder, framework, release)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _known(path)
    if known == one:
        return "as it was"
    beside = [name for name in kept.releases(folder, framework) if name != release]
    older = [name for name in beside if Version(name) < Version(release)]
    before = kept.read(path_of(folder, framework, older[-1])) if older else None
    if known is not None:  # the one behind it says what differs from what goes: set it on another
        for name in beside[len(older) : len(older) + 1]:
            there = path_of(folder, framework, name)
            kept.write(there, kept.read(there), before)
    kept.write(path, one, before)
    settle(folder, framework)
    if known is None:
        return "new"
    lines = {*known.lines.items()} ^ {*one.lines.items()}
    return f"other than it was: {len({case for case, _ in lines})} cases"


def settle(folder: Path, framework: str) -> None:
    """Has each record say what differs from the release before it. Raises KeptError, OSError."""
    before = ""
    for release in kept.releases(folder, framework):
        path = path_of(folder, framework, release)
        base = kept.base(path)
        if (base.release if base else "") != before:
            older = kept.read(path_of(folder, framework, before)) if before else None
            kept.write(path, kept.read(path), older)
        before = release


def _known(path: Path) -> Kept | None:
    try:
        return kept.read(path) if path.exists() else None
    except KeptError:  # what it was set on is another, or it is spoilt: it is observed anew
        return None
