"""``python -m conformance cover`` and ``coverage``: the shipped arrays, for each adapter."""

import shutil
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.casefile.array import ARRAYS, Array
from conformance.casefile.cover import PAIRS, barred, hidden
from conformance.casefile.factor import met
from conformance.casefile.load import load_cases
from conformance.casefile.row import row_of
from conformance.process import commands
from conformance.process.framework import shipped
from conformance.process.pinned import lacks

ROOT = Path(__file__).resolve().parents[3]
CASES = load_cases(ROOT)
LACKS = lacks(ROOT)
coverage = lru_cache(commands.coverage)
arrays = lru_cache(commands.arrays)
every_array = pytest.mark.parametrize("array", ARRAYS, ids=lambda array: array.behaviour)


@every_array
@pytest.mark.parametrize("adapter", shipped(ROOT))
def test_covered(adapter: str, array: Array) -> None:
    """Each adapter meets all that it can, in cases that show it and that it runs."""
    count = coverage(ROOT)[adapter][array.behaviour]
    assert count.possible > 100
    assert [array.goals.told(goal) for goal in count.missing] == []


@pytest.mark.parametrize("adapter", shipped(ROOT))
def test_pairs_counted_one_by_one(adapter: str) -> None:
    """The pairs that can meet are those that the cases of the default run show, one by one."""
    shown = set()
    for case in CASES:
        ours = case.behaviour == "coverage-pairs" or not case.tags - {"degenerate"}
        runs = not any(rule.broken(case.layer, case.dimensions) for rule in LACKS[adapter])
        blind = hidden(case.layer, case.dimensions, case.lengths, case.mask)
        if ours and runs and case.run and not case.must_reject and not blind:
            row = row_of(case.layer, case.dimensions)
            if not met(row):
                continue
            pairs = [(name, row[name]) for name in PAIRS.space.factors]
            shown.update(map(frozenset, combinations(pairs, 2)))
    can = PAIRS.possible(barred(PAIRS.space, LACKS[adapter])).nonzero()[0].tolist()
    assert shown == {frozenset(PAIRS.told(goal).items()) for goal in can}


@every_array
def test_current(array: Array) -> None:
    """The files are what `cover` writes for today's gaps: all is met, no row is superfluous."""
    path = Path("cases", f"{array.behaviour}.yaml")
    assert arrays(ROOT)[path] == (ROOT / path).read_text(encoding="utf-8")


@every_array
def test_tags(array: Array) -> None:
    """The pairs are in the default run, the others where a tag asks for them, and nightly."""
    tags = {case.tags - {"degenerate"} for case in CASES if case.behaviour == array.behaviour}
    assert tags == {frozenset(array.tags)}
    assert ("nightly" in array.tags) == (array.behaviour != "coverage-pairs")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree as this one, without a case of the pairs."""
    for folder in ("adapters", "cases"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    path = tmp_path / "cases" / "coverage-pairs.yaml"
    head, _, *others = path.read_text(encoding="utf-8").split("  - id: ")
    path.write_text("  - id: ".join([head, *others]), encoding="utf-8")
    return tmp_path


def test_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """The table has a line for each adapter, with how much is met and of how much."""
    assert main(["coverage"], ROOT) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["pairs", "triples", "sizes"]
    assert [line.split()[0] for line in lines] == shipped(ROOT)
    assert all(line.split()[1] == line.split()[3] for line in lines)


def test_coverage_of_some(capsys: pytest.CaptureFixture[str]) -> None:
    """Of adapters that are named, theirs alone."""
    name = shipped(ROOT)[-1]
    assert main(["coverage", name], ROOT) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == [name]


def test_coverage_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    """An adapter that is not there is one line."""
    assert main(["coverage", "wrong"], ROOT) == 2
    assert "wrong: no such adapter" in capsys.readouterr().err


def test_missing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a case is lost, the command fails and says what no case shows."""
    assert main(["coverage"], tree) == 1
    missing = [line for line in capsys.readouterr().out.splitlines() if "coverage-pairs: " in line]
    lost = next(case for case in CASES if case.behaviour == "coverage-pairs")
    row = row_of(lost.layer, lost.dimensions)
    pairs = combinations([(name, row[name]) for name in PAIRS.space.factors], 2)
    said = {line.partition("coverage-pairs: ")[2] for line in missing}
    assert said
    assert {one for one in said if " more: " not in one} <= {
        commands.told(dict(pair)) for pair in pairs
    }


def test_cover_mends(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`cover` writes what is missing and leaves the rest as it is."""
    path = tree / "cases" / "coverage-pairs.yaml"
    there = {line for line in path.read_text(encoding="utf-8").splitlines() if "- id: " in line}
    assert main(["cover"], tree) == 0
    assert str(path) in capsys.readouterr().out
    after = {line for line in path.read_text(encoding="utf-8").splitlines() if "- id: " in line}
    assert there < after
    assert main(["coverage"], tree) == 0
