"""The float64 reference: numbers worked by hand, and a second, independent formulation."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from math import log
from typing import Any

import numpy as np
import pytest
from einops import rearrange
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import Dimensions, Layer
from conformance.lstm import reference
from conformance.lstm.case import Case
from conformance.lstm.result import result_shapes
from conformance.lstm.sample import Floats, LayerWeights, Sample, draw
from tests.harness import second_formulation
from tests.harness.second_formulation import CHOSEN, COMPOSED, WAYS

ONE_TERM = 1e-15  # an error of a few units in the last place of numbers below 1


def layer_of(*directions: tuple[list[float], list[float], list[float]]) -> LayerWeights:
    """Return a layer of one unit and one feature; w, r and b are of i, f, g and o."""
    w, r, b = (np.array(part, float) for part in zip(*directions, strict=True))
    return LayerWeights(w[:, :, None, None], r[:, :, None, None], b[:, :, None], 0 * b[:, :, None])


def sequence(*numbers: float) -> Floats:
    """Return one sequence of one feature: (batch 1, time, input 1)."""
    return np.array(numbers, float)[None, :, None]


# sigmoid(log(p / (1 - p))) = p, and tanh(log(q) / 2) = (q - 1) / (q + 1).
THREE_QUARTERS = log(3)  # sigmoid: 3/4
ONE_HALF = 0.0  # sigmoid: 1/2
THREE_FIFTHS = log(4) / 2  # tanh: (4 - 1) / (4 + 1) = 3/5

NO = [0.0, 0.0, 0.0, 0.0]
FADING = layer_of(  # g = 0 for x = 0 and 3/5 for x = 1; i = 3/4, f = 1/2, o = 1/4
    ([0, 0, THREE_FIFTHS, 0], NO, [THREE_QUARTERS, ONE_HALF, 0, -THREE_QUARTERS])
)
FORGETS = [0.0, -800.0, 0.0, 0.0]  # f = sigmoid(-800) = 0
MEMORYLESS = layer_of(([0, 0, 1, 0], NO, FORGETS))  # u(x)
BOTH_WAYS = layer_of(([0, 0, 1, 0], NO, FORGETS), ([0, 0, 3, 0], NO, FORGETS))  # u(x), u(3x)


def u(x: float) -> float:
    """Return h of a unit without memory: f = 0, i = o = 1/2, g = tanh(x)."""
    return float(np.tanh(np.tanh(x) / 2) / 2)


def test_one_step() -> None:
    """One unit, one step, from zeros.

    x = 2. The weights of x give i = sigmoid(log 3) = 3/4, f = 1/2, g = tanh(log(4)/2) = 3/5 and
    o = sigmoid(-log 3) = 1/4. So c = 1/2 * 0 + 3/4 * 3/5 = 9/20, and h = 1/4 * tanh(9/20).
    """
    w = [THREE_QUARTERS / 2, ONE_HALF, THREE_FIFTHS / 2, -THREE_QUARTERS / 2]
    weights = layer_of((w, [0, 0, 0, 0], [0, 0, 0, 0]))
    results = reference.lstm(Layer(), Sample((weights,), {"input": sequence(2)}))
    h, c = 0.25 * np.tanh(0.45), 0.45
    assert {name: array.ravel().tolist() for name, array in results.items()} == {
        "output": pytest.approx([h], abs=ONE_TERM),
        "h_n": pytest.approx([h], abs=ONE_TERM),
        "c_n": pytest.approx([c], abs=ONE_TERM),
    }


def test_biases_are_added() -> None:
    """The gates see the sum of both biases: halves of the biases above give the same c, 9/20."""
    half = np.array([THREE_QUARTERS, ONE_HALF, THREE_FIFTHS, -THREE_QUARTERS])[None, :, None] / 2
    weights = LayerWeights(np.zeros((1, 4, 1, 1)), np.zeros((1, 4, 1, 1)), half, half)
    results = reference.lstm(Layer(), Sample((weights,), {"input": sequence(5)}))
    assert results["c_n"].item() == pytest.approx(0.45, abs=ONE_TERM)


def test_initial_state() -> None:
    """A given h reaches the gates by the recurrent weights, a given c by the forget gate.

    h_0 = 2, c_0 = 8, x = 0. The recurrent weights give i = 1/2, f = sigmoid(log 3) = 3/4,
    g = tanh(log(4)/2) = 3/5, o = 1/2. So c = 3/4 * 8 + 1/2 * 3/5 = 6.3, h = 1/2 * tanh(6.3).
    """
    r = [ONE_HALF, THREE_QUARTERS / 2, THREE_FIFTHS / 2, ONE_HALF]
    inputs = {"input": sequence(0), "h_0": np.full((1, 1, 1), 2.0), "c_0": np.full((1, 1, 1), 8.0)}
    sample = Sample((layer_of(([0, 0, 0, 0], r, [0, 0, 0, 0])),), inputs)
    results = reference.lstm(Layer(initial_state="given"), sample)
    assert [results["c_n"].item(), results["h_n"].item()] == pytest.approx(
        [6.3, np.tanh(6.3) / 2], abs=ONE_TERM
    )


def test_two_steps() -> None:
    """The second step starts from the c of the first.

    The biases give i = 3/4, f = 1/2, o = 1/4 at each step; g = tanh(x log(4)/2) is 3/5 for x = 1
    and 0 for x = 0. Step 1: c = 3/4 * 3/5 = 9/20. Step 2: c = 1/2 * 9/20 + 3/4 * 0 = 9/40.
    """
    results = reference.lstm(Layer(), Sample((FADING,), {"input": sequence(1, 0)}))
    assert results["output"].ravel() == pytest.approx(
        [np.tanh(0.45) / 4, np.tanh(0.225) / 4], abs=ONE_TERM
    )


def test_recurrence() -> None:
    """The second step's gates see the h of the first.

    i = f = o = 1/2 by zero weights, g = tanh(x log(4)/2 + h). Step 1, x = 1: c = 1/2 * 3/5 = 3/10,
    h = 1/2 * tanh(3/10). Step 2, x = 0: c = 1/2 * 3/10 + 1/2 * tanh(h).
    """
    weights = layer_of(([0, 0, THREE_FIFTHS, 0], [0, 0, 1, 0], [0, 0, 0, 0]))
    results = reference.lstm(Layer(), Sample((weights,), {"input": sequence(1, 0)}))
    assert results["c_n"].item() == pytest.approx(
        0.15 + np.tanh(np.tanh(0.3) / 2) / 2, abs=ONE_TERM
    )


@pytest.mark.parametrize("return_sequences", [True, False])
def test_directions(return_sequences: bool) -> None:
    """Forward stands first, backward reads from the end, and its outputs stay beside their inputs.

    Without recurrence and with f = sigmoid(-800) = 0 every step stands for itself: the forward
    direction gives u(x) = 1/2 * tanh(1/2 * tanh(x)), the backward one u(3x). The backward
    direction's final state is that of the first step, x = 1, and the forward one's that of x = 2.
    """
    layer = Layer(bidirectional=True, return_sequences=return_sequences)
    results = reference.lstm(layer, Sample((BOTH_WAYS,), {"input": sequence(1, 2)}))
    every, last = [[u(1), u(3)], [u(2), u(6)]], [u(2), u(3)]
    expected = {"output": [every] if return_sequences else [last], "h_n": [[[u(2)]], [[u(3)]]]}
    for name, numbers in expected.items():
        np.testing.assert_allclose(results[name], numbers, rtol=0, atol=ONE_TERM)


def test_stack() -> None:
    """The second layer reads the first one's h, and each layer has its row in the states.

    As above, u(x) = 1/2 * tanh(1/2 * tanh(x)) for each layer: h_n is u(1), then u(u(1)).
    """
    stack = Sample((MEMORYLESS, MEMORYLESS), {"input": sequence(1)})
    results = reference.lstm(Layer(), stack)
    assert results["h_n"].ravel() == pytest.approx([u(1), u(u(1))], abs=ONE_TERM)


def test_saturation() -> None:
    """Gates far from zero neither overflow nor warn: f = 0 and i = o = 1 leave tanh(tanh(x))."""
    weights = layer_of(([0, 0, 1, 0], [0, 0, 0, 0], [1e6, -1e6, 0, 1e6]))
    results = reference.lstm(Layer(), Sample((weights,), {"input": sequence(1)}))
    assert results["output"].item() == pytest.approx(np.tanh(np.tanh(1)), abs=ONE_TERM)


@pytest.mark.parametrize("keep_order", [False, True])
def test_reverse(keep_order: bool) -> None:
    """A reversed layer reads from the end and emits as it reads; kept in order, it is turned back.

    The layer of `test_two_steps` on 0, 1 reads 1, 0: it emits tanh(9/20)/4, then tanh(9/40)/4, and
    ends with the latter.
    """
    layer = Layer(reverse=True, keep_order=keep_order)
    results = reference.lstm(layer, Sample((FADING,), {"input": sequence(0, 1)}))
    first, second = np.tanh(0.45) / 4, np.tanh(0.225) / 4
    expected = [second, first] if keep_order else [first, second]
    assert results["output"].ravel() == pytest.approx(expected, abs=ONE_TERM)
    assert results["h_n"].item() == pytest.approx(second, abs=ONE_TERM)
    assert results["c_n"].item() == pytest.approx(0.225, abs=ONE_TERM)


def test_reverse_of_reverse() -> None:
    """A reversed layer on a reversed layer turns what that one emitted around again."""
    layer = Layer(reverse=True)
    stack = Sample((MEMORYLESS, MEMORYLESS), {"input": sequence(1, 2)})
    results = reference.lstm(layer, stack)
    assert results["output"].ravel() == pytest.approx([u(u(1)), u(u(2))], abs=ONE_TERM)


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize(
    ("merge", "join"),
    [
        ("concat", lambda one, other: [one, other]),
        ("none", lambda one, other: [one, other]),
        ("sum", lambda one, other: [one + other]),
        ("mul", lambda one, other: [one * other]),
        ("ave", lambda one, other: [(one + other) / 2]),
    ],
)
def test_merge(
    merge: str, join: Callable[[float, float], list[float]], return_sequences: bool
) -> None:
    """Both directions are joined step by step, and so are their final states; h_n stays apart.

    The forward direction gives u(x), the backward one u(3x), for x = 1 and x = 2. Final are u(2)
    and u(3).
    """
    layer = Layer(bidirectional=True, merge=merge, return_sequences=return_sequences)  # type: ignore[arg-type]
    results = reference.lstm(layer, Sample((BOTH_WAYS,), {"input": sequence(1, 2)}))
    every, last = [join(u(1), u(3)), join(u(2), u(6))], join(u(2), u(3))
    output = [every] if return_sequences else [last]
    np.testing.assert_allclose(results["output"], output, rtol=0, atol=ONE_TERM)
    np.testing.assert_allclose(results["h_n"].ravel(), [u(2), u(3)], rtol=0, atol=ONE_TERM)


def test_merge_in_a_stack() -> None:
    """What the second layer reads is the sum that the first one hands out."""
    stack = Sample((BOTH_WAYS, BOTH_WAYS), {"input": sequence(1)})
    results = reference.lstm(Layer(bidirectional=True, merge="sum"), stack)
    x = u(1) + u(3)
    assert results["output"].item() == pytest.approx(u(x) + u(3 * x), abs=ONE_TERM)


def test_projection() -> None:
    """P makes h of both cells' o*tanh(c); the gates see that h, and c stays as it is.

    Two cells, one h. i = f = o = 1/2; at x = 1 g is tanh(log(4)/2) = 3/5 and tanh(log 4) =
    (16 - 1) / (16 + 1) = 15/17, so c is 3/10 and 15/34, and h = 2 * tanh(3/10)/2 - 4 *
    tanh(15/34)/2. At x = 0 both cells see g = tanh(h), so c is 3/20 + tanh(h)/2 and
    15/68 + tanh(h)/2.
    """
    w, r = np.zeros((1, 4, 2, 1)), np.zeros((1, 4, 2, 1))
    w[0, 2, :, 0], r[0, 2, :, 0] = [THREE_FIFTHS, 2 * THREE_FIFTHS], 1
    b = np.zeros((1, 4, 2))
    weights = LayerWeights(w, r, b, b, projection_weights=np.array([[[2.0, -4.0]]]))
    results = reference.lstm(
        Layer(projection_size=1), Sample((weights,), {"input": sequence(1, 0)})
    )
    first = np.tanh(0.3) - 2 * np.tanh(15 / 34)
    c = [0.15 + np.tanh(first) / 2, 15 / 68 + np.tanh(first) / 2]
    second = np.tanh(c[0]) - 2 * np.tanh(c[1])
    expected = {"output": [[[first], [second]]], "h_n": [[[second]]], "c_n": [[c]]}
    for name, numbers in expected.items():
        np.testing.assert_allclose(results[name], np.array(numbers), rtol=0, atol=4e-15)
        assert results[name].shape == np.shape(numbers)


@pytest.mark.parametrize("return_sequences", [True, False])
def test_lengths(return_sequences: bool) -> None:
    """Beyond its length nothing of a sequence is read, the output is zero and no state moves.

    Of 1, 2 and 4, 99 the second sequence ends after 4: its final states are u(4) and u(12).
    """
    inputs = {"input": np.array([[[1.0], [2.0]], [[4.0], [99.0]]]), "lengths": np.array([2, 1])}
    layer = Layer(bidirectional=True, lengths="given", return_sequences=return_sequences)
    results = reference.lstm(layer, Sample((BOTH_WAYS,), inputs))
    every = [[[u(1), u(3)], [u(2), u(6)]], [[u(4), u(12)], [0, 0]]]
    last = [[u(2), u(3)], [u(4), u(12)]]
    h_n = [[[u(2)], [u(4)]], [[u(3)], [u(12)]]]
    output = np.array(every if return_sequences else last)
    np.testing.assert_allclose(results["output"], output, rtol=0, atol=ONE_TERM)
    np.testing.assert_allclose(results["h_n"], h_n, rtol=0, atol=ONE_TERM)


def test_lengths_in_reverse() -> None:
    """The reverse direction starts at a sequence's last valid step, from the state it is given.

    The layer of `test_two_steps` on 0, 1, 99 of length 2 reads 1, 0 from c_0 = 4/5: with i = 3/4
    and f = 1/2, c is 2/5 + 9/20 = 17/20, then 17/40.
    """
    inputs = {"input": sequence(0, 1, 99), "lengths": np.array([2])}
    inputs |= {"h_0": np.zeros((1, 1, 1)), "c_0": np.full((1, 1, 1), 0.8)}
    layer = Layer(reverse=True, keep_order=True, lengths="given", initial_state="given")
    results = reference.lstm(layer, Sample((FADING,), inputs))
    assert results["c_n"].item() == pytest.approx(0.425, abs=ONE_TERM)
    assert results["output"].ravel() == pytest.approx(
        [np.tanh(0.425) / 4, np.tanh(0.85) / 4, 0], abs=ONE_TERM
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_mask_that_begins_with_what_counts_is_lengths(way: str) -> None:
    """The same steps, told by a mask or by lengths, give the same numbers."""
    steps = np.arange(5) < np.array([2, 5, 0])[:, None]
    layer = Layer(**WAYS[way], mask="given", return_sequences=False)
    case = replace(_case(layer, Dimensions(3, 5, 2, 4)), mask=tuple(map(tuple, steps.tolist())))
    sample = draw(case)
    by_mask = reference.lstm(layer, sample)
    inputs = {"input": sample.inputs["input"], "lengths": np.array([2, 5, 0])}
    by_lengths = reference.lstm(replace(layer, mask="none"), replace(sample, inputs=inputs))
    for name, array in by_mask.items():
        np.testing.assert_array_equal(array, by_lengths[name])


def test_a_hole() -> None:
    """A step that is left out in the middle is as if it were not there.

    The layer of `test_two_steps` on 1, 99, 1 without the second: c is 9/20, then 27/40.
    """
    inputs = {"input": sequence(1, 99, 1), "mask": np.array([[True, False, True]])}
    results = reference.lstm(Layer(mask="given"), Sample((FADING,), inputs))
    assert results["c_n"].item() == pytest.approx(0.675, abs=ONE_TERM)
    first, left_out, last = results["output"].ravel()
    assert (first, left_out) == (pytest.approx(np.tanh(0.45) / 4, abs=ONE_TERM), 0.0)
    assert last == results["h_n"].item()


def test_stateful() -> None:
    """Where the layer carries its state, the second call goes on from the first one's end.

    The layer of `test_two_steps` on 1, twice: c is 9/20, then 1/2 * 9/20 + 9/20 = 27/40.
    """
    sample = Sample((FADING,), {"input": sequence(1)})
    carried, reset = (
        reference.lstm(Layer(stateful=stateful), sample)["c_n"].item()
        for stateful in ("carried", "reset")
    )
    assert [carried, reset] == pytest.approx([0.675, 0.45], abs=ONE_TERM)


@pytest.mark.parametrize(
    ("gate", "opens"),
    [
        ("hard_sigmoid", [1 / 2, 1 / 3, 1, 0]),
        ("hard_sigmoid_fifth", [1 / 2, 3 / 10, 1, 0]),
        ("relu", [0, 0, 4, 0]),
        ("linear", [0, -1, 4, -5]),
        ("tanh", [0, -np.tanh(1), np.tanh(4), -np.tanh(5)]),
    ],
)
def test_gate_functions(gate: Any, opens: list[float]) -> None:
    """A gate by each function at 0, -1, 4 and -5, as the c of one step from c_0 = 1 shows it.

    i is the gate at x, f the gate at 0 and g = tanh(log(4)/2) = 3/5: c = f + i * 3/5.
    """
    b = [0, 0, THREE_FIFTHS, 0]
    weights = layer_of(([1, 0, 0, 0], NO, b))
    layer = Layer(initial_state="given", recurrent_activation=gate)
    states = {"h_0": np.zeros((1, 1, 1)), "c_0": np.ones((1, 1, 1))}
    found = [
        reference.lstm(layer, Sample((weights,), {"input": sequence(x), **states}))["c_n"].item()
        for x in (0, -1, 4, -5)
    ]
    assert found == pytest.approx([opens[0] + 0.6 * i for i in opens], abs=ONE_TERM)


@pytest.mark.parametrize(
    ("function", "candidate", "end"),
    [
        ("relu", 0, 1 / 2),
        ("linear", -4, -3 / 2),
        ("softsign", -4 / 5, 1 / 11),
        ("sigmoid", 1 / (1 + np.exp(4)), None),
    ],
)
def test_cell_functions(function: Any, candidate: float, end: float | None) -> None:
    """The function of the candidate is that of c as well: i = f = o = 1/2, c_0 = 1, x = -4.

    c = 1/2 + candidate/2, and h is half of the function of that.
    """
    weights = layer_of(([0, 0, 1, 0], NO, NO))
    inputs = {"input": sequence(-4), "h_0": np.zeros((1, 1, 1)), "c_0": np.ones((1, 1, 1))}
    layer = Layer(initial_state="given", activation=function)
    results = reference.lstm(layer, Sample((weights,), inputs))
    c = (1 + candidate) / 2
    end = 1 / (1 + np.exp(-c)) if end is None else end
    assert results["c_n"].item() == pytest.approx(c, abs=ONE_TERM)
    assert results["h_n"].item() == pytest.approx(end / 2, abs=ONE_TERM)


def variant(cell: Any, weights: LayerWeights, x: float, c_0: float) -> tuple[float, float]:
    """Return the c and the h of one step of one unit."""
    inputs = {
        "input": sequence(x),
        "h_0": np.zeros((1, 1, 1)),
        "c_0": np.full((1, 1, 1), float(c_0)),
    }
    results = reference.lstm(Layer(initial_state="given", cell=cell), Sample((weights,), inputs))
    return results["c_n"].item(), results["h_n"].item()


def test_clipped() -> None:
    """What goes into a function is cut to 1/2: all four sums, and c, which itself is kept whole.

    Each sum is 8 or -8. With s = sigmoid(1/2): i = s, f = 1 - s and g = tanh(1/2), so that from
    c_0 = 8 c = (1 - s) * 8 + s * tanh(1/2), about 3.3, and h = s * tanh(1/2).
    """
    c, h = variant("clipped", layer_of(([4, -4, 4, 4], NO, NO)), 2, 8)
    s, t = 1 / (1 + np.exp(-0.5)), np.tanh(0.5)
    assert [c, h] == pytest.approx([(1 - s) * 8 + s * t, s * t], abs=4 * ONE_TERM)


def test_peepholes() -> None:
    """I and f see the c before the step, o that behind it.

    c_0 = 2 with peepholes of log(3)/2, 0 and log(3)/(5/4): i = 3/4, f = 1/2 and g = 1/3, so
    that c = 1 + 1/4 = 5/4, and o = sigmoid(log 3) = 3/4.
    """
    weights = replace(
        layer_of((NO, NO, [0, 0, log(2) / 2, 0])),
        peephole_weights=np.array([[[log(3) / 2], [0], [log(3) / 1.25]]]),
    )
    c, h = variant("peepholes", weights, 1, 2)
    assert [c, h] == pytest.approx([1.25, 0.75 * np.tanh(1.25)], abs=ONE_TERM)


def test_coupled() -> None:
    """F is 1 - i, whatever its own weights are: i = 3/4 and g = 3/5, c = 1/4 * 8 + 9/20."""
    weights = layer_of((NO, NO, [THREE_QUARTERS, 800, THREE_FIFTHS, 0]))
    c, h = variant("coupled", weights, 1, 8)
    assert [c, h] == pytest.approx([2.45, np.tanh(2.45) / 2], abs=ONE_TERM)


def test_stateful_after_another_call() -> None:
    """The second call goes on from where the first one ended, whatever steps that had.

    The layer of `test_two_steps` on 1 and 1, then 1: c is 27/40, then 1/2 * 27/40 + 9/20 = 63/80.
    """
    sample = Sample((FADING,), {"input": sequence(1), "first": sequence(1, 1)})
    carried, reset = (
        reference.lstm(Layer(stateful=stateful), sample)["c_n"].item()
        for stateful in ("carried", "reset")
    )
    assert [carried, reset] == pytest.approx([0.7875, 0.45], abs=ONE_TERM)


@pytest.mark.parametrize("state", ["h_0", "c_0"])
def test_one_state_alone(state: Any) -> None:
    """What is not given of the two states is zeros."""
    case = _case(Layer(initial_state=state, bidirectional=True), Dimensions(2, 3, 5, 4, 2))
    sample = draw(case)
    assert sample.inputs.keys() == {"input", state}
    zeros = dict.fromkeys(("h_0", "c_0"), np.zeros((4, 2, 4)))
    both = replace(sample, inputs={**zeros, **sample.inputs})
    alone, given = reference.lstm(case.layer, sample), reference.lstm(case.layer, both)
    for name, array in given.items():
        np.testing.assert_array_equal(alone[name], array)


def test_inputs_are_left_alone() -> None:
    """The states that a sample holds are not written to: the next framework is fed the same."""
    case = _case(Layer(initial_state="given"), Dimensions(2, 3, 5, 4, 2))
    sample = draw(case)
    before = {name: array.copy() for name, array in sample.inputs.items()}
    reference.lstm(case.layer, sample)
    assert all(np.array_equal(sample.inputs[name], before[name]) for name in before)


# Laws of one option in terms of another.

DIMENSIONS = Dimensions(3, 4, 5, 2, 2)
# By a tensor's axes in the batch-major layout: how they move.
LAYOUTS = {
    "time_major": {"batch time": "batch time units -> time batch units"},
    "unbatched": {
        "batch time": "1 time units -> time units",
        "rows batch": "rows 1 units -> rows units",
        "batch": "1 units -> units",
    },
    "extra_batch": {
        "batch time": "(group batch) time units -> group batch time units",
        "rows batch": "rows (group batch) units -> rows group batch units",
        "batch": "(group batch) units -> group batch units",
    },
}


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(layout: Any, bidirectional: bool, return_sequences: bool) -> None:
    """Another layout is the batch-major layer with its axes moved, and with nothing else."""
    plain = Layer(bidirectional, True, return_sequences, "given", projection_size=3)
    if layout == "time_major":  # there are lengths in this layout alone
        plain = replace(plain, lengths="given")
    batch = {"unbatched": 1, "extra_batch": 2 * 3}.get(layout, 3)
    sample = draw(_case(plain, replace(DIMENSIONS, batch_size=batch), (2, 4, 1)))
    axes = dict.fromkeys(("h_0", "c_0", "h_n", "c_n"), "rows batch")
    axes |= {"input": "batch time", "output": "batch time" if return_sequences else "batch"}

    def moved(arrays: Mapping[str, Floats]) -> dict[str, Floats]:
        pairs = [
            (name, array, LAYOUTS[layout].get(axes.get(name, name)))
            for name, array in arrays.items()
        ]
        group = {"group": 2} if layout == "extra_batch" else {}
        return {
            name: rearrange(array, move, **group) if move else array for name, array, move in pairs
        }

    layer, inputs = replace(plain, layout=layout), moved(sample.inputs)
    got = reference.lstm(layer, Sample(sample.weights, inputs))
    expected = moved(reference.lstm(plain, sample))
    assert got.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(got[name], array, rtol=0, atol=ONE_TERM, strict=True)


def test_reverse_direction_is_a_reversed_layer() -> None:
    """A bidirectional layer's second direction is a reversed layer, kept in order."""
    both = draw(_case(Layer(bidirectional=True), replace(DIMENSIONS, num_layers=1)))
    weights = both.weights[0]
    second = LayerWeights(
        weights.input_weights[1:],
        weights.recurrent_weights[1:],
        weights.input_bias[1:],
        weights.recurrent_bias[1:],
    )
    joined = reference.lstm(Layer(bidirectional=True), both)
    alone = reference.lstm(Layer(reverse=True, keep_order=True), Sample((second,), both.inputs))
    np.testing.assert_array_equal(joined["output"][:, :, 2:], alone["output"])
    np.testing.assert_array_equal(joined["h_n"][1:], alone["h_n"])
    np.testing.assert_array_equal(joined["c_n"][1:], alone["c_n"])


