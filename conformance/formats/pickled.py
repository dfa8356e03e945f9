"""``.pt``, ``.pth`` and ``.pdparams``: pickles of arrays, of which nothing is run.

The arrays of such a pickle are of three kinds: those whose numbers lie in a file of their own in
the zip file around it, or behind it, and NumPy's own, whose numbers lie in it.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from conformance.formats.machine import Call, Name, Persistent, load
from conformance.formats.saved import (
    BFLOAT16,
    FLOAT8,
    MAX_BYTES,
    Budget,
    FormatError,
    Saved,
    laid,
)

# Storages by the name of their class. A quantized one has bytes, which stand for it.
STORAGES: Mapping[str, Any] = {
    **{"DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2"},
    **{"LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1"},
    **{"ByteStorage": "u1", "BoolStorage": "?", "BFloat16Storage": BFLOAT16},
    **{"ComplexFloatStorage": "<c8", "ComplexDoubleStorage": "<c16"},
    **{"QInt8Storage": "i1", "QUInt8Storage": "u1", "QInt32Storage": "<i4"},
    "UntypedStorage": "u1",  # of bytes, whose dtype the array itself says
}
KINDS: Mapping[str, Any] = {**FLOAT8, **{f"uint{8 * size}": f"<u{size}" for size in (2, 4, 8)}}
NAMES = {np.dtype(one): name for name, one in reversed([*STORAGES.items()]) if name[0] != "Q"}
MAGIC = 0x1950A86A20F9469CFC6C  # the first of the five pickles of an older file
INNER = ("_parameters", "_modules", "_buffers")  # of an object: no part of a name
DEPTH, MAX_NODES = 200, 500_000
PACKED = "ScriptObject"  # the class of what only its own framework unpacks
BROKEN = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError),
    *(EOFError, OSError, MemoryError, RecursionError, NotImplementedError, RuntimeError),
    *(struct.error, zlib.error, zipfile.BadZipFile),
)
Numbers = Callable[[str, int], bytes]  # of a storage, by its key: so many bytes from its start


def read(file: Path) -> Saved:
    """Every array of a pickle that lies open. Raises FormatError."""
    if (size := file.stat().st_size) > MAX_BYTES:
        raise FormatError(f"{size:,} bytes, {MAX_BYTES:,} are allowed")
    try:
        with file.open("rb") as opened:
            value = load(opened)
            if value == MAGIC:
                return _older(opened)
            return Saved(_Reader(_none, Budget()).arrays(value))
    except FormatError:
        raise
    except BROKEN as problem:
        raise FormatError(f"a broken pickle: {problem!r}") from problem


def read_zipped(file: Path) -> Saved:
    """The same of a zip file that holds one, and the numbers beside it. Raises FormatError."""
    try:
        with zipfile.ZipFile(file) as archive:
            (inside,) = (one for one in archive.namelist() if one.rpartition("/")[2] == "data.pkl")
            folder = inside.removesuffix("data.pkl")
            order = f"{folder}byteorder"
            if order in archive.namelist() and _member(archive, order) != b"little":
                raise FormatError("its numbers are not little-endian")
            value = load(io.BytesIO(_member(archive, inside)))
            texts = f"{folder}{TEXTS}"
            told = _pairs(_member(archive, texts)) if texts in archive.namelist() else {}

            def numbers(key: str, size: int) -> bytes:
                return _member(archive, f"{folder}data/{key}")[:size]

            return Saved(_Reader(numbers, Budget()).arrays(value), told=told)
    except FormatError:
        raise
    except BROKEN as problem:
        raise FormatError(f"a broken zip file of a pickle: {problem!r}") from problem


TEXTS = "told.txt"


def _pairs(text: bytes) -> dict[str, str]:
    lines = text.decode("utf-8", "replace").splitlines()
    return {key: rest for key, _, rest in (line.partition(": ") for line in lines)}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > MAX_BYTES:
        raise FormatError(f"{name}: it unpacks to {info.file_size:,} bytes")
    with archive.open(info) as opened:
        return opened.read(info.file_size)


def _none(key: str, size: int) -> bytes:
    raise FormatError(f"a pickle whose numbers lie elsewhere: {key}, {size:,} bytes")


def _older(opened: IO[bytes]) -> Saved:
    """An older file: five pickles, the numbers of each storage behind them."""
    load(opened)  # the protocol
    load(opened)  # of which machine
    value = load(opened)
    keys, found = load(opened), {}
    kinds = dict(_storages(value))
    for key in keys:
        (count,) = struct.unpack("<q", opened.read(8))
        size = count * np.dtype(kinds.get(str(key), "u1")).itemsize
        if not 0 <= size <= MAX_BYTES:
            raise FormatError(f"a storage of {size:,} bytes")
        found[str(key)] = opened.read(size)
    return Saved(_Reader(lambda key, size: found[key][:size], Budget()).arrays(value))


def _storages(value: Any) -> Iterator[tuple[str, Any]]:
    """The dtype of every storage that a value names, by its key."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Persistent):
            yield _storage(one)[:2]
        elif isinstance(one, Call):
            waiting += [*one.arguments, one.state, *one.items.values(), *one.members]
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one


