"""``docs/history/``: what the records say, and no page that is older than they."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.__main__ import main
from conformance.history.chronicle import chronicle
from conformance.history.page import DOCS, files
from conformance.report import kept
from tests.harness.observed import ROOT
from tests.harness.report.test_kept import about, three
from tests.harness.upgrade.sides import entry

SPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return three releases, a fourth on which nothing runs, and one as the first."""
    (tmp_path / "fake").mkdir()
    paths = three(tmp_path / "fake")
    silent = kept.kept(about("1.3", silent="cannot be imported: | <b>"), [], {})
    kept.write(tmp_path / "fake" / "1.3.jsonl.gz", silent, kept.read(paths[2]))
    beside = {"fake": "1.4", "numpy": "2.5.0", "more": "1"}
    last = kept.kept(about("1.4", distributions=beside), [entry()], {})
    kept.write(tmp_path / "fake" / "1.4.jsonl.gz", last, silent)
    return tmp_path


def test_chronicle(folder: Path) -> None:
    """Each release is compared with the last one before it that runs."""
    chapters = chronicle(folder, "fake")
    assert [(one.about.release, one.before, dict(one.counts)) for one in chapters] == [
        ("1.0", "", {}),
        ("1.1", "1.0", {"breaking": 1}),
        ("1.2", "1.1", {}),
        ("1.3", "", {}),
        ("1.4", "1.2", {"fixed": 1}),
    ]
    assert chapters[-1].beside == ("more - -> 1", "numpy 2.4.6 -> 2.5.0")


def test_page(folder: Path) -> None:
    """A page has a row for each release, and a section for each that changed something."""
    made = files(folder)
    assert sorted(path.name for path in made) == ["README.md", "fake.md", "fake.svg"]
    lines = made[DOCS / "fake.md"].splitlines()
    assert "| 1.1 | 2 | 1 breaking | - |" in lines
    assert "| 1.3 | - | does not run: cannot be imported: \\| \\<b\\> | - |" in lines
    assert "| 1.4 | 1 | 1 fixed | more - -\\> 1, numpy 2.4.6 -\\> 2.5.0 |" in lines
    assert [line for line in lines if line.startswith("## ")] == ["## 1.4", "## 1.1"]
    row = "| [fake](fake.md) | 5, 1.0 to 1.4 | 1 breaking, 1 fixed |"
    assert row in made[DOCS / "README.md"].splitlines()


def test_drawing(folder: Path) -> None:
    """A release has a box as high as its findings are many, and its name."""
    drawn = ElementTree.fromstring(files(folder)[DOCS / "fake.svg"])
    boxes = [box for box in drawn.iter(f"{SPACE}rect") if box.find(f"{SPACE}title") is not None]
    assert [box.findtext(f"{SPACE}title") for box in boxes] == ["1.1: 1 breaking", "1.4: 1 fixed"]
    texts = [str(text.text) for text in drawn.iter(f"{SPACE}text")]
    assert texts[-6:] == ["1.0", "1.1", "1.2", "x", "1.3", "1.4"]


def test_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes all pages, or none where a record cannot be read."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "history").symlink_to(folder)
    (folder / "fake" / "x.jsonl.gz").touch()
    assert main(["timeline"], root) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (root / DOCS).exists()
    (folder / "fake" / "x.jsonl.gz").unlink()
    assert main(["timeline"], root) == 0
    assert {path: (root / path).read_text("utf-8") for path in files(folder)} == files(folder)


def stale(root: Path) -> list[str]:
    """Return the pages that are not what the records make of them, and those of none."""
    made = files(root / "history")
    there = {path.relative_to(root): path.read_text("utf-8") for path in (root / DOCS).iterdir()}
    return sorted(str(path) for path in {*made, *there} if made.get(path) != there.get(path))


def test_pages_are_fresh() -> None:
    """The pages are what `python -m conformance timeline` makes of the records."""
    assert stale(ROOT) == []


def test_pages_can_be_stale(tmp_path: Path) -> None:
    """A page that is older than the records, or of none, is found."""
    (tmp_path / "history" / "fake").mkdir(parents=True)
    three(tmp_path / "history" / "fake")
    main(["timeline"], tmp_path)
    assert stale(tmp_path) == []
    (tmp_path / DOCS / "fake.md").write_text("old")
    (tmp_path / DOCS / "gone.svg").touch()
    assert stale(tmp_path) == ["docs/history/fake.md", "docs/history/gone.svg"]


def test_records_are_the_project_s_own() -> None:
    """No record names a place on the machine on which it was made."""
    for path in sorted((ROOT / "history").rglob(f"*{kept.SUFFIX}")):
        text = "\n".join(kept.read(path).lines.values())
        found = [one for one in ("/tmp/", "/home/", "/root/") if one in text]
        assert not found, f"{path}: {found}"
