"""Conventions: laws, views and weights that follow from declared axis patterns.

Three conventions, declared here as data, stand for the three ways in which frameworks differ: the
states stacked in one tensor; a name for every layer and direction; and one for every gate.
"""

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import Convention, Dimensions, Layer, Native, Shape
from conformance.convention import convention as views
from conformance.lstm.case import Case
from conformance.lstm.law import Law
from conformance.lstm.sample import LayerWeights, draw, valid_steps

STACKED = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
    },
    results={
        "output": Native("y", "batch time (direction hidden)"),
        "h_n": Native("h_n", "(layer direction) batch hidden"),
        "c_n": Native("c_n", "(layer direction) batch cell"),
        "last": Native("h_n", "(layer direction) batch hidden"),
    },
    weights={
        "input_weights": Native("w_{layer}{direction}", "(gate cell) input"),
        "recurrent_weights": Native("r_{layer}{direction}", "(gate cell) hidden"),
        "input_bias": Native("b_{layer}{direction}", "(gate cell)"),
        "recurrent_bias": Native("d_{layer}{direction}", "(gate cell)"),
    },
    gates="ifgo",
    source="https://example.org/stacked",
)
NAMED = Convention(
    inputs={
        "input": Native("x", "time batch input"),
        "h_0": Native("{layer}{direction}/h", "batch hidden"),
        "c_0": Native("{layer}{direction}/c", "batch cell"),
    },
    results={
        "output": Native("y", "batch time (direction hidden)"),
        "h_n": Native("{layer}{direction}/h", "batch hidden"),
        "c_n": Native("{layer}{direction}/c", "batch cell"),
        "last": Native("y", "batch (direction hidden)"),
    },
    weights={
        "input_weights": Native("{layer}{direction}/w", "input (gate cell)"),
        "recurrent_weights": Native("{layer}{direction}/r", "hidden (gate cell)"),
        "bias": Native("{layer}{direction}/b", "gate cell"),
    },
    gates="iofg",
    directions=(("",), ("_ahead", "_back")),
    source="https://example.org/named",
)
GATED = dataclasses.replace(
    NAMED,
    results={
        "output": Native("y{direction}", "time batch hidden"),
        "h_n": Native("{layer}{direction}/h", "hidden batch"),
        "c_n": Native("{layer}{direction}/c", "batch cell"),
        "last": Native("{layer}{direction}/h", "hidden batch"),
    },
    weights={
        "input_weights": Native("{layer}{direction}/i{gate}/w", "input cell"),
        "recurrent_weights": Native(
            "{layer}{direction}/{gate}/r", "hidden cell", gates=("gi", "ga", "gf", "go")
        ),
        "bias": Native("{layer}{direction}/h{gate}/b", "cell"),
    },
    gates="igfo",
    source="https://example.org/gated",
)
JOINED = dataclasses.replace(
    NAMED,
    weights={
        "input_weights": Native("{layer}{direction}/w", "input (gate cell)", along=0),
        "recurrent_weights": Native("{layer}{direction}/w", "hidden (gate cell)", along=0),
        "input_bias": Native("{layer}/b", "direction (gate cell)", along=1),
        "recurrent_bias": Native("{layer}/b", "direction (gate cell)", along=1),
    },
    gates="igfo",
    forget_offset=1.0,
    source="https://example.org/joined",
)
CONVENTIONS = {"stacked": STACKED, "named": NAMED, "gated": GATED, "joined": JOINED}
every_convention = pytest.mark.parametrize("declared", CONVENTIONS.values(), ids=CONVENTIONS)

BOTH = Layer(bidirectional=True)
LAST = Layer(bidirectional=True, return_sequences=False)
SIZES = Dimensions(batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4, num_layers=2)


# Laws.


def test_result_laws_stacked() -> None:
    """Stacked states have a row for each layer and direction."""
    laws = views.result_laws(STACKED, BOTH, SIZES)
    shapes = {name: law.shape for name, law in laws.items()}
    assert shapes == {"y": (2, 5, 8), "h_n": (4, 2, 4), "c_n": (4, 2, 4)}


