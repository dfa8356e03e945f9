"""The names that frameworks hand out, as their users meet them: each is read as what it is."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.weights import ConvertError, convert, find_layers

SIZES = {"i": 3, "h": 4}
# Names as the frameworks of constraints.txt hand them out, with what stands before them, and the
# shapes for 3 features and 4 units; then the LSTM that they are, and who spells it so.
CELL = {"weight_ih": (16, 3), "weight_hh": (16, 4)}
BIASES = {"bias_ih": (16,), "bias_hh": (16,)}
KERAS = {"kernel": (3, 16), "recurrent_kernel": (4, 16), "bias": (16,)}
VARS = {"0": (3, 16), "1": (4, 16), "2": (16,)}
LINEN = {
    **{f"i{gate}/kernel": (3, 4) for gate in "ifgo"},
    **{f"h{gate}/kernel": (4, 4) for gate in "ifgo"},
    **{f"h{gate}/bias": (4,) for gate in "ifgo"},
}
NNX = {name.replace("if/", "if_/").replace("/", "."): shape for name, shape in LINEN.items()}
FUSED = {"dense_i.kernel": (3, 16), "dense_h.kernel": (4, 16), "dense_h.bias": (16,)}


def named(before: str, shapes: dict[str, tuple[int, ...]], behind: str = "") -> dict[str, Any]:
    """Return names with what stands before and behind them."""
    return {f"{before}{name}{behind}": shape for name, shape in shapes.items()}


def lettered(suffix: str, width: int = 3) -> dict[str, tuple[int, ...]]:
    """Return one layer and direction of a stack, by the names that end in `suffix`."""
    return {
        f"weight_ih_{suffix}": (16, width),
        f"weight_hh_{suffix}": (16, 4),
        f"bias_ih_{suffix}": (16,),
        f"bias_hh_{suffix}": (16,),
    }


STACK = {
    name: shape
    for layer, width in ((0, 3), (1, 8))
    for way in ("", "_reverse")
    for name, shape in lettered(f"l{layer}{way}", width).items()
}
ONE, BOTH = "1 layer, one way, 3 -> 4", "1 layer, both ways, 3 -> 4"
MET = {
    "torch-lstm": (named("encoder.", STACK), "encoder", "2 layers, both ways, 3 -> 4", "torch"),
    "torch-cell": (named("a.cells.", {**CELL, **BIASES}), "a.cells", ONE, "torch"),
    "torch-data-parallel": (named("module.rnn.", lettered("l0")), "module.rnn", ONE, "torch"),
    "keras-sequential": (
        named("sequential/lstm_1/lstm_cell/", KERAS),
        "sequential/lstm_1",
        ONE,
        "keras",
    ),
    "keras-functional": (named("encoder/lstm_cell_3/", KERAS), "encoder", ONE, "keras"),
    "keras-bidirectional": (
        {
            **named("sequential/bidirectional/forward_lstm/lstm_cell/", KERAS),
            **named("sequential/bidirectional/backward_lstm/lstm_cell/", KERAS),
        },
        "sequential/bidirectional/lstm",
        BOTH,
        "keras",
    ),
    "keras-bidirectional-reloaded": (
        {
            **named("forward_lstm_4/lstm_cell/", KERAS),
            **named("backward_lstm_4/lstm_cell/", KERAS),
        },
        "lstm_4",
        BOTH,
        "keras",
    ),
    "keras-2": (named("lstm/lstm_cell/", KERAS, ":0"), "lstm", ONE, "tf-keras"),
    "keras-2-older": (named("lstm_1/", KERAS, ":0"), "lstm_1", ONE, "tf-keras"),
    "keras-subclassed": (
        named("my/rnn/stacked_rnn_cells/lstm_cell/", KERAS),
        "my/rnn/stacked_rnn_cells",
        ONE,
        "keras",
    ),
    "keras-weights-h5": (named("layers/lstm/cell/vars/", VARS), "layers/lstm", ONE, "keras"),
    "keras-weights-h5-both": (
        {
            **named("layers/bidirectional/forward_layer/cell/vars/", VARS),
            **named("layers/bidirectional/backward_layer/cell/vars/", VARS),
        },
        "layers/bidirectional",
        BOTH,
        "keras",
    ),
    "keras-h5": (
        named("model_weights/lstm/sequential/lstm/lstm_cell/", KERAS),
        "model_weights/lstm/sequential/lstm",
        ONE,
        "keras",
    ),
    "linen": (named("params/LSTMCell_0/", LINEN), "params/LSTMCell_0", ONE, "flax"),
    "linen-dotted": (
        {name.replace("/", "."): one for name, one in named("encoder/", LINEN).items()},
        "encoder",
        ONE,
        "flax",
    ),
    "linen-both": (
        {
            **named("params/bi/forward_rnn/cell/", LINEN),
            **named("params/bi/backward_rnn/cell/", LINEN),
        },
        "params/bi",
        BOTH,
        "flax",
    ),
    "nnx-rnn": (named("rnn.cell.", NNX), "rnn", ONE, "nnx"),
    "nnx-cell": (NNX, "", ONE, "nnx"),
    "nnx-orbax": (named("rnn.cell.", NNX, ".value"), "rnn", ONE, "nnx"),
    "nnx-optimized": (named("rnn.cell.", FUSED), "rnn", ONE, "nnx"),
    "nnx-both": (
        {**named("bi.forward_rnn.cell.", NNX), **named("bi.backward_rnn.cell.", NNX)},
        "bi",
        BOTH,
        "nnx",
    ),
    "haiku": ({"lstm_1/linear/w": (7, 16), "lstm_1/linear/b": (16,)}, "lstm_1", ONE, "haiku"),
    "equinox": (named("cells.0.", {**CELL, "bias": (16,)}), "cells.0", ONE, "equinox"),
    "mlx": (
        {"layers.0.Wx": (16, 3), "layers.0.Wh": (16, 4), "layers.0.bias": (16,)},
        "layers.0",
        ONE,
        "mlx",
    ),
    "mlx-lone": ({"Wx": (16, 3), "Wh": (16, 4), "bias": (16,)}, "", ONE, "mlx"),
    "paddle-cell": (named("0.cell.", {**CELL, **BIASES}), "0", ONE, "paddle"),
    "onnx": (
        {"rnn/LSTM/W": (1, 16, 3), "rnn/LSTM/R": (1, 16, 4), "rnn/LSTM/B": (1, 32)},
        "rnn/LSTM",
        ONE,
        "onnx",
    ),
    "openvino": (
        {"n/W": (2, 16, 3), "n/R": (2, 16, 4), "n/B": (2, 16)},
        "n",
        BOTH,
        "openvino-sequence",
    ),
    "jax-rnn": (
        {"W_ih_l0": (16, 3), "W_hh_l0": (16, 4), "b_ih_l0": (16,), "b_hh_l0": (16,)},
        "",
        ONE,
        "jax-rnn",
    ),
    "no-bias": (named("rnn.", CELL), "rnn", f"{ONE}, no bias", "torch"),
    "projected": (
        {"weight_ih_l0": (16, 3), "weight_hh_l0": (16, 2), "weight_hr_l0": (2, 4)},
        "",
        f"{ONE}, projected to 2, no bias",
        "torch",
    ),
}


def drawn(shapes: dict[str, tuple[int, ...]], seed: int = 1) -> dict[str, np.ndarray]:
    """Return arrays of those shapes."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape).astype("f4") for name, shape in shapes.items()}