# Every option against scalar loops.

LAYERS = {
    f"{way}-{lengths}-{projection_size}": Layer(
        **WAYS[way], lengths=lengths, projection_size=projection_size
    )
    for way, lengths, projection_size in product(WAYS, ["full", "given"], [0, 1, 3])
    if (way, lengths) != ("reverse", "given")  # `agreement`: what comes first is undefined
}
LAYERS |= {
    name: Layer(bidirectional=True, projection_size=1, **chosen) for name, chosen in CHOSEN.items()
}
LAYERS |= {f"{way}-mask": Layer(**WAYS[way], mask="given", projection_size=1) for way in WAYS}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(data=st.data())
def test_second_formulation(layer: Layer, data: st.DataObject) -> None:
    """For every option and depth, scalar loops over the equations give the same numbers."""
    drawn = replace(
        layer,
        bias=data.draw(st.booleans()),
        return_sequences=data.draw(st.booleans()),
        initial_state=data.draw(st.sampled_from(["zeros", "given"])),
    )
    dimensions = Dimensions(*data.draw(st.tuples(*[st.integers(1, 4)] * 4, st.integers(1, 3))))
    one_length = st.integers(0, dimensions.time_steps)
    lengths = data.draw(st.tuples(*[one_length] * dimensions.batch_size))
    one_row = st.tuples(*[st.integers(0, 1)] * dimensions.time_steps)
    mask = data.draw(st.tuples(*[one_row] * dimensions.batch_size))
    sample = draw(replace(_case(drawn, dimensions, lengths), mask=mask))
    results, expected = reference.lstm(drawn, sample), second_formulation.results(drawn, sample)
    assert results.keys() == expected.keys()
    for name, array in results.items():
        np.testing.assert_allclose(array, expected[name].real, rtol=0, atol=1e-12, strict=True)


