"""Haiku: ``hk.dynamic_unroll`` of an ``hk.LSTM``, for every layer and direction of a stack.

An unroll hands its user ``output_sequence, LSTMState(hidden, cell)``. It is time-major unless told
otherwise. Without a batch axis it begins with ``initial_state(None)``; a second one takes an
``hk.vmap``. ``reverse=True`` reads from the end and leaves the sequence aligned with the input, so
that the final h is its first step. Layers and directions are the user's own: the stack joins both
directions for the next layer, and hands out the last layer's two sequences as the two unrolls
return them. The one matrix of a layer holds the rows of the input before those of the recurrence.
Its gates are i g f o, and 1 is added to the forget gate at run time: a bias from elsewhere needs 1
less there. A layer is as wide as its first input; it always has a bias.

``initial_state`` is always float32 (float64 under x64), and promotes whatever is narrower. Narrow
results take a policy of ``hk.mixed_precision``: on ``hk.LSTM``, for that zero state, and on the
module around it, for a state that is fed. Haiku saves nothing: its parameters are a dict to pickle.
"""

import inspect
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache, partial
from tempfile import TemporaryFile
from typing import Any, TypeAlias

import haiku as hk
import jax
import jax.numpy as jnp
import jmp

from adapters._compilation import keep_compilations as keep_compilations
from adapters._compilation import stages as stages
from adapters._device import DEVICES as DEVICES
from adapters._device import place as place
from adapters._older import enable_x64
from adapters.contract import (
    ANY,
    GROUP,
    Array,
    Convention,
    Dimensions,
    File,
    Gap,
    Layer,
    Native,
    Results,
    Shape,
    Snippet,
    Spelling,
    outline,
    promoted,
    stacked,
)

jax.config.update("jax_default_matmul_precision", "highest")
jax.config.update("jax_traceback_filtering", "off")  # or its own frames are cut out of errors

PACKAGES = ("dm-haiku", "jax", "jaxlib", "jmp")
OLDEST = ("dm-haiku==0.0.12", "jax==0.4.30", "jaxlib==0.4.30", "numpy<2")

Arrays: TypeAlias = Mapping[str, jax.Array]
Params: TypeAlias = Mapping[str, Mapping[str, Any]]

DOCS = "https://dm-haiku.readthedocs.io/en/latest/api.html"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layer_{layer}{direction}/hidden", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/cell", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("layer_{layer}{direction}/hidden", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}/cell", "batch cell"),
        "last": Native("layer_{layer}{direction}/hidden", "batch hidden"),
    },
    weights={
        "input_weights": Native(
            "stack/layer_{layer}{direction}/linear/w", "input (gate cell)", along=0
        ),
        "recurrent_weights": Native(
            "stack/layer_{layer}{direction}/linear/w", "hidden (gate cell)", along=0
        ),
        "bias": Native("stack/layer_{layer}{direction}/linear/b", "(gate cell)"),
    },
    gates="igfo",
    directions=(("",), ("_forward", "_backward")),
    source=f"{DOCS}#haiku.LSTM",
    forget_offset=1.0,
    loader="""params = hk.data_structures.merge(params, {
    f"{module}/linear": {
        name: jnp.asarray(weights[f"stack/{layer}/linear/{name}"]) for name in ("w", "b")
    }
    for layer, module in modules.items()
})""",
    spellings=(
        Spelling(
            "params of hk.LSTM under its own name",
            {
                "input_weights": Native("*lstm*/linear/w", "input (gate cell)", along=0),
                "recurrent_weights": Native("*lstm*/linear/w", "hidden (gate cell)", along=0),
                "bias": Native("*lstm*/linear/b", "(gate cell)"),
            },
        ),
        Spelling(
            "params of hk.LSTM under a name that is given, or of hk.Linear in a module",
            {
                "input_weights": Native("*/linear/w", "input (gate cell)", along=0),
                "recurrent_weights": Native("*/linear/w", "hidden (gate cell)", along=0),
                "bias": Native("*/linear/b", "(gate cell)"),
            },
            sure=False,
        ),
    ),
    files=(
        File(
            ".npz",
            "arrays",
            save="np.savez(FILE, **{f'{module}/{name}': np.asarray(one) "
            "for module, name, one in hk.data_structures.traverse(params)})",
            load="state = dict(np.load(FILE))",
        ),
    ),
)

