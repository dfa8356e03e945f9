"""``python -m conformance diff``, on files of reports."""

import json
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.report import report
from conformance.report.report import Entry
from tests.harness.upgrade.sides import ROOT, entry, side


def saved(folder: Path, when: str, *entries: Entry) -> str:
    """Write one side's report, and return its path."""
    path = folder / f"{when}.jsonl"
    report.write(path, side(when, *entries).header, entries)
    return str(path)


def test_breaking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A breaking change makes the status 1, and is told."""
    before = saved(tmp_path, "before", entry())
    after = saved(tmp_path, "after", entry("batch_and_time_swapped"))
    assert main(["diff", before, after]) == 1
    assert "1 breaking" in capsys.readouterr().out


def test_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that changed makes the status 0, in a format of choice."""
    before = saved(tmp_path, "before", entry(), entry(asked="wrong"))
    assert main(["diff", before, before, "--format", "json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["accounts"]
    assert (one["compared"], one["findings"]) == (2, [])


def older(text: str) -> str:
    """Return a report as it was before it had hashes."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines[1:]:
        del line["meaning"], line["fed"]
        for tensor in line["native"].values():
            del tensor["digest"], tensor["numbers"]
    return "\n".join(map(json.dumps, lines)) + "\n"


def test_older_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report without hashes is compared in all that it has, and what it lacks is told."""
    before = Path(saved(tmp_path, "before", entry()))
    before.write_text(older(before.read_text()))
    after = saved(tmp_path, "after", entry("batch_and_time_swapped"))
    assert main(["diff", str(before), after]) == 1
    out = capsys.readouterr().out
    assert "numbers not compared: 1 a report from before there was a hash of the numbers" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no report that can be read"),
        ("{}\n", "no report that can be read"),
        ("header\n{", "no report that can be read"),
        ("header\n" + json.dumps({"kind": "observation", "newer": 1}), "no report"),
        ("another schema", "no report that can be read"),
        (None, "No such file"),
    ],
)
def test_bad_report(
    text: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no report is one clear line with its path, and status 2."""
    good = saved(tmp_path, "after", entry())
    bad = tmp_path / "bad.jsonl"
    head = Path(good).read_text().partition("\n")[0]
    if text is not None:
        text = text.replace("another schema", head.replace("report/1", "report/9"))
        bad.write_text(text.replace("header", head))
    assert main(["diff", str(bad), good]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert str(bad) in err
    assert told in err


def test_unlike_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports of other frameworks cannot be compared: one line, status 2."""
    before = saved(tmp_path, "before", entry())
    after = tmp_path / "after.jsonl"
    report.write(after, side("after", label="other").header, [])
    assert main(["diff", before, str(after)], ROOT) == 2
    assert capsys.readouterr().err == "no framework is on both sides: fake before, other after\n"
