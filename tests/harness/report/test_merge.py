"""``python -m conformance merge``: what fits together is joined, and what does not is told."""

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from conformance.__main__ import main
from conformance.claim.pins import Settlement
from conformance.claim.verdict import Verdict
from conformance.process.framework import Framework
from conformance.report import report
from conformance.report.report import Part
from tests.harness.observed import ROOT, observed

OLD = datetime(2026, 1, 2, tzinfo=timezone.utc)
FRAMEWORK = Framework("right", "adapters.right", "", {"numpy": "2.4.6"})


def write(path: Path, *cases: str, of: Framework = FRAMEWORK, **about: Any) -> str:
    """Write a report of some cases, with other things in its first line; return its path."""
    claims = {"shapes": report.claim(Verdict("agrees"), Settlement("agrees"))}
    entry = report.entry(observed()).model_copy(update={"claims": claims, "framework": of.label})
    head = report.header([of], complete=True, code="c0de").model_copy(update=about)
    report.write(path, head, [entry.model_copy(update={"case": one}) for one in cases])
    return str(path)


def merged(folder: Path, *parts: str) -> list[Any]:
    """Return what a merge writes, as plain data."""
    out = folder / "out.jsonl"
    assert main(["merge", *parts, "-o", str(out)], ROOT) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_order(tmp_path: Path) -> None:
    """Frameworks stand in the order of their labels, cases in that of their files."""
    left = Framework("left", "adapters.left", "", {"numpy": "2.4.6"})
    parts = [
        write(tmp_path / "a.jsonl", "guide-wide-embedding"),
        write(tmp_path / "b.jsonl", "guide-sequences", "bidirectional-small"),
        write(tmp_path / "c.jsonl", "guide-sequences", of=left),
    ]
    head, *lines = merged(tmp_path, *parts)
    assert list(head["frameworks"]) == ["left", "right"]
    assert [(line["framework"], line["case"]) for line in lines] == [
        ("left", "guide-sequences"),
        ("right", "bidirectional-small"),
        ("right", "guide-sequences"),
        ("right", "guide-wide-embedding"),
    ]


def test_head(tmp_path: Path) -> None:
    """The whole is as new as its newest part, complete if all are, and names every platform."""
    parts = [
        write(tmp_path / "a.jsonl", "guide-sequences", platform="here", created=OLD),
        write(tmp_path / "b.jsonl", "guide-last-output", platform="there", complete=False),
    ]
    head = merged(tmp_path, *parts)[0]
    assert (head["complete"], head["platform"], head["shard"]) == (False, "here; there", None)
    assert head["created"] > OLD.isoformat()


def shard(number: int, of: int = 2, split: str = "0") -> Part:
    """Return which shard a report is of."""
    return Part(number=number, of=of, split=split)


NEWER = Framework("right", "adapters.right", "", {"numpy": "2.5.0"})
GONE = Framework("right", "adapters.right", "", {}, ("numpy",))


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"of": NEWER}, "B: right is adapters.right (numpy 2.5.0), in A adapters.right (numpy 2.4"),
        ({"of": GONE, "cases": ()}, "B: right is not installed (numpy), in A adapters.right"),
        ({"code": "0ther"}, "B is of another code than A: 0ther, not c0de"),
        ({"code": None}, "B is of another code than A: not told, not c0de"),
        ({"python": "3.1"}, "B is of another Python than A: 3.1, not "),
        ({"cases": ("guide-sequences",)}, "B: 'right' on 'guide-sequences' is in A as well"),
        ({"cases": ("no-such",)}, "B: 'right' on 'no-such': this checkout has no such case"),
        ({"shard": shard(2)}, "B: of its split into 2 shards is missing: 1"),
        ({"shard": shard(1, of=99)}, "missing: 2, 3, 4, 5, 6, 7, 8, 9, 10 ..."),
    ],
)
def test_conflicts(
    second: dict[str, Any], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is of no one run is one line with its file, status 2, and nothing is written."""
    one = write(tmp_path / "a.jsonl", "guide-sequences")
    two = write(tmp_path / "b.jsonl", *second.pop("cases", ("guide-last-output",)), **second)
    out = tmp_path / "out.jsonl"
    assert main(["merge", one, two, "-o", str(out)], ROOT) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert told in err.replace(one, "A").replace(two, "B")
    assert not out.exists()


@pytest.mark.parametrize(
    ("second", "told"),
    [(shard(1), "b.jsonl is shard 1 of 2, as "), (shard(2, split="1"), "shards is missing: 2")],
)
def test_shards(
    second: Part, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shard that is there twice, or that was split by other seconds, fits no other."""
    one = write(tmp_path / "a.jsonl", "guide-sequences", shard=shard(1))
    two = write(tmp_path / "b.jsonl", "guide-last-output", shard=second)
    assert main(["merge", one, two, "-o", str(tmp_path / "out.jsonl")], ROOT) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["A", "A", "-o", "out.jsonl"], "a.jsonl: named twice"),
        (["A", "-o", "no/such/out_.jsonl"], "no/such/out_.jsonl: there is no such directory"),
        (["none.jsonl", "-o", "out.jsonl"], "none.jsonl:1: no report: cannot be read"),
    ],
)
def test_bad_words(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read, or written to, is one line."""
    one = write(tmp_path / "a.jsonl", "guide-sequences")
    words = [word.replace("A", one).replace("out.", f"{tmp_path}/out.") for word in words]
    assert main(["merge", *words], ROOT) == 2
    assert told in capsys.readouterr().err.replace(f"{tmp_path}/", "")
