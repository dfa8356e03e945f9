"""Keras 3: a stack of ``LSTM`` layers, or of ``Bidirectional`` ones around them.

What holds on every backend. An adapter chooses its backend and then imports this module, for Keras
reads the choice but once. What its backend does in its own way it hands to `run`: how a call is
compiled, and how it is differentiated.

A layer with ``return_state=True`` hands its user a flat tuple: the output, then h and c, and for a
bidirectional one forward h, forward c, backward h, backward c. ``initial_state`` takes the states
in that order. ``return_sequences=False`` is the default and drops the time axis of the output; of
a bidirectional layer it then joins both directions' final states, where ``output[:, -1]`` of the
sequence would not. There is no multi-layer LSTM: all but the last layer of a stack must return
sequences. A gate has one bias, and the forget gate's starts at 1. ``hard_sigmoid`` is x/6 + 0.5,
cut to 0 and 1, where it was 0.2x + 0.5 in Keras 2 (https://github.com/tensorflow/tensorflow/issues/65381).

``go_backwards`` returns the reversed sequence, so the next layer of a stack turns it around again.
Sequences have no lengths but a mask: a masked step repeats the output before it, and is zero in
the sequences of a ``Bidirectional``. A mask that travels with its tensor is lost where an
``initial_state`` is given, so each layer is handed its own; and a layer that goes backwards hands
on its mask as it came, beside a sequence that is turned around. ``Bidirectional`` has a dtype
apart from that of the layer in it, and casts to it. ``Model.predict`` rounds what it is fed to
``keras.config.floatx()``, of a float64 model too. In a loaded model the paths of weights lack the
name of the ``Bidirectional``.
"""

import io
import math
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from inspect import signature
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import keras
import numpy as np

from adapters.contract import (
    ANY,
    SMALL,
    WIDE,
    Array,
    Convention,
    Dimensions,
    File,
    Gap,
    Layer,
    Line,
    Native,
    Results,
    Shape,
    Spelling,
    dropped,
    open_gates,
    outline,
    promoted,
    stacked,
)

# In older releases it has no name at the top, and several beneath.
POLICY = getattr(keras, "DTypePolicy", None) or keras.mixed_precision.DTypePolicy

Tensors: TypeAlias = Mapping[str, Any]
Stack: TypeAlias = list[keras.Layer]
Call: TypeAlias = Callable[[Tensors], list[Any]]  # what each layer returns, from inputs by name
Named: TypeAlias = Callable[[Tensors], Results]  # the same, as results by name
Compile: TypeAlias = Callable[[Call, Stack], Call]
# Of a call, its inputs and the stack's weights: the results, and from the cotangents of those the
# gradients of all inputs and weights. The field calls it a vector-Jacobian product.
Vjp: TypeAlias = Callable[
    [Named, Tensors, Mapping[str, keras.Variable]], tuple[Results, Callable[[Tensors], Tensors]]
]

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "lengths": Native("lengths", "batch"),
        "mask": Native("mask", "batch time"),
        "first": Native("first", "batch time input"),
        "h_0": Native("layer_{layer}{direction}/state_h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/state_c", "batch cell"),
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("layer_{layer}{direction}/state_h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}/state_c", "batch cell"),
        "last": Native("output", "batch (direction hidden)"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}/lstm_cell/kernel", "input (gate cell)"),
        "recurrent_weights": Native(
            "layer_{layer}{direction}/lstm_cell/recurrent_kernel", "hidden (gate cell)"
        ),
        "bias": Native("layer_{layer}{direction}/lstm_cell/bias", "(gate cell)"),
    },
    gates="ifgo",
    directions=(("",), ("/forward_lstm", "/backward_lstm")),
    source="https://keras.io/api/layers/recurrent_layers/lstm/",
    loader="""for number, layer in enumerate(layers):
    both = "Bidirectional" in type(layer).__name__
    layer.set_weights([
        weights[name]
        for way in (("/forward_lstm", "/backward_lstm") if both else ("",))
        for kind in ("kernel", "recurrent_kernel", "bias")
        if (name := f"layer_{number}{way}/lstm_cell/{kind}") in weights
    ])""",
    spellings=(
        Spelling(
            "variable.path, and .h5 of a model",
            {
                "input_weights": Native("{direction}*/lstm_cell*/kernel", "input (gate cell)"),
                "recurrent_weights": Native(
                    "{direction}*/lstm_cell*/recurrent_kernel", "hidden (gate cell)"
                ),
                "bias": Native("{direction}*/lstm_cell*/bias", "(gate cell)"),
            },
            directions=(("",), ("forward_", "backward_")),
        ),
        Spelling(
            ".weights.h5 and .keras",
            {
                "input_weights": Native("{direction}cell/vars/0", "input (gate cell)"),
                "recurrent_weights": Native("{direction}cell/vars/1", "hidden (gate cell)"),
                "bias": Native("{direction}cell/vars/2", "(gate cell)"),
            },
            directions=(("",), ("forward_layer/", "backward_layer/")),
        ),
        Spelling(
            ".weights.h5 and .keras, of RNN([LSTMCell])",
            {
                "input_weights": Native("lstm_cell*/vars/0", "input (gate cell)"),
                "recurrent_weights": Native("lstm_cell*/vars/1", "hidden (gate cell)"),
                "bias": Native("lstm_cell*/vars/2", "(gate cell)"),
            },
        ),
        Spelling(
            "an older layer, without a cell of its own",
            {
                "input_weights": Native("{direction}*/kernel", "input (gate cell)"),
                "recurrent_weights": Native("{direction}*/recurrent_kernel", "hidden (gate cell)"),
                "bias": Native("{direction}*/bias", "(gate cell)"),
            },
            directions=(("",), ("forward_", "backward_")),
        ),
    ),
    files=(
        File(
            ".npz",
            "arrays",
            save="np.savez(FILE, **{one.path: one.numpy() for one in model.weights})",
            load="state = dict(np.load(FILE))",
        ),
        File(
            ".h5",
            "hdf5",
            save='model.save_weights("model.weights.h5")',
            load="state = {}; h5py.File(FILE).visititems(lambda name, one: state.update("
            "{name: one[()]} if isinstance(one, h5py.Dataset) else {}))",
        ),
    ),
    sequence="model.get_weights()",
)

