"""What the adapters of JAX share: a function is traced, compiled, differentiated and saved.

The function is ``lstm(layer, dimensions, weights, inputs)``, of arrays by name; it returns what its
user gets, and by name the arrays in that. One trace gives the shapes, and is what is compiled.
Step by step runs under ``jax.disable_jit``, which turns a scan into a Python loop. Weights are
saved as one ``.npy`` each, for an ``.npz`` of ``jnp.savez`` gives no bfloat16 back; the function
itself by ``jax.export``, which needs flatbuffers.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from adapters import _older
from adapters._older import enable_x64
from adapters.contract import GROUP, Array, Dimensions, Gap, Layer, Results, Shape, outline

try:
    from jax import export
except ImportError:  # see UNEXPORTED
    export = None

jax.config.update("jax_default_matmul_precision", "highest")
jax.config.update("jax_traceback_filtering", "off")  # or its own frames are cut out of errors

UNEXPORTED = Gap(
    {"checkpoint": "model"},
    why="jax.export came with 0.4.30",
    source="https://docs.jax.dev/en/latest/changelog.html",
    versions="jax<0.4.30",
)

Arrays: TypeAlias = Mapping[str, jax.Array]
Call: TypeAlias = Callable[..., dict[str, jax.Array]]
Lstm: TypeAlias = Callable[[Layer, Dimensions, Arrays, Arrays], tuple[Any, dict[str, jax.Array]]]
Shapes: TypeAlias = Mapping[str, Shape]


def hard_sigmoid_fifth(x: jax.Array) -> jax.Array:
    """The hard sigmoid of ONNX and Keras 2, which JAX has not: a user writes it out."""
    return jnp.clip(0.2 * x + 0.5, 0.0, 1.0)


def linear(x: jax.Array) -> jax.Array:
    """What squashes nothing."""
    return x


FUNCTIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "hard_sigmoid_fifth": hard_sigmoid_fifth,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "linear": linear,
    "softsign": jax.nn.soft_sign,
}


def ran(
    lstm: Lstm,
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
) -> Results:
    """Compile `lstm` for the shapes of `weights` and `inputs`, and call it."""
    properties: dict[str, Any] = {}
    eager = layer.execution == "eager"
    with (
        enable_x64(layer.dtype == "float64"),
        jax.disable_jit() if eager else nullcontext(),
    ):
        dtype = _dtype(layer)
        weights = {name: cast(array, dtype) for name, array in weights.items()}
        names = [name for name in inputs if not name.startswith("cotangent of ")]
        fed = {name: cast(inputs[name], dtype) for name in names}
        trace = _trace(lstm, layer, dimensions, _sizes(weights), _sizes(fed))
        call: Call = trace.call
        if layer.checkpoint != "none":
            call, weights, properties["checkpoint"] = _reloaded(layer, trace.call, weights, fed)
        arguments = [weights, fed]
        if layer.gradients:
            call = jax.jit(differentiated(call))
            arguments.append(cotangents(trace.results, inputs))
        results = call(*arguments)
    return Results(results, container=trace.container, **properties)


def inferred(
    lstm: Lstm, layer: Layer, dimensions: Dimensions, weights: Shapes, inputs: Shapes
) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `ran` compiles."""
    with enable_x64(layer.dtype == "float64"):
        trace = _trace(
            lstm, layer, dimensions, tuple(sorted(weights.items())), tuple(sorted(inputs.items()))
        )
    return {name: result.shape for name, result in trace.results.items()}


def batch(layer: Layer, dimensions: Dimensions) -> Shape:
    """The sizes of the batch axes."""
    if layer.layout == "unbatched":
        return ()
    return (GROUP, dimensions.batch_size)[layer.layout != "extra_batch" :]


class _Trace(NamedTuple):
    call: Any  # jitted
    results: dict[str, jax.ShapeDtypeStruct]
    container: str