@pytest.mark.parametrize("layers", COMPOSED.values(), ids=COMPOSED)
@pytest.mark.parametrize("lengths", [(), (2, 5, 1)])
@pytest.mark.parametrize("initial_state", ["zeros", "given"])
def test_composed(layers: str, lengths: tuple[int, ...], initial_state: Any) -> None:
    """Layers that differ are layers alone, each of which reads what the one below hands out."""
    each = [True] if "residual" in layers else [True, False]
    for sequences in each:
        layer = Layer(
            layers=layers,
            lengths="given" if lengths else "full",
            initial_state=initial_state,
            return_sequences=sequences,
        )
        case = _case(layer, Dimensions(3, 5, 2, 4, 3), lengths)
        sample = draw(case)
        found, expected = reference.lstm(layer, sample), second_formulation.results(layer, sample)
        shapes = {name: array.shape for name, array in found.items()}
        assert shapes == result_shapes(layer, case.dimensions)
        for name, array in found.items():
            np.testing.assert_allclose(array, expected[name].real, rtol=0, atol=1e-12, strict=True)


def test_a_residual_layer_alone() -> None:
    """What a residual layer hands out is what it would, and what it was fed; its states are h."""
    layer = Layer(initial_state="given")
    sample = draw(_case(layer, Dimensions(2, 3, 4, 4)))
    plain, found = (reference.lstm(one, sample) for one in (layer, replace(layer, residual=True)))
    np.testing.assert_array_equal(found["output"], plain["output"] + sample.inputs["input"])
    np.testing.assert_array_equal(found["h_n"], plain["h_n"])


def test_reversed_ends() -> None:
    """A reversed layer begins at a sequence's end, in whatever order it would emit."""
    layer = Layer(reverse=True, lengths="given", return_sequences=False, initial_state="given")
    sample = draw(_case(layer, Dimensions(3, 5, 2, 4), (2, 5, 1)))
    results, expected = reference.lstm(layer, sample), second_formulation.results(layer, sample)
    for name, array in results.items():
        np.testing.assert_allclose(array, expected[name].real, rtol=0, atol=1e-12, strict=True)


def _case(layer: Layer, dimensions: Dimensions, lengths: tuple[int, ...] = ()) -> Case:
    return Case("x", "x", "", "", "x.yaml:1", layer, dimensions, lengths=lengths)