TIME_DISTRIBUTED = "https://keras.io/api/layers/recurrent_layers/time_distributed/"
BUILT: tuple[Line | str, ...] = (  # of a snippet, behind the imports
    "",
    "lstm = keras.layers.LSTM(",
    "    $hidden_units,",
    Line("    return_sequences=True,", {"return_sequences": True}),
    Line("    return_state=True,", {"return_state": True}),
    Line("    use_bias=False,", {"bias": False}),
    Line("    go_backwards=True,", {"reverse": True}),
    ")",
    Line(
        'lstm = keras.layers.Bidirectional(lstm, merge_mode="$merge")',
        {"bidirectional": True, "merge": ("concat", "sum", "mul", "ave")},
    ),
    Line("lstm = keras.layers.Bidirectional(lstm, merge_mode=None)", {"merge": "none"}),
    'x = np.zeros(($batch_size, $time_steps, $embedding_dim), "float32")',
    Line(
        "lengths = np.full(($batch_size, 1), $time_steps)  # of each sequence",
        {"lengths": "given"},
    ),
    Line(
        'mask = np.ones(($batch_size, $time_steps), "bool")  # False where a step is left out',
        {"mask": "given"},
    ),
    Line('zeros = np.zeros(($batch_size, $hidden_units), "float32")', {"initial_state": "given"}),
)
NAMED: tuple[Line | str, ...] = (  # of what is returned, the results
    Line(
        'results = {"output": returned}',
        {"return_state": False, "merge": ("concat", "sum", "mul", "ave")},
    ),
    Line("forward, backward = returned", {"return_state": False, "merge": "none"}),
    Line("output, state_h, state_c = returned", {"return_state": True, "bidirectional": False}),
    Line(
        "output, forward_h, forward_c, backward_h, backward_c = returned",
        {"return_state": True, "bidirectional": True, "merge": ("concat", "sum", "mul", "ave")},
    ),
    Line(
        "forward, backward, forward_h, forward_c, backward_h, backward_c = returned",
        {"return_state": True, "merge": "none"},
    ),
    Line(
        'results = {"output/forward_lstm": forward, "output/backward_lstm": backward}',
        {"merge": "none"},
    ),
    Line(
        'results = {"output": output}',
        {"return_state": True, "merge": ("concat", "sum", "mul", "ave")},
    ),
    Line(
        'results |= {"layer_0/state_h": state_h, "layer_0/state_c": state_c}',
        {"return_state": True, "bidirectional": False},
    ),
    Line(
        'results |= {"layer_0/forward_lstm/state_h": forward_h}\n'
        'results |= {"layer_0/forward_lstm/state_c": forward_c}\n'
        'results |= {"layer_0/backward_lstm/state_h": backward_h}\n'
        'results |= {"layer_0/backward_lstm/state_c": backward_c}',
        {"return_state": True, "bidirectional": True},
    ),
)
CALLED: tuple[Line | str, ...] = (
    "returned = lstm(",
    "    x,",
    Line("    mask=np.arange($time_steps) < lengths,", {"lengths": "given"}),
    Line("    mask=mask,", {"mask": "given"}),
    Line(
        "    initial_state=[zeros, zeros],  # h, c",
        {"initial_state": "given", "bidirectional": False},
    ),
    Line(
        "    initial_state=[zeros, zeros, zeros, zeros],  # h, c of each direction",
        {"initial_state": "given", "bidirectional": True},
    ),
    ")",
    *NAMED,
)
LOADING = "lstm.build(x.shape)", "layers = [lstm]", "$loader"
OPTIONS = (  # of which they speak
    "bias",
    "bidirectional",
    "initial_state",
    "lengths",
    "mask",
    "merge",
    "return_sequences",
    "return_state",
    "reverse",
)

