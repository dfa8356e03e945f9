"""Distinct axes: which sizes hide a swap or a lost axis, told by the names of a case's own keys."""

import pytest

from adapters.contract import GROUP, Dimensions, Layer
from conformance.lstm.distinct import coincidences

NAMES = ("batch_size", "time_steps", "embedding_dim", "hidden_units")
PLAIN = Dimensions(2, 5, 3, 4)


@pytest.mark.parametrize("layer", [Layer(), Layer(bidirectional=True), Layer(layout="unbatched")])
def test_none(layer: Layer) -> None:
    """Sizes that all differ hide nothing."""
    assert coincidences(layer, Dimensions(7, 5, 3, 4, num_layers=9)) == ()


@pytest.mark.parametrize("name", NAMES)
def test_one(name: str) -> None:
    """An axis of size 1 may be broadcast unseen."""
    sizes = dict(zip(NAMES, (7, 5, 3, 4), strict=True)) | {name: 1}
    told = f"{name} is 1, so a lost or broadcast axis would go unseen: change it"
    assert coincidences(Layer(), Dimensions(**sizes)) == (told,)


def test_two_alike() -> None:
    """Two axes of one size can be swapped unseen."""
    told = "time_steps and hidden_units are both 4, so a swap of them would go unseen: change one"
    assert coincidences(Layer(), Dimensions(2, 4, 3, 4)) == (told,)


def test_three_alike() -> None:
    """So can three, and each is named."""
    told = "time_steps, embedding_dim and hidden_units are all 4"
    (found,) = coincidences(Layer(), Dimensions(2, 4, 4, 4))
    assert found.startswith(told)


def test_rows_of_a_state() -> None:
    """The axis of layers and directions is one of them; it alone may be 1."""
    (found,) = coincidences(Layer(bidirectional=True), Dimensions(4, 5, 3, 7, num_layers=2))
    assert found.startswith("batch_size and layer*direction are both 4")


def test_no_batch() -> None:
    """Without a batch axis its size hides nothing."""
    assert coincidences(Layer(layout="unbatched"), Dimensions(1, 5, 3, 4)) == ()


def test_groups() -> None:
    """A second batch axis has a size of its own."""
    (found,) = coincidences(Layer(layout="extra_batch"), Dimensions(GROUP, 5, 3, 4))
    assert found.startswith(f"batch_size and group are both {GROUP}")


def test_projection() -> None:
    """So has what h is projected to."""
    (found,) = coincidences(Layer(projection_size=3), PLAIN)
    assert found.startswith("embedding_dim and projection_size are both 3")
