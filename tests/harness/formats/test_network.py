"""`conformance.formats.network`: the LSTMs of a Core ML network, gate by gate."""

from pathlib import Path

import numpy as np
import pytest

from conformance.formats import file, wire
from conformance.formats.saved import FormatError
from conformance.weights import ConvertError, convert

GATES = "ifgo"


def lstm(ways: int, parameters: bytes = b"", activation: int = 40) -> bytes:
    """Return a network with an LSTM of 3 features and 2 units; gates are told by their numbers."""
    parts = b""
    for way in range(ways):
        weights = b""
        for first, shape in ((1, (2, 3)), (20, (2, 2)), (40, (2,))):
            for gate in range(4):
                array = np.full(shape, 100 * way + first + gate, "<f4")
                weights += wire.put(first + gate, wire.put(1, array.tobytes()))
        parts += wire.put(20, weights)
    given = b"".join(wire.put(10, wire.put(one, b"")) for one in (activation, 30, 30))
    whole = wire.put(1, 3) + wire.put(2, 2) + given + wire.put(15, parameters) + parts
    layer = wire.put(1, "L_1") + wire.put(420 if ways == 1 else 430, whole)
    return wire.put(1, 2) + wire.put(500, wire.put(1, layer))


def saved(tmp_path: Path, data: bytes) -> Path:
    """Write bytes; return the path."""
    (tmp_path / "f.mlmodel").write_bytes(data)
    return tmp_path / "f.mlmodel"


@pytest.mark.parametrize("ways", [1, 2])
def test_gates(ways: int, tmp_path: Path) -> None:
    """Each gate lands where the target has it, in each direction."""
    got = convert(saved(tmp_path, lstm(ways)), "torch").arrays
    for way, end in enumerate(("", "_reverse")[:ways]):
        for name, first in (("weight_ih", 1), ("weight_hh", 20), ("bias_ih", 40)):
            array = got[f"{name}_l0{end}"]
            assert [array[2 * k].flat[0] for k in range(4)] == [
                100 * way + first + k for k in range(4)
            ]


@pytest.mark.parametrize(
    ("parameters", "activation", "message"),
    [
        (wire.put(30, 1), 40, "one is added to the forget gate's bias"),
        (wire.put(40, 1), 40, "peepholes weights from the cell to the gates"),
        (wire.put(50, 1), 40, "input_forget 1"),
        (b"\xe5\x03" + np.float32(3).tobytes(), 40, r"clip 3\.0"),
        (b"", 70, "activations activation 70, Tanh, Tanh"),
    ],
)
def test_no_standard_lstm(parameters: bytes, activation: int, message: str, tmp_path: Path) -> None:
    """An LSTM that is not the standard one is refused with the reason."""
    with pytest.raises(ConvertError, match=message):
        convert(saved(tmp_path, lstm(1, parameters, activation)), "torch")


def test_clip_that_is_never_met(tmp_path: Path) -> None:
    """The clip that the format's own tools write is none."""
    clip = b"\xe5\x03" + np.float32(50_000).tobytes()
    assert convert(saved(tmp_path, lstm(2, clip)), "torch").arrays


def test_broken(tmp_path: Path) -> None:
    """A network without an LSTM, or with weights that lack numbers, is one line."""
    with pytest.raises(FormatError, match="a network without an LSTM"):
        file.read(saved(tmp_path, wire.put(1, 2) + wire.put(500, b"")))
    short = lstm(1).replace(np.full((2, 3), 2, "<f4").tobytes(), b"\x00" * 24)
    assert file.read(saved(tmp_path, short))
    layer = wire.put(1, "L") + wire.put(420, wire.put(1, 3) + wire.put(2, 2) + wire.put(20, b""))
    with pytest.raises(FormatError, match=r"L: a gate without \(2, 3\) numbers"):
        file.read(saved(tmp_path, wire.put(1, 2) + wire.put(500, wire.put(1, layer))))