def test_result_laws_named() -> None:
    """Where the name has layer and direction, there is one result for each."""
    laws = views.result_laws(NAMED, BOTH, SIZES)
    states = [f"{layer}_{way}/{s}" for layer in "01" for way in ("ahead", "back") for s in "hc"]
    expected = {"y": (2, 5, 8), **dict.fromkeys(states, (2, 4))}
    assert {name: law.shape for name, law in laws.items()} == expected


def test_result_laws_one_way() -> None:
    """A one-way layer has its own label for its direction."""
    laws = views.result_laws(GATED, Layer(), dataclasses.replace(SIZES, num_layers=1))
    shapes = {name: law.shape for name, law in laws.items()}
    assert shapes == {"y": (5, 2, 4), "0/h": (4, 2), "0/c": (2, 4)}


@pytest.mark.parametrize(
    ("declared", "shape"), [(STACKED, (2, 5, 8)), (NAMED, (2, 8))], ids=["sequence", "one-output"]
)
def test_result_laws_last(declared: Convention, shape: tuple[int, ...]) -> None:
    """Without sequences the sequence is due all the same, unless one name stands for both."""
    assert views.result_laws(declared, LAST, SIZES)["y"].shape == shape


@every_convention
def test_parameter_count(declared: Convention) -> None:
    """The declared parameters are 4H(I + H + biases) for each layer and direction, by hand.

    I is 3 for the first layer and 2*4 for the second: two directions of 4*4*(3 + 4 + b) and of
    4*4*(8 + 4 + b), with b = 2 biases or 1.
    """
    biases = 2 if "recurrent_bias" in declared.weights else 1
    laws = views.parameter_laws(declared, BOTH, SIZES)
    count = sum(int(np.prod(law.shape)) for law in laws.values())
    assert count == 2 * 16 * (7 + biases) + 2 * 16 * (12 + biases)


@every_convention
def test_parameters_without_bias(declared: Convention) -> None:
    """A layer without biases has none to be given, and none to be had."""
    layer = Layer(bias=False)
    sample = draw(_case(layer, SIZES))
    given_ = views.native_weights(declared, layer, SIZES, sample.weights)
    laws = views.parameter_laws(declared, layer, SIZES)
    assert given_.keys() == laws.keys()
    assert not [name for name in laws if name.endswith("/b") or name[:2] in ("b_", "d_")]


def test_projection_is_a_weight() -> None:
    """A projection has weights of its own, and only a layer with one has them."""
    form = Native("p_{layer}{direction}", "hidden cell")
    declared = dataclasses.replace(STACKED, weights={**STACKED.weights, "projection_weights": form})
    plain, narrow = (
        {
            name: law.shape
            for name, law in views.parameter_laws(declared, layer, SIZES).items()
            if name[:2] in ("p_", "r_")
        }
        for layer in (Layer(), Layer(projection_size=2))
    )
    assert plain == {"r_0": (16, 4), "r_1": (16, 4)}
    assert narrow == {"r_0": (16, 2), "r_1": (16, 2), "p_0": (2, 4), "p_1": (2, 4)}


def test_peepholes_are_a_weight() -> None:
    """Peepholes lie in the framework's order of gates, and only a layer with them has any."""
    form = Native("p_{layer}{direction}", "(peephole cell)")
    declared = dataclasses.replace(
        STACKED, weights={**STACKED.weights, "peephole_weights": form}, gates="iofg"
    )
    layer, sizes = Layer(cell="peepholes"), Dimensions(2, 3, 4, 2)
    sample = draw(_case(layer, sizes))
    given_ = views.native_weights(declared, layer, sizes, sample.weights)
    (weights,) = sample.weights
    assert weights.peephole_weights is not None
    (i, f, o), came = weights.peephole_weights[0], given_["p_0"]
    np.testing.assert_array_equal(came, [*i, *o, *f])
    (back,) = views.canonical_weights(declared, layer, sizes, given_)
    np.testing.assert_array_equal(back.peephole_weights, weights.peephole_weights)
    assert "p_0" not in views.parameter_laws(declared, Layer(), sizes)


UNLIKE = Layer(
    initial_state="given", layers='[{"hidden_units": 9, "bidirectional": true}, {"bias": false}]'
)
UNLIKE_SIZES = Dimensions(3, 5, 7, 4, num_layers=2)


