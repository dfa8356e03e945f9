"""Weights carried from every kind of model into every other: ``python -m tests.carried``.

Each source is a model of its framework's users, saved by its own means; each target is another,
into which the lines that ``convert`` prints load what it has written. A model runs in one process
for all that is asked of it. Printed are, by kind of layer, the largest differences between what a
target gives and what its source gave, and how much that is of what roundings may explain. Names of
scripts are the targets: without one, all are.
"""

import contextlib
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from conformance.__main__ import main
from conformance.command import tell
from conformance.weights import convert
from conformance.weights.verify import asked

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "tests" / "models"
KINDS = ("one", "stack", "both", "bare", "projected")  # of layers
TIMEOUT = 900  # seconds, for all that one model is asked
SHAPE = (2, 5, 3)  # of the input: batch, time, input
RUN = """
import json, sys, traceback
import numpy as np
jobs = json.load(open(sys.argv[1]))
for job in jobs:
    scope = {"np": np, "kind": job["kind"], "FILE": job["file"], "x": np.load(job["input"])}
    try:
        exec(compile(job["code"], job["script"], "exec"), scope)
        np.save(job["output"], np.asarray(scope["output"]))
    except Exception:
        open(job["output"] + ".failed", "w").write(traceback.format_exc())
"""


@dataclass(frozen=True)
class Model:
    """A model of one framework's users, in a script of its own."""

    script: str
    adapter: str
    needs: str  # the module that it imports
    gives: str  # the kinds of layers that it can have
    takes: str = ""  # those that it can be given; "" for the same, "-" for none
    suffix: str = ""  # of the file that it loads: that of the adapter's first

    @property
    def here(self) -> bool:
        """Whether its framework is installed."""
        return importlib.util.find_spec(self.needs) is not None

    @property
    def sources(self) -> list[str]:
        """The kinds of layers of which it is a source."""
        return self.gives.split()

    @property
    def targets(self) -> list[str]:
        """The kinds of layers of which it is a target."""
        return [one for one in (self.takes or self.gives).split() if one != "-"]

    @cached_property
    def code(self) -> str:
        """Its script."""
        return (MODELS / f"{self.script}.py").read_text(encoding="utf-8")


ALWAYS_BIASED = "one stack both bare"  # a layer without a bias has one of zeros there
ALL = (
    Model("keras_sequential", "keras", "keras", "one stack both bare"),
    Model("keras_functional", "keras", "keras", "one stack both bare", suffix=".weights.h5"),
    Model("keras_subclassed", "keras", "keras", "one stack both bare"),
    Model("tf_keras_sequential", "tf-keras", "tf_keras", "one stack both bare", suffix=".h5"),
    Model("torch_module", "torch", "torch", "one stack both bare projected"),
    Model("torch_cells", "torch-cell", "torch", "one stack bare"),
    Model("linen_module", "flax", "flax", "one stack", ALWAYS_BIASED),
    Model("linen_setup", "flax", "flax", "both", "-"),
    Model("linen_checkpoint", "flax", "flax", "one stack", "one both", suffix=".orbax"),
    Model("nnx_model", "nnx", "flax", "one stack both", ALWAYS_BIASED),
    Model("nnx_checkpoint", "nnx", "flax", "one stack both", "one both", suffix=".orbax"),
    Model("nnx_optimized", "nnx", "flax", "one stack both", "-"),
    Model("haiku_transform", "haiku", "haiku", "one stack", "one stack bare"),
    Model("equinox_module", "equinox", "equinox", "one stack bare"),
    Model("equinox_leaves", "equinox", "equinox", "one stack", "one stack bare", suffix=".eqx"),
    Model("mlx_module", "mlx", "mlx", "one stack bare"),
    Model("tinygrad_cells", "tinygrad", "tinygrad", "one stack bare"),
    Model("onnx_graph", "onnxruntime", "onnxruntime", "one stack both bare"),
    # Without a bias its process dies, which is pinned.
    Model("paddle_layer", "paddle", "paddle", "one stack both projected"),
)


@dataclass(frozen=True)
class Saved:
    """What a source has saved, and what it gives."""

    file: Path
    output: Any


@dataclass(frozen=True)
class Carried:
    """What became of a source's weights in a target."""

    source: str
    kind: str
    why: str = ""  # it failed
    difference: float = 0.0  # between source and target, the largest
    part: float = 0.0  # of what roundings may explain on either side


def installed() -> list[Model]:
    """Return those models whose framework is here."""
    return [one for one in ALL if one.here]


def saved(model: Model, folder: Path) -> dict[str, Saved | str]:
    """Return what a source saves and gives for each kind of layer, or why it does not."""
    made = {}
    jobs = []
    for kind in model.sources:
        own = folder / f"{model.script}-{kind}"
        own.mkdir(parents=True)
        made[kind] = own
        jobs.append(_job(model, kind, own, ""))
    ran = _ran(jobs, folder)
    found: dict[str, Saved | str] = {}
    for (kind, own), result in zip(made.items(), ran, strict=True):
        if isinstance(result, str):
            found[kind] = result
        else:
            (file,) = (one for one in own.iterdir() if one.name.startswith("saved"))
            found[kind] = Saved(file, result)
    return found


