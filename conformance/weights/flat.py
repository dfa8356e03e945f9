"""All weights of an LSTM in one vector, as a GPU's kernels take them: made into weights by name."""

import re
from typing import Any

import numpy as np

from adapters.contract import Convention, Layer
from conformance.convention.convention import parameter_laws
from conformance.lstm.case import Dimensions
from conformance.weights.chosen import ConvertError
from conformance.weights.conversion import order

SIZES = "INPUT,HIDDEN,LAYERS,DIRECTIONS"


def sizes(text: str) -> tuple[Layer, Dimensions]:
    """The layer that ``3,4,2,1`` says. Raises ConvertError."""
    if not re.fullmatch(r"\d{1,6},\d{1,6},\d{1,3},[12]", text):
        raise ConvertError(f"--flat {text}: {SIZES} is due, as 3,4,2,1")
    width, hidden, layers, directions = map(int, text.split(","))
    return Layer(bidirectional=directions == 2), Dimensions(1, 1, width, hidden, max(layers, 1))


def parted(
    vector: Any, convention: Convention, layer: Layer, dimensions: Dimensions
) -> dict[str, Any]:
    """The weights in a vector, by the convention's names.

    All weights come first, layer by layer and direction by direction, then all biases likewise.
    Raises ConvertError where the vector has another number of numbers.
    """
    laws = parameter_laws(convention, layer, dimensions)
    names = sorted(order(convention, layer, dimensions), key=lambda name: len(laws[name].shape) < 2)
    counts = [int(np.prod(laws[name].shape)) for name in names]
    if vector.ndim != 1 or vector.size != sum(counts):
        text = f"{vector.size:,} numbers of {vector.ndim} axes"
        raise ConvertError(f"{text}, where an LSTM of those sizes is one vector of {sum(counts):,}")
    parts = np.split(vector, np.cumsum(counts)[:-1])
    return {name: part.reshape(laws[name].shape) for name, part in zip(names, parts, strict=True)}
