"""The printed lines, run: weights reach a model as its users build it, and it gives their numbers.

Each source is a model of its framework's users, saved by its own means; each target is another,
into which the lines that ``convert`` prints load what it has written. Both must give the same
numbers on the same input. A framework that is not installed is not put to it.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.formats import file
from conformance.weights import convert

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("one", "stack", "both", "bare")  # of layers; projected ones are PyTorch's and Paddle's
SIZES = "B, T, I, H = 2, 5, 3, 4\n"
# By framework: what it needs, a model as its users build it, how it is saved or loaded, and what it
# gives for `x` (batch, time, input). Each runs in a process of its own, with `kind` and FILE.
MODELS = ROOT / "tests" / "models"


@dataclass(frozen=True)
class Model:
    """A model of one framework's users, in a script of its own."""

    name: str  # of the adapter
    script: Path
    needs: str  # the module that it imports
    kinds: tuple[str, ...] = KINDS

    @property
    def here(self) -> bool:
        """Whether its framework is installed."""
        return importlib.util.find_spec(self.needs) is not None


SEQUENTIAL = Model("keras", MODELS / "keras_sequential.py", "keras")
FUNCTIONAL = Model("keras", MODELS / "keras_functional.py", "keras")
TORCH = Model("torch", MODELS / "torch_module.py", "torch", (*KINDS, "projected"))
LINEN = Model("flax", MODELS / "linen_module.py", "flax", ("one", "stack"))
NNX = Model("nnx", MODELS / "nnx_model.py", "flax", ("one", "stack", "both"))
EQUINOX = Model("equinox", MODELS / "equinox_module.py", "equinox", ("one", "stack", "bare"))
ONNX = Model("onnxruntime", MODELS / "onnx_graph.py", "onnxruntime")
PADDLE = Model("paddle", MODELS / "paddle_layer.py", "paddle", ("one", "stack", "both"))
ALL = (SEQUENTIAL, FUNCTIONAL, TORCH, LINEN, NNX, EQUINOX, ONNX, PADDLE)


def ran(model: Model, kind: str, folder: Path, lines: str = "") -> np.ndarray:
    """Return what a model gives, once `lines` have been run on it; it saves itself in `folder`."""
    code = "\n".join(
        [
            "import numpy as np",
            f"kind, FILE = {kind!r}, {str(folder / 'saved')!r}",
            "x = np.random.default_rng(7).normal(size=(2, 5, 3)).astype('float32')",
            model.script.read_text(encoding="utf-8").replace("# LOAD", lines),
            f"np.save({str(folder / 'output.npy')!r}, np.asarray(output))",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{done.stderr[-3_000:]}\n{lines}"
    output: np.ndarray = np.load(folder / "output.npy")
    return output


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Model, str], Any]:
    """Each source's own run and file, made once."""
    made: dict[tuple[str, str], Any] = {}

    def get(model: Model, kind: str) -> Any:
        key = model.script.name, kind
        if key not in made:
            folder = tmp_path_factory.mktemp("source")
            output = ran(model, kind, folder)
            (own,) = folder.glob("saved*")
            made[key] = own, output
        return made[key]

    return get


def pairs() -> list[Any]:
    """Return every source with the next target of each kind of layer that both have.

    Every ordered pair would take an hour of imports: numbers of every pair are compared in
    test_convert.py, and each model is here a source and a target of each of its layers.
    """
    installed = [one for one in ALL if one.here]
    found = []
    for kind in (*KINDS, "projected"):
        few = [one for one in installed if kind in one.kinds]
        for number, source in enumerate(few):
            target = few[(number + 1) % len(few)]
            name = f"{kind}-{target.script.stem}-from-{source.script.stem}"
            found.append(pytest.param(source, target, kind, id=name))
    return found


@pytest.mark.parametrize(("source", "target", "kind"), pairs())
def test_loaded(
    source: Model, target: Model, kind: str, saved: Callable[[Model, str], Any], tmp_path: Path
) -> None:
    """The printed lines put the weights of one model into another, which gives its numbers."""
    given, wanted = saved(source, kind)
    printed = subprocess.run(
        [
            *(sys.executable, "-m", "conformance", "convert", str(given), "--to", target.name),
            *("--from", source.name, "--output"),
            str(tmp_path / f"new{suffix(target)}"),
            *(["--stack"] if kind == "stack" and several(source, given) else []),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert printed.returncode == 0, printed.stderr
    lines = printed.stdout.partition("load with:\n")[2]
    code = "\n".join(line.removeprefix("  ") for line in lines.splitlines())
    got = ran(target, kind, tmp_path, code)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() < 1e-5
    assert np.abs(wanted).max() > 1e-2


def several(source: Model, given: Path) -> bool:
    """Return whether a source has each layer of its stack as an LSTM of its own."""
    return len(convert(file.read(given).arrays, "torch", source.name).layers) > 1


def suffix(target: Model) -> str:
    """Return the suffix of the file that the target's own loader takes."""
    from conformance.process.framework import find

    (framework,) = find(ROOT, [target.name], missing=True)
    assert framework.convention is not None
    return framework.convention.files[0].suffix
