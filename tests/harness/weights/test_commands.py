"""`python -m conformance weights` and `convert`: files in, files out, a line for each error."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from conformance.__main__ import main
from conformance.formats import checkpoint, file
from conformance.process.framework import find, shipped
from conformance.weights import convert
from conformance.weights.library import framework
from conformance.weights.verify import asked, by_reading
from tests.harness.weights.test_names import CELL, KERAS, STACK, drawn, lettered, named

ROOT = Path(__file__).resolve().parents[3]
WRITE = {
    **{
        kind.suffix: kind
        for one in ("torch", "paddle", "flax", "onnx", "keras", "mlx")
        for kind in find(ROOT, [one], missing=True)[0].convention.files
    }
}


def saved(path: Path, arrays: dict[str, Any]) -> Path:
    """Write arrays as the file's suffix has it; return the path."""
    kind = next(one for suffix, one in WRITE.items() if path.name.endswith(suffix))
    with path.open("wb") as opened:
        file.write(opened, kind.form, arrays, {}, kind.package)
    return path


def kinds(name: str) -> tuple[str, ...]:
    """Return the suffixes of the files that an adapter declares."""
    (framework,) = find(ROOT, [name], missing=True)
    assert framework.convention is not None
    return tuple(one.suffix for one in framework.convention.files)