def _storage(one: Any) -> tuple[str, Any, int]:
    """The key, dtype and count of a storage that lies outside the pickle."""
    kind, key, _, count = one[1:5]
    name = kind.name if isinstance(kind, Name) else ""
    if name not in STORAGES:
        raise FormatError(f"a storage {name!r}, which is not read")
    return str(key), np.dtype(STORAGES[name]), int(count)


class _Reader:
    """Arrays by name, from the value of a pickle."""

    def __init__(self, numbers: Numbers, budget: Budget) -> None:
        self._numbers, self._budget = numbers, budget
        self._kept: dict[str, bytes] = {}
        self._called: set[str] = set()  # what is no array
        self._nodes = 0

    def arrays(self, value: Any) -> dict[str, Any]:
        found = dict(self._found(value, ()))
        if not found:
            told = f": it holds {', '.join(sorted(self._called)[:8])}" if self._called else ""
            if PACKED in self._called:
                told += ", which is packed as of a quantized layer: save it before that is done"
            raise FormatError(f"a pickle without an array{told}")
        return found

    def _found(self, value: Any, way: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(way) > DEPTH:
            raise FormatError("a pickle of too many values, or too many in one another")
        if isinstance(value, Call):
            array = self._array(".".join(way), value)
            if array is not None:
                yield ".".join(way), array
                return
            self._called.add(value.name)
            inside = value.items or value.state
            if isinstance(inside, tuple):  # of an object with slots, or with more than one part
                inside = next((one for one in inside if isinstance(one, dict)), None)
            value = inside if inside is not None else [*value.arguments, *value.members]
        if isinstance(value, dict):
            for key, one in value.items():
                if key == "StructuredToParameterName@@":
                    continue  # other names for the same
                here = way if key in INNER else (*way, str(key))
                yield from self._found(one, here)
        elif isinstance(value, list | tuple) and not isinstance(value, Persistent):
            for number, one in enumerate(value):
                if isinstance(one, Call | dict | list | tuple):
                    yield from self._found(one, (*way, str(number)))

    def _array(self, name: str, call: Call) -> Any:
        if call.name.startswith("_rebuild_") and "parameter" in call.name:
            inner = call.arguments[0]
            return self._array(name, inner) if isinstance(inner, Call) else None
        if call.name.startswith("_rebuild_") and call.arguments:
            kind = call.arguments[6] if call.arguments[6:] else None
            told = KINDS.get(kind.name) if isinstance(kind, Name) else None
            storage, offset, shape, strides = call.arguments[:4]
            return self._view(name, storage, offset, shape, strides, told)
        if call.name == "_reconstruct" and isinstance(call.state, tuple):
            _, shape, kind, fortran, data = call.state
            return self._own(name, shape, kind, data, "F" if fortran else "C")
        if call.name == "_frombuffer":
            data, kind, shape, order = call.arguments
            return self._own(name, shape, kind, data, order)
        return None

    def _view(
        self, name: str, storage: Any, offset: Any, shape: Any, strides: Any, told: Any = None
    ) -> Any:
        """An array that is a view of a storage, of a dtype of its own where one is `told`."""
        if not isinstance(storage, Persistent):
            raise FormatError(f"{name}: an array without a storage")
        key, dtype, count = _storage(storage)
        if told is not None:
            count, dtype = count * dtype.itemsize // np.dtype(told).itemsize, np.dtype(told)
        shape, strides = tuple(map(int, shape)), tuple(map(int, strides))
        self._budget.take(name, shape, dtype)
        if len(shape) != len(strides) or min((*strides, int(offset)), default=0) < 0:
            raise FormatError(f"{name}: no view of its storage")
        steps = zip(shape, strides, strict=True)
        end = int(offset) + sum((size - 1) * step for size, step in steps) + 1
        if 0 in shape:
            return np.zeros(shape, dtype)
        if end > count or count * dtype.itemsize > MAX_BYTES:
            raise FormatError(f"{name}: it ends behind its storage, of {count:,} numbers")
        if key not in self._kept:
            self._kept[key] = self._numbers(key, count * dtype.itemsize)
        # NumPy does not stride over what it has no name for.
        flat = laid(name, self._kept[key], f"V{dtype.itemsize}", (count,))
        step = [one * dtype.itemsize for one in strides]
        return (
            np.ascontiguousarray(
                np.lib.stride_tricks.as_strided(flat[int(offset) :], shape, step, writeable=False)
            )
            .reshape(shape)
            .view(dtype)
        )

    def _own(self, name: str, shape: Any, kind: Any, data: Any, order: str) -> Any:
        """An array whose numbers lie in the pickle itself."""
        if isinstance(data, Call) and data.name == "encode":  # as NumPy wrote bytes in protocol 2
            data = data.arguments[0].encode("latin1")
        if not isinstance(kind, Call) or kind.name != "dtype":
            raise FormatError(f"{name}: an array of no dtype")
        turned: Any = kind.state[1] if isinstance(kind.state, tuple) and kind.state[1:] else "="
        dtype = np.dtype(str(kind.arguments[0]))
        dtype = dtype.newbyteorder(turned if turned in ("<", ">") else "=")
        shape = tuple(map(int, shape))
        self._budget.take(name, shape, dtype)
        if not isinstance(data, bytes | bytearray):
            raise FormatError(f"{name}: an array of no bytes")
        return laid(name, bytes(data), dtype, shape, order)


# Written step by step, for what a pickle is made of is the same for every state.


def _text(text: str) -> bytes:
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _whole(number: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", number)  # eight bytes of it


def _tuple(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _contiguous(one: Any) -> Any:
    array = np.asarray(one, order="C")
    if array.dtype.kind != "V":
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return array


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Write a pickle of NumPy's own arrays. Raises FormatError."""
    parts = [b"\x80\x02", *(_text(f"{key}: {one}") + b"0" for key, one in told.items()), b"}"]
    for name, one in arrays.items():
        array = _contiguous(one)
        if array.dtype == BFLOAT16:
            raise FormatError(f"{name}: the form has no bfloat16")
        made = _global("numpy.core.multiarray", "_reconstruct")
        # Bytes, in the protocol that every reader has, are a text of Latin-1.
        empty = _global("_codecs", "encode") + _tuple(_text("b"), _text("latin1")) + b"R"
        made += _tuple(_global("numpy", "ndarray"), _tuple(_whole(0)), empty) + b"R"
        kind = _global("numpy", "dtype")
        kind += _tuple(_text(array.dtype.str[1:]), b"\x89", b"\x88") + b"R"
        endian = "|" if array.dtype.itemsize == 1 else "<"
        minus = b"J\xff\xff\xff\xff"
        kind += _tuple(_whole(3), _text(endian), b"N", b"N", b"N", minus, minus, _whole(0)) + b"b"
        text = array.tobytes().decode("latin1")
        data = _global("_codecs", "encode") + _tuple(_text(text), _text("latin1")) + b"R"
        shape = _tuple(*map(_whole, array.shape))
        parts.append(_text(name) + made + _tuple(_whole(1), shape, kind, b"\x89", data) + b"bs")
    file.write(b"".join([*parts, b"."]))


def write_zipped(
    file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str], package: str = ""
) -> None:
    """Write a zip file of storages, whose classes are those of `package`. Raises FormatError."""
    parts, members = [b"\x80\x02}"], []
    for number, (name, one) in enumerate(arrays.items()):
        array = _contiguous(one)
        if array.dtype not in NAMES:
            raise FormatError(f"{name}: the form has no {array.dtype}")
        strides = [one // array.itemsize for one in array.strides] if array.size else array.shape
        storage = _tuple(
            _text("storage"),
            _global(package, NAMES[array.dtype]),
            _text(str(number)),
            _text("cpu"),
            _whole(array.size),
        )
        hooks = _global("collections", "OrderedDict") + b")R"
        view = _tuple(
            storage + b"Q",
            _whole(0),
            _tuple(*map(_whole, array.shape)),
            _tuple(*map(_whole, strides)),
            b"\x89",
            hooks,
        )
        parts.append(_text(name) + _global(f"{package}._utils", "_rebuild_tensor_v2") + view)
        parts.append(b"Rs")
        members.append(array.tobytes())
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"".join([*parts, b"."]))
        archive.writestr("archive/byteorder", "little")
        for number, data in enumerate(members):
            archive.writestr(f"archive/data/{number}", data)
        archive.writestr("archive/version", "3\n")
        archive.writestr(f"archive/{TEXTS}", "".join(f"{k}: {v}\n" for k, v in told.items()))
