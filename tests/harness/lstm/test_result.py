"""Results: the canonical shapes that a layer owes."""

from adapters.contract import Dimensions, Layer
from conformance.lstm.result import result_shapes

DIMENSIONS = Dimensions(2, 5, 3, 4, num_layers=3)


def test_with_states() -> None:
    """The output and both final states."""
    wanted = {"output": (2, 5, 8), "h_n": (6, 2, 4), "c_n": (6, 2, 4)}
    assert result_shapes(Layer(bidirectional=True), DIMENSIONS) == wanted


def test_without_states() -> None:
    """The output alone, and of a layer that gives no sequence without time."""
    layer = Layer(return_state=False, return_sequences=False)
    assert result_shapes(layer, DIMENSIONS) == {"output": (2, 4)}


def test_projected() -> None:
    """A projection narrows h and the output, and c stays as wide as the cell."""
    wanted = {"output": (2, 5, 2), "h_n": (3, 2, 2), "c_n": (3, 2, 4)}
    assert result_shapes(Layer(projection_size=2), DIMENSIONS) == wanted
