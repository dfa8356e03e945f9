"""TensorFlow's own operator: ``tf.raw_ops.BlockLSTMV2``, one call a layer.

It reads time-major tensors and hands its user a named tuple of seven, each for every step: the
gates i, f, o and ci, the cell state cs before and co behind its activation, and h. There is no
bias without a bias and no state without a state: zeros stand for them. Input and recurrent weights
lie in one matrix, in which the input's come first. ``seq_len_max`` is one length for the whole
batch. Peepholes are left at zero, and ``cell_clip`` at 0, which does not clip.
"""

import inspect
import os
from collections.abc import Mapping
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import numpy as np
import tensorflow as tf

from adapters.contract import (
    ANY,
    Array,
    Convention,
    Dimensions,
    Gap,
    Layer,
    Native,
    Results,
    Shape,
    Snippet,
    outline,
    promoted,
    stacked,
)

tf.get_logger().setLevel("ERROR")  # it takes one compilation a case for needless retracing

PACKAGES = ("tensorflow|tensorflow-cpu|tf-nightly|tf-nightly-cpu",)
OLDEST = ("tensorflow-cpu==2.21.0",)

DOCS = "https://www.tensorflow.org/api_docs/python/tf/raw_ops/BlockLSTMV2"

CONVENTION = Convention(
    inputs={
        "input": Native("x", "time batch input"),
        "h_0": Native("layer_{layer}{direction}/h_prev", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/cs_prev", "batch cell"),
    },
    results={
        "output": Native("h{direction}", "time batch hidden"),
        "h_n": Native("layer_{layer}{direction}/h", "time batch hidden"),
        "c_n": Native("layer_{layer}{direction}/cs", "time batch cell"),
        "last": Native("layer_{layer}{direction}/h", "time batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}/w", "input (gate cell)", along=0),
        "recurrent_weights": Native("layer_{layer}{direction}/w", "hidden (gate cell)", along=0),
        "bias": Native("layer_{layer}{direction}/b", "(gate cell)"),
    },
    gates="ifgo",
    source=DOCS,
    loader='w, b = (tf.constant(weights[f"layer_{layer}/{name}"]) for name in "wb")',
)

SNIPPET = Snippet(
    (
        "import tensorflow as tf",
        "",
        "x = tf.zeros(($time_steps, $batch_size, $embedding_dim))",
        "w = tf.zeros(($embedding_dim + $hidden_units, 4 * $hidden_units))  # of x, then of h",
        "b = tf.zeros(4 * $hidden_units)",
        "zeros = tf.zeros(($batch_size, $hidden_units))",
        "none = tf.zeros($hidden_units)  # no peepholes",
    ),
    (
        "returned = tf.raw_ops.BlockLSTMV2(",
        "    seq_len_max=tf.constant($time_steps, tf.int64),",
        "    x=x,",
        "    cs_prev=zeros,",
        "    h_prev=zeros,",
        "    w=w,",
        "    wci=none,",
        "    wcf=none,",
        "    wco=none,",
        "    b=b,",
        ")",
        'results = {"h": returned.h, "layer_0/h": returned.h, "layer_0/cs": returned.cs}',
    ),
    options=("initial_state", "layout", "return_sequences", "return_state"),
    fed="tf.constant(array)",
    loading=("layer = 0", "$loader"),
)

GAPS = (
    Gap({"mask": "given"}, why="every step of x counts", source=DOCS),
    Gap({"cell": ANY}, why="cell_clip and use_peephole are not run", source=DOCS, own=True),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids", source=DOCS),
    Gap({"activation": ANY}, why="tanh is in the kernel", source=DOCS),
    Gap({"initial_state": ("h_0", "c_0")}, why="cs_prev and h_prev are both due", source=DOCS),
    Gap({"execution": "unrolled"}, why="the loop over time is the operator's", source=DOCS),
    Gap({"bidirectional": True}, why="the operator reads one way", source=DOCS),
    Gap({"reverse": True}, why="the operator reads one way", source=DOCS),
    Gap({"bias": False}, why="b is due", source=DOCS),
    Gap(
        {"layout": ("unbatched", "extra_batch")},
        why="x has exactly the axes of time, of a batch and of features",
        source=DOCS,
    ),
    Gap({"projection_size": ANY}, why="nothing projects h", source=DOCS),
    Gap({"lengths": "given"}, why="seq_len_max is one length for all sequences", source=DOCS),
    Gap(
        {"dtype": ("float64", "bfloat16", "mixed_bfloat16", "mixed_float16")},
        why="x, the states, w and b are all of half or all of float32",
        source=DOCS,
    ),
    Gap({"dropout": True}, why="an operator drops nothing", source=DOCS),
    Gap({"stateful": ANY}, why="the caller hands the state on", source=DOCS),
    Gap({"execution": "predict"}, why="an operator has no predict", source=DOCS),
    Gap(
        {"checkpoint": ANY},
        why="an operator holds nothing; tf.train.Checkpoint of its arguments is not run",
        source="https://www.tensorflow.org/guide/checkpoint",
        own=True,
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Call the operator for each layer; h and cs of every step of each.

    Raises KeyError where a weight is missing.
    """
    held = {name: tf.convert_to_tensor(one, layer.dtype) for name, one in weights.items()}
    fed = {  # integers, which are to be refused, stay what they are
        name: tf.convert_to_tensor(one, layer.dtype if one.dtype.kind == "f" else None)
        for name, one in inputs.items()
    }
    cotangents = {name: fed.pop(name) for name in list(fed) if name.startswith("cotangent of ")}
    properties = {}

    def call(held: Mapping[str, tf.Tensor], fed: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        leaves = {**fed, **held}
        with tf.GradientTape() as tape:
            tape.watch(list(leaves.values()) if layer.gradients else [])
            returned, results = _stack(layer, dimensions, held, fed)
        properties["container"] = outline(returned, results)
        if layer.gradients:
            asked = {name: one for name, one in results.items() if _of(name) in cotangents}
            gradients = tape.gradient(
                list(asked.values()),
                list(leaves.values()),
                output_gradients=[cotangents[_of(name)] for name in asked],
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
            )
            found = zip(leaves, gradients, strict=True)
            results |= {f"gradient of {name}": one for name, one in found}
        return results

    if layer.execution == "compiled":
        call = tf.function(call, autograph=False)
    results = call(held, fed)
    return Results({name: one.numpy() for name, one in results.items()}, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the graph of a function that is never called."""
    batch = dimensions.batch_size
    shapes: dict[str, Any] = {"x": (dimensions.time_steps, batch, dimensions.embedding_dim)}
    for number, (_, own) in enumerate(stacked(layer, dimensions)):
        units, width = own.hidden_units, own.embedding_dim
        shapes[f"layer_{number}/w"] = (width + units, 4 * units)
        shapes[f"layer_{number}/b"] = (4 * units,)
        if layer.initial_state == "given":
            names = f"layer_{number}/h_prev", f"layer_{number}/cs_prev"
            shapes |= dict.fromkeys(names, (batch, units))
    specs = {name: tf.TensorSpec(shape, layer.dtype) for name, shape in shapes.items()}
    function = tf.function(
        lambda given: _stack(layer, dimensions, given, given)[1], autograph=False
    )
    found = function.get_concrete_function(specs).structured_outputs
    return {name: tuple(one.shape) for name, one in found.items()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the operator, called with zeros for what it has no default of."""
    returned = _zeros(dimensions, "float32")
    return {
        "signature": str(inspect.signature(tf.raw_ops.BlockLSTMV2)),
        "output_shape": list(returned.h.shape),
        "returns": f"{type(returned).__name__}({', '.join(returned._fields)})",
        "dtype": returned.h.dtype.name,
        "promotes": promoted(lambda dtype: _zeros(dimensions, dtype).h.dtype.name),
    }


def _stack(
    layer: Layer, dimensions: Dimensions, held: Mapping[str, Any], fed: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """What the last layer's call returned; by name, the output, and h and cs of each layer."""
    x, results = fed["x"], {}
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        name = f"layer_{number}"
        zeros = tf.zeros((dimensions.batch_size, own.hidden_units), x.dtype)
        peephole = tf.zeros(own.hidden_units, x.dtype)
        returned = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.constant(dimensions.time_steps, tf.int64),
            x=x,
            cs_prev=fed.get(f"{name}/cs_prev", zeros),
            h_prev=fed.get(f"{name}/h_prev", zeros),
            w=held[f"{name}/w"],
            wci=peephole,
            wcf=peephole,
            wco=peephole,
            b=held[f"{name}/b"],
        )
        x = returned.h + x if one.residual else returned.h
        results |= {f"{name}/h": returned.h, f"{name}/cs": returned.cs}
    return returned, {"h": x, **results}


def _zeros(dimensions: Dimensions, dtype: str) -> Any:
    """What the operator makes of zeros, of which x is of `dtype` and the rest of float32."""
    batch, time, width = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    units = dimensions.hidden_units
    state, peephole = np.zeros((batch, units), np.float32), np.zeros(units, np.float32)
    return tf.raw_ops.BlockLSTMV2(
        seq_len_max=np.int64(time),
        x=tf.zeros((time, batch, width), dtype),
        cs_prev=state,
        h_prev=state,
        w=np.zeros((width + units, 4 * units), np.float32),
        wci=peephole,
        wcf=peephole,
        wco=peephole,
        b=np.zeros(4 * units, np.float32),
    )


def _of(name: str) -> str:
    return f"cotangent of {name}"
