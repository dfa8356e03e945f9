"""`conformance.upgrade.told`: a comparison as text, Markdown, JSON and workflow commands."""

import json

import pytest

from conformance.upgrade.canary import Canary
from conformance.upgrade.comparison import Comparison, comparison
from conformance.upgrade.told import FORMATS
from tests.harness.upgrade.sides import entry, side

SEEN = comparison(
    side("before", entry(), entry(asked="wrong")),
    side("after", entry("batch_and_time_swapped"), entry("accepts_wrong_features", "wrong")),
)
EVIL = "`x` | <b>::error::\x1b[31m\r\n%0A"


def told(form: str, compared: Comparison = SEEN) -> str:
    """Return a comparison in a format."""
    return "\n".join(FORMATS[form](compared))


def test_text() -> None:
    """A finding has what was before and after, its cases, sizes and the command that reruns it."""
    lines = [line.strip() for line in told("text").splitlines()]
    assert lines[:3] == ["before.jsonl -> after.jsonl", "", "fake: fake 1.0 -> 2.0, numpy 2.4.6"]
    start = lines.index("breaking")
    assert lines[start : start + 8] == [
        "breaking",
        "1. shape of the one case with no wrong input",
        "before    axes [0, 1, 2]",
        "after     axes [1, 0, 2]",
        "of        y",
        "cases     guide-sequences",
        "asks      batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4, num_layers=1",
        "exactly   y: (2, 5, 4), now (5, 2, 4)",
    ]
    rerun = "python -m conformance upgrade fake==1.0 fake==2.0 --framework fake --with numpy==2.4.6"
    assert lines[start + 8] == f"rerun     {rerun} --case guide-sequences"
    assert "newly accepted or rejected input" in lines


def test_json() -> None:
    """JSON has all of it, and the status."""
    plain = json.loads(told("json"))
    (one,) = plain["accounts"]
    assert (plain["status"], one["compared"]) == (1, 2)
    assert [finding["severity"] for finding in one["findings"]] == ["breaking", "input"]
    assert one["findings"][0]["cases"] == ["guide-sequences"]


def test_github() -> None:
    """A breaking change is an error, another one a warning; the text fits in a line."""
    lines = told("github").splitlines()
    assert lines[0].startswith("::error title=fake%3A breaking%3A shape::shape of the one case")
    assert "%0Abefore: axes [0, 1, 2]%0Aafter: axes [1, 0, 2]" in lines[0]
    assert lines[1].startswith("::warning title=fake%3A input%3A outcome::")
    assert not any("::" in line for line in lines[2:])


def evil() -> Comparison:
    """Return a comparison of observations that try to be markup, commands and control codes."""
    before = entry().model_copy(update={"warnings": ()})
    after = entry().model_copy(update={"warnings": (EVIL,)})
    return comparison(side("before", before), side("after", after))


@pytest.mark.parametrize("form", ["text", "markdown", "github"])
def test_what_was_observed_is_data(form: str) -> None:
    """What a framework says moves no cursor, ends no line, and is no command of a workflow."""
    text = told(form, evil())
    assert "\x1b" not in text
    assert not any(line.startswith("::error") for line in text.splitlines())
    assert "<b>" in text


def test_markdown() -> None:
    """In Markdown all that was observed stands in code, whatever fences it has itself."""
    lines = told("markdown", evil()).splitlines()
    (after,) = [line for line in lines if line.strip().startswith("- after:")]
    assert after.strip().startswith("- after: `` `x` | <b>")
    assert after.endswith(" ``")


def test_status() -> None:
    """1 where anything is breaking, 2 where nothing could be compared, else 0."""
    dead = Canary("fake", "after", "raises X: y", "a.py:1", "b.py:2", "looks like z")
    same = comparison(side("before", entry()), side("after", entry()))
    nothing = comparison(side("before", entry()), side("after"))
    assert (SEEN.status, same.status, nothing.status) == (1, 0, 2)
    assert Comparison("a", "b", (), dead=(dead,)).status == 2
    lines = told("text", Comparison("a", "b", (), dead=(dead,))).splitlines()
    assert lines[1:] == ["fake does not run after: raises X: y", "  at a.py:1 -> b.py:2",
                         "  looks like z"]  # fmt: skip


def test_cut_short() -> None:
    """That a run was cut short is told, of whichever side."""
    cut = comparison(side("before", entry(), complete=False), side("after", entry()))
    assert "before.jsonl is of a run that was cut short" in told("text", cut)
