"""`conformance.matrix` and `conformance.recorded`: what is made of a report."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import yaml

from conformance import matrix, recorded
from conformance.case import Record
from tests.harness.observed import SEQUENCES

FAILS = {"settled": "fails", "outcome": "differs"}
HEADER = {"frameworks": {"right@old": {"versions": {"numpy": "2.4.6+local", "other": "1"}}}}


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a report of `entries`."""
    file = folder / "report.jsonl"
    file.write_text("\n".join(map(json.dumps, [HEADER, *entries])), encoding="utf-8")
    return file


def entry(case: str = "guide-a", properties: Any = None, **settled: str) -> dict[str, Any]:
    """Return one framework's entry, each claim settled as said."""
    claims = {
        name: {"settled": how, "outcome": "differs" if how == "fails" else "agrees"}
        for name, how in settled.items()
    }
    where = {"framework": "right@old", "case": case, "where": "cases/guide.yaml:7"}
    return {**where, "claims": claims, "properties": properties or {}}


def test_matrix(tmp_path: Path) -> None:
    """A case counts once, as the worst of its claims; unsupported where all claims are."""
    report = written(
        tmp_path,
        entry(shapes="agrees", values="agrees"),
        entry(shapes="agrees", inferred_shapes="unsupported"),
        entry(shapes="agrees", values="pinned"),
        entry(shapes="unsupported", values="unsupported"),
        entry(shapes="pinned", values="fails"),
    )
    told = list(matrix.lines(report))
    assert told[0] == "| behaviour | right@old |"
    assert told[2:] == ["| guide | 2 1p 1u 1FAIL |", "| **all** | 2 1p 1u 1FAIL |"]


def test_recorded(tmp_path: Path) -> None:
    """What a case records, and no other property, goes on record from the version that was seen."""
    cases = [dataclasses.replace(SEQUENCES, id="guide-a", record=("container",))]
    seen = {"container": "(y, h)", "exception": "none"}
    report = written(tmp_path, {**entry(properties=seen), "claims": {"properties": FAILS}})
    ((path, text),) = recorded.files(report, cases, [], {"right@old": "https://a.example"}).items()
    assert path == Path("cases/properties/right.yaml")
    assert yaml.safe_load(text) == {
        "framework": "right",
        "records": [
            {
                "property": "container",
                "version": "numpy>=2.4.6",
                "source": "https://a.example",
                "seen": {"guide-a": "(y, h)"},
            }
        ],
    }


def test_recorded_source_is_kept(tmp_path: Path) -> None:
    """The source of a property that is on record already stays."""
    cases = [dataclasses.replace(SEQUENCES, id="guide-a", record=("container",))]
    known = [Record("right", "guide-a", "container", "numpy", "y", "https://b.example", "x:1")]
    report = written(
        tmp_path, {**entry(properties={"container": "y"}), "claims": {"properties": FAILS}}
    )
    (text,) = recorded.files(report, cases, known, {"right@old": "https://a.example"}).values()
    assert yaml.safe_load(text)["records"][0]["source"] == "https://b.example"
