"""The pages of ``docs/differences/``: what is declared and recorded is on them, as text."""

import re
from pathlib import Path

import pytest

from adapters.contract import Gap
from conformance.pages.book import stands
from conformance.pages.differences import FOLDER, differences
from conformance.pages.topic import TOPICS
from tests.harness.pages.books import EVIL, LINK, book, pin, record

GAP = Gap({"bidirectional": True}, why="It reads one way.", source=LINK, versions="numpy<3")


def pages() -> dict[str, str]:
    """Return the pages of a small book, by their names."""
    full = book(
        pin(kind={"dtype": ("float16",)}),
        pin(claims=("rejects",), why=EVIL),
        records=(record("(y, z)"), record(EVIL, "two"), record({"forget_bias": 1.0}, name="x")),
        gaps=(GAP,),
    )
    return {
        path.relative_to(FOLDER).with_suffix("").as_posix(): text
        for path, text in differences(full).items()
    }


PAGES = pages()


def test_every_page() -> None:
    """There is a page for each topic and each framework, and one that names them all."""
    names = {topic.name for topic in TOPICS} | {"frameworks/one", "frameworks/two"}
    assert set(PAGES) == names | {"README"}
    assert all(f"({name}.md)" in PAGES["README"] for name in names)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("layout", "| [one](frameworks/one.md) | `batch time input` yes |"),
        ("results", "`y` `batch time (direction hidden)`"),
        ("containers", "| `(y, z)` | [one](frameworks/one.md) |"),
        ("gates", "`f i o g`"),
        ("biases", "| [one](frameworks/one.md) | 2 | 144 |"),
        ("dtypes", "| [one](frameworks/one.md) | yes | ? | ? | **differs** (1) |"),
        ("dtypes", f"1. It is known. [source]({LINK})"),
        ("merges", "| [one](frameworks/one.md) | no (1) |"),
        ("gaps", f"`bidirectional=true` | It reads one way. | [source]({LINK}) | `numpy<3`"),
        ("reverse", "| [one](frameworks/one.md) | no such layer |  |"),
        ("frameworks/one", "| `dtype=float16` | shapes | `differs: y [2, 4]` |"),
        ("frameworks/one", "`bidirectional=true` | It reads one way. |"),
        ("frameworks/one", "| container | `plain-recorded` | `(y, z)` |"),
        ("frameworks/two", "## Known differences\n\nNone."),
    ],
)
def test_content(name: str, line: str) -> None:
    """What is declared, pinned and recorded stands on its page."""
    assert line in PAGES[name]


def test_hostile_text() -> None:
    """A tag in what is pinned or recorded stands in code or is escaped."""
    for text in PAGES.values():
        outside = "".join(re.sub(r"\\.", "", text).split("`")[::2])
        assert "<" not in outside.removeprefix("<!--")
        assert "](javascript" not in outside


def test_unknown_version() -> None:
    """What is said of a package that is not pinned is taken to hold."""
    assert stands("numpy<1", {})
    assert not stands("numpy<1", {"numpy": "2"})


def test_links_lead_somewhere() -> None:
    """Every relative link of a page leads to a page."""
    known = {Path("/docs/differences", name) for name in PAGES} | {Path("/docs/portable")}
    for name, text in PAGES.items():
        here = Path(name).parent
        for target in (part.split(")")[0] for part in text.split("](")[1:]):
            if not target.startswith("https://") and target.endswith(".md"):
                found = (Path("/docs/differences") / here / target).resolve()
                assert found.with_suffix("") in known, (name, target)
