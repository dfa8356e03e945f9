"""States that are nearly right: each is converted, or refused in one line."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.weights import ConvertError, convert
from tests.harness.weights.test_names import CELL, STACK, drawn

STATES = [STACK, CELL, {f"encoder.{name}": shape for name, shape in STACK.items()}]
DTYPES = ["float64", "float32", "float16", "int8", "bool", "complex64"]


@st.composite
def near(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a right state in which up to three arrays are gone, renamed, reshaped or recast."""
    found: dict[str, Any] = drawn(draw(st.sampled_from(STATES)))
    for _ in range(draw(st.integers(1, 3))):
        if not found:
            break
        name = draw(st.sampled_from(sorted(found)))
        one = found.pop(name)
        kind = draw(st.sampled_from(["gone", "renamed", "reshaped", "recast", "twice"]))
        if kind == "renamed":
            found[draw(st.text(max_size=8) | st.sampled_from(["weight_ih_l9", name + "x"]))] = one
        elif kind == "reshaped":
            shape = draw(st.lists(st.integers(0, 9), max_size=3))
            found[name] = np.ones(shape, one.dtype)
        elif kind == "recast":
            found[name] = one.astype(draw(st.sampled_from(DTYPES)))
        elif kind == "twice":
            found |= {name: one, f"{name}.again": one}
    return found


def test_right_states() -> None:
    """The states that are edited are right ones: as they are, they are converted."""
    for state in STATES:
        assert convert(drawn(state), "paddle", "torch").arrays


@settings(max_examples=200, deadline=None, derandomize=True)
@given(held=near())
def test_any_state(held: dict[str, Any]) -> None:
    """What is converted is what was read, number by number; what is not is told in one line."""
    told, read, made = "", 0, 0
    try:
        done = convert(held, "paddle", "torch")
    except ConvertError as error:
        told = str(error)
    else:
        read = sum(held[name].size for one in done.layers for name in one.found.names.values())
        made = sum(one.size for one in done.arrays.values())
    assert len(told.splitlines()) == (not made)
    assert made == read
