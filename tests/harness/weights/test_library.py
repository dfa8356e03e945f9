"""`conformance.weights.convert`: whole models, numbers, and what a file does not say."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from adapters.contract import Layer
from conformance.formats.saved import Saved
from conformance.weights import ConvertError, convert, find_layers
from conformance.weights.verify import asked
from tests.harness.weights.test_names import CELL, KERAS, STACK, VARS, drawn, lettered, named


def results(state: dict[str, np.ndarray], framework: str) -> dict[str, np.ndarray]:
    """Return what the reference makes of the one LSTM of a state, on drawn input."""
    (one,) = find_layers(state, framework).chosen
    return dict(asked(one.found).expected)


MODEL = {
    "embed.weight": (9, 3),
    **named("encoder.", STACK),
    **{"decoder.weight_ih_l0": (20, 8), "decoder.weight_hh_l0": (20, 5)},
    "head.weight": (2, 5),
}


def test_whole_model() -> None:
    """All LSTMs of a model are converted, of unlike widths and directions, and the rest is left."""
    done = convert(drawn(MODEL), "keras")
    assert [(one.found.where, one.prefix) for one in done.layers] == [
        ("encoder", "encoder/"),
        ("decoder", "decoder/"),
    ]
    assert done.arrays["decoder/layer_0/lstm_cell/kernel"].shape == (8, 20)
    assert done.arrays["encoder/layer_1/backward_lstm/lstm_cell/kernel"].shape == (8, 16)
    assert len(done.arrays) == 14


@pytest.mark.parametrize("asked_for", ["decoder", "dec*"])
def test_one_layer(asked_for: str) -> None:
    """One that is named is converted alone, and its names begin with nothing."""
    done = convert(drawn(MODEL), "keras", layers=[asked_for])
    assert list(done.arrays) == [f"layer_0/lstm_cell/{name}" for name in list(KERAS)[:2]]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("encodr", "no LSTM 'encodr': did you mean 'encoder'?"),
        ("x", r"no LSTM 'x' \(there is encoder, decoder\)"),
    ],
)
def test_no_such_layer(layer: str, message: str) -> None:
    """A name that no LSTM has is told with those there are."""
    with pytest.raises(ConvertError, match=message):
        convert(drawn(MODEL), "keras", layers=[layer])


def test_rest() -> None:
    """The rest is copied as it is where that is asked for, and no name is written over."""
    state = drawn(MODEL)
    done = convert(state, "keras", keep_rest=True)
    assert done.arrays["head.weight"] is not None
    assert np.array_equal(done.arrays["embed.weight"], state["embed.weight"])
    state["decoder/layer_0/lstm_cell/kernel"] = np.ones(3, np.float32)
    with pytest.raises(ConvertError, match="the rest of the state has a name of a converted"):
        convert(state, "keras", keep_rest=True)


def test_stack() -> None:
    """Layers that feed each other become one stack, of the same numbers; others are told."""
    wide = {"kernel": (4, 16), "recurrent_kernel": (4, 16), "bias": (16,)}
    state = drawn({**named("a/lstm_cell/", KERAS), **named("b/lstm_cell/", wide)})
    done = convert(state, "torch", stack=True)
    assert list(done.arrays) == [name for n in "01" for name in lettered(f"l{n}", 4)]
    (one,) = done.layers
    assert one.found.dimensions.num_layers == 2
    call = asked(one.found)
    first, *_ = call.sample.weights
    assert np.array_equal(first.input_weights[0, 0], state["a/lstm_cell/kernel"][:, :4].T)
    again = results(dict(done.arrays), "torch")
    assert np.allclose(again["output"], call.expected["output"])
    with pytest.raises(ConvertError, match="b reads 3 features, and a gives 4: they are no stack"):
        convert(
            drawn({**named("a/lstm_cell/", KERAS), **named("b/lstm_cell/", KERAS)}),
            "torch",
            stack=True,
        )


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "bool", "complex64"])
def test_no_numbers_of_an_lstm(dtype: str) -> None:
    """Whole numbers and complex ones are refused, never summed."""
    state = {name: one.astype(dtype) for name, one in drawn(lettered("l0")).items()}
    with pytest.raises(ConvertError, match=f"weight_ih_l0: {dtype}, "):
        convert(state, "keras")


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
def test_dtype_is_kept(dtype: Any) -> None:
    """Numbers are handed out in the dtype that came."""
    state = {name: one.astype(dtype) for name, one in drawn(lettered("l0")).items()}
    done = convert(state, "keras")
    assert {one.dtype for one in done.arrays.values()} == {np.dtype(dtype)}


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2", "V1"])
def test_eight_bits(kind: str) -> None:
    """Numbers of eight bits, and what is no number, are told as such, in a listing too."""
    dtype = np.dtype("V1") if kind == "V1" else np.dtype(getattr(ml_dtypes, kind))
    state = {name: np.zeros(one.shape, dtype) for name, one in drawn(lettered("l0")).items()}
    told = "which is no number" if kind == "V1" else f"{kind}, eight bits a number, as of a quant"
    with pytest.raises(ConvertError, match=told):
        convert(state, "keras")
    assert told in find_layers(state).refused[""]


def test_mixed_dtypes() -> None:
    """Of two narrow dtypes, neither of which holds the other, comes one that holds both."""
    state = drawn(lettered("l0"))
    state["weight_ih_l0"] = state["weight_ih_l0"].astype(ml_dtypes.bfloat16)
    state["weight_hh_l0"] = state["weight_hh_l0"].astype(np.float16)
    narrow = {name: one for name, one in state.items() if name.startswith("weight")}
    for given in (state, narrow):
        made = convert(given, "keras").arrays
        assert {one.dtype for one in made.values()} == {np.dtype(np.float32)}


def test_overflow() -> None:
    """A sum that the dtype cannot hold is refused; a large one that it can is right."""
    state = {name: one.astype(np.float16) for name, one in drawn(lettered("l0")).items()}
    state["bias_ih_l0"][3] = state["bias_hh_l0"][3] = 40_000
    with pytest.raises(ConvertError, match=r"bias: 80000 is more than float16 holds"):
        convert(state, "keras")
    assert convert(state, "paddle")  # which adds nothing


def test_no_number() -> None:
    """NaN and infinities are told, and kept."""
    state = drawn(lettered("l0"))
    state["weight_ih_l0"][0, 0], state["bias_hh_l0"][1] = np.nan, np.inf
    done = convert(state, "keras")
    assert "the layer: weight_ih_l0: 1 NaN of 48 numbers" in done.notes
    assert "the layer: bias_hh_l0: 1 infinite of 16 numbers" in done.notes
    assert np.isnan(done.arrays["layer_0/lstm_cell/kernel"]).sum() == 1


@pytest.mark.parametrize("split", [False, True])
def test_two_biases_of_one(split: bool) -> None:
    """The second bias is zero, or both are half; their sum is the one there was."""
    state = drawn(named("lstm/lstm_cell/", KERAS))
    got = convert(state, "torch", split_bias=split).arrays
    first, second = got["bias_ih_l0"], got["bias_hh_l0"]
    assert np.array_equal(first + second, state["lstm/lstm_cell/bias"])
    assert np.array_equal(second, first if split else np.zeros(16, np.float32))


def test_layer_without_a_bias() -> None:
    """Where every layer has a bias, one without has zeros."""
    got = convert(drawn(CELL), "haiku", "torch").arrays
    assert got["stack/layer_0/linear/b"].shape == (16,)
    zeros = np.zeros(16)
    zeros[8:12] = -1  # of the forget gate, to which one is added as it runs
    assert np.array_equal(got["stack/layer_0/linear/b"], zeros)


CONFIGURED = [
    ({"activation": "relu"}, "activation relu, where the standard LSTM has tanh"),
    ({"recurrent_activation": "hard_sigmoid"}, "recurrent_activation hard_sigmoid"),
    (
        {"activation": {"class_name": "function", "config": "gelu"}},
        "activation gelu, where the standard LSTM has tanh",
    ),
    ({"clip": 0.5}, "clip 0.5"),
    ({"input_forget": 1}, "input_forget 1"),
    ({"peepholes": "P"}, "peepholes p"),
    ({"activations": ["Sigmoid", "Relu", "Tanh"]}, "activations Sigmoid, Relu, Tanh"),
    ({"class_name": "GRU"}, "a GRU"),
]


@pytest.mark.parametrize(("options", "message"), CONFIGURED)
def test_no_standard_lstm(options: dict[str, Any], message: str) -> None:
    """A layer that its file describes as another one is refused with the reason."""
    state = drawn(named("model/encoder/lstm_cell/", KERAS))
    saved = Saved(state, {"encoder": options, "other": {"activation": "relu"}})
    with pytest.raises(ConvertError, match=f"model/encoder is not the standard LSTM: {message}"):
        convert(saved, "torch")


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "tanh", "recurrent_activation": "sigmoid", "clip": None},
        {"activations": ["Sigmoid", "Tanh", "Tanh"] * 2, "input_forget": 0},
        {"activation": {"class_name": "tanh"}},
    ],
)
def test_standard_lstm(options: dict[str, Any]) -> None:
    """One that is described as the standard one is converted, and that is said."""
    saved = Saved(drawn(named("encoder/lstm_cell/", KERAS)), {"encoder": options})
    assert convert(saved, "torch").told["activations"].endswith(", as the file says")
    bare = convert(dict(saved.arrays), "torch").told
    assert bare["activations"].endswith("presumed: weights do not say")
    assert bare["gates"] == "i f g o"


def test_what_is_to_be_built_alike() -> None:
    """Options that no weights hold are told."""
    state = drawn(named("encoder/lstm_cell/", KERAS))
    saved = Saved(state, {"encoder": {"go_backwards": True, "stateful": True}})
    assert list(convert(saved, "torch").notes) == [
        "encoder: it reads its input backwards",
        "encoder: it keeps its state from call to call",
    ]


@pytest.mark.parametrize("target", ["keras", "torch", "haiku", "nnx", "onnx", "openvino-sequence"])
@pytest.mark.parametrize("layer", [Layer(), Layer(bidirectional=True)], ids=["one", "both"])
def test_same_numbers(target: str, layer: Layer) -> None:
    """The reference gives with the output what it gives with the input."""
    shapes = {k: one for k, one in STACK.items() if layer.bidirectional or "_l0" in k}
    shapes = {k: one for k, one in shapes.items() if layer.bidirectional or "reverse" not in k}
    state = drawn(shapes)
    before, after = results(state, "torch"), results(dict(convert(state, target).arrays), target)
    for name, one in before.items():
        assert np.allclose(after[name], one, atol=1e-6)


BESIDE = {
    "normalized": {"r.ln_ih.weight": (16,), "r.ln_c.bias": (4,)},
    "peepholes": {"r.weight_peephole": (3, 4)},
    "low-rank": {"r.lora_A": (2, 3), "r.lora_B": (16, 2)},
    "half-a-direction": {"r.weight_ih_l0_reverse": (16, 3)},
    "initial-state": {"r.h_0": (1, 4)},
}


@pytest.mark.parametrize("kind", BESIDE)
def test_more_than_an_lstm(kind: str) -> None:
    """What lies beside the weights of a layer would change its numbers: that is told by name."""
    state = drawn({**named("r.", lettered("l0")), **BESIDE[kind]})
    name = next(iter(BESIDE[kind]))
    with pytest.raises(ConvertError, match=f"r is not the standard LSTM: beside its .* {name}"):
        convert(state, "keras")
    listing = find_layers(state)
    assert name in listing.refused["r"]
    assert listing.hints == ()
    if kind in ("half-a-direction", "initial-state"):  # in a state without folders as well
        bare = {one.removeprefix("r."): array for one, array in state.items()}
        with pytest.raises(ConvertError, match="the layer is not the standard LSTM: beside"):
            convert(bare, "keras")


def test_more_in_a_cell() -> None:
    """What lies deeper in the folder of a cell is its own, what lies beside a layer is not."""
    state = drawn({**named("net/lstm/lstm_cell/", KERAS), "net/lstm/lstm_cell/norm/gamma": (16,)})
    with pytest.raises(ConvertError, match="net/lstm is not the standard LSTM: beside its weights"):
        convert(state, "torch")
    state = drawn({**named("net/lstm/lstm_cell/", KERAS), "net/layer_norm/gamma": (16,)})
    assert convert(state, "torch").arrays
    state = drawn({**named("layers/lstm/cell/vars/", VARS), "layers/lstm/cell/ln/vars/0": (16,)})
    with pytest.raises(ConvertError, match="layers/lstm is not the standard LSTM: beside its"):
        convert(state, "torch")


def test_counts_beside() -> None:
    """Whole numbers beside a layer, as the state of its random numbers, are no part of it."""
    state: dict[str, Any] = drawn(named("lstm/lstm_cell/", KERAS))
    state["lstm/lstm_cell/seed"] = np.arange(2, dtype=np.uint32)
    state["lstm/lstm_cell/step"] = np.float32(3)
    state["optimizer/lstm/lstm_cell/gamma"] = np.ones(16, np.float32)
    assert convert(state, "torch").arrays


def test_cells_in_a_loop() -> None:
    """What runs cells is no plain layer for its name: each cell says what it is."""
    state = drawn(named("rnn/cell/cells/lstm_cell/vars/", VARS))
    options = {"class_name": "RNN", "cell": {"class_name": "LSTMCell"}}
    assert convert(Saved(state, {"rnn": options}), "torch").arrays
    with pytest.raises(ConvertError, match="is not the standard LSTM: a RNN"):
        convert(Saved(state, {"rnn": {"class_name": "RNN"}}), "torch")


def test_given_states() -> None:
    """States that a graph begins with are told, for no weight holds them."""
    state = drawn({"n/W": (1, 16, 3), "n/R": (1, 16, 4), "n/B": (1, 32)})
    saved = Saved(state, {"n": {"class_name": "LSTM", "initial": ["h", "c"]}})
    told = convert(saved, "torch", "onnx").notes
    assert told == ("n: its states begin with h, c, which the weights do not hold",)


def test_name_in_a_description() -> None:
    """A layer is also asked for by the name that its model's description has for it."""
    state = drawn({**named("layers/lstm/cell/vars/", VARS), "layers/dense/vars/0": (4, 2)})
    state |= drawn(named("layers/lstm_1/cell/vars/", VARS))
    options = {"layers/lstm": {"name": "encoder"}, "layers/lstm_1": {"name": "decoder"}}
    saved = Saved(state, options)
    assert [one.called for one in find_layers(saved).chosen] == [("encoder",), ("decoder",)]
    (one,) = convert(saved, "torch", layers=["decoder"]).layers
    assert one.found.where == "layers/lstm_1"
    with pytest.raises(ConvertError, match=r"no LSTM 'decodr': did you mean 'decoder'\?"):
        convert(saved, "torch", layers=["decodr"])
