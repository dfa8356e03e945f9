"""Rows: the layer and the dimensions that they stand for, and how they are written."""

import pytest

from adapters.contract import Dimensions, Layer
from conformance.casefile.cover import hidden
from conformance.casefile.entry import lengths_of
from conformance.casefile.extreme import EXTREMES, PROJECTION_SIZE
from conformance.casefile.row import entry_lines, extremes_of, identity, layer_of, row_of
from conformance.lstm.agreement import contradictions
from conformance.lstm.distinct import coincidences

every_extreme = pytest.mark.parametrize("name", EXTREMES)
NEEDED = {  # the options that a layer needs to be of a class
    "batch_as_hidden": {"initial_state": "given"},
    "projection_as_hidden": {"projection_size": PROJECTION_SIZE},
    "long_gradients": {"gradients": True},
}


def test_row_of_defaults() -> None:
    """A row that names nothing is a plain layer whose sizes tell its axes apart."""
    assert not any(contradictions(*layer_of({})))
    assert not coincidences(*layer_of({}))
    assert not hidden(*layer_of({}), ())


def test_unbatched() -> None:
    """An unbatched row has one sequence."""
    assert layer_of({"layout": "unbatched"})[1].batch_size == 1


@every_extreme
def test_sizes_are_of_their_class(name: str) -> None:
    """The sizes that are written for an extreme are of its class, and hide what it says alone."""
    layer, dimensions = layer_of({"extreme": name, **NEEDED.get(name, {})})
    assert name in extremes_of(layer, dimensions)
    assert hidden(layer, dimensions, lengths_of(layer, dimensions)) <= EXTREMES[name].hides


@every_extreme
@pytest.mark.parametrize("projection", [0, PROJECTION_SIZE])
def test_projected(name: str, projection: int) -> None:
    """Only one unit needs other sizes where h is projected: the projection is the one."""
    row = {"extreme": name, **NEEDED.get(name, {}), "projection_size": projection}
    held = name in extremes_of(*layer_of(row))
    assert held == (name != "projection_as_hidden" or projection > 0)


@every_extreme
def test_a_usual_row_is_no_extreme(name: str) -> None:
    """The usual sizes are of no class: each class can fail."""
    assert name not in extremes_of(*layer_of(NEEDED.get(name, {})))


@pytest.mark.parametrize(
    ("layer", "dimensions", "row"),
    [
        (Layer(projection_size=2), Dimensions(3, 5, 7, 11, 4), {"num_layers": 2}),
        (Layer(dropout=True), Dimensions(3, 5, 7, 11), {"num_layers": 1, "projection_size": 0}),
    ],
)
def test_row_of(layer: Layer, dimensions: Dimensions, row: dict[str, int]) -> None:
    """Of a size a row says whether it is the larger one."""
    assert row_of(layer, dimensions).items() >= row.items()


def test_identity() -> None:
    """An id has the options that are not as ever, and every size."""
    layer = Layer(bias=False, merge="sum", bidirectional=True)
    assert (
        identity(layer, Dimensions(3, 5, 7, 11))
        == "bidirectional-no-bias-merge-sum-b3-t5-e7-h11-l1"
    )


def test_entry_lines() -> None:
    """An entry has its shapes as literals, and says where its sizes coincide."""
    assert entry_lines(Layer(return_state=False), Dimensions(3, 5, 7, 7)) == [
        "  - id: no-return-state-b3-t5-e7-h7-l1",
        "    dimensions: {batch_size: 3, time_steps: 5, embedding_dim: 7, hidden_units: 7, "
        "num_layers: 1}",
        "    layer: {return_state: false}",
        "    tags: [degenerate]",
        "    expect: {output: [3, 5, 7]}",
    ]
