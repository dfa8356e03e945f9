"""`conformance.weights.prove`: both sides run, each with the arrays that are its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.__main__ import main
from conformance.weights import ConvertError, Proof, convert, prove
from conformance.weights.library import framework
from conformance.weights.verify import renamed
from tests.harness.weights.test_names import KERAS, drawn, lettered, named

ROOT = Path(__file__).resolve().parents[3]
# The layer of NumPy runs everywhere, in a process of its own as any other.
OWN = {
    **{f"layer0.{way}.w": (3, 16) for way in ("ahead", "back")},
    **{f"layer0.{way}.r": (4, 16) for way in ("ahead", "back")},
    **{f"layer0.{way}.{bias}": (16,) for way in ("ahead", "back") for bias in "bd"},
}


def sides(state: dict[str, Any], fed: Any = None, **options: Any) -> list[Proof]:
    """Return what both sides and the output, read back, are off."""
    done = convert(state, "numpy", "numpy")
    (proven,) = prove(done, fed, source="numpy", **options).values()
    assert all(isinstance(one, Proof) for one in proven)
    return [one for one in proven if isinstance(one, Proof)]


@pytest.mark.parametrize("fed", [None, np.ones((1, 9, 3))], ids=["drawn", "given"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ml_dtypes.bfloat16])
def test_both_sides(dtype: Any, fed: Any) -> None:
    """Source and target run, and both are within what roundings explain."""
    state = {name: one.astype(dtype) for name, one in drawn(OWN).items()}
    source, target, back = sides(state, fed)
    assert (source.side.split(" (")[1], target.side.split(" (")[1]) == (
        "source, as read)",
        "target, as written)",
    )
    assert source.holds
    assert target.holds
    assert back.largest == 0
    assert 0 < source.largest < 1e-5 or dtype == "f8"


def test_wrong_output() -> None:
    """An output with other numbers is off, and the source is not."""
    state = drawn(OWN)
    wrong = {**state, "layer0.ahead.w": np.roll(state["layer0.ahead.w"], 4, axis=1)}
    source, target, back = sides(state, written=wrong)
    assert (source.holds, target.holds, back.holds) == (True, False, False)
    with pytest.raises(ConvertError, match="the output, read back, is no LSTM"):
        sides(state, written={name: one for name, one in state.items() if "w" not in name})


def test_other_layout() -> None:
    """Arrays that an adapter lays out otherwise are not fed to it as they were read."""
    (one,) = convert(drawn(OWN), "numpy", "numpy").layers
    own = one.found.spelled.convention
    assert renamed(one.found, own) is not None
    assert renamed(one.found, replace(own, gates="figo")) is None
    assert renamed(one.found, replace(own, forget_offset=1.0)) is None


def test_arrays_by_other_names() -> None:
    """Another spelling of the same arrays reaches the source as it was read."""
    state = drawn(named("net/lstm_3/lstm_cell_1/", KERAS))
    (one,) = convert(state, "torch").layers
    convention = framework(ROOT, "keras").convention
    assert convention is not None
    same = renamed(one.found, convention)
    assert same is not None
    assert {name.split("/")[-1]: array.shape for name, array in same.items()} == KERAS
    torch = framework(ROOT, "torch").convention
    assert torch is not None
    assert renamed(one.found, torch) is None


def test_likeliest_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of those that spell a layer alike, one whose users keep weights in such files comes first."""
    given = tmp_path / "m.npz"
    np.savez(given, **drawn(lettered("l0")))
    output = tmp_path / "m.pt"
    assert main(["convert", str(given), "--to", "torch", "--output", str(output)]) == 0
    capsys.readouterr()
    assert main(["weights", str(output)]) == 0
    assert "as torch, " in capsys.readouterr().out


@pytest.mark.parametrize("change", [0.0, 0.01])
def test_status(change: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's status is 1 where a side is off."""
    given = tmp_path / "m.npz"
    np.savez(given, **drawn(OWN))
    if change:
        from conformance.weights import commands

        read = commands.file.read
        monkeypatch.setattr(commands.file, "read", lambda *some: _changed(read(*some), change))
    options = ["--to", "numpy", "--from", "numpy", "--verify", "--output", str(tmp_path / "n.npz")]
    assert main(["convert", str(given), *options]) == (1 if change else 0)


def _changed(saved: Any, change: float) -> Any:
    name = "layer0.ahead.w"
    return replace(saved, arrays={**saved.arrays, name: saved.arrays[name] + change})
