"""`conformance.report.matrix` and `conformance.report.recorded`: what is made of a report."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.__main__ import main
from conformance.lstm.case import Record
from conformance.process.framework import Framework
from conformance.report import matrix, recorded, report
from conformance.report.report import ClaimEntry, Entry
from tests.harness.observed import SEQUENCES, observed

FRAMEWORK = Framework("right@old", "adapters.right", "old", {"numpy": "2.4.6+local", "other": "1"})
HEADER = report.header([FRAMEWORK], complete=True)
CASES = [dataclasses.replace(SEQUENCES, id="guide-a", record=("container",))]
SEEN = {"container": "(y, h)", "exception": "none"}


def entry(properties: Any = None, **settled: str) -> Entry:
    """Return the right adapter's entry, each claim settled as said."""
    claims = {
        name.rstrip("_"): ClaimEntry(
            outcome="differs" if how == "fails" else "agrees", got={}, settled=how, pin=None
        )
        for name, how in settled.items()  # a trailing _ tells a claim from the argument
    }
    facts = report.entry(observed(CASES[0], framework=FRAMEWORK))
    return facts.model_copy(update={"claims": claims, "properties": properties or {}})


def test_matrix() -> None:
    """A case counts once, as the worst of its claims; unsupported where all claims are."""
    entries = [
        entry(shapes="agrees", values="agrees"),
        entry(shapes="agrees", inferred_shapes="unsupported"),
        entry(shapes="agrees", values="pinned"),
        entry(shapes="unsupported", values="unsupported"),
        entry(shapes="pinned", values="fails"),
    ]
    told = list(matrix.lines(HEADER, entries))
    assert told[0] == "| behaviour | right@old |"
    assert told[2:] == ["| guide | 2 1p 1u 1FAIL |", "| **all** | 2 1p 1u 1FAIL |"]


def test_matrix_of_a_run_cut_short() -> None:
    """A run that was cut short says so above its table and below it, and a whole one does not."""
    short = list(
        matrix.lines(HEADER.model_copy(update={"complete": False}), [entry(shapes="fails")])
    )
    whole = list(matrix.lines(HEADER, [entry(shapes="fails")]))
    assert short == [matrix.CUT_SHORT, "", *whole, "", matrix.CUT_SHORT]
    assert matrix.CUT_SHORT not in whole


def crashed() -> Entry:
    """Return the entry of a case at which the process died."""
    one = entry({}, properties_="fails")
    claims = {
        name: each.model_copy(update={"outcome": "crashed"}) for name, each in one.claims.items()
    }
    return one.model_copy(update={"outcome": "crashed", "claims": claims})


ON_RECORD = Record("right", "guide-a", "container", "numpy", "y", "https://b.example", "x:1")
UNSUPPORTED = entry(properties_="unsupported").model_copy(
    update={"outcome": "unsupported", "claims": {}}
)


@pytest.mark.parametrize(
    ("complete", "entries", "message"),
    [
        (
            False,
            [entry(SEEN, properties_="agrees")],
            "its run was cut short, and what it did not come to would be taken out",
        ),
        *(
            (
                True,
                entries,
                "it does not have the container of right on guide-a, one of 1 properties that are "
                "on record and would be taken out",
            )
            for entries in (
                [],
                [entry(SEEN, shapes="agrees")],
                [entry({}, properties_="agrees")],
                [crashed()],
            )
        ),
    ],
)
def test_record_would_be_shortened(complete: bool, entries: list[Entry], message: str) -> None:
    """A report of a part of a run is refused: what it lacks would go from the file in silence."""
    head = HEADER.model_copy(update={"complete": complete})
    for known in (ON_RECORD, dataclasses.replace(ON_RECORD, cases="guide-*")):
        with pytest.raises(recorded.RecordError) as raised:
            recorded.files(head, entries, CASES, [known], {"right@old": "https://a.example"}, {})
        assert str(raised.value) == message


def test_record_of_other_versions_stays() -> None:
    """What is on record of versions that were not run stays."""
    older = dataclasses.replace(ON_RECORD, version="numpy<2", value="[y, h]")
    (text,) = recorded.files(
        HEADER,
        [entry(SEEN, properties_="fails")],
        CASES,
        [ON_RECORD, older],
        {"right@old": "https://a.example"},
        {},
    ).values()
    told = [(one["version"], one["seen"]) for one in yaml.safe_load(text)["records"]]
    assert told == [
        ("numpy>=2.4.6", {"guide-a": "(y, h)"}),
        ("numpy<2", {"guide-a": "[y, h]"}),
    ]


@pytest.mark.parametrize(
    ("changes", "frameworks", "message"),
    [
        ({"case": "guide-b"}, [FRAMEWORK], "there is no case 'guide-b': did you mean 'guide-a'?"),
        (
            {},
            [FRAMEWORK, dataclasses.replace(FRAMEWORK, label="right")],
            "it has right more than once: name one of them by --framework",
        ),
        (
            {},
            [dataclasses.replace(FRAMEWORK, versions={})],
            "right@old was not installed: nothing was seen of it",
        ),
        (
            {},
            [dataclasses.replace(FRAMEWORK, versions={"numpy": "1; rm"})],
            "right@old: expected a requirement like 'name>=1.2,<2', got the text 'numpy>=1; rm'",
        ),
    ],
)
def test_record_of_what_nobody_knows(
    changes: dict[str, Any], frameworks: list[Framework], message: str
) -> None:
    """A case that is not there, two of one adapter, and a version that is none, are told."""
    one = entry(SEEN, properties_="agrees").model_copy(update=changes)
    head = report.header(frameworks, complete=True)
    sources = dict.fromkeys((each.label for each in frameworks), "https://a.example")
    with pytest.raises(recorded.RecordError) as raised:
        recorded.files(head, [one], CASES, [], sources, {})
    assert str(raised.value) == message


