"""Arrays one behind another, each as an ``.npy`` file has it, without a name: ``.eqx``.

https://docs.kidger.site/equinox/api/serialisation/ writes the leaves of a model so, in the order of
its fields; a line of JSON, by which the model can be built again, may stand before them. One array
alone is an ``.npy`` file.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from conformance.formats import npz
from conformance.formats.saved import MAX_ARRAYS, Budget, FormatError, Saved

FORM = "sequence"
MAX_LINE = 2**20  # bytes, of the line of JSON


def headed(start: bytes) -> bool:
    """Whether a file that begins so may have a line of JSON before its arrays."""
    return start[:1] in b"{[" and start[:1] != b""


def read(file: Path) -> Saved:
    """Every array of the file, its name the number of its place from 0. Raises FormatError.

    One that is alone has the file's name.
    """
    arrays: dict[str, Any] = {}
    budget, size = Budget(), file.stat().st_size
    try:
        with file.open("rb") as opened:
            if headed(opened.read(1)):
                opened.seek(0)
                _line(opened.readline(MAX_LINE))
            else:
                opened.seek(0)
            while opened.tell() < size:
                if len(arrays) == MAX_ARRAYS:
                    raise FormatError(f"more than the {MAX_ARRAYS:,} arrays allowed")
                name = str(len(arrays))
                arrays[name] = npz.array(opened, name, size - opened.tell(), budget)
    except FormatError:
        raise
    except npz.BROKEN as problem:
        raise FormatError(f"no .npy file, nor several behind one another: {problem}") from problem
    if not arrays:
        raise FormatError("a line of JSON without arrays behind it")
    return Saved({file.stem: arrays["0"]} if len(arrays) == 1 else arrays)


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:  # noqa: ARG001 (the form has no place for texts)
    """Write arrays one behind another, in their order; their names are not kept."""
    for array in arrays.values():
        npy.write_array(file, np.asarray(array))


def _line(text: bytes) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise FormatError("no file of weights that is read: it begins as JSON does") from problem
    if not text.endswith(b"\n"):
        raise FormatError("a line of JSON without arrays behind it")