SNIPPET = Snippet(
    (
        "import haiku as hk\nimport jax\nimport jax.numpy as jnp\n\n",
        "def unrolled(x):",
        "    core = hk.LSTM($hidden_units)",
        "    state = core.initial_state($batch_size)",
        "    return hk.dynamic_unroll(core, x, state, time_major=False)",
        "",
        "",
        "x = jnp.zeros(($batch_size, $time_steps, $embedding_dim))",
        "lstm = hk.without_apply_rng(hk.transform(unrolled))",
        "params = lstm.init(jax.random.key(0), x)",
    ),
    (
        "output, state = lstm.apply(params, x)",
        'results = {"output": output}',
        'results |= {"layer_0/hidden": state.hidden, "layer_0/cell": state.cell}',
    ),
    options=("return_sequences", "return_state"),
    fed="jnp.asarray(array)",
    loading=('modules = {"layer_0": "lstm"}', "$loader"),
)

LSTM, UNROLL = f"{DOCS}#haiku.LSTM", f"{DOCS}#haiku.dynamic_unroll"
GAPS = (
    Gap({"cell": ANY}, why="no core clips, sees c or couples its gates", source=LSTM),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids and nothing else", source=LSTM),
    Gap({"activation": ANY}, why="tanh is fixed, and no argument", source=LSTM),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="a state is an hk.LSTMState of h and c",
        source=LSTM,
    ),
    Gap({"bias": False}, why="hk.LSTM has no option to leave the bias out", source=LSTM),
    Gap({"projection_size": ANY}, why="no recurrent core of Haiku projects its h", source=LSTM),
    Gap(
        {"stateful": ANY},
        why="a core is handed its state and hands out the next, it keeps none",
        source=LSTM,
    ),
    Gap(
        {"reverse": True, "keep_order": False},
        why="a reversed unroll leaves its output aligned with the input",
        source=UNROLL,
    ),
    Gap({"lengths": "given"}, why="hk.dynamic_unroll knows no lengths", source=UNROLL),
    Gap({"mask": "given"}, why="hk.dynamic_unroll knows no mask", source=UNROLL),
    Gap(
        {"merge": ("sum", "mul", "ave")},
        why="two unrolls hand out two sequences, nothing in Haiku joins them",
        source=UNROLL,
    ),
    Gap(
        {"execution": "predict"},
        why="Haiku has functions, no model with a predict",
        source=f"{DOCS}#haiku.transform",
    ),
    Gap(
        {"checkpoint": "model"},
        why="a model is functions, only their parameters can be saved",
        source="https://github.com/google-deepmind/dm-haiku/issues/18",
    ),
)


