"""Records of releases: what differs from the one before, the same bytes each time, read again."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Layer
from conformance.__main__ import main
from conformance.report import kept
from conformance.report.kept import SCHEMA, About, Kept, KeptError
from conformance.report.report import Entry
from tests.harness.upgrade.sides import entry


def about(release: str = "1.0", **other: Any) -> About:
    """Return the first line of a record."""
    told: dict[str, Any] = {
        "kind": "release",
        "history_schema": SCHEMA,
        "framework": "fake",
        "package": "fake",
        "release": release,
        "python": "3.11",
        "machine": "here",
        "cases": "all",
        "versions": {"fake": release},
        "distributions": {"fake": release, "numpy": "2.4.6"},
    }
    return About(**{**told, **other})


def record(release: str, *entries: Entry) -> Kept:
    """Return the record of a release."""
    return kept.kept(about(release), entries, {})


def lines(path: Path) -> list[Any]:
    """Return what a file holds, as plain data."""
    return [json.loads(line) for line in gzip.open(path, "rt")]


def three(folder: Path) -> list[Path]:
    """Write three releases, each set on the one before: the second breaks one of two cases."""
    one = record("1.0", entry(), entry(asked="guide-other", bias=False))
    two = record("1.1", entry("batch_and_time_swapped"), entry(asked="guide-other", bias=False))
    three = record("1.2", entry("batch_and_time_swapped"))
    paths = [folder / f"{release}.jsonl.gz" for release in ("1.0", "1.1", "1.2")]
    for path, here, before in zip(paths, (one, two, three), (None, one, two), strict=True):
        kept.write(path, here, before)
    return paths


def test_small(tmp_path: Path) -> None:
    """A record holds what differs from the release before, and what that had and it has not."""
    heads, bodies = [], []
    for path in three(tmp_path):
        head, *body = lines(path)
        heads.append((head.get("base", {}).get("release"), head.get("gone", [])))
        bodies.append([line["case"] for line in body])
    assert heads == [(None, []), ("1.0", []), ("1.1", ["guide-other"])]
    assert bodies == [["guide-other", "guide-sequences"], ["guide-sequences"], []]


def test_read_again(tmp_path: Path) -> None:
    """What is read is all that was observed, with those before it."""
    paths = three(tmp_path)
    cases = {path.name: [one.case for one in kept.read(path).entries] for path in paths}
    assert cases["1.1.jsonl.gz"] == ["guide-other", "guide-sequences"]
    assert cases["1.2.jsonl.gz"] == ["guide-sequences"]
    (last,) = kept.read(paths[2]).entries
    assert last.native == entry("batch_and_time_swapped").native
    assert kept.about(paths[2]) == about("1.2") == kept.read(paths[2]).about


def test_same_bytes() -> None:
    """What passes with a run, a checkout or a machine is in no record."""
    seen = entry(asked="guide-other", bias=False)
    later = seen.model_copy(
        update={
            "seconds": {"results": 99.0},
            "where": "cases/guide.yaml:99",
            "tries": ("SIGKILL", "answered"),
            "margins": {"output": 0.5},
            "warnings": ("in /scratch/env/lib/x.py",),
        }
    )
    seen = seen.model_copy(update={"warnings": ("in /tmp/other/lib/x.py",)})
    bytes_ = {
        kept.packed(kept.kept(about(), [one], {place: "<environment>"}), None)
        for one, place in ((seen, "/tmp/other"), (later, "/scratch/env"))
    }
    assert len(bytes_) == 1
    text = gzip.decompress(*bytes_).decode()
    assert "<environment>/lib/x.py" in text
    (line,) = [json.loads(one) for one in text.splitlines()[1:]]
    assert (line["layer"], line["where"]) == ({"bias": False}, "cases/guide.yaml")
    assert bytes_.pop()[4:8] == b"\0\0\0\0", "a time of modification"


def test_no_steps() -> None:
    """Without a step the shapes are on record, and no numbers: they are whatever the memory had."""
    one = entry()
    sizes = {**one.dimensions, "time_steps": 0}
    wrong = one.claims["values"].model_copy(update={"outcome": "differs", "got": {"h_n": "value"}})
    garbage = one.model_copy(
        update={
            "outcome": "differs",
            "dimensions": sizes,
            "errors": {"h_n": 1e9},
            "claims": {**one.claims, "values": wrong},
            "native": entry("states_swapped").native,
        }
    )
    (there,) = kept.kept(about(), [garbage], {}).entries
    right = one.model_copy(update={"dimensions": sizes})
    assert kept.kept(about(), [right], {}).entries == [there]
    assert there.outcome == "agrees"
    assert "shapes" in there.claims
    assert there.native
    assert {name: tensor.shape for name, tensor in there.native.items()} == {
        name: tensor.shape for name, tensor in (one.native or {}).items()
    }


def test_what_is_usual_is_left_out(tmp_path: Path) -> None:
    """An option that has its default is no part of a record, and is there where it is read."""
    kept.write(tmp_path / "1.0.jsonl.gz", record("1.0", entry()), None)
    (one,) = kept.read(tmp_path / "1.0.jsonl.gz").entries
    assert {**vars(Layer()), **one.layer} == entry().layer


def spoil(path: Path, **first: Any) -> None:
    """Write another first line."""
    head, *rest = lines(path)
    text = "\n".join(map(json.dumps, [{**head, **first}, *rest]))
    path.write_bytes(gzip.compress(text.encode()))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda path: path.unlink(), "1.1.jsonl.gz:1: no record: No such file"),
        (lambda path: path.write_bytes(b"x"), "1.1.jsonl.gz:1: no record: Not a gzipped file"),
        (lambda path: path.write_bytes(path.read_bytes()[:99]), "no record: Compressed file ended"),
        (lambda path: path.write_bytes(gzip.compress(b"\xff")), "no record: 'utf-8' codec"),
        (lambda path: path.write_bytes(gzip.compress(b"{}")), "1.1.jsonl.gz:1: no record: kind"),
        (lambda path: spoil(path, history_schema="x/9"), ":1: no record: history_schema"),
        (lambda path: spoil(path, release="1.7"), "no record: it is that of 1.7"),
        (lambda path: spoil(path, gone=["no-such"]), "'no-such' is not in the release before"),
        (
            lambda path: spoil(path, base=None),
            "differs from another 1.1 than is on record: --again",
        ),
        (
            lambda path: spoil(path, base={"release": "1.2", "digest": ""}),
            "1.1.jsonl.gz:1: no record: 1.2 does not stand before 1.1",
        ),
        (
            lambda path: path.write_bytes(
                gzip.compress(gzip.decompress(path.read_bytes()) + b'{"case": 1}\n')
            ),
            "1.1.jsonl.gz:3: no record: ",
        ),
    ],
)
def test_no_record(wrong: Any, told: str, tmp_path: Path) -> None:
    """What cannot be read, here or before, is one line with its place."""
    paths = three(tmp_path)
    wrong(paths[1])
    with pytest.raises(KeptError) as problem:
        kept.read(paths[2])
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would fill the memory is not read to its end."""
    monkeypatch.setattr(kept, "MAX_BYTES", 1000)
    with pytest.raises(KeptError, match="more than 1,000 bytes"):
        kept.read(three(tmp_path)[0])


def test_releases(tmp_path: Path) -> None:
    """Releases stand in their order; what is named like none is told."""
    (tmp_path / "fake").mkdir()
    for release in ("1.10", "1.9", "1.9.post1"):
        (tmp_path / "fake" / f"{release}.jsonl.gz").touch()
    (tmp_path / "fake" / ".half.jsonl.gz.part").touch()
    assert kept.releases(tmp_path, "fake") == ["1.9", "1.9.post1", "1.10"]
    (tmp_path / "fake" / "x.jsonl.gz").touch()
    with pytest.raises(KeptError, match="'x' is no release"):
        kept.releases(tmp_path, "fake")


def test_diff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Records are compared as reports are."""
    one, two, _ = map(str, three(tmp_path))
    assert main(["diff", one, two]) == 1
    assert "1 breaking" in capsys.readouterr().out
    Path(one).write_bytes(b"x")
    assert main(["diff", one, two]) == 2
    assert capsys.readouterr().err.count("\n") == 1
