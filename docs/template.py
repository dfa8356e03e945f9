"""An adapter to start from: copy it to ``adapters/<name>.py`` and put your framework in.

It runs as it stands, on a cell of NumPy's that takes the place of a framework: say here what the
framework hands its user, in which order, and what surprises. A framework with a layer of its own
calls it once a layer, or once in all, and has no loop over the steps.
"""

from collections.abc import Mapping

import numpy as np  # in its place: the framework

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
    outline,
)

PACKAGES = ("numpy",)  # distributions, the framework's first; constraints.txt pins each
DOCS = "https://numpy.org/doc/stable"  # the page on the layer

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layer_{layer}{direction}/h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/c", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("layer_{layer}{direction}/h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}/c", "batch cell"),
        "last": Native("layer_{layer}{direction}/h", "batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}/w", "input (gate cell)"),
        "recurrent_weights": Native("layer_{layer}{direction}/r", "hidden (gate cell)"),
        "bias": Native("layer_{layer}{direction}/b", "(gate cell)"),
    },
    gates="ifgo",
    source=DOCS,
    loader="weights = dict(numpy.load(file))",
)

GAPS = (  # delete a line once the adapter runs that option
    Gap({"bidirectional": True}, why="a cell reads one way", source=DOCS),
    Gap({"bias": False}, why="every cell has a bias", source=DOCS),
    Gap({"reverse": True}, why="a cell reads one way", source=DOCS),  # or {"keep_order": True}
    Gap({"initial_state": ("h_0", "c_0")}, why="a state is a pair", source=DOCS),
    Gap({"layout": ANY}, why="an input has the axes (batch, time, input)", source=DOCS),
    Gap({"projection_size": ANY}, why="nothing projects h", source=DOCS),
    Gap({"lengths": "given"}, why="a cell knows no lengths", source=DOCS),
    Gap({"mask": "given"}, why="a cell knows no mask", source=DOCS),
    Gap({"dtype": ANY}, why="it is computed in float32", source=DOCS),
    Gap({"gradients": True}, why="NumPy does not differentiate", source=DOCS),
    Gap({"dropout": True}, why="there is no dropout", source=DOCS),
    Gap({"stateful": ANY}, why="the caller carries the state", source=DOCS),
    Gap({"execution": ANY}, why="there is one way to call it", source=DOCS),
    Gap({"recurrent_activation": ANY}, why="gates are sigmoids", source=DOCS),
    Gap({"activation": ANY}, why="tanh is written into the cell", source=DOCS),
    Gap({"cell": ANY}, why="the cell is the plain one", source=DOCS),
    Gap({"layers": ANY}, why="all layers of a stack are alike", source=DOCS),
    Gap({"residual": True}, why="nothing is added to what a layer hands out", source=DOCS),
    Gap({"checkpoint": ANY}, why="numpy.savez is not run", source=DOCS, own=True),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Call the stack; the output sequence and every layer's h and c.

    Raises ValueError where an input or a weight has another shape.
    """
    sequence, states = inputs["input"], {}
    zeros = np.zeros((dimensions.batch_size, dimensions.hidden_units), np.float32)
    for number in range(dimensions.num_layers):
        name = f"layer_{number}"
        h, c = inputs.get(f"{name}/h", zeros), inputs.get(f"{name}/c", zeros)
        if h.shape != zeros.shape or c.shape != zeros.shape or sequence.ndim != 3:
            raise ValueError(f"{name}: h {h.shape}, c {c.shape}, input {sequence.shape}")
        steps = np.empty((*sequence.shape[:2], dimensions.hidden_units), np.float32)
        for time in range(sequence.shape[1]):
            x = sequence[:, time]
            h, c = _cell({part: weights[f"{name}/{part}"] for part in "wrb"}, x, h, c)
            steps[:, time] = h
        sequence = steps
        states |= {f"{name}/h": h, f"{name}/c": c}
    results = {"output": sequence, **states}
    return Results(results, container=outline((sequence, (h, c)), results))


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter; of up to 8,192 units, so compute nothing here."""
    width, hidden, shapes = dimensions.embedding_dim, dimensions.hidden_units, {}
    for number in range(dimensions.num_layers):
        parts = {"w": (width, 4 * hidden), "r": (hidden, 4 * hidden), "b": (4 * hidden,)}
        shapes |= {f"layer_{number}/{part}": shape for part, shape in parts.items()}
        width = hidden
    return shapes


def _cell(weights: Mapping[str, Array], x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    gates = np.split(x @ weights["w"] + h @ weights["r"] + weights["b"], 4, axis=-1)
    i, f, o = (1 / (1 + np.exp(-gates[place])) for place in (0, 1, 3))
    c = f * c + i * np.tanh(gates[2])
    return o * np.tanh(c), c
