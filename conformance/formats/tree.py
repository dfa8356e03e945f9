"""``.msgpack``: a tree of arrays by the parts of their names.

Arrays are those of https://flax.readthedocs.io/en/latest/api_reference/flax.serialization.html: an
extension of shape, dtype and bytes, or of a large one the pieces.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgpack
import numpy as np

from conformance.formats.saved import BFLOAT16, MAX_BYTES, Budget, FormatError, Saved, laid, nested

ARRAY, SCALAR = 1, 3  # codes of the extension
CHUNKED = "__msgpack_chunked_array__"
CHUNK = 2**30  # bytes, of which more lies in pieces
DEPTH = 100


def read(file: Path) -> Saved:
    """Every array of the tree, its name the path with slashes. Raises FormatError."""
    if (size := file.stat().st_size) > MAX_BYTES:
        raise FormatError(f"{size:,} bytes, {MAX_BYTES:,} are allowed")
    budget = Budget()

    def array(code: int, data: bytes) -> Any:
        if code not in (ARRAY, SCALAR):
            raise FormatError(f"an extension of code {code}, which is no array of numbers")
        shape, name, numbers = msgpack.unpackb(data, raw=True)
        told = name.decode()
        dtype = BFLOAT16 if told == "bfloat16" else np.dtype(told)
        budget.take("an array", tuple(shape), dtype)
        return laid("an array", numbers, dtype, tuple(shape))

    try:
        tree = msgpack.unpackb(file.read_bytes(), ext_hook=array, raw=False, strict_map_key=False)
    except FormatError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, AttributeError) as problem:
        raise FormatError(f"no .msgpack file of arrays: {problem!r}") from problem
    except (msgpack.exceptions.UnpackException, MemoryError) as problem:
        raise FormatError(f"no .msgpack file of arrays: {problem!r}") from problem
    if not isinstance(tree, dict):
        raise FormatError(f"a {type(tree).__name__}, not a tree of arrays")
    return Saved(dict(_leaves(tree, ())))


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:  # noqa: ARG001 (the form has no place for texts)
    """Write arrays as a tree by the slashes in their names. Raises FormatError."""

    def packed(array: Any) -> Any:
        array = np.asarray(array)
        if array.nbytes > CHUNK:
            raise FormatError(f"an array of {array.nbytes:,} bytes, which the form keeps in pieces")
        name = "bfloat16" if array.dtype == BFLOAT16 else array.dtype.name
        data = array.astype(array.dtype.newbyteorder("=")).tobytes()
        return msgpack.ExtType(ARRAY, msgpack.packb((array.shape, name, data), use_bin_type=True))

    file.write(msgpack.packb(nested(arrays), default=packed, strict_types=True))


def _leaves(tree: dict[Any, Any], way: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if len(way) > DEPTH:
        raise FormatError(f"more than {DEPTH} trees in one another")
    for key, one in tree.items():
        here = (*way, str(key))
        if isinstance(one, np.ndarray):
            yield "/".join(here), one
        elif isinstance(one, dict) and one.get(CHUNKED):
            yield "/".join(here), _whole("/".join(here), one)
        elif isinstance(one, dict):
            yield from _leaves(one, here)
        elif isinstance(one, list):
            yield from _leaves(dict(enumerate(one)), here)
        # Anything else, as a step's number, is no array.


def _whole(name: str, one: dict[str, Any]) -> Any:
    try:
        shape = tuple(int(one["shape"][key]) for key in sorted(one["shape"], key=int))
        pieces = [one["chunks"][key].ravel() for key in sorted(one["chunks"], key=int)]
        return np.concatenate(pieces).reshape(shape)
    except (KeyError, ValueError, TypeError, AttributeError) as problem:
        raise FormatError(f"{name}: an array in pieces that do not fit: {problem}") from problem
