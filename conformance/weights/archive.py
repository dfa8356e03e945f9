"""A file of arrays by name, ``.npz``, that somebody gives: nothing in it is run or taken on trust.

What it says of itself is looked at before a number is read, so that a small file which unpacks to a
large one costs no more than its directory.
"""

import math
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from conformance.weights.convert import ConvertError, listed

MAX_BYTES = 2**30  # of the arrays that are read, unpacked
MAX_ARRAYS = 10_000  # that a file holds
READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
SUFFIX = ".npy"
# What zipfile and numpy raise at what is none of theirs, is encrypted, or is cut off.
BROKEN = ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile


def load(file: Path, prefix: str = "") -> dict[str, Any]:
    """The arrays of an .npz file whose names begin with `prefix`, without it.

    Raises ConvertError where it is no such file, has no such array or more than the limits allow;
    OSError where it cannot be read.
    """
    if not stat.S_ISREG(file.stat().st_mode):
        raise ConvertError("not a regular file")
    try:
        with zipfile.ZipFile(file) as archive:
            return _read(archive, prefix)
    except ConvertError:
        raise
    except BROKEN as problem:
        raise ConvertError(f"no .npz file of arrays: {problem}") from problem


def _read(archive: zipfile.ZipFile, prefix: str) -> dict[str, Any]:
    members = {one.filename.removesuffix(SUFFIX): one for one in archive.infolist()}
    if len(archive.infolist()) > MAX_ARRAYS:
        text = f"{len(archive.infolist()):,} arrays, more than the {MAX_ARRAYS:,} allowed"
        raise ConvertError(text)
    found = {name: one for name, one in members.items() if name.startswith(prefix)}
    if not found:
        told = listed(list(members)) or "there is none"
        raise ConvertError(f"no array whose name begins with {prefix!r}: {told}")
    size = sum(one.file_size for one in found.values())
    if size > MAX_BYTES:
        text = f"it unpacks to {size:,} bytes, more than the {MAX_BYTES:,} allowed"
        raise ConvertError(text)
    state = {}
    for name, one in found.items():
        with archive.open(one) as member:
            state[name[len(prefix) :]] = _array(member, name, one.file_size)
    return state


def _array(member: IO[bytes], name: str, size: int) -> Any:
    """One array, of numbers, whose header claims no more than the `size` bytes that are there."""
    try:
        reader = READERS[npy.read_magic(member)]
    except KeyError:
        raise ConvertError(f"{name}: a version of .npy that is not read") from None
    shape, fortran, dtype = reader(member)
    if dtype.kind not in "biufc":
        raise ConvertError(f"{name}: an array of {dtype}, which is no number")
    # Python's own numbers: those of a header may be too large for NumPy's.
    if (claimed := math.prod(map(int, shape)) * dtype.itemsize) > size or min(shape, default=0) < 0:
        raise ConvertError(f"{name}: its header claims {claimed:,} bytes of {size:,}")
    data = member.read(claimed)
    if len(data) < claimed:
        raise ConvertError(f"{name}: it ends before its last number")
    return np.ndarray(shape, dtype, data, order="F" if fortran else "C")
