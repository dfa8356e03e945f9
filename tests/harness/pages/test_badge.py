"""`conformance.pages.badge`: a framework's result in one line, for shields.io."""

import json
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.pages.badge import badges
from conformance.report import report
from conformance.report.report import Entry
from tests.harness.pages.books import EVIL
from tests.harness.pages.test_render import AGREES, FAILS, HEADER, PINNED, entry
from tests.harness.project import ROOT


def told(*entries: Entry, complete: bool = True) -> dict[str, str]:
    """Return the badge of the one framework that ran."""
    header = HEADER.model_copy(update={"complete": complete})
    ((path, text),) = badges(header, entries).items()
    assert path == Path("right.json")
    badge: dict[str, str] = json.loads(text)
    return badge


def test_right() -> None:
    """What agrees is counted; what is pinned too, and how many pins were met."""
    badge = told(entry(shapes=AGREES), entry(shapes=AGREES, values=PINNED))
    assert badge["message"] == "2 of 2, 1 known deviation"
    assert (badge["color"], badge["schemaVersion"]) == ("brightgreen", 1)


def test_wrong() -> None:
    """A failure is red, and not counted as agreeing."""
    badge = told(entry(shapes=AGREES), entry(shapes=FAILS))
    assert (badge["message"], badge["color"]) == ("1 of 2", "red")


def test_cut_short() -> None:
    """A run that was cut short is not green."""
    badge = told(entry(shapes=AGREES), complete=False)
    assert (badge["message"], badge["color"]) == ("1 of 1, cut short", "lightgrey")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["right@../build/bin/python"], ["right.json"]),
        (["right", "right@old/python"], ["right.json", "right-old-python.json"]),
    ],
)
def test_names(labels: list[str], names: list[str]) -> None:
    """A file has the framework's name, and that of its interpreter where there are several."""
    header = HEADER.model_copy(
        update={"frameworks": dict.fromkeys(labels, HEADER.frameworks["right"])}
    )
    entries = [entry(shapes=AGREES).model_copy(update={"framework": one}) for one in labels]
    assert [path.name for path in badges(header, entries)] == names


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files are written to a folder, whatever a label is; what is no report is one line."""
    label = f"../{EVIL}"
    header = HEADER.model_copy(update={"frameworks": {label: HEADER.frameworks["right"]}})
    path = tmp_path / "run.jsonl"
    one = entry(shapes=AGREES).model_copy(update={"framework": label})
    report.write(path, header, [one])
    assert main(["badges", str(path), str(tmp_path / "made")], ROOT) == 0
    (written,) = (tmp_path / "made").iterdir()
    assert set(written.name) <= set("abcdefghijklmnopqrstuvwxyz1234567890-_.")
    path.write_text("{}")
    capsys.readouterr()
    assert main(["badges", str(path), str(tmp_path / "made")], ROOT) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
