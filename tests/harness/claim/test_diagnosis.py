"""Diagnoses: a wrong shape or wrong numbers are named as the mistake that gives them."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance.claim.diagnosis import like_shape, like_values
from conformance.lstm import reference
from conformance.lstm.case import Case, Shape
from conformance.lstm.law import Law
from conformance.lstm.sample import Floats, Sample, draw
from tests.harness.observed import SEQUENCES

AXES = {
    "batch": 2,
    "time": 5,
    "input": 3,
    "hidden": 7,
    "cell": 7,
    "layer": 3,
    "direction": 2,
    "gate": 4,
}
OUTPUT = Law("batch time (direction hidden)", AXES)  # (2, 5, 14)
STATES = Law("(layer direction) batch hidden", AXES)  # (6, 2, 7)


@pytest.mark.parametrize(
    ("law", "got", "guess"),
    [
        (OUTPUT, (5, 2, 14), "batch and time swapped"),
        (OUTPUT, (14, 5, 2), "batch and direction*hidden swapped"),
        (OUTPUT, (5, 14, 2), "the axes in the order (time, direction*hidden, batch)"),
        (OUTPUT, (2, 14), "the time axis is missing"),
        (OUTPUT, (5, 14), "the batch axis is missing"),
        (OUTPUT, (2, 5), "the direction*hidden axis is missing"),
        (OUTPUT, (2, 1, 5, 14), "an axis of size 1 too many, in place 1"),
        (OUTPUT, (2, 5, 7), "direction*hidden without the factor direction (2)"),
        (OUTPUT, (2, 5, 28), "direction*hidden times direction (2)"),
        (OUTPUT, (2, 5, 56), "direction*hidden times gate (4)"),
        (OUTPUT, (2, 5, 3), "input (3) in the place of direction*hidden"),
        (STATES, (2, 6, 7), "layer*direction and batch swapped"),
        (STATES, (2, 2, 7), "layer*direction without the factor layer (3)"),
        (STATES, (3, 2, 7), "layer*direction without the factor direction (2)"),
        (STATES, (6, 5, 7), "time (5) in the place of batch"),
        (OUTPUT, (2, 5, 11), None),
        (OUTPUT, (11, 5, 13), None),
        (OUTPUT, (), None),
    ],
)
def test_like_shape(law: Law, got: Shape, guess: str | None) -> None:
    """A wrong shape is named by the swap, the axis or the factor that gives it, or not at all."""
    assert like_shape(law, got) == guess


CASE = dataclasses.replace(
    SEQUENCES,
    layer=Layer(bidirectional=True, initial_state="given"),
    dimensions=Dimensions(2, 5, 3, 4, 2),
)
ONE_WAY = dataclasses.replace(CASE, layer=Layer(initial_state="given"))
LAST = dataclasses.replace(CASE, layer=Layer(bidirectional=True, return_sequences=False))


def guess(case: Case, results: dict[str, Floats]) -> str | None:
    """Return what these canonical results look like."""
    return like_values(case, draw(case), results, 1e-6)


def right(case: Case) -> dict[str, Floats]:
    """Return the reference's results."""
    return reference.lstm(case.layer, draw(case))


def altered(case: Case, **parts: Floats) -> dict[str, Floats]:
    """Return the reference's results for inputs that are changed."""
    sample = draw(case)
    return reference.lstm(case.layer, Sample(sample.weights, {**sample.inputs, **parts}))


def reweighed(case: Case, name: str, factor: float, add: float = 0) -> dict[str, Floats]:
    """Return the reference's results with one weight of each layer multiplied."""
    sample = draw(case)
    weights = tuple(
        dataclasses.replace(one, **{name: factor * getattr(one, name) + add})
        for one in sample.weights
    )
    return reference.lstm(case.layer, Sample(weights, sample.inputs))


def test_right_values() -> None:
    """The right numbers look like no mistake."""
    assert guess(CASE, right(CASE)) is None


def test_states_swapped() -> None:
    """h_n and c_n under each other's name."""
    results = right(CASE)
    swapped = {**results, "h_n": results["c_n"], "c_n": results["h_n"]}
    assert guess(CASE, swapped) == "h_n and c_n swapped"


