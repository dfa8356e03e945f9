"""What a file of weights holds, and what every reader holds it to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

from conformance import plain

MAX_BYTES = 2**30  # of the arrays that are read, unpacked
MAX_ARRAYS = 10_000  # that a file holds
MAX_NAME = 1_000  # characters
BFLOAT16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
# Of eight bits, by the names that files have for them: read, so that it can be told what they are.
FLOAT8: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(getattr(ml_dtypes, name))
    for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
}


class FormatError(ValueError):
    """A file that is none of the form, is broken or holds too much, or cannot hold it. One line."""

    def __init__(self, message: str) -> None:
        """`message` may hold names and texts as the file has them."""
        super().__init__(plain.cut(plain.line(message), 500))


@dataclass(frozen=True)
class Saved:
    """The arrays of a file by name, and what it says beside them.

    `configuration` is what the file itself tells of its layers, by the name of each: the options
    with which it was built. `told` is text by key that is stored beside the arrays. `form` is the
    one that the file is in, of `conformance.formats.file.FORMS`.
    """

    arrays: Mapping[str, Any]
    configuration: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    form: str = ""


class Budget:
    """What a reader may still hand out of one file. Raises FormatError beyond the limits."""

    def __init__(self) -> None:
        self._arrays, self._bytes = 0, 0

    def take(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
        """Count an array in before its numbers are read; return its size in bytes."""
        if len(name) > MAX_NAME:
            raise FormatError(f"a name of {len(name):,} characters: {name[:40]}...")
        if dtype != BFLOAT16 and dtype.kind not in "biufcV":
            raise FormatError(f"{name}: an array of {dtype}, which is no number")
        if dtype.hasobject or dtype.names:
            raise FormatError(f"{name}: an array of {dtype}, which is no number")
        sizes = tuple(map(int, shape))  # Python's own: those of a header may be too large
        if min(sizes, default=0) < 0:
            raise FormatError(f"{name}: a negative size, {sizes}")
        size = math.prod(sizes) * dtype.itemsize
        self._arrays += 1
        self._bytes += size
        if self._arrays > MAX_ARRAYS:
            raise FormatError(f"more than the {MAX_ARRAYS:,} arrays allowed")
        if self._bytes > MAX_BYTES:
            text = f"it unpacks to {self._bytes:,} bytes or more, {MAX_BYTES:,} are allowed"
            raise FormatError(f"{name}: {text}")
        return size


def laid(name: str, data: bytes, dtype: Any, shape: tuple[int, ...], order: Any = "C") -> Any:
    """An array of the bytes that hold it. Raises FormatError where they are too few or too many."""
    kind = np.dtype(dtype)
    if (due := math.prod(map(int, shape)) * kind.itemsize) != len(data):
        raise FormatError(f"{name}: {shape} of {kind} is {due:,} bytes, not {len(data):,}")
    return np.frombuffer(data, kind).reshape(shape, order=order)


def nested(arrays: Mapping[str, Any], separator: str = "/") -> dict[str, Any]:
    """Arrays as a tree of dicts, by the parts of their names. Raises FormatError."""
    tree: dict[str, Any] = {}
    for name, array in arrays.items():
        *way, last = name.split(separator)
        here = tree
        for part in way:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                raise FormatError(f"{name}: {part} is an array already")
        if last in here:
            raise FormatError(f"{name}: it is a folder of other arrays already")
        here[last] = array
    return tree
