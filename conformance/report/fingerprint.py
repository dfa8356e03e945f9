"""What tells two arrays, two samples or two cases apart, in a few characters of a report."""

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.lstm.case import Case
from conformance.lstm.sample import Sample

DIGITS = 16  # of SHA-256, in hexadecimal: chance makes no two of a million alike
FEW = 512  # numbers that a report has of a result; of more it has the fingerprint alone
# Of a case, beside layer and sizes.
MEANT = (
    "must_reject",
    "feed",
    "integers",
    "lengths",
    "mask",
    "run",
    "split",
    "first",
    "repeat",
    "numbers",
)


def of_case(case: Case) -> str:
    """That of what is asked: the id, which seeds the numbers, layer, sizes and what is fed.

    An option that has its default is left out, so that one that is new changes no old case.
    """
    layer = {
        one.name: getattr(case.layer, one.name)
        for one in fields(case.layer)
        if getattr(case.layer, one.name) != one.default
    }
    beside = {
        one.name: getattr(case, one.name)
        for one in fields(case)
        if one.name in MEANT and getattr(case, one.name) != _default(one)
    }
    meaning = {"id": case.id, "layer": layer, "dimensions": vars(case.dimensions), **beside}
    return _digits(json.dumps(meaning, sort_keys=True, default=vars).encode())


def of_sample(sample: Sample) -> str:
    """That of all numbers that are fed."""
    weights = [one for layer in sample.weights for one in vars(layer).values() if one is not None]
    return _digits(b"".join(_bytes(one) for one in (*weights, *sample.inputs.values())))


def of_numbers(array: NDArray[Any]) -> str:
    """That of an array's numbers, bit for bit."""
    return _digits(_bytes(array))


def of_code(root: Path) -> str:
    """That of all that decides what a run sees: the engine, the adapters and the cases."""
    told = hashlib.sha256()
    for folder, pattern in (("conformance", "*.py"), ("adapters", "*.py"), ("cases", "*.yaml")):
        for path in sorted((root / folder).rglob(pattern)):
            told.update(f"{path.relative_to(root).as_posix()} ".encode())
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:DIGITS]


def packed(array: NDArray[Any]) -> str | None:
    """The numbers as text, where they are few."""
    return b64encode(_bytes(array)).decode() if array.size <= FEW else None


def unpacked(numbers: str, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """The array of `packed`. Raises ValueError where the numbers do not fill the shape."""
    # What NumPy has no dtype for is held as float32, which has all of it.
    kind = np.dtype("float32" if dtype == "bfloat16" else dtype).newbyteorder("<")
    return np.frombuffer(b64decode(numbers, validate=True), kind).reshape(shape)


def _bytes(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _digits(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()[:DIGITS]


def _default(one: Any) -> Any:
    return one.default if one.default_factory is MISSING else one.default_factory()