def test_record_of_what_is_not_there() -> None:
    """A case that the framework does not have has no property: its record goes."""
    sources = {"right@old": "https://a.example"}
    assert recorded.files(HEADER, [UNSUPPORTED], CASES, [ON_RECORD], sources, {}) == {}


def test_recorded() -> None:
    """What a case records, and no other property, goes on record from the version that was seen."""
    ((path, text),) = recorded.files(
        HEADER,
        [entry(SEEN, properties_="fails")],
        CASES,
        [],
        {"right@old": "https://a.example"},
        {},
    ).items()
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


def test_recorded_source_is_kept() -> None:
    """The source of a property that is on record already stays."""
    known = [Record("right", "guide-a", "container", "numpy", "y", "https://b.example", "x:1")]
    (text,) = recorded.files(
        HEADER,
        [entry(SEEN, properties_="fails")],
        CASES,
        known,
        {"right@old": "https://a.example"},
        {},
    ).values()
    assert yaml.safe_load(text)["records"][0]["source"] == "https://b.example"


def elsewhere(folder: Path, file: str) -> Framework:
    """Return an adapter of a package in `folder`, which is found there as `file`."""
    return Framework("box.fake", "box.fake", "", {"numpy": "2.4.6"}, file=str(folder / file))


def test_recorded_beside(tmp_path: Path) -> None:
    """What is seen of an adapter from elsewhere goes on record beside it, under its dotted name."""
    framework = elsewhere(tmp_path, "fake.py")
    seen = entry(SEEN, properties_="fails").model_copy(update={"framework": "box.fake"})
    ((path, text),) = recorded.files(
        report.header([framework], complete=True),
        [seen],
        CASES,
        [],
        {"box.fake": "https://a.example"},
        {"box.fake": tmp_path},
    ).items()
    assert path == tmp_path / "fake.properties.yaml"
    assert yaml.safe_load(text)["framework"] == "box.fake"
    assert "schema.json" not in text  # there is none beside it


@pytest.mark.parametrize(
    ("file", "place"), [("fake.py", "{folder}"), ("nowhere/fake.py", "not on this machine")]
)
def test_record_that_cannot_be_written(
    file: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where nobody may write beside an adapter, or it is elsewhere, one line says so."""
    (tmp_path / "fake.py").touch()
    framework = elsewhere(tmp_path, file)
    report.write(tmp_path / "r.jsonl", report.header([framework], complete=True), [])
    monkeypatch.setattr("conformance.report.commands.find", lambda *_, **__: (framework,))
    monkeypatch.setattr("os.access", lambda *_: False)
    assert main(["record", "--framework", "box.fake", str(tmp_path / "r.jsonl")]) == 2
    told = place.format(folder=tmp_path)
    assert capsys.readouterr().err == f"box.fake: its folder cannot be written to: {told}\n"


def test_record_of_a_run_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command refuses a report of a run that was cut short in one line, with the status 2."""
    file = tmp_path / "r.jsonl"
    report.write(file, report.header([], complete=False), [])
    assert main(["record", str(file)]) == 2
    assert capsys.readouterr().err.count(f"{file}: its run was cut short") == 1


LOUD = """\
#!/bin/sh
touch "$(dirname "$0")/started"
"""


@pytest.mark.parametrize(
    "label",
    [
        "torch@{folder}/python",
        "torch@popen//python=sh -c {folder}/python",
        "torch@ssh=localhost//python={folder}/python",
        "box.fake@{folder}/python",
        "box.fake",
        "box",
        "../box",
        "",
    ],
)
def test_report_starts_nothing(
    label: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What a report names is neither started nor imported, whatever it is."""
    started = tmp_path / "python"
    started.write_text(LOUD, encoding="utf-8")
    started.chmod(0o700)
    box = tmp_path / "box"
    box.mkdir()
    for name in ("__init__", "fake"):
        text = f"import pathlib\npathlib.Path({str(tmp_path)!r}, 'started').touch()\n"
        (box / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    named = Framework(label.format(folder=tmp_path), "x", str(started), {"torch": "2.13.0"})
    file = tmp_path / "r.jsonl"
    report.write(file, report.header([named], complete=True), [])
    before = set(sys.modules)
    assert main(["record", str(file)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "started").exists()
    assert not {one for one in set(sys.modules) - before if one.startswith("box")}


def test_report_of_another_framework(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A framework that is asked for and is not in the report is told, with what may be meant."""
    file = tmp_path / "r.jsonl"
    report.write(file, HEADER, [])
    assert main(["record", "--framework", "right@odl", str(file)]) == 2
    told = f"{file}: it has no framework 'right@odl': did you mean 'right@old'?\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("command", ["matrix", "record"])
@pytest.mark.parametrize("content", [None, "no report"])
def test_no_report(
    command: str, content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there, or is no report, is told in one line, with the status 2."""
    file = tmp_path / "r.jsonl"
    if content:
        file.write_text(content, encoding="utf-8")
    assert main([command, str(file)]) == 2
    told = capsys.readouterr().err
    assert str(file) in told
    assert told.count("\n") == 1
