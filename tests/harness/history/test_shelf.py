"""The folder of records: the same in whatever order they come, and readable at every moment."""

from itertools import permutations
from pathlib import Path

import pytest

from conformance.history.shelf import missing, put, settle
from conformance.report import kept
from tests.harness.history.conftest import RUN, path_of


def files(folder: Path) -> dict[str, bytes]:
    """Return all records."""
    return {path.name: path.read_bytes() for path in (folder / "fake").iterdir()}


def test_order(shelf: Path, tmp_path: Path) -> None:
    """Whichever is recorded first, the files are the same."""
    records = [kept.read(path_of(shelf, release)) for release in RUN]
    for place, order in enumerate(permutations(records)):
        for one in order:
            assert put(tmp_path / str(place), one) == "new"
        assert files(tmp_path / str(place)) == files(shelf)


def test_twice(shelf: Path) -> None:
    """A record that comes twice changes nothing."""
    before = files(shelf)
    assert put(shelf, kept.read(path_of(shelf, "1.1"))) == "as it was"
    assert files(shelf) == before


def test_other(shelf: Path) -> None:
    """One that is observed anew takes the old one's place, and those behind it stay readable."""
    one, last = (kept.read(path_of(shelf, release)) for release in ("2.0", "2.1"))
    old = kept.read(path_of(shelf, "1.1"))
    other = kept.Kept(old.about, one.lines)
    assert put(shelf, other) == "other than it was: 1 cases"
    assert kept.read(path_of(shelf, "1.1")) == other
    assert kept.read(path_of(shelf, "2.1")) == last


@pytest.mark.parametrize("writes", range(5))
def test_cut_short(writes: int, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is ended between two writes, each record can be read, and the next run mends it."""
    whole = files(shelf)
    records = {one: kept.read(path_of(shelf, one)) for one in RUN}
    other = kept.Kept(records["1.1"].about, records["2.0"].lines)
    done: list[Path] = []

    def write(path: Path, *what: kept.Kept | None) -> None:
        if len(done) == writes:
            raise KeyboardInterrupt
        done.append(path)
        path.write_bytes(kept.packed(*what))  # type: ignore[arg-type]

    monkeypatch.setattr(kept, "write", write)
    try:
        put(shelf, other)
    except KeyboardInterrupt:
        assert len(done) == writes
    for release, record in records.items():
        there = kept.read(path_of(shelf, release))
        assert there == record or (release == "1.1" and there == other)
    monkeypatch.undo()
    put(shelf, other)
    put(shelf, records["1.1"])
    assert files(shelf) == whole


def test_settle(shelf: Path) -> None:
    """A record that is not set on the one before it is set on that, and none is written else."""
    before = files(shelf)
    path = path_of(shelf, "2.1")
    kept.write(path, kept.read(path), kept.read(path_of(shelf, "1.0")))
    settle(shelf, "fake")
    assert files(shelf) == before


def test_missing(shelf: Path) -> None:
    """What is not on record is to be observed."""
    assert missing(shelf, "fake", ["1.0", "1.5", "2.1"]) == ["1.5"]
    assert missing(shelf, "none", ["1.0"]) == ["1.0"]
