"""``.mlmodel``: the recurrent layers of a neural network as Core ML keeps them.

https://apple.github.io/coremltools/mlmodel/Format/NeuralNetwork.html says which field is which. A
layer's weights come out as those of a graph's node: gates in the order i, o, f, g.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.formats import wire
from conformance.formats.saved import Budget, FormatError, Saved

NETWORK, LAYER, WEIGHTS, PARAMETERS = 500, 1, 20, 15
WAYS = {420: 1, 430: 2}  # the fields of a one-way and of a two-way LSTM: their directions
FIRST = {"W": 1, "R": 20, "B": 40}  # the fields of the input gate's; f, g and o follow
GATES = (0, 3, 1, 2)  # of i, f, g, o, in the order i, o, f, g
ACTIVATIONS = {30: "Tanh", 40: "Sigmoid"}
SIGMOID_TANH = ["Sigmoid", "Tanh", "Tanh"]
CLIP = 50_000.0  # the largest cell that the format's own tools leave: no clip that is ever met


def read(data: memoryview) -> Saved:
    """The LSTMs of a network, each by its layer's name. Raises FormatError."""
    budget = Budget()
    arrays: dict[str, Any] = {}
    configuration: dict[str, dict[str, Any]] = {}
    for number, layer in wire.fields(data):
        if number != LAYER:
            continue
        name = ""
        for field, value in wire.fields(wire.message(layer)):
            if field == 1:
                name = wire.text(value)
            elif field in WAYS:
                made, options = _lstm(name, wire.message(value), WAYS[field], budget)
                arrays |= {f"{name}/{letter}": array for letter, array in made.items()}
                configuration[name] = options
    if not arrays:
        raise FormatError("a network without an LSTM")
    return Saved(arrays, configuration)


def _lstm(
    name: str, data: memoryview, ways: int, budget: Budget
) -> tuple[dict[str, Any], dict[str, Any]]:
    parts, sizes, given = [], {}, []
    options: dict[str, Any] = {"class_name": "LSTM"}
    for field, value in wire.fields(data):
        if field in (1, 2):
            sizes[field] = wire.whole(value)
        elif field in (10, 11):
            kind = next((number for number, _ in wire.fields(wire.message(value))), 0)
            given.append(ACTIVATIONS.get(kind, f"activation {kind}"))
        elif field == PARAMETERS:
            options |= dict(_options(wire.message(value)))
        elif field == WEIGHTS:
            parts.append(dict(wire.fields(wire.message(value))))
    options["activations"] = given
    width, hidden = sizes.get(1, 0), sizes.get(2, 0)
    if len(parts) != ways or not width or not hidden:
        raise FormatError(f"{name}: weights of {len(parts)} directions, where {ways} are due")
    shapes = {"W": (hidden, width), "R": (hidden, hidden), "B": (hidden,)}
    made = {}
    for letter, first in FIRST.items():
        if letter == "B" and first not in parts[0]:
            continue
        stack = []
        for part in parts:
            gates = [
                _gate(name, part.get(first + gate, b""), shapes[letter], budget) for gate in GATES
            ]
            stack.append(np.concatenate(gates))
        made[letter] = np.stack(stack)
    if "B" in made:  # one bias a gate, where a node has two
        made["B"] = np.concatenate([made["B"], np.zeros_like(made["B"])], axis=1)
    return made, options


def _options(data: memoryview) -> Iterator[tuple[str, Any]]:
    for field, value in wire.fields(data):
        if field == 30 and value:
            yield "unknown", "one is added to the forget gate's bias"
        elif field == 40 and value:
            yield "peepholes", "weights from the cell to the gates"
        elif field == 50 and value:
            yield "input_forget", 1
        elif field == 60 and (clip := wire.real(value)) < CLIP:
            yield "clip", clip


def _gate(name: str, value: Any, shape: tuple[int, ...], budget: Budget) -> Any:
    """One gate's weights, of float32 or float16. Raises FormatError."""
    budget.take(name, shape, np.dtype("f4"))
    for field, data in wire.fields(wire.message(value)) if value else ():
        if field in (1, 2):
            found = np.frombuffer(wire.message(data), "<f4" if field == 1 else "<f2")
            if found.size == math.prod(shape):
                return found.reshape(shape)
    raise FormatError(f"{name}: a gate without {shape} numbers of 16 or 32 bits")
