"""``.safetensors``: a header of JSON, and the numbers behind it.

https://huggingface.co/docs/safetensors/index#format
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from conformance.formats.saved import (
    BFLOAT16,
    FLOAT8,
    MAX_ARRAYS,
    Budget,
    FormatError,
    Saved,
    laid,
)

MAX_HEADER = 100_000_000  # bytes, as the format itself allows
TEXTS = "__metadata__"
DTYPES: dict[str, Any] = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": BFLOAT16, "BOOL": "?", "C64": "<c8"},
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
    **{"F8_E4M3": FLOAT8["float8_e4m3fn"], "F8_E5M2": FLOAT8["float8_e5m2"]},
}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


def read(file: Path) -> Saved:
    """Every array of the file, and its texts. Raises FormatError."""
    whole = file.stat().st_size
    with file.open("rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        if size > min(MAX_HEADER, whole - 8):
            raise FormatError(f"no .safetensors file: it claims a header of {size:,} bytes")
        try:
            told = json.loads(opened.read(size))
            texts = {str(key): str(text) for key, text in (told.pop(TEXTS, None) or {}).items()}
            entries = [
                (str(name), one["dtype"], tuple(map(int, one["shape"])), *one["data_offsets"])
                for name, one in told.items()
            ]
            entries.sort(key=lambda entry: entry[3])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise FormatError(f"no .safetensors file: {problem!r}") from problem
        if len(entries) > MAX_ARRAYS:
            raise FormatError(f"{len(entries):,} arrays, more than the {MAX_ARRAYS:,} allowed")
        budget, arrays, at = Budget(), {}, 0
        for name, kind, shape, start, end in entries:
            if start != at or end < start or 8 + size + end > whole:
                raise FormatError(f"{name}: its numbers are not where the header has them")
            if kind in DTYPES:
                due = budget.take(name, shape, np.dtype(DTYPES[kind]))
            else:
                due = budget.take(name, (end - start,), np.dtype("u1"))
            if due != end - start:
                raise FormatError(f"{name}: {shape} of {kind} is {due:,} bytes, not {end - start}")
            # A dtype that is not known here has eight bits or fewer: its bytes stand for it.
            dtype, shape = (DTYPES[kind], shape) if kind in DTYPES else ("u1", (due,))
            arrays[name] = laid(name, opened.read(due), dtype, shape)
            at = end
    return Saved({name: arrays[name] for name in told}, told=texts)


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Write arrays and texts. Raises FormatError for a dtype that the form has not."""
    header: dict[str, Any] = {TEXTS: dict(told)} if told else {}
    parts, at = [], 0
    for name, one in arrays.items():
        array = np.asarray(one)
        if array.dtype.kind != "V":
            array = array.astype(array.dtype.newbyteorder("<"))
        if array.dtype not in NAMES:
            raise FormatError(f"{name}: the form has no {array.dtype}")
        data = array.tobytes()
        offsets = [at, at + len(data)]
        header[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": offsets,
        }
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text + b"".join(parts))
