"""The derivative by hand: numbers worked on paper, complex steps, and mistakes that are noticed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from itertools import product
from math import log
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from einops import rearrange
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.contract import GROUP, Dimensions, Layer
from conformance.casefile.entry import lengths_of, mask_of
from conformance.lstm import gradient
from conformance.lstm.case import Case
from conformance.lstm.gradient import WeightGradients
from conformance.lstm.sample import Floats, LayerWeights, Sample, draw
from tests.harness import second_formulation
from tests.harness.second_formulation import CHOSEN, COMPOSED, WAYS

Gradients = tuple[dict[str, Floats], tuple[WeightGradients, ...]]
WEIGHTS = [field.name for field in fields(LayerWeights)]
STATES = {"h_0": "h_n", "c_0": "c_n"}
STEP = 1e-30  # its square vanishes beside any number here: a complex step has no error of its own


def named(found: Gradients) -> dict[str, Floats]:
    """Return all gradients by name, those of weights after their layer's number."""
    of_inputs, of_weights = found
    return {**of_inputs, **_by_layer(of_weights)}


def _by_layer(stack: tuple[WeightGradients, ...] | tuple[LayerWeights, ...]) -> dict[str, Floats]:
    pairs = [
        (f"{number} {name}", one, name) for number, one in enumerate(stack) for name in WEIGHTS
    ]
    return {
        key: array for key, one, name in pairs if (array := getattr(one, name, None)) is not None
    }


# Numbers worked by hand: one unit, one step.

W, R = np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 3.0, 2.0, 1.0])
X, H_0, C_0 = 2.0, 3.0, 4.0
C = 49 / 20
SHAPES = {"sequence": (1, 1, 1), "last": (1, 1), "h_n": (1, 1, 1), "c_n": (1, 1, 1)}


def one_unit(cotangent: str, projection: float | None = None) -> dict[str, Floats]:
    """Return the gradients of one result of one unit, each raveled.

    x = 2, h_0 = 3 and c_0 = 4. The biases make i = sigmoid(log 3) = 3/4, f = sigmoid(0) = 1/2,
    g = tanh(log(4)/2) = 3/5 and o = sigmoid(-log 3) = 1/4 of that, so that
    c = 1/2 * 4 + 3/4 * 3/5 = 49/20.
    """
    b = np.array([log(3), 0, log(4) / 2, -log(3)]) - W * X - R * H_0
    w, r, b = W.reshape(1, 4, 1, 1), R.reshape(1, 4, 1, 1), b.reshape(1, 4, 1)
    p = None if projection is None else np.full((1, 1, 1), projection)
    inputs = {name: np.full((1, 1, 1), x) for name, x in [("input", X), ("h_0", H_0), ("c_0", C_0)]}
    sample = Sample((LayerWeights(w, r, b, 0 * b, p),), inputs)
    layer = Layer(initial_state="given", projection_size=0 if p is None else 1)
    found = gradient.gradients(layer, sample, {cotangent: np.ones(SHAPES[cotangent])})
    return {name: array.ravel() for name, array in named(found).items()}


def by_chain(sums: Floats, d_c: float) -> dict[str, Any]:
    """Return every gradient from those of the four sums W x + b + R h + d and of c."""
    weights = {"0 input_weights": sums * X, "0 recurrent_weights": sums * H_0}
    inputs = {"input": [sums @ W], "h_0": [sums @ R], "c_0": [d_c / 2]}
    return {**inputs, **weights, "0 input_bias": sums, "0 recurrent_bias": sums}


