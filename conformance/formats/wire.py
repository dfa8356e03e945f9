"""Protocol buffers as they lie in a file: numbered fields, read and written without a schema.

https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator

from conformance.formats.saved import FormatError

MAX_FIELDS = 5_000_000  # of one file
Field = tuple[int, int | memoryview]


def fields(data: memoryview) -> Iterator[Field]:
    """Each field's number and value: a whole number, or the bytes of what is longer."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise FormatError(f"a field of kind {kind}, at byte {at:,}")
        if not number or at + size > end:
            raise FormatError(f"a field that ends behind its message, at byte {at:,}")
        yield number, data[at : at + size]
        at += size


def whole(value: int | memoryview) -> int:
    """A field's number. Raises FormatError for what is none."""
    if isinstance(value, memoryview):
        raise FormatError("a message where a number is due")
    return value - 2**64 if value >= 2**63 else value


def message(value: int | memoryview) -> memoryview:
    """A field's bytes. Raises FormatError for what is a number."""
    if isinstance(value, int):
        raise FormatError("a number where a message is due")
    return value


def text(value: int | memoryview) -> str:
    """A field's text."""
    return bytes(message(value)).decode("utf-8", "backslashreplace")


def numbers(value: int | memoryview) -> list[int]:
    """One number of a repeated field, or all of a packed one."""
    if isinstance(value, int):
        return [whole(value)]
    found, at = [], 0
    while at < len(value):
        one, at = _varint(value, at)
        found.append(whole(one))
    return found


def real(value: int | memoryview) -> float:
    """A field of four bytes, a float."""
    (found,) = struct.unpack("<f", message(value))
    return float(found)


def put(number: int, value: int | str | bytes) -> bytes:
    """One field as it lies in a file."""
    if isinstance(value, int):
        return _put(number << 3) + _put(value % 2**64)
    data = value.encode() if isinstance(value, str) else value
    return _put(number << 3 | 2) + _put(len(data)) + data


def _put(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise FormatError(f"a broken number, at byte {at:,}")
