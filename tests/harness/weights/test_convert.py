"""`conformance.weights`: by what adapters declare, with no framework."""

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from adapters.contract import Convention, Layer
from conformance.__main__ import main
from conformance.convention.convention import native_weights, offset
from conformance.lstm.case import Case, Dimensions
from conformance.lstm.sample import draw
from conformance.process.framework import find, shipped
from conformance.weights.chosen import ConvertError, settled
from conformance.weights.conversion import converted
from conformance.weights.spelled import Found, search, spellings
from tests.harness.adapters.right import CONVENTION

ROOT = Path(__file__).resolve().parents[3]
ADAPTERS = shipped(ROOT)
LAYERS = {
    "one": (Layer(), 1),
    "stack": (Layer(), 3),
    "both": (Layer(bidirectional=True), 2),
    "bare": (Layer(bias=False), 2),
}


def state(
    convention: Convention, layer: Layer, num_layers: int
) -> tuple[dict[str, np.ndarray], Dimensions]:
    """Return weights as `convention` has them, in float32, and their layer's sizes."""
    sizes = Dimensions(1, 1, 3, 4, num_layers)
    case = Case("convert-state", "convert", "", "", "", layer, sizes)
    stack = offset(convention, draw(case).weights, -1)
    weights = native_weights(convention, layer, sizes, stack)
    return {name: one.astype(np.float32) for name, one in weights.items()}, sizes


@cache
def convention_of(name: str) -> Convention:
    """Return what an adapter of this project declares."""
    (framework,) = find(ROOT, [name], missing=True)
    return framework.convention


# One of those that declare the same: adapters that run one framework in several ways.
UNLIKE = list({repr(convention_of(name).weights): name for name in ADAPTERS}.values())


def read(convention: Convention, given: dict[str, np.ndarray]) -> Found:
    """Return the one LSTM of a state."""
    found, misfits = search(spellings({"own": convention}), given)
    if misfits and not found:
        raise ConvertError(misfits[0].why)
    (one,) = settled(found)
    return one.found


def convert(
    source: Convention, target: Convention, given: dict[str, np.ndarray], split_bias: bool = False
) -> dict[str, np.ndarray]:
    """Return the one LSTM of a state as the target has it."""
    return converted(read(source, given), target, split_bias)


def recognized(convention: Convention, given: dict[str, np.ndarray]) -> tuple[Layer, Dimensions]:
    """Return what a state is."""
    one = read(convention, given)
    return one.layer, one.dimensions


@pytest.mark.parametrize("kind", ["both", "bare"])
@pytest.mark.parametrize("names", list(itertools.product(UNLIKE, repeat=2)), ids="-to-".join)
def test_every_pair(names: tuple[str, str], kind: str) -> None:
    """What one adapter would be fed becomes what another would be: two biases by their sum."""
    source, target = map(convention_of, names)
    layer, num_layers = LAYERS[kind]
    given, _ = state(source, layer, num_layers)
    wanted, _ = state(target, layer, num_layers)
    got = convert(source, target, given)
    assert sorted(got) == sorted(wanted)
    back = convert(target, source, got)
    for one, other in ((got, wanted), (back, given)):
        assert all(one[name].shape == other[name].shape for name in other)
    summed = {**convert(source, CONVENTION, given)}
    again = {**convert(target, CONVENTION, got)}
    for name in summed:
        if name.endswith((".w", ".r")):
            assert np.array_equal(summed[name], again[name])
        elif name.endswith(".b"):
            other = name.removesuffix(".b") + ".d"
            assert np.array_equal(summed[name] + summed[other], again[name] + again[other])


@pytest.mark.parametrize("kind", LAYERS)
def test_recognized(kind: str) -> None:
    """Names and shapes tell directions, layers and sizes."""
    layer, num_layers = LAYERS[kind]
    given, sizes = state(CONVENTION, layer, num_layers)
    assert recognized(CONVENTION, given) == (layer, sizes)


def test_projection() -> None:
    """A projection is recognized, and is no layer of a target that has none."""
    layer = Layer(projection_size=2)
    given, sizes = state(CONVENTION, layer, 1)
    assert recognized(CONVENTION, given) == (layer, sizes)
    with pytest.raises(ConvertError, match="the layer has a projection, the target none"):
        convert(CONVENTION, convention_of("keras"), given)


