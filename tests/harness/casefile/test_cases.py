"""The shipped cases and schemas: what holds for every one of them."""

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement

from adapters.contract import Dimensions, Layer
from conformance.__main__ import main
from conformance.casefile.form import ON_DEMAND
from conformance.casefile.known import Ground, load_deviations, load_records
from conformance.casefile.load import load_cases
from conformance.casefile.schema import (
    DimensionSet,
    Kind,
    LayerOptions,
    case_schema,
    deviation_schema,
    record_schema,
)
from conformance.claim.check import claims_on
from conformance.lstm import envelope, reference
from conformance.lstm.case import Case, Deviation, Record
from conformance.lstm.sample import draw
from conformance.process.framework import shipped
from conformance.process.source import declared
from conformance.report.commands import schemas

ROOT = Path(__file__).resolve().parents[3]
CASES = load_cases(ROOT)
GROUND = Ground(CASES, shipped(ROOT), {})
FILES = sorted((ROOT / "cases").glob("*.yaml"))

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@every_file
def test_file_name(path: Path) -> None:
    """A case file has the name of its behaviour, so that a case's id leads to its file."""
    behaviours = {case.behaviour for case in CASES if case.where.startswith(f"cases/{path.name}:")}
    assert behaviours == {path.stem}


@every_file
def test_editor_line(path: Path) -> None:
    """A case file's first line tells editors its schema."""
    line = path.read_text(encoding="utf-8").splitlines()[0]
    assert line == "# yaml-language-server: $schema=schema.json"


@every_case
def test_value_case(case: Case) -> None:
    """Unless its sizes are extreme on purpose, a case has steps and sequences enough.

    With fewer than 3 steps or 2 sequences, a wrong order of steps or a mixed-up batch goes unseen:
    mistakes are not told apart. What is not batched has no batch to mix up.
    """
    sizes = case.dimensions
    sequences = sizes.batch_size >= 2 or case.layer.layout == "unbatched"
    assert case.tags & {"degenerate", "sizes"} or (sizes.time_steps >= 3 and sequences)


@every_case
def test_expected_axes(case: Case) -> None:
    """A case that must run expects an output, with a time axis or without, and two states.

    Each has the batch axes of its layout. Where no states are returned none are expected; a merge
    adds no axis.
    """
    axes = {name: len(shape) for name, shape in case.expect.items()}
    batch = {"unbatched": 0, "extra_batch": 2}.get(case.layer.layout, 1)
    expected = {"output": batch + case.layer.return_sequences + 1}
    if case.layer.return_state:
        rows = not case.layer.layers  # of layers that differ they lie side by side
        expected |= {"h_n": batch + 1 + rows, "c_n": batch + 1 + rows}
    assert axes == ({} if case.must_reject else expected)


@pytest.mark.parametrize(
    "behaviour",
    [
        "activations",
        "bad-input",
        "behind-end",
        "bidirectional",
        "cell-variants",
        "checkpoint",
        "compiled",
        "composition",
        "coverage-pairs",
        "coverage-sizes",
        "coverage-triples",
        "deepbench",
        "defaults",
        "dtype",
        "empty-axis",
        "guide",
        "initial-state",
        "last-output",
        "layout",
        "merge",
        "no-bias",
        "projection",
        "published",
        "return-state",
        "reverse",
        "saturation",
        "single-layer",
        "single-sequence",
        "single-step",
        "stacked",
        "stacked-bidirectional",
        "streaming",
        "training",
        "variable-lengths",
        "zero-steps",
    ],
)
def test_behaviour(behaviour: str) -> None:
    """The behaviours that the project promises to check all have cases."""
    assert any(case.behaviour == behaviour for case in CASES)


SHIPPED = [
    case for case in CASES if case.run and not case.must_reject and not case.tags & ON_DEMAND
]


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case.id)
def test_limits_are_narrow(case: Case) -> None:
    """No number may be off by as much as a tenth of what its result reaches: that shows nothing."""
    sample = draw(case)
    for name, right in reference.lstm(case.layer, sample).items():
        limit = envelope.results(case.layer, sample)[name]
        assert not limit.size or limit.max() <= envelope.PARTED * np.abs(right).max()


def test_guide() -> None:
    """The guide's worked example stands in the cases, number for number."""
    (case,) = (case for case in CASES if case.id == "guide-sequences")
    assert case.expect == {"output": (2, 5, 4), "h_n": (1, 2, 4), "c_n": (1, 2, 4)}


def test_deviations() -> None:
    """The shipped deviations load: each speaks of a case, of a claim put to it, and alone."""
    assert load_deviations(ROOT, GROUND, lambda _, case: claims_on(case))


def test_records() -> None:
    """The shipped records load, and each glob of theirs matches a case that is recorded."""
    assert load_records(ROOT, GROUND)


@cache
def known() -> tuple[Deviation | Record, ...]:
    """Return all that the shipped files say of frameworks."""
    pins = load_deviations(ROOT, GROUND, lambda _, case: claims_on(case))
    return (*pins, *load_records(ROOT, GROUND))


@pytest.mark.parametrize("name", shipped(ROOT))
def test_versions(name: str) -> None:
    """What is known of a framework is known of versions of what its adapter runs on."""
    packages = declared(f"adapters.{name.replace('-', '_')}", "PACKAGES")
    first = {package.partition("|")[0] for package in packages}
    spoken = {Requirement(one.version).name for one in known() if one.framework == name}
    assert spoken <= first


@pytest.mark.parametrize("path", schemas(), ids=Path.as_posix)
def test_schema_is_current(path: Path) -> None:
    """A generated schema is what `python -m conformance schema` would write now."""
    assert (ROOT / path).read_text(encoding="utf-8") == schemas()[path]


def test_schema_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes every schema and prints where."""
    assert main(["schema"], tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / path) for path in schemas()]


def test_layer_options() -> None:
    """A file's layer has the contract's options and defaults; layers are listed by an entry."""
    assert {**LayerOptions().model_dump(), "layers": ""} == dataclasses.asdict(Layer())


def test_dimension_names() -> None:
    """A file's dimensions are the contract's."""
    assert list(DimensionSet.model_fields) == [
        field.name for field in dataclasses.fields(Dimensions)
    ]


def test_kind_names() -> None:
    """A pin's kind may name every option of the layer, every size, the run, and what is behind."""
    options_and_sizes = (*dataclasses.fields(Layer), *dataclasses.fields(Dimensions))
    assert list(Kind.model_fields) == [
        *(field.name for field in options_and_sizes),
        "run",
        "behind",
    ]


@pytest.mark.parametrize("schema", [case_schema(), deviation_schema(), record_schema()])
def test_schema_describes_every_key(schema: dict[str, Any]) -> None:
    """Every key of a file, and of each mapping in it, says in an editor what it is."""
    models = {"the file": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, model in models.items()
        for key, value in model["properties"].items()
        if "description" not in value
    ]
    assert silent == []
