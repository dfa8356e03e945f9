"""Shards of a run: even by seconds, every case in one of them, and merged what one run writes."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.__main__ import main
from conformance.report.report import read
from conformance.session.shard import ShardError, remembered, reported, shard, split
from tests.harness.project import Project, create

ADAPTERS = "right", "batch_and_time_swapped", "no_bias_layers", "not_installed"
PAIRS = [((label, case), case != "gap") for label in "ab" for case in ("gap", "one", "two")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.data())
def test_split(seconds: list[float], data: st.DataObject) -> None:
    """None is empty, each begins where the one before ends, and none is longer than it must be."""
    of = data.draw(st.integers(1, len(seconds)))
    found = split(seconds, of)
    assert sorted(set(found)) == list(range(1, of + 1))
    assert found == sorted(found)
    longest = max(sum(s for s, one in zip(seconds, found, strict=True) if one == n) for n in found)
    assert longest <= sum(seconds) / of + 2 * max(seconds) + 1e-6


@pytest.mark.parametrize(
    ("seconds", "of", "found"),
    [
        ([1, 1, 1, 9], 2, [1, 1, 1, 2]),
        ([9, 1, 1, 1], 2, [1, 2, 2, 2]),
        ([1, 1, 1, 1], 2, [1, 1, 2, 2]),
        ([0, 0, 0, 0], 2, [1, 1, 1, 2]),
        ([5, 5], 1, [1, 1]),
    ],
)
def test_split_of(seconds: list[float], of: int, found: list[int]) -> None:
    """A cut falls where the seconds are halved."""
    assert split(seconds, of) == found


@pytest.mark.parametrize("of", [1, 2, 3, 4])
def test_every_pair_is_in_one_shard(of: int) -> None:
    """Every case of every framework, run or not, is in exactly one shard, and each runs some."""
    shards = [shard(f"{number}/{of}", PAIRS, {}) for number in range(1, of + 1)]
    counted = Counter(pair for one in shards for pair in one.pairs)
    assert counted == Counter(pair for pair, _ in PAIRS)
    runs = {pair for pair, put in PAIRS if put}
    assert all(one.pairs & runs for one in shards)
    assert len({one.split for one in shards}) == 1


def test_split_by_seconds() -> None:
    """Recorded seconds move the cut; what has none takes as long as its framework's others."""
    first = shard("1/2", PAIRS, {"a": {"one": 30.0, "two": 1.0}, "b": {"one": 1.0}})
    assert first.pairs == {("a", "gap"), ("a", "one")}
    even = shard("1/2", PAIRS, {})
    assert even.pairs == {("a", "gap"), ("a", "one"), ("a", "two"), ("b", "gap")}
    assert first.split != even.split
    assert "no record" in str(even)


@pytest.mark.parametrize(
    "text", ["", "0/2", "3/2", "1/0", "2", "a/b", "-1/2", "1/2/3", " 1/2", "1.0/2"]
)
def test_no_shard(text: str) -> None:
    """What is no shard is one line that says what one is."""
    with pytest.raises(ShardError, match=re.escape(f"--shard {text}: I/N, of N")):
        shard(text, PAIRS, {})


def test_more_shards_than_cases() -> None:
    """A shard that would have nothing to run is an error, and no pass."""
    with pytest.raises(ShardError, match="no more than 4 cases"):
        shard("1/5", PAIRS, {})


@pytest.mark.parametrize(
    "cached", [None, [], {"a": 1}, {"a": {"b": "x"}}, {"a": {"b": -1}}, {"a": {"b": float("nan")}}]
)
def test_spoilt_cache(cached: object) -> None:
    """What is no record of seconds counts as none."""
    assert remembered(cached) == {}
    assert remembered({"a": {"b": 1.5}}) == {"a": {"b": 1.5}}


def plain(path: Path) -> str:
    """Return a report without its times."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line.update({key: None for key in ("created", "seconds") if key in line})
    return "\n".join(map(json.dumps, lines))


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project in which one run, and then three shards of it, have written reports."""
    project = create(tmp_path_factory.mktemp("sharded"), *ADAPTERS)
    project = Project(project.root, keeps=True)
    project.run("--report=whole.jsonl")
    for number, options in {1: (), 2: ("-n", "2"), 3: ()}.items():
        done = project.run(f"--report={number}.jsonl", "--shard", f"{number}/3", *options)
        assert f"shard: {number} of 3, by the seconds of the last run: " in done.stdout.str()
    return project


def test_merged_is_the_single_run(sharded: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Shards that are merged, in whatever order, are the report of a single run but for times."""
    root = sharded.root
    parts = [str(root / f"{number}.jsonl") for number in (3, 1, 2)]
    out = root / "merged.jsonl"
    assert main(["merge", *parts, "-o", str(out)], root) == 0, capsys.readouterr().err
    assert plain(out) == plain(root / "whole.jsonl")
    shards = [len(read(Path(part))[1]) for part in parts]
    assert min(shards) > 0
    assert sum(shards) == len(read(out)[1])


def test_shard_is_no_record(sharded: Project) -> None:
    """A shard leaves the record by which the next one is split as it was."""
    kept = sharded.root / ".pytest_cache" / "v" / "conformance" / "seconds"
    before = kept.read_text()
    assert {"right", "batch-and-time-swapped"} <= json.loads(before).keys()
    sharded.run("--shard", "1/3")
    assert kept.read_text() == before


def test_by_report(sharded: Project) -> None:
    """The seconds of a report that is named are those that count."""
    assert reported(sharded.root / "whole.jsonl")["right"].keys() >= {"plain-no-bias"}
    done = sharded.run("--shard", "1/2", "--shard-by=whole.jsonl", "--collect-only")
    assert "shard: 1 of 2, by the seconds of whole.jsonl" in done.stdout.str()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--shard", "3/2"], "--shard 3/2: I/N, of N shards the I-th: 1/2, 2/2"),
        (["--shard", "1/99"], "--shard 1/99: there are no more than"),
        (["--shard-by=whole.jsonl"], "--shard-by=whole.jsonl: of what shard? --shard I/N says it"),
        (
            ["--shard", "1/2", "--shard-by=none.jsonl"],
            "--shard-by=none.jsonl: none.jsonl:1: no rep",
        ),
        (["--shard", "1/2", "--shard-by=conftest.py"], "--shard-by=conftest.py: conftest.py:1: no"),
        (
            ["--shard", "1/2", "--shard-by", "whole.jsonl"],
            "--shard-by REPORT: write --shard-by=REP",
        ),
    ],
)
def test_bad_options(options: list[str], told: str, sharded: Project) -> None:
    """What cannot be split is one line and a usage error."""
    result = sharded.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [one for one in result.errlines if one.strip()]
    assert line.startswith(f"ERROR: {told}")


def test_other_tests_are_split(tmp_path: Path) -> None:
    """A test that is no case is run by one of the shards."""
    project = create(tmp_path, "right")
    project.write("tests/test_other.py", "def test_a(): pass\ndef test_b(): pass\n")
    names: list[Any] = []
    for number in (1, 2):
        done = project.run("--shard", f"{number}/2", "-v", "-n0", "tests/test_other.py")
        names += re.findall(r"::(test_\w) PASSED", done.stdout.str())
    assert names == ["test_a", "test_b"]