@pytest.mark.parametrize("kind", MET)
def test_met(kind: str) -> None:
    """Names are read as what they are, among others, with no word on who handed them out."""
    shapes, where, told, framework = MET[kind]
    others = {"embed.weight": (9, 3), "head/kernel": (4, 2), "head/bias": (2,), "step": ()}
    found = find_layers(drawn({**others, **shapes}))
    (one,) = found.chosen
    assert (one.where, str(one.found)[: len(told)]) == (where, told)
    assert framework in one.frameworks
    assert (found.misfits, found.hints, found.others) == ((), (), len(others))


@pytest.mark.parametrize("kind", ["torch-lstm", "keras-bidirectional", "nnx-optimized", "haiku"])
def test_round(kind: str) -> None:
    """What is converted and converted back holds the same numbers, two biases as their sum."""
    shapes, _, _, framework = MET[kind]
    given = drawn(shapes)
    there = convert(given, "onnxruntime", framework)
    again = convert(there.arrays, framework, "onnxruntime")
    (first,), (last,) = (find_layers(one, framework).chosen for one in (given, again.arrays))
    for one, other in zip(first.found.stack, last.found.stack, strict=True):
        assert np.array_equal(one.input_weights, other.input_weights)
        assert np.array_equal(one.recurrent_weights, other.recurrent_weights)
        assert np.allclose(one.bias, other.bias, atol=1e-6)


