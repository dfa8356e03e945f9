"""The drawing of margins: what counts, and what an SVG of it has."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from adapters.contract import Layer
from conformance.__main__ import main
from conformance.claim.pins import Settlement
from conformance.claim.verdict import Verdict
from conformance.process.framework import Framework
from conformance.report import margin, report
from conformance.report.report import Entry
from tests.harness.observed import SEQUENCES, observed


def entry(dtype: str = "float32", settled: str = "agrees", **margins: float) -> Entry:
    """Return the line of a case that was compared, with these margins."""
    layer = Layer(dtype=dtype)  # type: ignore[arg-type]
    settlement = Settlement(settled, None)  # type: ignore[arg-type]
    claims = {"values": report.claim(Verdict("agrees"), settlement)}
    found = report.entry(observed(replace(SEQUENCES, layer=layer)))
    return found.model_copy(update={"margins": margins, "claims": claims})


def test_parts() -> None:
    """Margins of what agrees stand in order, by framework and dtype; zeros say nothing."""
    entries = [entry(a=0.5, b=0.25, c=0.0), entry("float64", a=0.75), entry(settled="fails", a=9)]
    assert margin.parts(entries) == {
        ("right", "float64"): [0.75],
        ("right", "float32"): [0.25, 0.5],
    }


def test_drawing() -> None:
    """Each framework and dtype has a row, whose dot is the largest margin."""
    drawn = ElementTree.fromstring(margin.drawing([entry(a=0.5, b=0.25), entry("float64", a=0.75)]))
    space = "{http://www.w3.org/2000/svg}"
    dots = [float(str(dot.get("cx"))) for dot in drawn.iter(f"{space}circle")]
    texts = [text.text for text in drawn.iter(f"{space}text")]
    assert dots[0] - dots[1] == pytest.approx(0.25 * 520)
    assert texts[-3:] == ["right", "float64, 0.75 of 1", "float32, 0.50 of 2"]


@pytest.mark.parametrize("layer", [{}, {"dtype": "<b>float8</b>"}], ids=["none", "newer"])
def test_newer_code(layer: dict[str, str]) -> None:
    """A dtype that is not known here, or not told, has a row of its own, as text."""
    newer = entry(a=0.5).model_copy(update={"layer": layer})
    drawn = ElementTree.fromstring(margin.drawing([newer, entry(a=0.25)]))
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    told = layer.get("dtype", margin.UNKNOWN)
    assert texts[-2:] == ["float32, 0.25 of 1", f"{told}, 0.50 of 1"]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes the drawing, and says so where a report has nothing to draw."""
    (tmp_path / "docs").mkdir()
    file = tmp_path / "report.jsonl"
    head = report.header([Framework("right", "tests.harness.adapters.right", "")], complete=True)
    report.write(file, head, [entry(a=0.5)])
    assert main(["margins", str(file)], tmp_path) == 0
    assert (tmp_path / "docs" / "tolerance.svg").read_text(encoding="utf-8").startswith("<svg")
    report.write(file, head, [])
    assert main(["margins", str(file)], tmp_path) == 2
    assert "no margins" in capsys.readouterr().err