@pytest.mark.parametrize(
    ("asked", "made", "told"),
    [
        (
            {"recurrent_activation": "hard_sigmoid"},
            {"recurrent_activation": "hard_sigmoid_fifth"},
            "hard_sigmoid with slope 0.2 in the place of hard_sigmoid with slope 1/6",
        ),
        (
            {"recurrent_activation": "hard_sigmoid_fifth"},
            {"recurrent_activation": "hard_sigmoid"},
            "hard_sigmoid with slope 1/6 in the place of hard_sigmoid with slope 0.2",
        ),
        ({"recurrent_activation": "tanh"}, {}, "sigmoid in the place of tanh"),
        ({"activation": "relu"}, {}, "tanh in the place of relu"),
        ({}, {"activation": "softsign"}, "softsign in the place of tanh"),
    ],
)
def test_another_function(asked: Any, made: Any, told: str) -> None:
    """A function is another than the layer was asked for, one of the same name among them."""
    case = dataclasses.replace(ONE_WAY, layer=Layer(initial_state="given", **asked))
    other = Layer(initial_state="given", **made)
    assert guess(case, reference.lstm(other, draw(case))) == told


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("clipped", "nothing clipped"),
        ("peepholes", "the peepholes ignored"),
        ("coupled", "the gates not coupled"),
    ],
)
def test_cell_ignored(cell: Any, told: str) -> None:
    """A variant of the cell is asked for, and the plain one comes."""
    case = dataclasses.replace(ONE_WAY, layer=Layer(initial_state="given", cell=cell))
    assert guess(case, reference.lstm(Layer(initial_state="given"), draw(case))) == told


def test_output_reversed() -> None:
    """The whole sequence from its end."""
    results = right(ONE_WAY)
    results["output"] = results["output"][:, ::-1]
    assert guess(ONE_WAY, results) == "the output reversed in time"


def test_not_turned_back() -> None:
    """The backward half in the order in which it was read."""
    results = right(CASE)
    results["output"][..., 4:] = results["output"][:, ::-1, 4:].copy()
    assert guess(CASE, results) == "the reverse direction not turned back in time"


def test_directions_swapped() -> None:
    """The backward half first."""
    results = right(CASE)
    results["output"] = np.roll(results["output"], 4, axis=-1)
    assert guess(CASE, results) == "the two directions swapped"


def test_last_step() -> None:
    """The last step of the sequence is not each direction's final state."""
    layer = dataclasses.replace(LAST.layer, return_sequences=True)
    whole = reference.lstm(layer, draw(LAST))
    results = {**right(LAST), "output": whole["output"][:, -1]}
    assert guess(LAST, results) == (
        "the sequence's last step in the place of each direction's final state"
    )


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ([2, 3, 0, 1], "from the last layer to the first"),
        ([0, 2, 1, 3], "in the order direction, layer"),
    ],
)
def test_rows(rows: list[int], order: str) -> None:
    """The rows of the states stand for layers and directions in another order."""
    results = right(CASE)
    results |= {name: results[name][rows] for name in ("h_n", "c_n")}
    assert guess(CASE, results) == f"the rows of h_n and c_n {order}"


def test_input_reversed() -> None:
    """A layer that reads its input from the end."""
    results = altered(ONE_WAY, input=draw(ONE_WAY).inputs["input"][:, ::-1])
    assert guess(ONE_WAY, results) == "the input reversed in time"


def test_states_ignored() -> None:
    """A layer that starts from zeros whatever it is given."""
    zeros = np.zeros((4, 2, 4))
    assert guess(CASE, altered(CASE, h_0=zeros, c_0=zeros)) == "the initial states ignored"


def test_initial_states_swapped() -> None:
    """A layer that takes h for c."""
    inputs = draw(CASE).inputs
    results = altered(CASE, h_0=inputs["c_0"], c_0=inputs["h_0"])
    assert guess(CASE, results) == "h_0 and c_0 swapped"


OPTIONS = {
    "reverse ignored": (Layer(reverse=True, keep_order=True), {"reverse": False}),
    "keep_order taken as true": (Layer(reverse=True), {"keep_order": True}),
    "keep_order taken as false": (Layer(reverse=True, keep_order=True), {"keep_order": False}),
    "the directions joined by ave": (Layer(bidirectional=True, merge="sum"), {"merge": "ave"}),
    "the directions joined by sum": (Layer(bidirectional=True, merge="mul"), {"merge": "sum"}),
    "the directions joined by mul": (Layer(bidirectional=True, merge="ave"), {"merge": "mul"}),
    "the state not carried over": (Layer(stateful="carried"), {"stateful": "no"}),
}