@pytest.mark.parametrize(
    ("declared", "states"),
    [
        (STACKED, {"h_n.0": (2, 3, 9), "c_n.0": (2, 3, 9), "h_n.1": (1, 3, 4), "c_n.1": (1, 3, 4)}),
        (
            NAMED,
            {"0_ahead/h": (3, 9), "0_ahead/c": (3, 9), "0_back/h": (3, 9), "0_back/c": (3, 9)}
            | {"1/h": (3, 4), "1/c": (3, 4)},
        ),
    ],
    ids=["stacked", "named"],
)
def test_layers_that_differ(declared: Convention, states: dict[str, Shape]) -> None:
    """Each layer has its own tensors; in canonical form their states lie side by side."""
    laws = views.result_laws(declared, UNLIKE, UNLIKE_SIZES)
    assert {name: law.shape for name, law in laws.items()} == {"y": (3, 5, 4), **states}
    sample = draw(_case(UNLIKE, UNLIKE_SIZES))
    fed = views.native_inputs(declared, UNLIKE, UNLIKE_SIZES, sample.inputs)
    ends = {name.replace("h_0", "h_n").replace("c_0", "c_n"): one for name, one in fed.items()}
    found = views.canonical_results(
        declared, UNLIKE, UNLIKE_SIZES, {**ends, "y": np.zeros((3, 5, 4))}
    )
    np.testing.assert_array_equal(found["h_n"], sample.inputs["h_0"])
    np.testing.assert_array_equal(found["c_n"], sample.inputs["c_0"])
    held = views.native_weights(declared, UNLIKE, UNLIKE_SIZES, sample.weights)
    shapes = {name: one.shape for name, one in held.items()}
    own = views.parameter_laws(declared, UNLIKE, UNLIKE_SIZES)
    assert shapes == {name: law.shape for name, law in own.items()}
    assert not any("b" in name and "1" in name for name in shapes if "back" not in name)


@pytest.mark.parametrize("layer", [BOTH, LAST], ids=["sequences", "last"])
def test_states_not_asked_for(layer: Layer) -> None:
    """Without states none are due, and those that come all the same have the law of asked ones."""
    stateless = dataclasses.replace(layer, return_state=False)
    due = views.result_laws(NAMED, stateless, SIZES)
    unasked = views.unasked_laws(NAMED, stateless, SIZES)
    assert due.keys() == {"y"}
    assert {**due, **unasked} == views.result_laws(NAMED, layer, SIZES)


def test_cotangents() -> None:
    """There is a cotangent of each native result's shape, the same whenever it is drawn."""
    case = _case(BOTH, SIZES)
    once, again = (views.cotangents(NAMED, case)[0] for _ in range(2))
    laws = views.result_laws(NAMED, BOTH, SIZES)
    assert {name: one.shape for name, one in once.items()} == {
        name: law.shape for name, law in laws.items()
    }
    assert all(np.array_equal(once[name], again[name]) for name in once)


STEPWISE = dataclasses.replace(
    NAMED,
    results={
        "output": Native("all_h{layer}{direction}", "batch time hidden"),
        "h_n": Native("all_h{layer}{direction}", "batch time hidden"),
        "c_n": Native("all_c{layer}{direction}", "batch time cell"),
        "last": Native("all_h{layer}{direction}", "batch time hidden"),
    },
)


def test_states_of_every_step() -> None:
    """A state that comes at every step is the last one; the output is that of the last layer."""
    layer, sizes = Layer(), Dimensions(2, 3, 4, 5, num_layers=2)
    laws = views.result_laws(STEPWISE, layer, sizes)
    random = np.random.default_rng(0)
    got = {name: random.uniform(size=law.shape) for name, law in laws.items()}
    upper = next(name for name in got if name.startswith("all_h1"))
    lower = next(name for name in got if name.startswith("all_h0"))
    found = views.canonical_results(STEPWISE, layer, sizes, got)
    assert np.array_equal(found["output"], got[upper])
    assert np.array_equal(found["h_n"], [got[lower][:, -1], got[upper][:, -1]])


