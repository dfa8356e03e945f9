"""``.npz``: arrays by name in a zip file, as NumPy writes them, or with their texts in its comment.

What the file says of itself is looked at before a number is read, so that a small file which
unpacks to a large one costs no more than its directory.
"""

import json
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from conformance.formats.saved import (
    BFLOAT16,
    MAX_ARRAYS,
    MAX_BYTES,
    Budget,
    FormatError,
    Saved,
    laid,
)

READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
SUFFIX, MAGIC = ".npy", b"\x93NUMPY"
# What zipfile and numpy raise at what is none of theirs, is encrypted, or is cut off.
BROKEN = (
    *(ValueError, NotImplementedError, RuntimeError, EOFError, OSError, MemoryError),
    *(zlib.error, zipfile.BadZipFile, SyntaxError, TypeError, tokenize.TokenError),
)
MAX_COMMENT = 65_535  # bytes, of a zip file


def read(file: Path) -> Saved:
    """Every array of the file. Raises FormatError."""
    try:
        with zipfile.ZipFile(file) as archive:
            arrays = _arrays(archive)
            return Saved(arrays, told=_told(archive.comment))
    except FormatError:
        raise
    except BROKEN as problem:
        raise FormatError(f"no .npz file of arrays: {problem}") from problem


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Write arrays as ``numpy.load`` reads them; a bfloat16, which it has not, as ``|V2``."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}{SUFFIX}", "w", force_zip64=True) as member:
                npy.write_array(member, np.asarray(array))
        if len(comment := json.dumps(dict(told)).encode()) <= MAX_COMMENT:
            archive.comment = comment


def _arrays(archive: zipfile.ZipFile) -> dict[str, Any]:
    members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > MAX_ARRAYS:
        raise FormatError(f"{len(members):,} arrays, more than the {MAX_ARRAYS:,} allowed")
    if (size := sum(one.file_size for one in members)) > MAX_BYTES:
        raise FormatError(f"it unpacks to {size:,} bytes, more than the {MAX_BYTES:,} allowed")
    budget = Budget()
    arrays: dict[str, Any] = {}
    for one in members:
        name = one.filename.removesuffix(SUFFIX)
        if name in arrays:
            raise FormatError(f"{name}: it is there twice")
        with archive.open(one) as member:
            arrays[name] = array(member, name, one.file_size, budget)
    return arrays


def array(member: IO[bytes], name: str, size: int, budget: Budget) -> Any:
    """One array, of numbers, whose header claims no more than the `size` bytes that are there."""
    try:
        reader = READERS[npy.read_magic(member)]
    except KeyError:
        raise FormatError(f"{name}: a version of .npy that is not read") from None
    shape, fortran, dtype = reader(member)
    if dtype.hasobject or dtype.kind not in "biufcV" or dtype.names:
        raise FormatError(f"{name}: an array of {dtype}, which is no number")
    dtype = BFLOAT16 if dtype.str == "|V2" else dtype  # as NumPy writes what it has no name for
    claimed = Budget().take(name, shape, dtype)
    if claimed > size:
        raise FormatError(f"{name}: its header claims {claimed:,} bytes of {size:,}")
    budget.take(name, shape, dtype)
    data = member.read(claimed)
    if len(data) < claimed:
        raise FormatError(f"{name}: it ends before its last number")
    return laid(name, data, dtype, shape, "F" if fortran else "C")


def _told(comment: bytes) -> dict[str, str]:
    try:
        told = json.loads(comment)
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