EVERYWHERE = (  # gaps of every backend
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=CONVENTION.source),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="initial_state has h and c, a list of one is refused",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": "time_major"},
        why="time_major was removed in Keras 3",
        source="https://github.com/keras-team/keras/issues/20750",
    ),
    Gap(
        {"layout": "unbatched"},
        why="the input has exactly the axes (batch, timesteps, feature)",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": "extra_batch", "return_state": True},
        why="there is one batch axis; TimeDistributed takes another, but no layer with states",
        source=TIME_DISTRIBUTED,
    ),
    Gap(
        {"layout": "extra_batch", "initial_state": "given"},
        why="TimeDistributed, which takes another batch axis, takes no initial_state",
        source=TIME_DISTRIBUTED,
    ),
    Gap(
        {"layout": "extra_batch", "return_state": False, "initial_state": "zeros"},
        why="TimeDistributed, which takes another batch axis, is not run",
        source=TIME_DISTRIBUTED,
        own=True,
    ),
    Gap(
        {"keep_order": True},
        why="go_backwards always returns the reversed sequence",
        source=CONVENTION.source,
    ),
    Gap(
        {"projection_size": ANY},
        why="h is as wide as c, nothing projects it",
        source="https://github.com/keras-team/keras/issues/1843",
    ),
)
DIFFERENTIATING = (  # of every backend that has gradients
    *EVERYWHERE,
    Gap(
        {"gradients": True, "execution": "predict"},
        why="predict returns NumPy arrays, which nothing differentiates",
        source="https://keras.io/api/models/model_training_apis/#predict-method",
    ),
)


