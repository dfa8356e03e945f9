"""Kinds of cases: by id, by options and by sizes."""

import dataclasses
from typing import Any

import pytest

from conformance.lstm.case import Deviation, Dimensions, Layer
from conformance.lstm.kind import speaks_of, unlike
from conformance.lstm.numbers import Numbers
from tests.harness.observed import SEQUENCES

CASE = dataclasses.replace(
    SEQUENCES,
    layer=Layer(bidirectional=True, merge="sum", projection_size=3),
    dimensions=Dimensions(2, 5, 3, 4, num_layers=2),
    numbers=Numbers(behind="nan"),
)


def test_a_layer_of_the_kind() -> None:
    """A stack is of the kind that one of its layers is; two layers are not one of both kinds."""
    layers = '[{"bidirectional": true, "hidden_units": 9}, {"activation": "relu"}]'
    case = dataclasses.replace(CASE, layer=Layer(layers=layers))
    assert unlike(case, {"bidirectional": (True,), "hidden_units": (9,)}) == {}
    assert unlike(case, {"activation": ("any",), "hidden_units": (4,)}) == {}
    assert unlike(case, {"layers": ("any",), "num_layers": (2,)}) == {}
    assert unlike(case, {"activation": ("any",), "hidden_units": (9,)}) == {
        "activation": "tanh",
        "hidden_units": 4,
    }


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"bidirectional": (True,), "bias": (True,)},
        {"merge": ("concat", "sum")},
        {"merge": ("any",), "projection_size": ("any",), "num_layers": ("any",)},
        {"layout": ("any", "batch_major")},
        {"batch_size": (0, 2), "num_layers": (2,)},
        {"run": (True,)},
        {"behind": ("inf", "nan")},
        {"behind": ("any",)},
    ],
)
def test_of_the_kind(kind: dict[str, tuple[Any, ...]]) -> None:
    """A case is of a kind where all that it names is among the values, or not the default."""
    assert unlike(CASE, kind) == {}


@pytest.mark.parametrize(
    ("kind", "unlike_it"),
    [
        ({"bidirectional": (False,), "bias": (True,)}, {"bidirectional": True}),
        ({"merge": ("concat", "ave")}, {"merge": "sum"}),
        ({"layout": ("any",), "dtype": ("any",)}, {"layout": "batch_major", "dtype": "float32"}),
        ({"batch_size": (0,), "time_steps": (5,)}, {"batch_size": 2}),
        ({"run": (False,)}, {"run": True}),
        ({"behind": ("drawn", "large")}, {"behind": "nan"}),
    ],
)
def test_of_another_kind(kind: dict[str, tuple[Any, ...]], unlike_it: dict[str, Any]) -> None:
    """What keeps a case from being of a kind is told with the value that it has."""
    assert unlike(CASE, kind) == unlike_it


@pytest.mark.parametrize(
    ("cases", "kind", "speaks"),
    [
        ("guide-*", {}, True),
        ("*", {"merge": ("sum",)}, True),
        ("guide-*", {"merge": ("sum",)}, True),
        ("stacked-*", {"merge": ("sum",)}, False),
        ("guide-*", {"merge": ("ave",)}, False),
    ],
)
def test_speaks_of(cases: str, kind: dict[str, tuple[Any, ...]], speaks: bool) -> None:
    """A pin speaks of a case that has such an id, and is of its kind."""
    pin = Deviation("x", cases, ("shapes",), "x>=1", (), "", "", "", kind)
    assert speaks_of(pin, CASE) == speaks