def carried(
    target: Model, sources: Sequence[tuple[Model, dict[str, Saved | str]]], folder: Path
) -> list[Carried]:
    """Return what becomes of every source's weights in a target, kind by kind."""
    jobs, waiting, done = [], [], []
    for source, made in sources:
        for kind in [one for one in target.targets if one in source.sources]:
            own = folder / f"{target.script}-from-{source.script}-{kind}"
            own.mkdir(parents=True)
            given = made[kind]
            if isinstance(given, str):
                done.append(Carried(source.script, kind, given))
                continue
            lines = _converted(source, target, given, kind, own)
            if lines.startswith("!"):
                done.append(Carried(source.script, kind, lines))
                continue
            jobs.append(_job(target, kind, own, lines))
            waiting.append((source, kind, given))
    for (source, kind, given), result in zip(waiting, _ran(jobs, folder), strict=True):
        if isinstance(result, str):
            done.append(Carried(source.script, kind, result))
        else:
            done.append(_compared(source, kind, given, result))
    return done


def _job(model: Model, kind: str, folder: Path, lines: str) -> dict[str, str]:
    np.save(folder / "input.npy", np.random.default_rng(7).normal(size=SHAPE).astype("f4"))
    return {
        "kind": kind,
        "file": str(folder / "saved"),
        "input": str(folder / "input.npy"),
        "output": str(folder / "output.npy"),
        "script": f"{model.script}.py",
        "code": model.code.replace("# LOAD", lines),
    }


def _ran(jobs: Sequence[dict[str, str]], folder: Path) -> Iterator[Any]:
    """Yield what each job of one model gives, or what it failed with."""
    if not jobs:
        return
    asked_of = folder / f"{jobs[0]['script']}.json"
    asked_of.write_text(json.dumps(jobs), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-c", RUN, str(asked_of)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    for job in jobs:
        failed = Path(job["output"] + ".failed")
        if failed.exists():
            yield f"{failed.read_text(encoding='utf-8')[-2_000:]}\n{job['code']}"
        elif not Path(job["output"]).exists():
            yield f"exit {ran.returncode}: {ran.stderr[-2_000:]}"
        else:
            yield np.load(job["output"])


def _converted(source: Model, target: Model, given: Saved, kind: str, folder: Path) -> str:
    """Return the lines that load a source's weights into a target, or an error behind a ``!``."""
    several = kind == "stack" and len(convert(given.file, "torch", source.adapter).layers) > 1
    output = folder / f"new{target.suffix or '.' + _first(target)}"
    options = ["convert", str(given.file), "--from", source.adapter, "--to", target.adapter]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([*options, "--output", str(output), *(["--stack"] if several else [])])
    if status:
        return f"! {err.getvalue()}"
    lines = out.getvalue().partition("load with:\n")[2]
    return "\n".join(line.removeprefix("  ") for line in lines.splitlines())


def _first(target: Model) -> str:
    from conformance.process.framework import find

    (framework,) = find(ROOT, [target.adapter], missing=True)
    assert framework.convention is not None
    files = framework.convention.files
    return files[0].suffix.removeprefix(".") if files else "npz"


def _compared(source: Model, kind: str, given: Saved, output: Any) -> Carried:
    if output.shape != given.output.shape:
        why = f"{output.shape}, where the source gives {given.output.shape}"
        return Carried(source.script, kind, why)
    done = convert(given.file, "torch", source.adapter)
    if len(done.layers) > 1:
        done = convert(given.file, "torch", source.adapter, stack=True)
    call = asked(done.layers[0].found, np.random.default_rng(7).normal(size=SHAPE).astype("f4"))
    right, allowed = call.expected["output"], call.allowed["output"]
    part = max(np.max(np.abs(one - right) / allowed) for one in (given.output, output))
    return Carried(source.script, kind, "", float(np.abs(output - given.output).max()), float(part))


def table(results: dict[str, list[Carried]]) -> Iterator[str]:
    """Yield a table of Markdown for each kind of layer: sources down, targets across."""
    for kind in KINDS:
        found = {
            (one.source, target): one
            for target, few in results.items()
            for one in few
            if one.kind == kind
        }
        targets = list(dict.fromkeys(target for _, target in found))
        yield f"### {kind}"
        yield ""
        yield f"| from \\ to | {' | '.join(targets)} |"
        yield "|---" * (len(targets) + 1) + "|"
        for source in dict.fromkeys(source for source, _ in found):
            cells = [_cell(found.get((source, target))) for target in targets]
            yield f"| {source} | {' | '.join(cells)} |"
        yield ""
    every = [one for few in results.values() for one in few]
    failed = [one for one in every if one.why]
    most = max((one.part for one in every if not one.why), default=0.0)
    yield (
        f"{len(every):,} pairs, {len(failed):,} failed; the largest error is {most:.2f} of what "
        "roundings may explain."
    )


def _cell(one: Carried | None) -> str:
    if one is None:
        return ""
    return "failed" if one.why else f"{one.difference:.1e}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sources, results = [], {}
        for one in installed():
            tell(f"saved: {one.script}", error=True)
            sources.append((one, saved(one, Path(folder))))
        for one in installed():
            if one.targets and (not sys.argv[1:] or one.script in sys.argv[1:]):
                tell(f"loaded: {one.script}", error=True)
                results[one.script] = carried(one, sources, Path(folder))
        tell(*table(results))
        for target, few in results.items():
            for one in few:
                if one.why:
                    tell(f"{target} from {one.source}, {one.kind}: {one.why}", error=True)
