"""`conformance.plain`: nothing leaves that a terminal, a log or a page would obey."""

from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.command import tell
from conformance.plain import MAX_LINES, MAX_WIDTH, cell, line, lines
from conformance.process.framework import Framework
from conformance.report import report
from tests.harness.observed import observed
from tests.harness.project import create


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch 2.13.0 (é, 中, …)", "torch 2.13.0 (é, 中, …)"),
        ("\x1b[2J\x07\x9b", r"\x1b[2J\x07\x9b"),
        ("a\nb\r\u2028\u202e\ud800", r"a\nb\r\u2028\u202e\ud800"),
        ("a\tb", "a b"),
        ("::error::x", r"\::error::x"),
        ("  ::warning file=a::x", r"  \::warning file=a::x"),
        ("a::b, tests/x.py::test_y", "a::b, tests/x.py::test_y"),
        ("x ##[error]y ##vso[task]z", r"x #\#[error]y #\#vso[task]z"),
        ("## heading", "## heading"),
        (12, "12"),
    ],
)
def test_line(text: object, expected: str) -> None:
    """Control characters are spelled out, and orders are none any more; the rest stays."""
    assert line(text) == expected


def test_lines() -> None:
    """Each line is made plain by itself, so that none begins with an order."""
    assert lines("a\n::error::b\n\x1bc") == "a\n\\::error::b\n\\x1bc"


def test_lines_are_bounded() -> None:
    """Of lines that are too many or too long the beginning is left, with what was more."""
    said = lines("\n".join(["x" * 10_000] * 1_000)).split("\n")
    assert (len(said), len(said[0])) == (MAX_LINES + 1, MAX_WIDTH)
    assert said[-1] == "and 800 more lines"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[a](javascript:x) `y` *z* &lt;", r"\[a\](javascript:x) \`y\` \*z\* \&lt;"),
        ("a\nb", r"a\\nb"),
        ("torch-export@my_venv/bin/python", "torch-export@my_venv/bin/python"),
    ],
)
def test_cell(text: str, expected: str) -> None:
    """A cell of a table ends where it should, and holds no markup."""
    assert cell(text) == expected


def test_tell(capsys: pytest.CaptureFixture[str]) -> None:
    """What a command tells is plain, and all of it, on stdout or as an error."""
    tell("\x1b", "\n".join("x" * 500))
    tell("::error::", error=True)
    out, err = capsys.readouterr()
    assert (out.count("\n"), out.startswith(r"\x1b"), err) == (501, True, "\\::error::\n")


def test_matrix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A label and a place of a report cannot end a cell, nor order anything."""
    label = "a|b<script>\n::error::\x1b[2J"
    framework = Framework(label, "x", "", {"numpy": "1"})
    claim = report.ClaimEntry(outcome="agrees", got={}, settled="agrees", pin=None)
    entry = report.entry(observed(framework=framework)).model_copy(
        update={"where": "cases/x|y<b>\n::error::.yaml:1", "claims": {"shapes": claim}}
    )
    report.write(tmp_path / "r.jsonl", report.header([framework], complete=True), [entry])
    assert main(["matrix", str(tmp_path / "r.jsonl")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert not [one for one in told if one.count("|") - one.count(r"\|") != 3]
    assert not any("\x1b" in one or one.startswith("::") for one in told)


LOUD = """\
behaviour: loud
about: "::error::in about \\e[2J"
source: https://example.org/loud
cases:
  - id: one
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
    expect: {output: [2, 3, 4], h_n: [1, 2, 4], c_n: [1, 2, 4]}
"""
ADAPTER = """\
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, parameters

PACKAGES = ("numpy",)
ORDER = "::error::forged\\n::error::forged\\x1b[2J\\r##[error]x"


def infer(*asked):
    raise ValueError(ORDER)


def run(*asked):
    print(ORDER)
    return {**right.run(*asked), ORDER: right.run(*asked)["y"]}
"""
PIN = """\
framework: loud
deviations:
  - cases: loud-*
    claim: inferred_shapes
    version: numpy>=1
    outcome: rejected
    got: {exception: ValueError}
    why: "::error::in why\\n::error::and more \\e[2J"
    source: https://example.org/pin
"""


@pytest.mark.parametrize("options", [["-rA"], ["-n", "1"], ["-v"]])
def test_run(options: list[str], tmp_path: Path) -> None:
    """Whatever a case, a pin and an adapter say, no line of a run is an order."""
    project = create(tmp_path)
    project.write("cases/loud.yaml", LOUD)
    project.write("adapters/loud.py", ADAPTER)
    project.write("cases/deviations/loud.yaml", PIN)
    result = project.run("--case", "loud-*", *options)
    text = str(result.stdout) + str(result.stderr)
    assert "forged" in text
    assert not [one for one in text.splitlines() if one.lstrip().startswith("::")]
    assert not {"\x1b", "\r"} & set(text)
    assert "##[" not in text