def run(
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
    compiled: Compile,
    vjp: Vjp | None,
) -> Results:
    """Assign `weights` by their paths, call the stack; the output and every layer's states.

    A backend that differentiates nothing has no `vjp`.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    if "first" in inputs:  # which the layer is built by, where it is its first input
        batch, time, _ = inputs["first"].shape
        dimensions = replace(dimensions, batch_size=batch, time_steps=time)
    stack = _stack(layer, dimensions)
    variables = {variable.path: variable for member in stack for variable in member.weights}
    if unmatched := variables.keys() ^ weights.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    for path, variable in variables.items():
        variable.assign(weights[path])
    tensors = tensors_of(layer, inputs)
    first = tensors.pop("first", None)
    properties = {}
    if layer.checkpoint != "none":
        stack, properties["checkpoint"] = _reloaded(layer, dimensions, stack, tensors)
        loaded = [variable for member in stack for variable in member.weights]
        variables = dict(zip(variables, loaded, strict=True))
    call = partial(_call, stack, layer)
    named = partial(_named, compiled(call, stack) if layer.execution == "compiled" else call, layer)
    if layer.execution == "predict":
        named = _predicting(named, of_any_time=first is not None)
    before = tensors
    if first is not None:  # all of its steps count
        before = {n: one for n, one in tensors.items() if n != "mask"} | {"input": first}
    if layer.stateful != "no":
        named = second(named, stack, layer, before)
    elif first is not None:
        named(before)
    if layer.gradients:
        results = differentiated(vjp, named, tensors, variables, inputs)
    else:
        results = named(tensors)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call with symbolic tensors."""
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    inputs = {"input": keras.KerasTensor(shape)}
    if "given" in (layer.lengths, layer.mask):
        inputs["mask"] = keras.KerasTensor(shape[:2], dtype="bool")
    if layer.initial_state == "given":
        for number, (one, own) in enumerate(stacked(layer, dimensions)):
            state = (own.batch_size, own.hidden_units)
            inputs |= {name: keras.KerasTensor(state) for name in state_names(one, number)}
    results = _named(partial(_call, _stack(layer, dimensions), layer), layer, inputs)
    return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every trainable weight by its path."""
    weights = [w for member in _stack(layer, dimensions) for w in member.trainable_weights]
    return {weight.path: tuple(weight.shape) for weight in weights}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Return what ``LSTM(hidden_units)`` is and gives: the last output alone."""
    member = keras.layers.LSTM(dimensions.hidden_units, name="lstm")
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    output = member(np.zeros(shape, np.float32))
    bias = np.asarray(keras.ops.stop_gradient(member.cell.bias.value))
    bias = bias.reshape(len(CONVENTION.gates), -1)
    states = member.cell.get_initial_state(batch_size=dimensions.batch_size)
    return {
        "signature": str(signature(keras.layers.LSTM.__init__)),
        "output_shape": list(output.shape),
        "returns": outline(output, {}),
        "dtype": keras.backend.standardize_dtype(output.dtype),
        "promotes": promoted(
            lambda dtype: keras.backend.standardize_dtype(
                member(keras.ops.zeros(shape, dtype)).dtype
            )
        ),
        "parameters": {weight.path: list(weight.shape) for weight in member.trainable_weights},
        "forget_bias": float(bias[CONVENTION.gates.index("f")].mean()),
        "get_initial_state": [list(state.shape) for state in states],
        "fit": _fitted(dimensions),
    }


def _fitted(dimensions: Dimensions) -> dict[str, str]:
    """What a step of ``Model.fit`` does to the loss, and what loss it and ``evaluate`` tell."""
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    x = np.linspace(-1, 1, math.prod(shape), dtype="float32").reshape(shape)
    y = np.ones((dimensions.batch_size, dimensions.hidden_units), np.float32)
    member = keras.layers.LSTM(dimensions.hidden_units)
    model = keras.Sequential([keras.Input(shape[1:]), member])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = np.square(keras.ops.convert_to_numpy(member(x)) - y).mean()
    try:
        evaluated = model.evaluate(x, y, verbose=0)
        told = model.fit(x, y, batch_size=len(x), verbose=0).history["loss"][0]
    except (NotImplementedError, ValueError) as error:  # a backend that does not train
        return {"exception": type(error).__name__}
    after = np.square(keras.ops.convert_to_numpy(member(x)) - y).mean()
    return {
        "evaluate": "the loss of a call" if np.isclose(evaluated, before) else "another",
        "history": "the loss before the step" if np.isclose(told, before) else "another",
        "loss": "falls" if after < before else "does not fall",
    }


def training(dimensions: Dimensions) -> dict[str, Any]:
    """What a layer with ``dropout`` and ``recurrent_dropout`` drops of its input and of its h.

    Of the h of the step before, so that its first step is left out.
    """
    shape = dimensions.batch_size, dimensions.time_steps, WIDE
    bias = np.repeat(list(open_gates(CONVENTION.gates).values()), WIDE)
    nothing = np.zeros((WIDE, len(bias)))
    read = nothing.copy()
    start = CONVENTION.gates.index("g") * WIDE
    read[:, start : start + WIDE] = SMALL * np.eye(WIDE)

    def output(kernel: Array, recurrent: Array, mode: bool, **options: float) -> Array:
        layer = keras.layers.LSTM(WIDE, return_sequences=True, seed=0, **options)
        layer.build(shape)
        layer.set_weights([kernel, recurrent, bias])
        return keras.ops.convert_to_numpy(layer(np.ones(shape, "float32"), training=mode))

    found = {}
    for name, fed in (("dropout", (read, nothing)), ("recurrent_dropout", (nothing, read))):
        plain = output(nothing, nothing, False)[:, 1:]
        of = dropped(plain, output(*fed, False)[:, 1:], output(*fed, True, **{name: 0.5})[:, 1:])
        off = np.array_equal(output(*fed, False), output(*fed, False, **{name: 0.5}))
        found[name] = {**of, "off_in_evaluation": off}
    return found