@lru_cache(maxsize=4)
def _trace(
    lstm: Lstm,
    layer: Layer,
    dimensions: Dimensions,
    weights: tuple[tuple[str, Shape], ...],
    inputs: tuple[tuple[str, Shape], ...],
) -> _Trace:
    containers = []

    def call(weights: Arrays, inputs: Arrays) -> dict[str, jax.Array]:
        returned, results = lstm(layer, dimensions, weights, inputs)
        containers.append(outline(returned, results))
        return results

    jitted = jax.jit(call)
    with jax.disable_jit(False):
        traced = _older.shapes(jitted, _abstract(layer, weights), _abstract(layer, inputs))
    return _Trace(jitted, traced, containers[0])


def cotangents(
    results: Mapping[str, jax.ShapeDtypeStruct], inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """The cotangent of each of `results`, in its dtype: zeros of what was not asked for."""
    return {
        name: cast(inputs[f"cotangent of {name}"], one.dtype)
        if f"cotangent of {name}" in inputs
        else jnp.zeros(one.shape, one.dtype)
        for name, one in results.items()
    }


def differentiated(call: Call) -> Call:
    """`call`, with the cotangents as a third argument and the gradients among the results.

    Integers, as lengths are, stay what they are: nothing is differentiated by them.
    """

    def both(weights: Arrays, inputs: Arrays, cotangents: Arrays) -> dict[str, jax.Array]:
        fixed = {
            name: one for name, one in inputs.items() if jnp.issubdtype(one.dtype, jnp.integer)
        }
        moved = {name: one for name, one in inputs.items() if name not in fixed}
        results, pullback = jax.vjp(
            lambda weights, moved: call(weights, {**moved, **fixed}), weights, moved
        )
        of_weights, of_inputs = pullback(cotangents)
        gradients = {f"gradient of {name}": one for name, one in (of_weights | of_inputs).items()}
        return results | gradients

    return both


def _reloaded(
    layer: Layer, call: Any, weights: Arrays, inputs: Arrays
) -> tuple[Call, dict[str, jax.Array], dict[str, list[int]]]:
    """Save the weights, and a whole model's function; both as loaded, and the names with shapes."""
    with TemporaryDirectory() as folder:
        for name, array in weights.items():
            jnp.save(Path(folder, f"{name}.npy"), array)
        loaded = {file.stem: jnp.load(file) for file in sorted(Path(folder).glob("*.npy"))}
        if layer.checkpoint == "model":
            file = Path(folder, "lstm.jax")
            with jax.disable_jit(False):
                exported = export.export(call)(weights, inputs)
            file.write_bytes(exported.serialize(vjp_order=int(layer.gradients)))
            call = export.deserialize(bytearray(file.read_bytes())).call
    return call, loaded, {name: list(array.shape) for name, array in loaded.items()}


def _dtype(layer: Layer) -> Any:
    """What weights and inputs are of."""
    return jnp.dtype("float32" if "mixed" in layer.dtype else layer.dtype)


def unrolled(layer: Layer, dimensions: Dimensions) -> int:
    """How many steps of a scan stand behind one another in each round of its loop."""
    return max(dimensions.time_steps, 1) if layer.execution == "unrolled" else 1


def cast(array: Array, dtype: Any) -> Array:
    """`array` in `dtype`, were it of float32."""
    return array.astype(dtype) if array.dtype == np.float32 else array


def _sizes(arrays: Mapping[str, Array]) -> tuple[tuple[str, Shape], ...]:
    return tuple(sorted((name, array.shape) for name, array in arrays.items()))


def _abstract(
    layer: Layer, shapes: tuple[tuple[str, Shape], ...]
) -> dict[str, jax.ShapeDtypeStruct]:
    dtypes, dtype = {"seq_lengths": jnp.int32}, _dtype(layer)
    return {name: jax.ShapeDtypeStruct(shape, dtypes.get(name, dtype)) for name, shape in shapes}