@pytest.mark.parametrize("target", ["torch", "keras", "flax", "paddle", "onnxruntime", "mlx"])
@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pt", ".h5", ".msgpack", ".pdparams"])
def test_every_form(
    suffix: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of each form becomes one that the target's own loader takes, and is proven there."""
    given = saved(tmp_path / f"model.v2{suffix}", drawn(lettered("l0")))
    assert main(["convert", str(given), "--to", target]) == 0
    told = capsys.readouterr().out
    written = tmp_path / f"model.{target}{kinds(target)[0]}"
    written = written if written.exists() else tmp_path / f"model.v2.{target}{kinds(target)[0]}"
    assert f"written: {written}\nload with:\n" in told
    assert main(["weights", str(written), "--from", target]) == 0
    assert "1 layer, one way, 3 -> 4" in capsys.readouterr().out


@pytest.mark.parametrize("name", shipped(ROOT))
def test_declared_files(name: str, tmp_path: Path) -> None:
    """Every file that an adapter declares is of a form that is written, and read again."""
    (framework,) = find(ROOT, [name], missing=True)
    assert framework.convention is not None
    for kind in framework.convention.files:
        if kind.form == checkpoint.FORM:
            continue  # which its own library writes: tests/test_loading.py
        assert kind.form in file.FORMS
        assert "FILE" in kind.load
        given = saved(tmp_path / "given.npz", drawn(lettered("l0")))
        output = tmp_path / f"x{kind.suffix}"
        assert main(["convert", str(given), "--to", name, "--output", str(output)]) == 0
        assert main(["weights", str(output), "--from", name]) == 0


def test_listing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every LSTM is listed with what it is, and what is none with what it looks like."""
    state = drawn({**named("encoder.", STACK), "gru.weight_ih_l0": (12, 3), "head.w": (2, 2)})
    state |= drawn({"gru.weight_hh_l0": (12, 4)})
    assert main(["weights", str(saved(tmp_path / "m.pt", state))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        "encoder: 2 layers, both ways, 3 -> 4, two biases a gate, 736 parameters, float32, as "
    )
    assert lines[1].startswith("gru: no LSTM, but a GRU: 12 = 3 gates of 4 units (")
    assert lines[2] == "1 LSTM, and 3 other arrays"
    assert main(["weights", str(saved(tmp_path / "n.pt", drawn({"a": (2, 2)})))]) == 1
    assert capsys.readouterr().out == "0 LSTMs, and 1 other arrays\n"
    assert main(["weights"]) == 2


def test_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of several LSTMs each has its lines of loading, and the texts stand in the output."""
    state = drawn({**named("a.", CELL), **named("b.", CELL), "rest": (3,)})
    given = saved(tmp_path / "m.npz", state)
    options = ["--to", "torch", "--output", str(tmp_path / "o.safetensors"), "--keep-rest"]
    assert main(["convert", str(given), *options]) == 0
    told = capsys.readouterr().out
    assert "  # a\n  weights = {name.removeprefix('a.')" in told
    got = file.read(tmp_path / "o.safetensors")
    assert sorted(got.arrays)[-1] == "rest"
    assert got.told["written for"] == "torch"
    assert "presumed" in got.told["activations"]


def test_configuration_beside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A description beside a file of weights is read, and a layer that is another one refused."""
    given = saved(tmp_path / "model.weights.h5", drawn(named("encoder/lstm_cell/", KERAS)))
    assert main(["convert", str(given), "--to", "torch"]) == 0
    capsys.readouterr()
    layer = {"class_name": "LSTM", "config": {"name": "encoder", "activation": "relu"}}
    (tmp_path / "config.json").write_text(json.dumps({"config": [layer]}), encoding="utf-8")
    options = ["convert", str(given), "--to", "torch", "--overwrite"]
    assert main(options) == 2
    reason = "encoder is not the standard LSTM: activation relu, where the standard LSTM has tanh"
    assert capsys.readouterr().err == f"{given}: {reason}\n"


@pytest.mark.parametrize("target", ["torch", "keras", "flax", "onnx"])
def test_old_output_is_kept(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An output that cannot be written leaves the old one, and nothing half-written beside it."""
    given = saved(tmp_path / "m.npz", drawn({**named("a.", CELL), "x": (3,)}))
    (tmp_path / "out").mkdir()
    output = tmp_path / "out" / f"m{kinds(target)[0]}"
    output.write_text("before", encoding="utf-8")
    state = dict(np.load(given))
    state["x/y"] = state["x"]  # an array, and a folder of arrays
    state["z"] = np.array([1j, 2j], np.complex128)  # which few forms have
    given = saved(tmp_path / "n.npz", state)
    options = ["convert", str(given), "--to", target, "--overwrite", "--output", str(output)]
    status = main([*options, "--keep-rest"])
    told = capsys.readouterr().err
    assert told.count("\n") == (status == 2)
    if status == 2:
        assert output.read_text(encoding="utf-8") == "before"
    assert [one.name for one in output.parent.iterdir()] == [output.name]


def test_names_with_control_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a file calls its arrays is told as text that nothing obeys, on one line."""
    bad = "a\x1b[2J\r\n::error::b"
    given = saved(tmp_path / "m.npz", drawn({f"{bad}.weight_ih_l0": (16, 3)}))
    assert main(["convert", str(given), "--to", "keras"]) == 2
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "\r" not in told
    assert told.count("\n") == 1
    given = saved(tmp_path / "n.npz", drawn(named(f"{bad}.", CELL)))
    assert main(["weights", str(given)]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert not any(line.startswith("::") for line in told.splitlines())


def test_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without its framework, an output is read back and put to the reference, on drawn input."""
    given = saved(tmp_path / "m.npz", drawn(lettered("l0")))
    fed = tmp_path / "x.npy"
    np.save(fed, np.ones((2, 5, 3)))
    options = ["convert", str(given), "--to", "mindspore", "--overwrite", "--from", "mindspore"]
    for more in ([], ["--input", str(fed)]):
        assert main([*options, "--verify", *more]) == 0
        told = capsys.readouterr().out
        assert "mindspore: not installed: mindspore\n" in told
        assert "mindspore, by reading the output back: largest difference 0" in told
    np.save(fed, np.ones((2, 5, 4)))
    assert main([*options, "--verify", "--input", str(fed)]) == 2
    assert "(batch, time, 3) is due, and it is (2, 5, 4)" in capsys.readouterr().err


def test_wrong_output_is_found() -> None:
    """A conversion that gives other numbers does not hold."""
    done = convert(drawn(lettered("l0")), "torch", "torch")
    call = asked(done.layers[0].found)
    right = dict(done.arrays)
    assert by_reading(framework(ROOT, "torch"), right, call).holds
    wrong = {**right, "weight_ih_l0": np.roll(right["weight_ih_l0"], 4, axis=0)}
    proof = by_reading(framework(ROOT, "torch"), wrong, call)
    assert not proof.holds
    assert proof.largest > 0.01


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "torch", "--output", "x.h5"], "no such file is written for it"),
        (["--to", "torch", "--output", "no/x.pt"], "there is no such directory"),
        (["--to", "torch", "--input", "m.npz", "--verify"], "m.npz: "),
        (["--to", "torhc"], "unknown framework 'torhc'"),
        (["--to", "torch", "--layer", "x"], "no LSTM 'x'"),
        (["--to", "torch", "--prefix", "x"], "no array whose name begins with 'x'"),
    ],
)
def test_errors(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What cannot be done is one line, with the status 2."""
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "m.npz", drawn(named("a.", CELL)))
    assert main(["convert", "m.npz", *options]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_model_and_its_optimizer(tmp_path: Path) -> None:
    """The moments of an optimizer, which bear the names of weights, are no LSTM's."""
    with h5py.File(tmp_path / "m.h5", "w") as opened:
        for name, array in drawn(named("lstm/lstm_cell/", KERAS)).items():
            opened[f"model_weights/lstm/{name}"] = array
            opened[f"optimizer_weights/Adam/m/{name}"] = array
    assert main(["convert", str(tmp_path / "m.h5"), "--to", "torch"]) == 0
    assert sorted(file.read(tmp_path / "m.torch.pt").arrays) == sorted(lettered("l0"))