def test_cell_state() -> None:
    """The c of one step, c = f * c_0 + i * g, has the derivatives g, c_0 and i, and none by o.

    Through the gates: g * i * (1 - i) = 3/5 * 3/16 = 9/80, c_0 * f * (1 - f) = 4 * 1/4 = 1 and
    i * (1 - g^2) = 3/4 * 16/25 = 12/25. To c_0 it has the derivative f = 1/2.
    """
    found, expected = one_unit("c_n"), by_chain(np.array([9 / 80, 1, 12 / 25, 0]), 1)
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        np.testing.assert_allclose(found[name], numbers, rtol=1e-13, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("projection", [None, 5.0])
@pytest.mark.parametrize("result", ["sequence", "last", "h_n"])
def test_hidden_state(result: str, projection: float | None) -> None:
    """The h of one step, P o tanh(c), by whichever of its names, reaches o, c and P.

    Of o: tanh(c) * o * (1 - o) = tanh(49/20) * 3/16. Of c: o * (1 - tanh(c)^2), which goes on as in
    `test_cell_state`. Either is P times as large; of P itself: o * tanh(c).
    """
    found, t, p = one_unit(result, projection), np.tanh(C), projection or 1.0
    d_c = p * (1 - t**2) / 4
    sums = np.array([d_c * 9 / 80, d_c, d_c * 12 / 25, p * t * 3 / 16])
    expected = by_chain(sums, d_c)
    if projection:
        expected["0 projection_weights"] = [t / 4]
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        np.testing.assert_allclose(found[name], numbers, rtol=1e-12, atol=1e-13, err_msg=name)


# Every number of every gradient by a complex step in the second formulation.

LAYERS = {
    f"{way}-{start}-{projection_size}": Layer(
        **WAYS[way], initial_state=start, projection_size=projection_size
    )
    for way, start, projection_size in product(WAYS, ["zeros", "given"], [0, 1, 3])
}
LAYERS |= {  # what a reversed layer emits first of a shorter sequence is undefined
    f"{way}-lengths": Layer(**WAYS[way], initial_state="given", projection_size=1, lengths="given")
    for way in WAYS
    if way != "reverse"
}
LAYERS |= {
    name: Layer(bidirectional=True, initial_state="given", projection_size=1, **chosen)
    for name, chosen in CHOSEN.items()
}
LAYERS |= {
    f"{way}-mask": Layer(**WAYS[way], initial_state="given", projection_size=1, mask="given")
    for way in WAYS
}
LAYERS |= {f"{way}-carried": Layer(**WAYS[way], stateful="carried") for way in WAYS}


def results(layer: Layer, sample: Sample, kept: Sample | None = None) -> dict[str, Any]:
    """Return the results by the names of their cotangents, complex as the sample is.

    Those of a second call where the layer carries its state: from that in which `kept` has ended.
    """
    if layer.stateful == "carried":
        before = kept or sample
        read = before.inputs.get("first", before.inputs["input"])
        before = replace(before, inputs={**before.inputs, "input": read})
        first = second_formulation.results(layer, before)
        states = {start: first[end].real for start, end in STATES.items()}
        sample = replace(sample, inputs={**sample.inputs, **states})
    every = second_formulation.results(replace(layer, return_sequences=True), sample)
    if layer.layers:
        ended = second_formulation.results(replace(layer, return_sequences=False), sample)
        return {"sequence": every.pop("output"), "last": ended["output"], **every}
    ends = np.split(every["h_n"][-layer.num_directions :], layer.num_directions)
    last = second_formulation.merged(layer.merge, [end[0].T for end in ends])
    return {
        "sequence": every["output"],
        "last": np.array(last).T,
        "h_n": every["h_n"],
        "c_n": every["c_n"],
    }


def by_complex_steps(
    layer: Layer, sample: Sample, cotangents: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Return the derivative by every number of the inputs, the initial states and the weights."""
    found = results(layer, sample)
    inputs = {start: np.zeros(found[end].shape) for start, end in STATES.items()}
    fixed = {n: array for n, array in sample.inputs.items() if n in ("lengths", "mask", "first")}
    inputs |= {name: array for name, array in sample.inputs.items() if name not in fixed}
    arrays = {**inputs, **_by_layer(sample.weights)}

    def derivative(name: str, place: tuple[int, ...]) -> float:
        stepped = {key: array.astype(np.complex128) for key, array in arrays.items()}
        stepped[name][place] += STEP * 1j
        stack = tuple(
            LayerWeights(**{name: stepped.get(f"{number} {name}") for name in WEIGHTS})  # type: ignore[arg-type]
            for number in range(len(sample.weights))
        )
        fed = {key: stepped[key] for key in inputs} | fixed
        after = results(layer, Sample(stack, fed), sample)
        return float(sum((after[key] * ones).sum().imag for key, ones in cotangents.items()) / STEP)

    return {
        name: np.array(
            [derivative(name, place) for place in np.ndindex(array.shape)], np.float64
        ).reshape(array.shape)
        for name, array in arrays.items()
    }


def drawn_cotangents(layer: Layer, sample: Sample, names: set[str]) -> dict[str, Floats]:
    """Return numbers in ±1 for the results of these names."""
    random = np.random.default_rng(0)
    found = results(layer, sample)
    return {name: random.uniform(-1, 1, found[name].shape) for name in sorted(names)}


def differing(
    function: Callable[..., Gradients], layer: Layer, sample: Sample, names: set[str]
) -> list[str]:
    """Return the gradients of `function` that are not those by complex steps."""
    cotangents = drawn_cotangents(layer, sample, names)
    expected = by_complex_steps(layer, sample, cotangents)
    found = named(function(layer, sample, cotangents))
    assert found.keys() == expected.keys()
    return [
        name
        for name, array in expected.items()
        if found[name].shape != array.shape or not np.allclose(found[name], array, 1e-12, 1e-13)
    ]


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@settings(max_examples=2, deadline=None, derandomize=True)
@given(
    sizes=st.tuples(*[st.integers(1, 3)] * 4, st.integers(1, 2)),
    bias=st.booleans(),
    names=st.sets(st.sampled_from(sorted(SHAPES)), min_size=1),
)
@example(sizes=(2, 3, 1, 2, 2), bias=True, names=set(SHAPES))
def test_complex_steps(
    layer: Layer, sizes: tuple[int, int, int, int, int], bias: bool, names: set[str]
) -> None:
    """For every option and depth, and any of the results, each gradient is a complex step's."""
    drawn = replace(layer, bias=bias)
    sample = _drawn(drawn, Dimensions(*sizes))
    assert differing(gradient.gradients, drawn, sample, names) == []


@pytest.mark.parametrize("lengths", ["full", "given"])
@pytest.mark.parametrize("name", COMPOSED)
def test_composed(name: str, lengths: Any) -> None:
    """Where layers differ, and where one is added to what it was fed, each is a complex step's."""
    layer = Layer(layers=COMPOSED[name], initial_state="given", lengths=lengths)
    sample = _drawn(layer, Dimensions(2, 3, 1, 2, 3))
    asked = set(SHAPES) - ({"last"} if "residual" in layer.layers else set())
    assert differing(gradient.gradients, layer, sample, asked) == []


def test_one_bias() -> None:
    """Where a framework has one bias a gate, its gradient is that of either of the two."""
    layer = Layer(bidirectional=True)
    sample = draw(_case(layer, Dimensions(2, 3, 4, 5, 2)))
    cotangents = drawn_cotangents(layer, sample, {"h_n"})
    for one in gradient.gradients(layer, sample, cotangents)[1]:
        np.testing.assert_array_equal(one.bias, one.input_bias, strict=True)


def test_nothing_is_differentiated() -> None:
    """A cotangent that is left out is zero: without any, so is every gradient."""
    sample = draw(_case(Layer(), Dimensions(2, 3, 4, 5, 2)))
    for array in named(gradient.gradients(Layer(), sample, {})).values():
        np.testing.assert_array_equal(array, np.zeros(array.shape))


def test_saturation() -> None:
    """Gates far from zero neither overflow nor warn, and pass nothing on."""
    w, b = np.ones((1, 4, 1, 1)), np.array([1e6, -1e6, 0, 1e6]).reshape(1, 4, 1)
    sample = Sample((LayerWeights(w, 0 * w, b, b),), {"input": np.ones((1, 1, 1))})
    found = named(gradient.gradients(Layer(), sample, {"c_n": np.ones((1, 1, 1))}))
    d_g = 1 - np.tanh(1) ** 2  # i = 1, f = 0, o = 1
    np.testing.assert_allclose(found["0 input_bias"].ravel(), [0, 0, d_g, 0], rtol=1e-14)


def test_what_is_given_is_left_alone() -> None:
    """Neither the sample nor a cotangent is written to: both are compared with afterwards."""
    layer = Layer(bidirectional=True, initial_state="given", merge="sum")
    sample = draw(_case(layer, Dimensions(2, 3, 4, 5, 2)))
    cotangents = drawn_cotangents(layer, sample, set(SHAPES))
    arrays = {**sample.inputs, **_by_layer(sample.weights), **cotangents}
    before = {name: array.copy() for name, array in arrays.items()}
    gradient.gradients(layer, sample, cotangents)
    assert all(np.array_equal(arrays[name], before[name]) for name in before)


def test_unknown_result() -> None:
    """A cotangent of what is no result is refused, and not left out in silence."""
    sample = draw(_case(Layer(), Dimensions(1, 1, 1, 1)))
    with pytest.raises(ValueError, match=re.escape("cotangents of ['output']")):
        gradient.gradients(Layer(), sample, {"output": np.zeros((1, 1, 1))})


@pytest.mark.parametrize("way", [way for way in WAYS if way != "reverse"])
@pytest.mark.parametrize("behind", [1e30, np.inf, np.nan])
def test_what_stands_behind_an_end_reaches_nothing(way: str, behind: float) -> None:
    """Whatever follows a sequence's end, and whatever is asked of it, no gradient is another."""
    layer = Layer(**WAYS[way], initial_state="given", lengths="given")
    sample = draw(replace(_case(layer, Dimensions(3, 5, 2, 3, 2)), lengths=(2, 5, 0)))
    cotangents = drawn_cotangents(layer, sample, set(SHAPES))
    padding = np.arange(5) >= sample.inputs["lengths"][:, None]
    wrong = {name: array.copy() for name, array in {**sample.inputs, **cotangents}.items()}
    wrong["input"][padding] = wrong["sequence"][padding] = behind
    other = replace(sample, inputs={name: wrong[name] for name in sample.inputs})
    asked = {name: wrong[name] for name in cotangents}
    right = named(gradient.gradients(layer, sample, cotangents))
    found = named(gradient.gradients(layer, other, asked))
    for name, array in right.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
    np.testing.assert_array_equal(found["input"][padding], 0.0)


def test_reversed_ends() -> None:
    """Where nothing is asked of the sequence, it is of no account in which order it is emitted."""
    layer = Layer(reverse=True, lengths="given", initial_state="given")
    sample = draw(replace(_case(layer, Dimensions(3, 5, 2, 4)), lengths=(2, 5, 1)))
    cotangents = drawn_cotangents(layer, sample, {"last", "h_n", "c_n"})
    emitted = named(gradient.gradients(layer, sample, cotangents))
    kept = named(gradient.gradients(replace(layer, keep_order=True), sample, cotangents))
    for name, array in kept.items():
        np.testing.assert_array_equal(emitted[name], array, err_msg=name)


@pytest.mark.parametrize("layout", ["time_major", "unbatched", "extra_batch"])
def test_layouts(layout: Any) -> None:
    """A layout moves the axes of what is given and found, and changes no number."""
    layer = Layer(bidirectional=True, initial_state="given", layout=layout)
    batch = 1 if layout == "unbatched" else 3
    plain = replace(layer, layout="batch_major")
    dimensions = Dimensions(batch * (GROUP if layout == "extra_batch" else 1), 4, 2, 5, 2)
    sample = draw(_case(plain, dimensions))
    cotangents = drawn_cotangents(plain, sample, set(SHAPES))

    def laid_out(name: str, array: Floats) -> Floats:
        states = name not in ("input", "sequence", "last")
        before = "row batch width" if states else "batch time width"
        before = "batch width" if name == "last" else before
        after = {
            "time_major": before if states else before.replace("batch time", "time batch"),
            "unbatched": before.replace("batch", ""),
            "extra_batch": before.replace("batch", "group batch"),
        }[layout]
        one = {"unbatched": "1", "extra_batch": "(group batch)", "time_major": "batch"}[layout]
        sizes = {"group": GROUP} if layout == "extra_batch" else {}
        return rearrange(array, f"{before.replace('batch', one)} -> {after}", **sizes)

    fed = {name: laid_out(name, array) for name, array in sample.inputs.items()}
    asked = {name: laid_out(name, array) for name, array in cotangents.items()}
    inputs, weights = gradient.gradients(plain, sample, cotangents)
    found = gradient.gradients(layer, replace(sample, inputs=fed), asked)
    right = {name: laid_out(name, array) for name, array in inputs.items()}, weights
    for name, array in named(right).items():
        np.testing.assert_array_equal(named(found)[name], array, strict=True, err_msg=name)


def test_a_first_call_of_other_steps() -> None:
    """The state in which another call ended is what the last one is differentiated from."""
    layer = Layer(stateful="carried", bidirectional=True)
    case = replace(_case(layer, Dimensions(2, 3, 1, 2, 2)), first={"time_steps": 5})
    assert draw(case).inputs["first"].shape == (2, 5, 1)
    assert not differing(gradient.gradients, layer, draw(case), set(SHAPES))


# Mistakes in the backward pass are noticed.

MISTAKES = [
    ("o * squash.slope(squashed)", "o"),
    ("np.where(valid, d_c, 0.0) + d_seen", "d_seen"),
    ("d_c * g, d_c * tape.c[:, t]", "d_c * g, d_c * tape.c[:, t + 1]"),
    ("d_m * squashed * gate(o)", "d_m * tape.c[:, t + 1] * gate(o)"),
    ("d_i * gate(i)", "d_i * (1 - i**2)"),
    ("d_g * squash.slope(g)", "d_g * gate(g)"),
    ("d_c = d_c * f", "d_c = +d_c"),
    ("np.where(valid, d_h, d_later_h)", "np.where(valid, d_h, 0.0)"),
    ("np.where(valid, d_c, d_later_c)", "np.where(valid, d_c, 0.0)"),
    ("np.where(valid, d_every_h[:, t] + d_h, 0.0)", "d_every_h[:, t] + d_h"),
    ("np.where(valid, d_c, 0.0)", "d_c"),
    ("d_h, d_c = list(map(np.zeros_like, d_h)), list(map(np.zeros_like, d_c))", "pass"),
    ("valid = valid[:, reads]", "valid = valid.copy()"),
    ("            valid = valid[:, ::-1]\n        every", "            pass\n        every"),
    ("            valid = valid[:, ::-1]\n        d_seq", "            pass\n        d_seq"),
    ("d_every_h[:, t] + d_h", "d_every_h[:, t]"),
    ("else d_h @ p[way]", "else d_h @ p[0]"),
    ("in reversed(range(tape.x.shape[1]))", "in range(tape.x.shape[1])"),
    ("tape.h[:, :-1]", "tape.h[:, 1:]"),
    ("tape.gates[3] * squash.of(_seen", "squash.of(_seen"),
    ("einsum(d_every_h, m,", "einsum(d_output[:, tape.emits], m,"),
    ("return d_x[:, tape.reads]", "return d_x"),
    ("d_output[:, tape.emits].copy()", "d_output.copy()"),
    ("d_sequence = d_sequence + d_x", "d_sequence = d_x"),
    ("other in reversed(parts)", "other in parts"),
    ("[d_joined / 2 if", "[d_joined if"),
    ("d_h[row] = d_h[row] + d_end", "d_h[row] = d_end"),
    ("start=len(d_h) - len(ends)", "start=0"),
    ("d_sequence if own.residual else np.zeros(())", "np.zeros(())"),
    ("whole + sequence if own.residual else whole", "whole"),
    ("if layer.keep_order or way == 1", "if way == 1"),
    ("np.abs(tape.c[:, t + 1]) < CLIP, d_seen, 0.0", "True, d_seen, 0.0"),
    ("np.where(tape.whole[:, :, t], d_z[:, :, t], 0.0)", "d_z[:, :, t]"),
    ("d_i - d_f, np.zeros_like(d_f)", "d_i, d_f"),
    ("d_c + d_z[3, :, t] * peepholes[2]", "+d_c"),
    ("d_c + (d_z[:2, :, t] * peepholes[:2, None]).sum(axis=0)", "d_c * 1"),
    ("(before, before, behind)", "(before, before, before)"),
]


@pytest.mark.parametrize(("right", "wrong"), MISTAKES, ids=[wrong for _, wrong in MISTAKES])
def test_mistakes_are_noticed(right: str, wrong: str) -> None:
    """With any one part of the backward pass wrong, a complex step disagrees for some layer."""
    source = Path(gradient.__file__).read_text(encoding="utf-8")
    assert source.count(right) == 1
    mistaken = ModuleType("mistaken")
    exec(source.replace(right, wrong), mistaken.__dict__)
    layers = [LAYERS[f"{way}-given-1"] for way in WAYS]
    ends = ("lengths", "mask", "carried")
    layers += [layer for name, layer in LAYERS.items() if name.endswith(ends)]
    layers += [LAYERS[name] for name in CHOSEN]
    deep = [(layer, 2) for layer in layers]
    deep.append((Layer(layers=COMPOSED["residuals"]), 3))
    assert any(
        differing(
            mistaken.gradients, layer, _drawn(layer, Dimensions(2, 3, 1, 2, depth)), set(SHAPES)
        )
        for layer, depth in [*deep, (LAYERS["reverse-mask"], 1)]
    )


def _drawn(layer: Layer, dimensions: Dimensions) -> Sample:
    lengths, mask = lengths_of(layer, dimensions), mask_of("x", layer, dimensions)
    return draw(replace(_case(layer, dimensions), lengths=lengths, mask=mask))


def _case(layer: Layer, dimensions: Dimensions) -> Case:
    return Case("x", "x", "", "", "x.yaml:1", layer, dimensions)