def test_states_of_no_step() -> None:
    """Of no steps there is no last state: what a framework hands out in its place is not there."""
    results = {**STACKED.results, "h_n": Native("h", "time (layer direction) batch hidden")}
    declared = dataclasses.replace(STACKED, results=results)
    dimensions = Dimensions(2, 0, 3, 4)
    laws = views.result_laws(declared, Layer(), dimensions)
    got = {name: np.zeros(law.shape, np.float32) for name, law in laws.items()}
    found = views.canonical_results(declared, Layer(), dimensions, got)["h_n"]
    assert (found.shape, found.dtype) == ((1, 2, 4), np.float32)
    assert np.isnan(found).all()


def test_cotangents_of_every_step() -> None:
    """Of a state that comes at every step only the last is fed; what is shared counts once."""
    case = _case(Layer(), Dimensions(2, 3, 4, 5, num_layers=2))
    native, canonical = views.cotangents(STEPWISE, case)
    assert all(native[name].all() for name in native if name.startswith("all_h1"))
    for name in native:
        if not name.startswith("all_h1"):
            assert native[name][:, -1].all()
            assert not native[name][:, :-1].any()
    assert canonical["h_n"][0].all()
    assert not canonical["h_n"][1].any()  # the last step of the output, counted there
    assert sum(map(np.sum, native.values())) == pytest.approx(sum(map(np.sum, canonical.values())))


