"""What an adapter says of dropout in training, of outputs that are made up here."""

from types import SimpleNamespace

import numpy as np
import pytest

from adapters.contract import dropped
from conformance.process import child
from tests.harness.process.test_child import REQUEST

RANDOM = np.random.default_rng(0)
MASKS = {  # what a mask is drawn for, as it is told
    (True, True): (3, 5, 16),
    (False, True): (3, 1, 16),
    (True, False): (1, 5, 16),
    (False, False): (1, 1, 16),
}


@pytest.mark.parametrize(("each", "shape"), MASKS.items(), ids=str)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_masks(each: tuple[bool, bool], shape: tuple[int, ...], scale: float) -> None:
    """It is told for what a mask is drawn, and what the kept numbers are multiplied by."""
    kept = np.broadcast_to(RANDOM.random(shape) < 0.5, (3, 5, 16))
    without, tensor = np.full((3, 5, 16), 0.4), np.full((3, 5, 16), 0.01)
    assert dropped(without, without + tensor, without + scale * kept * tensor) == {
        "dropped": True,
        "scale": scale,
        "mask_of_each_step": each[0],
        "mask_of_each_sequence": each[1],
    }


def test_nothing_is_dropped() -> None:
    """Where training gives what evaluation does, nothing is dropped."""
    without, evaluated = np.full((3, 5, 16), 0.4), np.full((3, 5, 16), 0.41)
    assert dropped(without, evaluated, evaluated) == {"dropped": False}


def test_asked() -> None:
    """An adapter is asked where a case records it, and one without the function is not."""
    adapter = SimpleNamespace(training=lambda dimensions: {"units": dimensions.hidden_units})
    assert dict(child.answer(adapter, REQUEST))["training"] == {"units": 4}
    assert "training" not in dict(child.answer(SimpleNamespace(), REQUEST))
    assert "training" not in dict(child.answer(adapter, {**REQUEST, "told": ["defaults"]}))
