"""The files of a folder of YAML: those that are read, and those that nobody would notice.

A file that is not read is an error: whoever wrote it believes that it counts.
"""

from collections.abc import Iterator
from pathlib import Path

from conformance.casefile.suggest import hint

GENERATED = "schema.json"  # beside the files that it describes


def files(folder: Path, others: tuple[str, ...] = ()) -> Iterator[tuple[Path, str | None]]:
    """Every file of `folder`, also below it, by name: each with the reason why it is not read.

    The reason is None for a ``*.yaml`` file of the folder itself; the generated schema is left out.
    What lies in one of the folders `others` is not looked at. Raises OSError for a
    folder that may not be looked into.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (path.is_dir() and path.name in others) or path.name == GENERATED:
            continue
        if not path.is_dir() or path.is_symlink() or path.suffix == ".yaml":
            yield path, refusal(path)
        else:
            text = "not read: it lies in a subfolder" + hint(path.name, others)
            yield from ((below, text) for below in _below(path))


def refusal(path: Path) -> str | None:
    """Why a file of this name is not read; None where it is."""
    if not path.name.isprintable():
        return "a control character in the file's name: rename it"
    if path.suffix == ".yml":
        return "rename the file: only .yaml files are read"
    if path.suffix != ".yaml":
        return "not read: only .yaml files are, so move it away"
    return None


def shown(path: Path, root: Path) -> str:
    """`path` as an error tells it: below `root` where it is, and in one line."""
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    text = inside.as_posix()
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)
        else:
            yield path