@pytest.mark.parametrize("layout", ["batch_major", "time_major", "extra_batch", "unbatched"])
def test_cotangents_behind_ends(layout: Any) -> None:
    """Nothing is asked of what is handed out behind a sequence's end, and of all else something."""
    lengths = (2,) if layout == "unbatched" else (2, 3, 1, 3)
    sizes = Dimensions(len(lengths) // (2 if layout == "extra_batch" else 1), 3, 4, 5)
    case = _case(Layer(lengths="given", layout=layout), sizes)
    case = dataclasses.replace(case, lengths=lengths)
    native, canonical = views.cotangents(NAMED, case)
    valid = valid_steps(case)
    assert canonical["output"][valid].all()
    assert not canonical["output"][~valid].any()
    assert canonical["h_n"].all()
    assert sum(map(np.sum, native.values())) == pytest.approx(sum(map(np.sum, canonical.values())))


@pytest.mark.parametrize("reverse", [False, True])
def test_cotangents_of_an_unasked_sequence(reverse: bool) -> None:
    """A sequence beside the last output is asked as any other, but in an order that is defined."""
    layer = Layer(lengths="given", reverse=reverse, return_sequences=False)
    case = dataclasses.replace(_case(layer, Dimensions(3, 4, 2, 5)), lengths=(2, 4, 1))
    _, canonical = views.cotangents(STACKED, case)
    asked = canonical["output"].any(axis=-1)
    assert np.array_equal(asked, valid_steps(case) & (not reverse))
    assert canonical["h_n"].all()


def test_wrong_lengths_keep_no_case_from_being_asked_for() -> None:
    """Of lengths that must be refused, cotangents are as of full ones."""
    case = _case(Layer(lengths="given"), SIZES)
    case = dataclasses.replace(case, lengths=(1,), must_reject=True)
    assert all(one.all() for one in views.cotangents(NAMED, case)[0].values())


@pytest.mark.parametrize("merge", ["sum", "mul", "ave"])
def test_cotangents_of_directions_apart(merge: str) -> None:
    """A merge that the framework does not have keeps no case from being asked for."""
    case = _case(Layer(bidirectional=True, merge=merge), SIZES)
    native, canonical = views.cotangents(GATED, case)
    assert native.keys() == views.result_laws(GATED, case.layer, SIZES).keys()
    assert canonical == {}


def test_law_in_words() -> None:
    """A law is written with the name and the size of every axis."""
    axes = {"batch": 7, "time": 5, "direction": 2, "hidden": 13}
    law = Law("batch time (direction hidden)", axes)
    assert str(law) == "(batch 7, time 5, direction*hidden 2*13=26)"


# Weights.


@every_convention
def test_weights_meet_their_laws(declared: Convention) -> None:
    """The weights that an adapter is handed have the declared names and shapes."""
    sample = draw(_case(BOTH, SIZES))
    weights = views.native_weights(declared, BOTH, SIZES, sample.weights)
    laws = views.parameter_laws(declared, BOTH, SIZES)
    assert {name: one.shape for name, one in weights.items()} == {
        name: law.shape for name, law in laws.items()
    }


def test_gate_order() -> None:
    """Gates i, f, g, o with the numbers 1, 2, 3, 4 stand as 1, 4, 2, 3 for the order i, o, f, g."""
    dimensions = Dimensions(1, 1, 1, 1)
    weights = views.native_weights(NAMED, Layer(), dimensions, (_numbered(),))
    assert weights["0/w"].tolist() == [[1, 4, 2, 3]]


def test_gate_names() -> None:
    """Where the name has the gate, each gate goes to its own label in the declared order."""
    dimensions = Dimensions(1, 1, 1, 1)
    weights = views.native_weights(GATED, Layer(), dimensions, (_numbered(),))
    named = {name: one.item() for name, one in weights.items() if name.endswith(("w", "r"))}
    assert named == {
        **{"0/ii/w": 1, "0/ig/w": 3, "0/if/w": 2, "0/io/w": 4},
        **{"0/gi/r": 1, "0/ga/r": 3, "0/gf/r": 2, "0/go/r": 4},
    }


def test_one_bias_is_the_sum() -> None:
    """A framework with one bias a gate is given the sum of the two."""
    weights = views.native_weights(NAMED, Layer(), Dimensions(1, 1, 1, 1), (_numbered(),))
    assert weights["0/b"].ravel().tolist() == [11, 44, 22, 33]


def test_axis_order() -> None:
    """(gate cell) varies the unit fastest: gates i and f of units 0 and 1 are i0, i1, f0, f1."""
    numbers = np.arange(8.0).reshape(1, 4, 2)
    weights = LayerWeights(numbers[..., None], np.zeros((1, 4, 2, 2)), numbers, 0 * numbers)
    native = views.native_weights(STACKED, Layer(), Dimensions(1, 1, 1, 2), (weights,))
    assert native["b_0"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


def test_joined_weights() -> None:
    """Weights of one name lie behind one another on the axis `along`, and so does their law."""
    weights = views.native_weights(JOINED, Layer(), Dimensions(1, 1, 1, 1), (_numbered(),))
    assert weights["0/w"].tolist() == [[1, 3, 2, 4], [1, 3, 2, 4]]
    assert weights["0/b"].tolist() == [[1, 3, 2, 4, 10, 30, 20, 40]]
    law = views.parameter_laws(JOINED, BOTH, SIZES)["1/b"]
    assert str(law) == "(direction 2, gate*cell 4*4=16 + gate*cell 4*4=16 = 32)"


def test_offset() -> None:
    """What a framework adds to the forget gate is taken out of its bias, and put in again."""
    (taken,) = views.offset(JOINED, (_numbered(),), -1)
    assert taken.bias.ravel().tolist() == [11, 21, 33, 44]
    (back,) = views.offset(JOINED, (taken,), 1)
    assert np.array_equal(back.bias, _numbered().bias)


# Round trips.


@every_convention
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_weights_read_back(declared: Convention, data: st.DataObject) -> None:
    """Weights laid out for a framework and read back are what they were, biases by their sum."""
    layer = Layer(bidirectional=data.draw(st.booleans()), bias=data.draw(st.booleans()))
    dimensions = Dimensions(1, 1, *data.draw(st.tuples(*[st.integers(1, 4)] * 3)))
    stack = draw(_case(layer, dimensions)).weights
    native = views.native_weights(declared, layer, dimensions, stack)
    back = views.canonical_weights(declared, layer, dimensions, native)
    for one, other in zip(stack, back, strict=True):
        assert np.array_equal(one.input_weights, other.input_weights)
        assert np.array_equal(one.recurrent_weights, other.recurrent_weights)
        assert np.array_equal(one.bias, other.bias)


@every_convention
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_results_round_trip(declared: Convention, data: st.DataObject) -> None:
    """Canonical results, laid out as the framework would and viewed again, are what they were.

    Drawn: sizes, directions, and the order of the axes of every result.
    """
    layer = Layer(bidirectional=data.draw(st.booleans()))
    dimensions = Dimensions(*data.draw(st.tuples(*[st.integers(0, 4)] * 4, st.integers(1, 4))))
    results = {name: _shuffled(native, data) for name, native in declared.results.items()}
    mixed = dataclasses.replace(declared, results={**results, "last": declared.results["last"]})
    canonical = _canonical(layer, dimensions)
    native = _laid_out(mixed, layer, dimensions, canonical)
    laws = views.result_laws(mixed, layer, dimensions)
    assert {name: one.shape for name, one in native.items()} == {
        name: law.shape for name, law in laws.items()
    }
    seen = views.canonical_results(mixed, layer, dimensions, native)
    assert all(np.array_equal(seen[name], canonical[name]) for name in canonical)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(order=st.permutations("ifgo"), data=st.data())
def test_weights_round_trip(order: list[str], data: st.DataObject) -> None:
    """Every canonical weight is found again where gate order and axes say that it lies."""
    layer = Layer(bidirectional=data.draw(st.booleans()))
    dimensions = Dimensions(*data.draw(st.tuples(*[st.integers(1, 4)] * 5)))
    axes = data.draw(st.permutations(["gate", "cell", "input"]))
    form = Native("{layer}/{direction}", " ".join(axes))
    declared = dataclasses.replace(STACKED, weights={"input_weights": form}, gates="".join(order))
    sample = draw(_case(layer, dimensions))
    native = views.native_weights(declared, layer, dimensions, sample.weights)
    for number, weights in enumerate(sample.weights):
        for way, label in enumerate(declared.directions[layer.bidirectional]):
            laid = native[f"{number}/{label}"].transpose(
                [axes.index(name) for name in ("gate", "cell", "input")]
            )
            found = laid[[order.index(gate) for gate in "ifgo"]]
            assert np.array_equal(found, weights.input_weights[way])


@every_convention
def test_inputs_are_the_results_upside_down(declared: Convention) -> None:
    """States laid out for the framework, and handed back by it, are viewed as they were drawn."""
    layer = dataclasses.replace(BOTH, initial_state="given")
    sample = draw(_case(layer, SIZES))
    native = views.native_inputs(declared, layer, SIZES, sample.inputs)
    echo = dataclasses.replace(
        declared,
        results={**declared.results, "h_n": declared.inputs["h_0"], "c_n": declared.inputs["c_0"]},
    )
    native |= {name: np.zeros(law.shape) for name, law in _outputs(echo, layer).items()}
    seen = views.canonical_results(echo, layer, SIZES, native)
    assert np.array_equal(seen["h_n"], sample.inputs["h_0"])
    assert np.array_equal(seen["c_n"], sample.inputs["c_0"])


def test_input_is_transposed() -> None:
    """An input that the framework wants with time first is handed over so."""
    array = np.arange(30.0).reshape(2, 5, 3)
    native = views.native_inputs(NAMED, Layer(), SIZES, {"input": array})
    assert np.array_equal(native["x"], array.swapaxes(0, 1))


def test_first_call() -> None:
    """What a first call is fed is laid out as the input is, and has sizes of its own."""
    first = np.arange(42.0).reshape(2, 7, 3)
    inputs = {"input": np.zeros((2, 5, 3)), "first": first}
    declared = {**NAMED.inputs, "first": Native("before", "time batch input")}
    twice = dataclasses.replace(NAMED, inputs=declared)
    native = views.native_inputs(twice, Layer(), SIZES, inputs)
    assert np.array_equal(native["before"], first.swapaxes(0, 1))


def test_input_that_there_is_not() -> None:
    """An input that the framework does not have is no input to lose in silence."""
    inputs = {"input": np.zeros((2, 5, 3)), "lengths": np.array([2, 5])}
    with pytest.raises(views.UnfedError, match="the framework takes no lengths"):
        views.native_inputs(STACKED, Layer(), SIZES, inputs)


def test_wrong_rank_is_left_alone() -> None:
    """An input that has no axes to reorder, to be refused, is handed over as it is."""
    array = np.arange(6.0).reshape(2, 3)
    fed = views.native_inputs(NAMED, Layer(), SIZES, {"input": array})
    assert np.array_equal(fed["x"], array)


ROWS = Dimensions(batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4, num_layers=2)
APART = Native("layer_{layer}{direction}/h", "batch hidden")
BY_LAYER = Native("layer_{layer}/h", "direction batch hidden")
BATCH_FIRST = Native("layer_{layer}/h", "batch direction hidden")
TOGETHER = Native("h", "(layer direction) batch hidden")
TURNED = Native("h", "batch (layer direction) hidden")
BY_DIRECTION = Native("h{direction}", "layer batch hidden")


@pytest.mark.parametrize(
    ("form", "fed", "native"),
    [
        (APART, (4, 2, 1, 4), (2, 1, 4)),
        (APART, (4, 4), (4,)),
        (BY_LAYER, (4, 2, 1, 4), (2, 2, 1, 4)),
        (BY_LAYER, (6, 2, 4), (3, 2, 4)),
        (BY_LAYER, (2, 2, 4), (1, 2, 4)),
        (BATCH_FIRST, (6, 2, 4), (2, 3, 4)),
        (BATCH_FIRST, (4, 2, 1, 4), (2, 2, 1, 4)),
        (BY_DIRECTION, (4, 2, 1, 4), (2, 2, 1, 4)),
        (TOGETHER, (4, 2, 1, 4), (4, 2, 1, 4)),
        (TOGETHER, (3, 2, 4), (3, 2, 4)),
        (TOGETHER, (2, 4), (2, 4)),
        (TURNED, (5, 2, 4), (2, 5, 4)),
    ],
)
def test_wrong_state_reaches_the_layer(form: Native, fed: Shape, native: Shape) -> None:
    """A state with other axes, or other rows, goes to every tensor that is declared for it."""
    convention = dataclasses.replace(NAMED, inputs={**NAMED.inputs, "h_0": form})
    layer = Layer(bidirectional=True, initial_state="given")
    array = np.arange(float(np.prod(fed))).reshape(fed)
    laid = views.native_inputs(convention, layer, ROWS, {"h_0": array})
    labels = convention.directions[1]
    due = {form.name.format(layer=number, direction=label) for number in (0, 1) for label in labels}
    assert {name: one.shape for name, one in laid.items()} == dict.fromkeys(due, native)
    assert sorted(np.concatenate([one.ravel() for one in laid.values()])) == sorted(array.ravel())


@pytest.mark.parametrize(
    ("form", "fed"),
    [
        (APART, (3, 2, 4)),
        (APART, (1, 2, 1, 4)),
        (APART, (8, 2, 4)),
        (BY_LAYER, (3, 2, 4)),
        (BY_LAYER, (0, 2, 4)),
        (APART, ()),
        (Native("layer_{layer}{direction}/h", "hidden batch"), (4, 2, 1, 4)),
    ],
)
def test_wrong_state_that_cannot_be_fed(form: Native, fed: Shape) -> None:
    """Rows that the framework's own tensors cannot carry are told, and fed to nobody."""
    convention = dataclasses.replace(NAMED, inputs={**NAMED.inputs, "h_0": form})
    layer = Layer(bidirectional=True, initial_state="given")
    with pytest.raises(views.UnfedError, match="carr"):
        views.native_inputs(convention, layer, ROWS, {"h_0": np.zeros(fed)})


def test_last_of_a_stack() -> None:
    """Where the last output is read from the stacked states, the last layer's rows are meant."""
    native = {"y": np.zeros((2, 5, 8)), "h_n": np.arange(32.0).reshape(4, 2, 4)}
    native["c_n"] = native["h_n"]
    output = views.canonical_results(STACKED, LAST, SIZES, native)["output"]
    assert np.array_equal(output, np.concatenate([native["h_n"][2], native["h_n"][3]], axis=-1))


# Wrong declarations.


def test_unknown_axis() -> None:
    """A pattern that names an axis which does not exist is one line that says which do."""
    wrong = dataclasses.replace(
        STACKED, results={**STACKED.results, "output": Native("y", "batch tme (direction hidden)")}
    )
    with pytest.raises(
        ValueError, match=r"^the pattern .+ names 'tme', not one of group, batch, time, "
    ):
        views.result_laws(wrong, Layer(), SIZES)


def test_lost_axis() -> None:
    """A pattern that lacks an axis of the canonical form is one line with both."""
    wrong = dataclasses.replace(
        STACKED, results={**STACKED.results, "output": Native("y", "batch (direction hidden)")}
    )
    native = {"y": np.zeros((2, 4)), "h_n": np.zeros((2, 2, 4)), "c_n": np.zeros((2, 2, 4))}
    with pytest.raises(ValueError, match="pattern") as raised:
        views.canonical_results(wrong, Layer(), SIZES, native)
    assert str(raised.value) == (
        "the pattern 'batch (direction hidden)' cannot be viewed as 'batch time (direction hidden)'"
    )


def test_lost_axis_of_a_weight() -> None:
    """A weight's pattern without the gates is one line as well."""
    wrong = dataclasses.replace(STACKED, weights={"bias": Native("b{layer}{direction}", "cell")})
    with pytest.raises(ValueError, match=r"cannot be viewed as 'direction cell'$"):
        views.native_weights(wrong, Layer(), Dimensions(1, 1, 1, 1), (_numbered(),))


def _case(layer: Layer, dimensions: Dimensions) -> Case:
    return Case("x", "x", "", "", "x.yaml:1", layer, dimensions)


def _numbered() -> LayerWeights:
    gates = np.arange(1.0, 5.0).reshape(1, 4, 1)
    return LayerWeights(gates[..., None], gates[..., None], gates, 10 * gates)


def _canonical(layer: Layer, dimensions: Dimensions) -> dict[str, np.ndarray]:
    rows = dimensions.num_layers * layer.num_directions
    states = rows, dimensions.batch_size, dimensions.hidden_units
    width = layer.num_directions * dimensions.hidden_units
    shapes = {
        "output": (dimensions.batch_size, dimensions.time_steps, width),
        "h_n": states,
        "c_n": states,
    }
    random = np.random.default_rng(0)
    return {name: random.random(shape) for name, shape in shapes.items()}


def _shuffled(native: Native, data: st.DataObject) -> Native:
    mixed = data.draw(st.permutations(re.findall(r"\(.*?\)|\w+", native.axes)))
    return dataclasses.replace(native, axes=" ".join(mixed))


def _laid_out(
    declared: Convention, layer: Layer, dimensions: Dimensions, canonical: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Lay out canonical results by plain indexing, one number after another."""
    sizes = {
        "batch": dimensions.batch_size,
        "time": dimensions.time_steps,
        "hidden": dimensions.hidden_units,
        "cell": dimensions.hidden_units,
        "layer": dimensions.num_layers,
        "direction": layer.num_directions,
    }
    native = {}
    for name, form in declared.results.items():
        if name == "last":
            continue
        labels = declared.directions[layer.bidirectional]
        for number in range(sizes["layer"] if "{layer}" in form.name else 1):
            for way in range(sizes["direction"] if "{direction}" in form.name else 1):
                known = {"layer": number, "direction": way}
                law = Law(form.axes, sizes)
                array = np.empty(law.shape)
                for place in np.ndindex(*law.shape):
                    index = {**known, **_unravelled(law, place)}
                    array[place] = canonical[name][_address(name, index, sizes)]
                native[form.name.format(layer=number, direction=labels[way])] = array
    return native


def _unravelled(law: Law, place: tuple[int, ...]) -> dict[str, int]:
    index: dict[str, int] = {}
    for names, position in zip(law.places, place, strict=True):
        counts = [law.sizes[name] for name in names]
        index |= dict(zip(names, map(int, np.unravel_index(position, counts)), strict=True))
    return index


def _address(name: str, index: dict[str, int], sizes: dict[str, int]) -> tuple[int, ...]:
    if name == "output":
        feature = index["direction"] * sizes["hidden"] + index["hidden"]
        return index["batch"], index["time"], feature
    row = index["layer"] * sizes["direction"] + index["direction"]
    return row, index["batch"], index["hidden" if name == "h_n" else "cell"]


def _outputs(declared: Convention, layer: Layer) -> dict[str, Law]:
    laws = views.result_laws(declared, layer, SIZES)
    return {name: law for name, law in laws.items() if name.startswith("y")}
