"""A file or folder of weights: which form it is in is told by its content, never by its name."""

import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from conformance.formats import checkpoint, graph, hdf5, npz, pickled, sequence, tensors, tree
from conformance.formats.saved import FormatError, Saved

# What writes each form that an adapter may declare.
WRITERS: Mapping[str, Callable[[IO[bytes], Mapping[str, Any], Mapping[str, str]], None]] = {
    "arrays": npz.write,
    "tensors": tensors.write,
    "tree": tree.write,
    "hdf5": hdf5.write,
    "pickle": pickled.write,
    "graph": graph.write,
    sequence.FORM: sequence.write,
}
STORAGES = "storages"  # the form of a pickle whose classes are those of a package
FORMS = (*WRITERS, STORAGES)  # of files; the form of a folder is `checkpoint.FORM`
FILES = 100  # of a folder


def read(path: Path, interpreter: str = "") -> Saved:
    """What a file holds, or all files of a folder behind their names.

    `interpreter` is the path of one that has the library which reads a checkpoint's folder. Raises
    FormatError where it is none that is read, OSError where there is none.
    """
    if path.is_dir():
        return checkpoint.read(path, interpreter) if checkpoint.is_one(path) else _folder(path)
    if not stat.S_ISREG(path.stat().st_mode):
        raise FormatError("not a regular file")
    with path.open("rb") as file:
        start = file.read(64)
    form, reader = _reader(path, start)
    return replace(reader(path), form=form)


def write(
    file: IO[bytes], form: str, arrays: Mapping[str, Any], told: Mapping[str, str], package: str
) -> None:
    """Write arrays in a form, and texts where it has a place. Raises FormatError.

    `package` has the classes that a pickle of storages names.
    """
    for name in arrays:
        if "\0" in name or name != name.encode("utf-8", "replace").decode("utf-8"):
            raise FormatError(f"{name!r} is no name that a file can hold")
    if form == STORAGES:
        pickled.write_zipped(file, arrays, told, package)
    else:
        WRITERS[form](file, arrays, told)


def _reader(path: Path, start: bytes) -> tuple[str, Callable[[Path], Saved]]:
    """The form that a file is in, and what reads it."""
    if not start:
        raise FormatError("it is empty")
    if start.startswith(b"PK"):
        return _zipped(path)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5", hdf5.read
    if start.startswith(npz.MAGIC) or sequence.headed(start):
        return sequence.FORM, sequence.read
    if len(start) > 9 and start[8:9] == b"{" and start[0:8] != b"version ":
        return "tensors", tensors.read
    if start[0] == 0x80 and len(start) > 1 and start[1] <= 5:
        return "pickle", pickled.read
    if start[0] in (0x08, 0x0A, 0x12, 0x3A):
        return "graph", graph.read
    if 0x81 <= start[0] <= 0x8F or start[0] in (0xDE, 0xDF):
        return "tree", tree.read
    if start.startswith(b"version https://git-lfs"):
        raise FormatError("a pointer of Git LFS, not the file itself: git lfs pull fetches it")
    text = f"no file of weights that is read: it begins with {start[:8]!r}"
    raise FormatError(f"{text} (read: .npz, .safetensors, .pt, .h5, .msgpack, .pdparams, a graph)")


def _zipped(path: Path) -> tuple[str, Callable[[Path], Saved]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [one.rpartition("/")[2] for one in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise FormatError(f"a broken zip file: {problem}") from problem
    if "data.pkl" in names:
        return STORAGES, pickled.read_zipped
    if any(name.endswith(".h5") for name in names):
        return "hdf5", hdf5.read_zipped
    if names and not any(name.endswith(".npy") for name in names):
        told = ", ".join(names[:4])
        raise FormatError(f"a zip file without weights that are read: it holds {told}")
    return "arrays", npz.read


def _folder(path: Path) -> Saved:
    arrays: dict[str, Any] = {}
    configuration: dict[str, Mapping[str, Any]] = {}
    refused = []
    found = sorted(one for one in path.iterdir() if one.is_file())
    if len(found) > FILES:
        raise FormatError(f"{len(found):,} files in it, {FILES} are allowed")
    for one in found:
        try:
            saved = read(one)
        except FormatError as problem:
            refused.append(f"{one.name}: {problem}")
            continue
        whole = len(found) == 1 or one.suffix == ".safetensors"  # which may lie in several
        before = "" if whole else f"{one.stem}/"
        arrays |= {before + name: array for name, array in saved.arrays.items()}
        configuration |= {before + name: told for name, told in saved.configuration.items()}
    if not arrays:
        text = "; ".join(refused[:3]) or "there is no file in it"
        raise FormatError(f"a folder without weights that are read: {text}")
    return Saved(arrays, configuration)
