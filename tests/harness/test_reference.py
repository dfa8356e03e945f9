"""The float64 reference: numbers worked by hand, and a second, independent formulation."""

from itertools import product
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import Dimensions, Layer
from conformance import reference
from conformance.case import Case
from conformance.sample import Floats, LayerWeights, Sample, draw
from tests.harness import second_formulation

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
    b = [THREE_QUARTERS, ONE_HALF, 0, -THREE_QUARTERS]
    weights = layer_of(([0, 0, THREE_FIFTHS, 0], [0, 0, 0, 0], b))
    results = reference.lstm(Layer(), Sample((weights,), {"input": sequence(1, 0)}))
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
    no, b = [0, 0, 0, 0], [0, -800, 0, 0]
    weights = layer_of(([0, 0, 1, 0], no, b), ([0, 0, 3, 0], no, b))
    layer = Layer(bidirectional=True, return_sequences=return_sequences)
    results = reference.lstm(layer, Sample((weights,), {"input": sequence(1, 2)}))

    def u(x: float) -> float:
        return float(np.tanh(np.tanh(x) / 2) / 2)

    every, last = [[u(1), u(3)], [u(2), u(6)]], [u(2), u(3)]
    expected = {"output": [every] if return_sequences else [last], "h_n": [[[u(2)]], [[u(3)]]]}
    for name, numbers in expected.items():
        np.testing.assert_allclose(results[name], numbers, rtol=0, atol=ONE_TERM)


def test_stack() -> None:
    """The second layer reads the first one's h, and each layer has its row in the states.

    As above, u(x) = 1/2 * tanh(1/2 * tanh(x)) for each layer: h_n is u(1), then u(u(1)).
    """
    weights = layer_of(([0, 0, 1, 0], [0, 0, 0, 0], [0, -800, 0, 0]))
    results = reference.lstm(Layer(), Sample((weights, weights), {"input": sequence(1)}))
    first = np.tanh(np.tanh(1) / 2) / 2
    second = np.tanh(np.tanh(first) / 2) / 2
    assert results["h_n"].ravel() == pytest.approx([first, second], abs=ONE_TERM)


def test_saturation() -> None:
    """Gates far from zero neither overflow nor warn: f = 0 and i = o = 1 leave tanh(tanh(x))."""
    weights = layer_of(([0, 0, 1, 0], [0, 0, 0, 0], [1e6, -1e6, 0, 1e6]))
    results = reference.lstm(Layer(), Sample((weights,), {"input": sequence(1)}))
    assert results["output"].item() == pytest.approx(np.tanh(np.tanh(1)), abs=ONE_TERM)


def test_inputs_are_left_alone() -> None:
    """The states that a sample holds are not written to: the next framework is fed the same."""
    case = _case(Layer(initial_state="given"), Dimensions(2, 3, 5, 4, 2))
    sample = draw(case)
    before = {name: array.copy() for name, array in sample.inputs.items()}
    reference.lstm(case.layer, sample)
    assert all(np.array_equal(sample.inputs[name], before[name]) for name in before)


LAYERS = {
    (
        f"{'bidirectional' if both else 'forward'}-{'bias' if bias else 'no_bias'}-"
        f"{'sequences' if sequences else 'last'}-{start}"
    ): Layer(both, bias, sequences, start)
    for both, bias, sequences, start in product(
        [False, True], [True, False], [True, False], ["zeros", "given"]
    )
}


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@settings(max_examples=5, deadline=None, derandomize=True)
@given(sizes=st.tuples(*[st.integers(1, 4)] * 4))
def test_second_formulation(
    layer: Layer, num_layers: int, sizes: tuple[int, int, int, int]
) -> None:
    """For every option and depth, scalar loops over the equations give the same numbers."""
    case = _case(layer, Dimensions(*sizes, num_layers))
    sample = draw(case)
    results, expected = reference.lstm(layer, sample), _second(case, sample)
    assert results.keys() == expected.keys()
    for name, array in results.items():
        np.testing.assert_allclose(array, expected[name], rtol=0, atol=1e-12, strict=True)


def _case(layer: Layer, dimensions: Dimensions) -> Case:
    return Case("x", "x", "", "", "x.yaml:1", layer, dimensions)


def _second(case: Case, sample: Sample) -> dict[str, Floats]:
    layers = [
        [
            second_formulation.Direction(*(part[way].tolist() for part in _parts(weights)))
            for way in range(case.layer.num_directions)
        ]
        for weights in sample.weights
    ]
    rows = case.dimensions.num_layers * case.layer.num_directions
    zeros = np.zeros((rows, case.dimensions.batch_size, case.dimensions.hidden_units))
    states = [sample.inputs.get(name, zeros).tolist() for name in ("h_0", "c_0")]
    sequences = sample.inputs["input"].tolist()
    results = second_formulation.lstm(layers, sequences, *states, case.layer.return_sequences)
    return {name: np.array(numbers) for name, numbers in results.items()}


def _parts(weights: LayerWeights) -> tuple[Floats, ...]:
    return (
        weights.input_weights,
        weights.recurrent_weights,
        weights.input_bias,
        weights.recurrent_bias,
    )