def test_names_of_no_layer() -> None:
    """A name that is missing or unknown is told."""
    given, _ = state(CONVENTION, Layer(), 2)
    given["layer1.W"] = given.pop("layer1.w")
    with pytest.raises(ConvertError, match=r"missing layer1\.w"):
        recognized(CONVENTION, given)


@pytest.mark.parametrize("shape", [(), (16,), (3, 15), (4, 3, 16)])
def test_shapes_of_no_layer(shape: tuple[int, ...]) -> None:
    """Shapes that no sizes give are told with their names."""
    given, _ = state(CONVENTION, Layer(), 1)
    given["layer0.w"] = np.zeros(shape)
    with pytest.raises(ConvertError, match=r"layer0\.w \("):
        recognized(CONVENTION, given)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of one framework's state becomes a file of the other's, and how to load it is said."""
    given, _ = state(convention_of("torch"), Layer(), 1)
    file = tmp_path / "weights.npz"
    np.savez(file, other=np.zeros(3), **{f"encoder.{name}": one for name, one in given.items()})
    options = ["--from", "torch", "--to", "keras", "--prefix", "encoder.", str(file)]
    assert main(["convert", *options]) == 0
    told = capsys.readouterr().out
    with np.load(tmp_path / "weights.keras.npz") as written:
        assert {name: one.shape for name, one in written.items()} == {
            "layer_0/lstm_cell/kernel": (3, 16),
            "layer_0/lstm_cell/recurrent_kernel": (4, 16),
            "layer_0/lstm_cell/bias": (16,),
        }
        assert all(one.dtype == np.float32 for one in written.values())
        assert np.array_equal(written["layer_0/lstm_cell/kernel"], given["weight_ih_l0"].T)
    assert "layer_0/lstm_cell/kernel  (3, 16)" in told
    assert "load with:\n  state = dict(np.load(" in told
    assert "layer.set_weights([" in told
    assert "presumed: weights do not say" in told


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--from", "torhc", "--to", "keras"], "unknown framework 'torhc': did you mean 'torch'?"),
        (["--from", "torch", "--to", "keras"], "missing weight_hh_l0"),
        (["--from", "torch", "--to", "keras", "--prefix", "x"], "no array whose name begins with"),
    ],
)
def test_command_errors(
    options: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be converted is told in one line, with the status 2."""
    file = tmp_path / "weights.npz"
    np.savez(file, weight_ih_l0=np.zeros((16, 3)))
    assert main(["convert", *options, str(file)]) == 2
    told = capsys.readouterr().err
    assert text in told
    assert told.count("\n") == 1


def test_output_as_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output has the very name that was told, and one that is there is not lost in silence."""
    given, _ = state(convention_of("torch"), Layer(), 1)
    file, output = tmp_path / "weights.npz", tmp_path / "x.bin"
    np.savez(file, **given)
    options = ["convert", "--from", "torch", "--to", "keras", "--output", str(output), str(file)]
    output.write_text("before", encoding="utf-8")
    assert main(options) == 2
    told = capsys.readouterr().err
    assert told == f"{output}: it is there already: remove it, or give --overwrite\n"
    assert output.read_text(encoding="utf-8") == "before"
    assert main([*options, "--overwrite"]) == 0
    with np.load(output) as written:
        assert len(written.files) == 3
    assert sorted(one.name for one in tmp_path.iterdir()) == ["weights.npz", "x.bin"]


def test_output_that_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A device or a folder does not give way to the output."""
    given, _ = state(convention_of("torch"), Layer(), 1)
    np.savez(tmp_path / "weights.npz", **given)
    for output in ("/dev/null", str(tmp_path)):
        options = ["--from", "torch", "--to", "keras", "--overwrite", "--output", output]
        assert main(["convert", *options, str(tmp_path / "weights.npz")]) == 2
        assert capsys.readouterr().err == f"{output}: not a regular file\n"


def test_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, or is none of arrays, is told in one line."""
    text = tmp_path / "weights.npz"
    for content in (None, "no arrays"):
        if content:
            text.write_text(content, encoding="utf-8")
        assert main(["convert", "--from", "torch", "--to", "keras", str(text)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
