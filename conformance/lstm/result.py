"""The canonical shape of every result that a layer owes."""

from conformance.lstm.case import Dimensions, Layer, Shape, sizes
from conformance.lstm.law import Law
from conformance.lstm.pattern import canonical


def result_shapes(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """``output``, and ``h_n`` and ``c_n`` where the layer returns them, in canonical order."""
    axes = sizes(layer, dimensions)
    results = {"output": "output" if layer.return_sequences else "last"}
    if layer.return_state:
        results |= {"h_n": "h_n", "c_n": "c_n"}
    return {name: Law(canonical(form, layer), axes).shape for name, form in results.items()}