@keras.saving.register_keras_serializable("conformance")
def hard_sigmoid_fifth(x: Any) -> Any:
    """The hard sigmoid of Keras 2, which Keras 3 has under no name: a user writes it out."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _build(layer: Layer, dimensions: Dimensions) -> Stack:
    stack: Stack = []
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        name = f"layer_{number}"  # unnamed, the layers of a process count on: lstm, lstm_1 ...
        member: keras.Layer = keras.layers.LSTM(
            own.hidden_units,
            activation=one.activation,
            recurrent_activation=(
                hard_sigmoid_fifth
                if one.recurrent_activation == "hard_sigmoid_fifth"
                else one.recurrent_activation
            ),
            use_bias=one.bias,
            kernel_initializer="zeros",  # every weight is given: there is nothing to draw
            recurrent_initializer="zeros",
            dropout=0.5 * layer.dropout,
            recurrent_dropout=0.5 * layer.dropout,
            return_sequences=layer.return_sequences or number < dimensions.num_layers - 1,
            return_state=layer.return_state,
            go_backwards=one.reverse,
            stateful=layer.stateful != "no",
            unroll=layer.execution == "unrolled",
            dtype=layer.dtype,
            name="lstm" if one.bidirectional else name,
        )
        if one.bidirectional:
            merge = None if one.merge == "none" else one.merge
            member = keras.layers.Bidirectional(member, merge, dtype=layer.dtype, name=name)
        # built for the declared size: otherwise the first input would decide it, right or wrong
        member.build((own.batch_size, own.time_steps, own.embedding_dim))
        stack.append(member)
    return stack


# One is kept, for TensorFlow never gives back all that creating a variable takes.
_stack = lru_cache(maxsize=1)(_build)


def tensors_of(layer: Layer, inputs: Mapping[str, Array]) -> dict[str, Any]:
    """Tensors of the parameters' dtype; of the lengths, the mask that stands for them."""
    dtype = POLICY(layer.dtype).variable_dtype
    others = ("lengths", "mask", *(name for name in inputs if name.startswith("cotangent of ")))
    names = [name for name in inputs if name not in others]
    tensors = {
        name: keras.ops.convert_to_tensor(one, dtype if one.dtype.kind == "f" else None)
        for name, one in inputs.items()
        if name in names
    }
    if layer.lengths == "given":
        mask = np.arange(inputs["input"].shape[1]) < inputs["lengths"][:, None]
        tensors["mask"] = keras.ops.convert_to_tensor(mask)
    if layer.mask == "given":
        tensors["mask"] = keras.ops.convert_to_tensor(inputs["mask"])
    return tensors


def _call(stack: Stack, layer: Layer, inputs: Tensors) -> list[Any]:
    """Return what every layer of the stack returns, each having read the outputs of the last."""
    returned: list[Any] = []
    outputs: tuple[Any, ...] = (inputs["input"],)
    for number, member in enumerate(stack):
        one = layer.at(number)
        names = state_names(one, number)
        given = [inputs[name] for name in names] if names[0] in inputs else None
        sequence = outputs[0] if len(outputs) == 1 else keras.ops.concatenate(outputs, axis=-1)
        mask = inputs.get("mask")
        came = member(sequence, initial_state=given, mask=mask, training=False)
        if one.residual:
            output, *states = _parts(came)
            output = keras.ops.add(output, sequence)
            came = (output, *states) if states else output
        returned.append(came)
        outputs = _parts(came)[: len(_heads(one))]
    return returned


def _named(call: Call, layer: Layer, inputs: Tensors) -> Results:
    """Call the stack: the outputs of its last layer and the states of all, by name."""
    returned = call(inputs)
    results = dict(zip(_heads(layer.at(-1)), _parts(returned[-1]), strict=False))
    for number, one in enumerate(returned):
        own = layer.at(number)
        states = state_names(own, number) if layer.return_state else []
        results |= dict(zip(states, _parts(one)[len(_heads(own)) :], strict=True))
    return Results(results, container=outline(returned[-1], results))


def _parts(returned: Any) -> tuple[Any, ...]:
    return returned if isinstance(returned, tuple) else (returned,)


