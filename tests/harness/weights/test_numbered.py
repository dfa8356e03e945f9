"""Weights without names: lists of arrays, and files that keep the order alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.__main__ import main
from conformance.weights import ConvertError, convert, find_layers
from tests.harness.weights.test_names import KERAS, drawn, lettered

CELL = [(16, 3), (16, 4), (16,)]


def listed(shapes: list[tuple[int, ...]], before: str = "") -> dict[str, Any]:
    """Return arrays of those shapes by their numbers."""
    return drawn({f"{before}{number}": shape for number, shape in enumerate(shapes)})


def written(path: Path, arrays: dict[str, Any]) -> Path:
    """Write arrays behind one another; return the path."""
    with path.open("wb") as opened:
        for one in arrays.values():
            np.save(opened, one)
    return path


@pytest.mark.parametrize("before", ["", "arr_", "param_"])
@pytest.mark.parametrize(
    ("shapes", "framework", "told"),
    [
        ([(9, 3), *CELL, (2, 4), (2,)], "equinox", "one bias a gate"),
        ([*KERAS.values(), (4, 2), (2,)], "keras", "one bias a gate"),
        ([(9, 3), *lettered("l0").values(), (2, 4), (2,)], "torch", "two biases a gate"),
    ],
)
def test_by_order(shapes: list[tuple[int, ...]], framework: str, told: str, before: str) -> None:
    """An LSTM among arrays without names is found by the order and shapes of its own."""
    state = listed(shapes, before)
    (one,) = find_layers(state).chosen
    first = next(number for number, shape in enumerate(shapes) if 16 in shape)
    assert (one.where, str(one.found).split(", ")[2]) == (str(first), "3 -> 4")
    assert told in str(one.found)
    assert framework in one.frameworks
    done = convert(state, "torch")
    assert done.told["names"].startswith(f"none in the file; by order and shapes {first} to ")
    turned = state[f"{before}{first}"]
    turned = turned if turned.shape == (16, 3) else turned.T
    assert np.array_equal(done.arrays["weight_ih_l0"], turned)


def test_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of arrays behind one another is listed and converted, and written again."""
    given = written(tmp_path / "model.eqx", listed([(2, 2), *CELL, (16, 4), (16, 4), (16,)]))
    assert main(["weights", str(given)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("1: 1 layer, one way, 3 -> 4, one bias a gate")
    assert told[0].endswith("as equinox spells it")
    assert told[1].startswith("4: 1 layer, one way, 4 -> 4, one bias a gate")
    options = ["--to", "equinox", "--stack", "--output", str(tmp_path / "new.eqx")]
    assert main(["convert", str(given), *options]) == 0
    told = capsys.readouterr().out.splitlines()
    names = next(one for one in told if one.startswith("names"))
    assert names.startswith(
        "names: none in the file; by order and shapes 1 to 3 are weight_ih, weight_hh, bias; 4 to"
    )
    load = next(one for one in told if "tree_deserialise_leaves" in one)
    assert "'layer_0.cell.weight_ih': ((16, 3), 'float32')" in load
    assert len(find_layers(tmp_path / "new.eqx").chosen) == 2


def test_without_a_bias() -> None:
    """Two matrices alone may be two dense layers: they count where they are asked for."""
    state = listed([(9, 9), (16, 3), (16, 4), (2, 4)])
    with pytest.raises(ConvertError, match="1 is an LSTM without a bias, or two dense layers"):
        convert(state, "torch")
    done = convert(state, "torch", layers=["1"])
    assert list(done.arrays) == ["weight_ih_l0", "weight_hh_l0"]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(12, 3), (12, 4), (12,), (4,)], "0 is a GRU: 12 = 3 gates of 4 units"),
        ([(3, 12), (4, 12), (2, 12)], "0 is a GRU: 12 = 3 gates of 4 units"),
        ([(4, 3), (4, 4), (4,)], "0 is a plain recurrent layer: one gate of 4 units"),
        ([(9, 3), (3,), (2, 9), (2,)], "no LSTM in it, by names that an adapter declares: 0, 1"),
    ],
)
def test_no_lstm(shapes: list[tuple[int, ...]], message: str) -> None:
    """What is no LSTM is told as what it looks like."""
    with pytest.raises(ConvertError, match=message):
        convert(listed(shapes), "torch")


def test_names_that_are_no_order() -> None:
    """Numbers with a gap between them, and names beside them, are names."""
    state = listed(CELL)
    for other in ({**state, "7": np.ones(3)}, {**state, "head": np.ones(3)}):
        assert find_layers(other).chosen == ()
