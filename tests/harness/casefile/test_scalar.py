"""Scalars: what plain and quoted text of a YAML file stands for."""

import pytest

from conformance.casefile.document import parse
from conformance.casefile.scalar import Scalar

SCALARS = {
    "no": "no",
    "Yes": "Yes",
    "on": "on",
    "y": "y",
    "true": True,
    "False": False,
    "TRUE": True,
    "tRUE": "tRUE",
    "": None,
    "~": None,
    "Null": None,
    "nULL": "nULL",
    "010": 10,
    "-7": -7,
    "+7": 7,
    "0o17": 15,
    "0x1F": 31,
    "0b1": "0b1",
    "1_000": "1_000",
    "12:30": "12:30",
    "2024-01-01": "2024-01-01",
    "1.5": 1.5,
    ".5": 0.5,
    "1.": 1.0,
    "1e3": 1000.0,
    "-.inf": float("-inf"),
    "inf": "inf",
    "'10'": "10",
    '"true"': "true",
    "\u0661": "\u0661",
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=ascii)
def test_scalar(text: str, value: Scalar) -> None:
    """A scalar has the value and the type that YAML 1.2 gives it."""
    assert repr(parse(f"- {text}").data) == repr([value])