def _heads(layer: Layer) -> list[str]:
    """Name the outputs, which come before the states."""
    if layer.merge == "none":
        return [f"output{direction}" for direction in CONVENTION.directions[1]]
    return ["output"]


def state_names(layer: Layer, number: int) -> list[str]:
    """Name one layer's states in Keras's order: forward h, forward c, backward h, backward c."""
    directions = CONVENTION.directions[layer.bidirectional]
    return [
        f"layer_{number}{direction}/state_{state}" for direction in directions for state in "hc"
    ]


def second(call: Named, stack: Stack, layer: Layer, inputs: Tensors) -> Named:
    """Call a stateful stack from its reset state; what calls it from what it kept, or reset again.

    `inputs` are those of the first call.

    An initial state that is given takes the place of the kept one: it is fed before that alone.
    """
    for member in stack:
        member.reset_state()
    call(inputs)
    if layer.stateful == "carried":
        return lambda inputs: call(
            {name: inputs[name] for name in ("input", "mask") if name in inputs}
        )
    for member in stack:
        member.reset_state()
    return call


def _model(
    call: Named, inputs: Tensors, of_any_time: bool = False
) -> tuple[keras.Model, list[str]]:
    """Return a functional model of the stack, and the names of its outputs."""
    symbolic = {}
    for name, tensor in inputs.items():
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        shape = tuple(tensor.shape[1:])
        if of_any_time and name == "input":
            shape = None, *shape[1:]
        symbolic[name] = keras.Input(shape, dtype=dtype)
    results = call(symbolic)
    outputs = tuple(results.values()) if len(results) > 1 else results["output"]
    return keras.Model(list(symbolic.values()), outputs, name="stack"), list(results)


def _predicting(call: Named, of_any_time: bool) -> Named:
    """The same by ``Model.predict``, of one model for all calls with the same inputs."""
    models: dict[tuple[str, ...], tuple[keras.Model, list[str]]] = {}

    def predict(inputs: Tensors) -> Results:
        fed = tuple(inputs)
        model, names = models[fed] = models.get(fed) or _model(call, inputs, of_any_time)
        returned = model.predict(list(inputs.values()), verbose=0)
        arrays = returned if isinstance(returned, tuple | list) else [returned]
        results = dict(zip(names, arrays, strict=True))
        return Results(results, container=outline(returned, results))

    return predict


def differentiated(
    vjp: Vjp,
    call: Named,
    tensors: Tensors,
    variables: Mapping[str, keras.Variable],
    inputs: Mapping[str, Array],
) -> Results:
    """The results, and beside them the gradient for every input and weight."""
    fed = {name: tensor for name, tensor in tensors.items() if name != "mask"}
    results, pullback = vjp(lambda fed: call({**tensors, **fed}), fed, variables)
    cotangents = {
        name: keras.ops.convert_to_tensor(inputs[f"cotangent of {name}"], result.dtype)
        for name, result in results.items()
    }
    gradients = {f"gradient of {name}": one for name, one in pullback(cotangents).items()}
    return Results({**results, **gradients}, **results.properties)


def _reloaded(
    layer: Layer, dimensions: Dimensions, stack: Stack, inputs: Tensors
) -> tuple[Stack, dict[str, list[int]]]:
    """Return the stack as it comes out of a file, and the shapes of what the file holds."""

    def model(stack: Stack) -> keras.Model:
        return _model(partial(_named, partial(_call, stack, layer), layer), inputs)[0]

    with tempfile.TemporaryDirectory() as folder:
        if layer.checkpoint == "weights":
            file = Path(folder, "stack.weights.h5")
            model(stack).save_weights(file)
            loaded = _build(layer, dimensions)
            model(loaded).load_weights(file)
            saved = file.read_bytes()
        else:
            file = Path(folder, "stack.keras")
            model(stack).save(file)
            copy = keras.saving.load_model(file)
            loaded = [copy.get_layer(member.name) for member in stack]
            with zipfile.ZipFile(file) as archive:
                saved = archive.read("model.weights.h5")
    return loaded, _shapes(saved)


def _shapes(saved: bytes) -> dict[str, list[int]]:
    """Return the shape of every array in an HDF5 file, by its path there."""
    shapes = {}

    def note(path: str, node: h5py.Group | h5py.Dataset) -> None:
        if isinstance(node, h5py.Dataset):
            shapes[path] = list(node.shape)

    with h5py.File(io.BytesIO(saved)) as file:
        file.visititems(note)
    return shapes
