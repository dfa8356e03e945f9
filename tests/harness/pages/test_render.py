"""`conformance.pages.render`: a report as one page, in which all that it says is text."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.claim.pins import Settlement
from conformance.claim.verdict import Verdict
from conformance.pages import render
from conformance.pages.times import drawing
from conformance.process import source
from conformance.process.framework import Framework
from conformance.report import report
from conformance.report.report import Entry, Header
from tests.harness.observed import observed
from tests.harness.pages.books import EVIL, SNIPPET, pin
from tests.harness.project import ROOT

HEADER = report.header(
    [
        Framework("right", "adapters.right", "", {"numpy": "2.4.6"}),
        Framework("left", "adapters.left", "", {}, ("leftover",)),
    ],
    complete=True,
)
FAILS = report.claim(Verdict("differs", {"y": [5, 2, 4]}, "x"), Settlement("fails"))
PINNED = report.claim(Verdict("differs", {"y": [2, 4]}, "x"), Settlement("pinned", "why", pin()))
AGREES = report.claim(Verdict("agrees", {}, ""), Settlement("agrees"))
SEEN = report.entry(observed())


class Page(HTMLParser):
    """Collects tags and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def made(*entries: Entry, header: Header = HEADER) -> Page:
    """Return the page of a report."""
    return Page(render.page(header, entries))


def entry(**claims: report.ClaimEntry) -> Entry:
    """Return what the right adapter gave, with claims on it."""
    return SEEN.model_copy(update={"claims": claims})


def test_failure() -> None:
    """A failure has what was due, what came, where it stands and how to see it again."""
    text = made(entry(shapes=FAILS)).text
    assert "right on guide-sequences: shapes, differs" in text
    assert '{"output": [2, 5, 4], "h_n": [1, 2, 4], "c_n": [1, 2, 4]}' in text
    assert '{"y": [5, 2, 4]}' in text
    assert "cases/guide.yaml:7" in text
    assert "pytest --framework right --case guide-sequences" in text


def test_snippet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure has what its user would write; by the adapter here, whatever a report names."""
    asked: list[str] = []
    monkeypatch.setattr(source, "snippet", lambda module: asked.append(module) or SNIPPET)
    assert "y = one(x, bias=True)" in made(entry(shapes=FAILS)).text
    elsewhere = entry(shapes=FAILS).model_copy(update={"framework": "os.path"})
    header = report.header([Framework("os.path", "os.path", "")], complete=True)
    assert "y = one(x, bias=True)" not in made(elsewhere, header=header).text
    assert asked == ["adapters.right"]


def test_right_run() -> None:
    """A run without failures says so, and counts what agrees; what is missing is named."""
    page = made(entry(shapes=AGREES))
    assert "Failures None." in " ".join(page.text.split())
    assert "not installed: leftover" in page.text
    assert "svg" in page.tags


def test_pins() -> None:
    """A pin that was met is named, with how many claims met it."""
    text = made(entry(shapes=PINNED, values=PINNED)).text
    assert 'cases/deviations/one.yaml:32right on guide-sequences: differs {"y": [2, 4]}' in text


def test_cut_short() -> None:
    """A run that was cut short says so."""
    assert "cut short" in made(header=HEADER.model_copy(update={"complete": False})).text
    assert "cut short" not in made().text


def test_many_failures() -> None:
    """Of very many failures the first are told, and how many more there are."""
    entries = [entry(shapes=FAILS, values=FAILS)] * render.MOST
    assert f"And {render.MOST} more." in made(*entries).text


def test_newer_code() -> None:
    """An option that is not known here is shown and breaks nothing."""
    newer = entry(shapes=FAILS).model_copy(update={"layer": {"peephole": True}})
    assert 'of an unknown layer: {"peephole": true}' in made(newer).text


def test_hostile_text() -> None:
    """Whatever a report says is text on the page: the page has the tags that it has without it."""
    plain = made(entry(shapes=FAILS, values=PINNED))
    evil = entry(
        shapes=FAILS.model_copy(update={"got": {EVIL: EVIL}}),
        values=PINNED.model_copy(update={"pin": EVIL}),
    ).model_copy(
        update={
            "framework": EVIL,
            "case": EVIL,
            "where": EVIL,
            "detail": EVIL,
            "seconds": {EVIL: 1.0},
            "exception": report.Refusal(type=EVIL, message=EVIL),
        }
    )
    label = HEADER.frameworks["right"].model_copy(update={"versions": {EVIL: EVIL}})
    missing = HEADER.frameworks["left"].model_copy(update={"missing": (EVIL,)})
    header = HEADER.model_copy(
        update={"frameworks": {EVIL: label, "b": missing}, "platform": EVIL, "python": EVIL}
    )
    page = made(evil, header=header)
    assert page.tags == plain.tags
    assert page.attributes == plain.attributes
    assert page.text.count(EVIL) > 8


def test_needs_nothing() -> None:
    """The page has no script, and nothing that is fetched."""
    page = made(entry(shapes=FAILS))
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert not page.attributes & {"src", "href", "onload", "style"}


def test_times() -> None:
    """A bar has a piece for each part, as long as its share of the longest."""
    told = drawing({"a": {"run": 3.0, "infer": 1.0}, "b": {"run": 2.0}})
    assert '<rect x="150.0" y="40" width="130.0"' in told
    assert "4.0 s" in told
    assert drawing({}) == ""


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is written beside the report, or where it is asked for."""
    path = tmp_path / "run.jsonl"
    report.write(path, HEADER, [entry(shapes=AGREES)])
    assert main(["render", str(path)], ROOT) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "run.html")
    assert main(["render", str(path), "--output", str(tmp_path / "x.html")], ROOT) == 0
    assert (tmp_path / "x.html").read_text() == (tmp_path / "run.html").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        HEADER.model_dump_json()[:-9],
        HEADER.model_dump_json().replace("report/1", "report/9"),
        HEADER.model_dump_json() + "\n" + SEEN.model_dump_json()[:99],
        HEADER.model_dump_json() + "\n" + json.dumps({**SEEN.model_dump(mode="json"), "new": 1}),
        HEADER.model_dump_json()
        + "\n"
        + json.dumps({**SEEN.model_dump(mode="json"), "seconds": {"run": float("nan")}}),
    ],
    ids=["empty", "another", "cut off", "schema", "cut off in a line", "newer", "no number"],
)
def test_no_report(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no report is one line with its place, and no page."""
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    assert main(["render", str(path)], ROOT) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{path}:")
    assert not (tmp_path / "run.html").exists()


def test_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report is not written over by its page."""
    path = tmp_path / "run.html"
    report.write(path, HEADER, [])
    assert main(["render", str(path)], ROOT) == 2
    assert "it is the report itself" in capsys.readouterr().err