WRONG = {
    "gru": (named("rnn.", {"weight_ih_l0": (12, 3), "weight_hh_l0": (12, 4)}), "a GRU: 12 = 3 gat"),
    "plain": (named("rnn.", {"weight_ih_l0": (4, 3), "weight_hh_l0": (4, 4)}), "a plain recurrent"),
    "transposed": (
        {"lstm/lstm_cell/kernel": (16, 3), "lstm/lstm_cell/recurrent_kernel": (16, 4)},
        r"transposed: \(16, 4\) where \(hidden \(gate cell\)\) is due",
    ),
    "unprojected": (
        named("a.", {"weight_ih_l0": (16, 3), "weight_hh_l0": (16, 2)}),
        "projected: 4 units, of h 2, without a projection",
    ),
    "half": ({"weight_ih_l0": (16, 3)}, "missing weight_hh_l0"),
    "half-bias": (
        {"weight_ih_l0": (16, 3), "weight_hh_l0": (16, 4), "bias_ih_l0": (16,)},
        "missing bias_hh_l0",
    ),
    "broken-stack": (
        {name: shape for name, shape in STACK.items() if name != "weight_hh_l1"},
        "missing weight_hh_l1",
    ),
    "other-width": ({**STACK, "weight_hh_l1": (16, 5)}, r"weight_hh_l1 \(16, 5\), not \(16, 4\)"),
    "fused-bias": (
        {"cu/kernel": (3, 16), "cu/recurrent_kernel": (4, 16), "cu/bias": (32,)},
        "cu is fused, with a bias of two for each gate",
    ),
    "gru-by-name": ({"GRUCell_0/hn/kernel": (4, 4)}, "GRUCell_0: a GRU, by its name"),
    "lstm-by-name": ({"lstm/w_all": (8, 16)}, "an LSTM by its name, under names of no adapter's"),
    "vector": (
        {"all": (144,)},
        "no LSTM in it, but all: of one vector with all weights say --flat",
    ),
    "nothing": (
        {"embed.weight": (9, 3), "a": (2,)},
        "no LSTM in it, by names that an adapter declares",
    ),
    "unsure": (
        {"mlp/linear/w": (7, 16), "mlp/linear/b": (16,)},
        "may be an LSTM .* or a dense layer of 7 to 16: name it with --layer",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_it_looks_like(kind: str) -> None:
    """What is no LSTM is told as what it looks like."""
    shapes, message = WRONG[kind]
    with pytest.raises(ConvertError, match=message):
        convert(drawn(shapes), "keras")


def test_unsure_by_name() -> None:
    """What may be another layer is converted where it is named."""
    state = drawn({"mlp/linear/w": (7, 16), "mlp/linear/b": (16,)})
    assert len(convert(state, "torch", layers=["mlp"]).arrays) == 4


def test_two_readings() -> None:
    """Names that two frameworks read as two layers are asked about, and both are named."""
    state = drawn({"n/W": (1, 16, 3), "n/R": (1, 16, 4)})
    with pytest.raises(ConvertError, match=r"n can be read as onnx .*gates iofg.* or as openvino"):
        convert(state, "torch")
    one, other = (convert(state, "torch", name) for name in ("onnx", "openvino-sequence"))
    names = list(one.arrays)
    assert names == list(other.arrays)
    assert not np.array_equal(one.arrays[names[0]], other.arrays[names[0]])


@pytest.mark.parametrize("change", [0.0, 1.0])
def test_each_weight_twice(change: float) -> None:
    """A state with each weight under two names is one LSTM, or two that differ and are refused."""
    flat = drawn(lettered("l0"))
    cell = {f"0.cell.{name.removesuffix('_l0')}": one + change for name, one in flat.items()}
    state = {**flat, **cell}
    if change:
        with pytest.raises(ConvertError, match=r"are the same weight and differ"):
            convert(state, "keras")
        return
    (one,) = find_layers(state).chosen
    assert "paddle" in one.frameworks
    done = convert(state, "keras", keep_rest=True)
    assert list(done.arrays) == [f"layer_0/lstm_cell/{name}" for name in KERAS]
    assert "its weights are in the state twice" in done.notes[0]


def many(blocks: int) -> dict[str, np.ndarray]:
    """Return a state of eight arrays a block, two of which are an LSTM's."""
    shapes = {f"block.{n}.rnn.{name}": one for n in range(blocks) for name, one in CELL.items()}
    shapes |= {f"block.{n}.{name}.weight": (3, 4) for n in range(blocks) for name in "abcdef"}
    return drawn(shapes)


def calls(work: Callable[[], object]) -> int:
    """Return how many calls of functions a piece of work makes, in Python and in C."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_many_arrays() -> None:
    """The work on a file of 1,600 arrays, a quarter of them LSTMs', grows as the arrays do.

    Its seconds are for a benchmark: ``docs/weights.md``.
    """
    small, large = many(50), many(200)
    assert len(large) == 1_600
    find_layers({})  # adapters are read once
    assert len(find_layers(large).chosen) == 200
    for work in (find_layers, lambda state: convert(state, "keras")):
        work(small)  # and what is kept by sizes, too
        few, more = calls(lambda: work(small)), calls(lambda: work(large))  # noqa: B023
        assert more < 4.5 * few
        assert more < 2_000 * len(large)


def test_one_vector() -> None:
    """A vector with all weights, then all biases, is read where its sizes are said."""
    vector = np.arange(736, dtype=np.float32)
    options = {"source": "jax-rnn", "flat": "3,4,2,2"}
    got = convert({"all": vector}, "torch", **options).arrays
    assert np.array_equal(got["weight_ih_l0"], vector[:48].reshape(16, 3))
    assert np.array_equal(got["weight_hh_l0"], vector[48:112].reshape(16, 4))
    assert np.array_equal(got["weight_ih_l0_reverse"], vector[112:160].reshape(16, 3))
    assert np.array_equal(got["bias_hh_l1_reverse"], vector[-16:])


@pytest.mark.parametrize(
    ("state", "options", "message"),
    [
        ({"a": np.ones(9)}, {"source": "jax-rnn", "flat": "3,4,2,2"}, "is one vector of 736"),
        ({"a": np.ones(9)}, {"source": "jax-rnn", "flat": "3,4,2"}, "HIDDEN,LAYERS,DIRECTIONS is"),
        ({"a": np.ones(9)}, {"source": "torch", "flat": "3,4,2,2"}, "--from names no adapter that"),
        ({"a": np.ones(9)}, {"flat": "3,4,2,2"}, "--from names no adapter that"),
        (
            {"a": np.ones(9), "b": np.ones(2)},
            {"source": "jax-rnn", "flat": "3,4,2,2"},
            "one vector is due, and there are 2 arrays",
        ),
    ],
)
def test_no_vector(state: dict[str, Any], options: dict[str, str], message: str) -> None:
    """A vector of other sizes, or of a framework that has none, is told."""
    with pytest.raises(ConvertError, match=message):
        convert(state, "torch", **options)