@pytest.mark.parametrize("mistake", OPTIONS)
def test_option(mistake: str) -> None:
    """An option taken as another that gives the same shapes."""
    layer, taken = OPTIONS[mistake]
    case = dataclasses.replace(CASE, layer=layer)
    other = dataclasses.replace(layer, **taken)
    assert guess(case, reference.lstm(other, draw(case))) == mistake


def test_lengths_ignored() -> None:
    """A layer that runs each sequence to the end of the longest."""
    case = dataclasses.replace(CASE, layer=Layer(lengths="given"), lengths=(2, 5))
    sample = draw(case)
    full = reference.lstm(Layer(), Sample(sample.weights, {"input": sample.inputs["input"]}))
    assert guess(case, full) == "the lengths ignored"


MASK = ((0, 1, 0, 1, 1), (1, 1, 1, 0, 1), (1, 0, 1, 0, 1))
MASKED = dataclasses.replace(
    CASE, layer=Layer(mask="given"), mask=MASK[: CASE.dimensions.batch_size]
)


@pytest.mark.parametrize(
    ("mistake", "taken"),
    [
        ("the mask ignored", np.ones_like),
        ("the steps that count taken for the first ones", lambda one: np.sort(one)[:, ::-1]),
        ("the mask taken for that of what is left out", np.logical_not),
    ],
)
def test_mask(mistake: str, taken: Any) -> None:
    """A layer that takes its mask for another."""
    sample = draw(MASKED)
    inputs = {**sample.inputs, "mask": taken(sample.inputs["mask"])}
    assert guess(MASKED, reference.lstm(MASKED.layer, Sample(sample.weights, inputs))) == mistake


def test_time_major() -> None:
    """In a time-major layer a reversed sequence is one along the first axis."""
    case = dataclasses.replace(ONE_WAY, layer=Layer(layout="time_major"))
    results = right(case)
    results["output"] = results["output"][::-1]
    assert guess(case, results) == "the output reversed in time"


@pytest.mark.parametrize("name", ["input_bias", "recurrent_bias"])
def test_bias_dropped(name: str) -> None:
    """A layer that leaves one of two biases out."""
    assert guess(CASE, reweighed(CASE, name, 0)) == f"{name} dropped"


def test_both_biases_dropped() -> None:
    """A layer that leaves both biases out."""
    sample = draw(CASE)
    weights = tuple(
        dataclasses.replace(one, input_bias=0 * one.input_bias, recurrent_bias=0 * one.input_bias)
        for one in sample.weights
    )
    results = reference.lstm(CASE.layer, Sample(weights, sample.inputs))
    assert guess(CASE, results) == "both biases dropped"


def test_forget_bias() -> None:
    """A layer that adds 1 to the bias of the forget gate."""
    sample = draw(CASE)
    for one in sample.weights:
        one.input_bias[:, 1] += 1
    results = reference.lstm(CASE.layer, sample)
    assert guess(CASE, results) == "1 added to the forget bias"


@pytest.mark.parametrize(
    "order", [order for order in itertools.permutations(range(4)) if order != (0, 1, 2, 3)]
)
def test_gates(order: tuple[int, ...]) -> None:
    """Any other order of the gates is named."""
    sample = draw(CASE)
    weights = tuple(
        dataclasses.replace(
            one,
            **{
                name: getattr(one, name)[:, list(order)]
                for name in ("input_weights", "recurrent_weights", "input_bias", "recurrent_bias")
            },
        )
        for one in sample.weights
    )
    results = reference.lstm(CASE.layer, Sample(weights, sample.inputs))
    taken = " ".join("ifgo"[gate] for gate in order)
    assert guess(CASE, results) == f"the gates taken in the order {taken} for i f g o"


@pytest.mark.parametrize("number", [1e-3, np.nan, np.inf])
def test_noise(number: float) -> None:
    """Numbers that no known mistake gives are not named."""
    results = right(CASE)
    results["output"][0, 0, 0] += number
    assert guess(CASE, results) is None


def test_nothing_known_of_the_sample() -> None:
    """Without what was fed there is nothing to compare with."""
    assert like_values(CASE, None, right(CASE), 1e-6) is None