class Stack(hk.Module):
    """A stack of unrolled cores, one for every layer and direction."""

    def __init__(self, layer: Layer, dimensions: Dimensions) -> None:
        super().__init__(name="stack")
        self.layer, self.dimensions = layer, dimensions

    def __call__(self, inputs: Arrays) -> tuple[str, dict[str, jax.Array]]:
        """Return how the last layer's unrolls hold what they return, and all results by name."""
        layer, x = self.layer, inputs["input"]
        unbatched = layer.layout == "unbatched"
        time_major = unbatched or layer.layout == "time_major"
        batch_axis = 1 if layer.layout in ("time_major", "extra_batch") else 0
        results: dict[str, jax.Array] = {}
        for number, (one, own) in enumerate(stacked(layer, self.dimensions)):
            returned, sequences = [], {}
            for direction in CONVENTION.directions[one.bidirectional]:
                name = f"layer_{number}{direction}"
                core = hk.LSTM(own.hidden_units, name=name)
                reverse = one.reverse or direction == "_backward"
                steps = max(self.dimensions.time_steps, 1) if layer.execution == "unrolled" else 1
                unroll = partial(
                    hk.dynamic_unroll, core, time_major=time_major, reverse=reverse, unroll=steps
                )
                given = layer.initial_state == "given"
                if given:
                    state = hk.LSTMState(inputs[f"{name}/hidden"], inputs[f"{name}/cell"])
                else:
                    state = core.initial_state(None if unbatched else x.shape[batch_axis])
                if layer.layout == "extra_batch":
                    unroll = hk.vmap(unroll, in_axes=(0, 0 if given else None), split_rng=False)
                returned.append(unroll(x, state))
                sequences[f"output{direction}"], (hidden, cell) = returned[-1]
                results |= {f"{name}/hidden": hidden, f"{name}/cell": cell}
            if one.residual:
                sequences = {"output": sequences["output"] + x}
            x = jnp.concatenate(list(sequences.values()), axis=-1)
            if layer.dropout and number < self.dimensions.num_layers - 1:
                x = hk.dropout(jax.random.key(0), 0.0, x)  # its rate is the caller's to turn off
        results |= sequences
        return " and ".join(outline(one, results) for one in returned), results


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Compile the stack for the shapes of `inputs` and call it; every unroll's sequence and state.

    Raises KeyError where a weight is missing or surplus.
    """
    if unmatched := weights.keys() ^ parameters(layer, dimensions).keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    properties: dict[str, Any] = {}
    containers = []

    def call(params: Params, inputs: Arrays) -> dict[str, jax.Array]:
        container, results = _transformed(layer, dimensions).apply(params, inputs)
        containers.append(container)
        return results

    with enable_x64(layer.dtype == "float64"):
        outer, inner = _dtypes(layer)
        params = _nested({name: jnp.asarray(array, outer) for name, array in weights.items()})
        if layer.checkpoint == "weights":
            params = _reloaded(params)
            properties["checkpoint"] = {name: list(one.shape) for name, one in _flat(params)}
        fed: dict[str, jax.Array] = {}
        cotangents: dict[str, jax.Array] = {}
        for name, array in inputs.items():
            if name.startswith("cotangent of "):
                cotangents[name.removeprefix("cotangent of ")] = jnp.asarray(array, inner)
            else:
                fed[name] = jnp.asarray(array, outer if array.dtype.kind == "f" else None)
        function = partial(_differentiated, call) if layer.gradients else call
        arguments = (params, fed, cotangents) if layer.gradients else (params, fed)
        if layer.execution != "eager":
            function = jax.jit(function)
        results = function(*arguments)
    return Results(results, container=containers[0], **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a trace of ``apply``."""
    with enable_x64(layer.dtype == "float64"):
        apply = _transformed(layer, dimensions).apply
        results = jax.eval_shape(
            lambda params, inputs: apply(params, inputs)[1],
            _params(layer, dimensions),
            _declared(layer, dimensions),
        )
    return {name: result.shape for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its module's name and its own."""
    return {name: param.shape for name, param in _flat(_params(layer, dimensions))}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe a core of `dimensions`, unrolled with none of the options that have a default."""
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim

    def unroll(x: jax.Array) -> Any:
        core = hk.LSTM(dimensions.hidden_units)
        return hk.dynamic_unroll(core, x, core.initial_state(x.shape[1]))

    init, apply = hk.without_apply_rng(hk.transform(unroll))
    params = init(jax.random.key(0), jnp.zeros(shape))
    returned = jax.eval_shape(apply, params, jnp.zeros(shape))
    shapes = jax.tree_util.tree_map(lambda part: str(list(part.shape)), returned)
    bias = params["lstm/linear"]["b"].reshape(len(CONVENTION.gates), -1)
    return {
        "signature": str(inspect.signature(hk.LSTM.__init__)),
        "output_shape": list(returned[0].shape),
        "returns": str(shapes).replace("'", ""),
        "dtype": str(returned[0].dtype),
        "promotes": promoted(
            lambda dtype: str(jax.eval_shape(apply, params, jnp.zeros(shape, dtype))[0].dtype)
        ),
        "parameters": {name: list(param.shape) for name, param in _flat(params)},
        "forget_bias": float(bias[CONVENTION.gates.index("f")].mean()) + CONVENTION.forget_offset,
    }


@lru_cache(maxsize=4)
def _params(layer: Layer, dimensions: Dimensions) -> Params:
    """Trace ``init`` for the shapes of the parameters that it would make; no initializer runs."""
    with enable_x64(layer.dtype == "float64"):
        init = _transformed(layer, dimensions).init
        return jax.eval_shape(init, jax.random.key(0), _declared(layer, dimensions))


def _transformed(layer: Layer, dimensions: Dimensions) -> hk.Transformed:
    """Return the stack as a pair of pure functions; a narrow one under its policy."""

    def stack(inputs: Arrays) -> tuple[str, dict[str, jax.Array]]:
        with ExitStack() as policies:
            if layer.dtype not in ("float32", "float64"):
                policy = jmp.get_policy("params={},compute={}".format(*_dtypes(layer)))
                for module in (Stack, hk.LSTM):
                    policies.enter_context(hk.mixed_precision.push_policy(module, policy))
            return Stack(layer, dimensions)(inputs)

    return hk.without_apply_rng(hk.transform(stack))


def _differentiated(
    call: Callable[..., dict[str, jax.Array]], params: Params, inputs: Arrays, cotangents: Arrays
) -> dict[str, jax.Array]:
    """The results of `call`, and beside them the gradient for every parameter and input."""
    results, pullback = jax.vjp(call, params, inputs)
    unasked = {name: jnp.zeros_like(one) for name, one in results.items() if name not in cotangents}
    of_params, of_inputs = pullback({**cotangents, **unasked})
    gradients = dict(_flat(of_params)) | of_inputs
    return results | {f"gradient of {name}": one for name, one in gradients.items()}


def _reloaded(params: Params) -> Params:
    """Pickle the dict of parameters and read it back."""
    with TemporaryFile() as file:
        pickle.dump(params, file)
        file.seek(0)
        return pickle.load(file)


def _nested(params: Mapping[str, Array]) -> Params:
    """Put every parameter under its module, of names like ``stack/layer_0/linear/w``."""
    paths = [(*path.rpartition("/"), array) for path, array in params.items()]
    return hk.data_structures.merge(*({module: {name: one}} for module, _, name, one in paths))


def _flat(params: Params) -> Iterator[tuple[str, Any]]:
    """Name every parameter by its module and itself, in alphabetical order."""
    for module, name, array in hk.data_structures.traverse(params):
        yield f"{module}/{name}", array


def _dtypes(layer: Layer) -> tuple[str, str]:
    """Of parameters and inputs, and of the computation and its results."""
    narrow = layer.dtype.removeprefix("mixed_")
    return ("float32" if layer.dtype.startswith("mixed_") else narrow), narrow


def _declared(layer: Layer, dimensions: Dimensions) -> dict[str, jax.ShapeDtypeStruct]:
    """The inputs that the layer is built for."""
    batch = () if layer.layout == "unbatched" else (dimensions.batch_size,)
    if layer.layout == "extra_batch":
        batch = GROUP, *batch
    time = (dimensions.time_steps,)
    axes = time + batch if layer.layout == "time_major" else batch + time
    shapes: dict[str, Shape] = {"input": (*axes, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        for number, (one, own) in enumerate(stacked(layer, dimensions)):
            for direction in CONVENTION.directions[one.bidirectional]:
                for state in ("hidden", "cell"):
                    shapes[f"layer_{number}{direction}/{state}"] = (*batch, own.hidden_units)
    dtype, _ = _dtypes(layer)
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, shape in shapes.items()}
