"""Which worker runs what: on workers that are played, with every order of events, and on real ones.

The play keeps to what xdist does: a worker starts a test once it knows the next one or is told that
there is none, and one that dies is replaced by another.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdist.remote import Producer

from conformance.session.schedule import WORTH_AN_IMPORT, FrameworkScheduling
from tests.harness.project import Project, Seen, create

SILENT = Producer("scheduler", enabled=False)
CLAIMS = "shapes", "values", "inferred_shapes", "parameters"


@dataclass(eq=False)
class Worker:
    """A worker, as the scheduler sees it, and what it has run."""

    queue: list[int] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    shutting_down: bool = False
    gateway: Any = field(default_factory=lambda: SimpleNamespace(id="gw"))

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Take tests, by their place in the collection."""
        assert not self.shutting_down
        self.queue += indices

    def shutdown(self) -> None:
        """Take note that no more tests will come."""
        self.shutting_down = True

    @property
    def can_go_on(self) -> bool:
        """Whether it runs a test or ends, and does not wait."""
        return self.shutting_down or len(self.queue) > 1

    @property
    def frameworks(self) -> set[str]:
        """The frameworks that it imported."""
        return {name.partition("[")[2].partition("-")[0] for name in self.ran}


class Play:
    """A run on workers that are played."""

    def __init__(self, tests: list[str], workers: int, fatal: Collection[str] = ()) -> None:
        """`fatal` are tests that kill their worker."""
        config = SimpleNamespace(
            getvalue={"tx": ["popen"] * workers, "loadgroup": False}.get,
            option=SimpleNamespace(loadscopereorder=True),
        )
        labels = sorted({name.partition("[")[2].partition("-")[0] for name in tests} - {""})
        self.scheduler = FrameworkScheduling(config, SILENT, labels)
        self.tests, self.fatal = tests, fatal
        self.workers: list[Worker] = []  # all that there ever were
        self.running: list[Worker] = []
        self.died: list[str] = []
        self.replacements = 0
        self.over = False
        for _ in range(workers):
            self._join()
        self.scheduler.schedule()
        self._look()

    def run(self, choose: Callable[[list[Worker | None]], Worker | None]) -> "Play":
        """Let one after another of those that can go on do so; None is a replacement that joins."""
        while self.running or self.replacements:
            ready: list[Worker | None] = [one for one in self.running if one.can_go_on]
            ready += [None] * bool(self.replacements)
            assert ready, "every worker waits"
            worker = choose(ready)
            if worker is None:
                self.replacements -= 1
                if not self.over:
                    self._join()
                    self.scheduler.schedule()
            elif worker.queue:
                self._step(worker)
            else:
                self.running.remove(worker)
                if worker in self.scheduler.nodes:
                    assert self.scheduler.remove_node(worker) is None
            self._look()
        return self

    def _join(self) -> None:
        worker = Worker()
        self.workers.append(worker)
        self.running.append(worker)
        self.scheduler.add_node(worker)
        self.scheduler.add_node_collection(worker, self.tests)

    def _step(self, worker: Worker) -> None:
        test = worker.queue.pop(0)
        if self.tests[test] not in self.fatal:
            worker.ran.append(self.tests[test])
            self.scheduler.mark_test_complete(worker, test)
            return
        worker.shutting_down = True  # nothing reaches it any more
        self.running.remove(worker)
        self.died.append(str(self.scheduler.remove_node(worker)))
        self.replacements += 1
        self.over = False

    def _look(self) -> None:
        if self.scheduler.tests_finished and not self.over:
            self.over = True
            for worker in self.scheduler.nodes:
                worker.shutdown()


def in_turn(ready: list[Worker | None]) -> Worker | None:
    """Choose the worker that has run the fewest tests."""
    return min(ready, key=lambda worker: len(worker.ran) if worker else 0)


def suite(**cases: int) -> list[str]:
    """Return the tests of frameworks, by the number of the cases that each has."""
    return [
        f"t.py::test_{claim}[{framework}-case-{number}]"
        for framework, count in cases.items()
        for number in range(count)
        for claim in CLAIMS
    ]


def owners(play: Play) -> dict[str, int]:
    """Return how many workers imported each framework."""
    counts: dict[str, int] = defaultdict(int)
    for worker in play.workers:
        for framework in worker.frameworks:
            counts[framework] += 1
    return dict(counts)


# Played.


@settings(deadline=None)  # the machine may have other work
@given(st.data())
def test_every_test_is_run_once(data: st.DataObject) -> None:
    """Whatever the order of events, no worker waits for ever, and each test has one outcome.

    It is run once, or has killed the one worker that ran it.
    """
    counts = data.draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 20)), "cases")
    rejects = data.draw(st.integers(0, 5), "cases of one claim")
    tests = suite(**counts) + [
        f"t.py::test_rejects[{one}-r{n}]" for one in counts for n in range(rejects)
    ]
    tests += [f"other.py::test_{n}" for n in range(data.draw(st.integers(0, 5), "others"))]
    fatal = data.draw(st.sets(st.sampled_from(tests), max_size=4), "fatal") if tests else set()
    random = data.draw(st.randoms(use_true_random=False), "order")
    play = Play(tests, data.draw(st.integers(1, 5), "workers"), fatal).run(random.choice)
    assert sorted(play.died) == sorted(fatal)
    ran = [name for worker in play.workers for name in worker.ran]
    assert sorted(ran + play.died) == sorted(tests)


@settings(deadline=None)
@given(st.data())
def test_claims_on_a_case_stay_together(data: st.DataObject) -> None:
    """All claims on an observation are put to it by one worker."""
    counts = data.draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 40)), "cases")
    random = data.draw(st.randoms(use_true_random=False), "order")
    play = Play(suite(**counts), data.draw(st.integers(1, 6), "workers")).run(random.choice)
    cases = [{name.partition("[")[2] for name in worker.ran} for worker in play.workers]
    assert sum(map(len, cases)) == sum(counts.values())


@pytest.mark.parametrize(
    ("cases", "workers", "expected"),
    [
        ({"a": 30}, 1, {"a": 1}),
        ({"a": 30}, 2, {"a": 2}),
        ({"a": 30, "b": 30}, 1, {"a": 1, "b": 1}),
        ({"a": 30, "b": 30}, 2, {"a": 1, "b": 1}),
        ({"a": 30, "b": 30}, 4, {"a": 2, "b": 2}),
        ({"a": 20, "b": 3, "c": 3}, 2, {"a": 1, "b": 1, "c": 1}),
        ({"a": 90, "b": 3}, 2, {"a": 2, "b": 1}),
        ({"a": 3, "b": 3}, 8, {"a": 1, "b": 1}),
    ],
)
def test_workers_of_a_framework(
    cases: dict[str, int], workers: int, expected: dict[str, int]
) -> None:
    """A framework is on as few workers as keep all of them busy."""
    assert owners(Play(suite(**cases), workers).run(in_turn)) == expected


@pytest.mark.parametrize(
    ("cases", "workers"), [(2 * WORTH_AN_IMPORT, 1), (2 * WORTH_AN_IMPORT + 1, 2)]
)
def test_worth_an_import(cases: int, workers: int) -> None:
    """A worker joins where, with one case taken, enough of them are left for each."""
    assert owners(Play(suite(a=cases), 2).run(in_turn)) == {"a": workers}


@pytest.mark.parametrize("cases", [7, 17, 25, 41, 90])
def test_share_is_worth_an_import(cases: int) -> None:
    """Of workers that are equally fast, each that imports a framework runs enough for that."""
    play = Play(suite(a=cases), 8).run(in_turn)
    shares = [len(worker.ran) // len(CLAIMS) for worker in play.workers if worker.ran]
    assert min(shares) >= min(cases, WORTH_AN_IMPORT)


def test_death_when_the_others_are_leaving() -> None:
    """What a worker leaves behind is run by its replacement, where nobody else takes any more."""
    last = "t.py::test_shapes[a-case-16]"
    play = Play(suite(a=17), 2, {last}).run(in_turn)
    assert [len(worker.ran) for worker in play.workers[2:]] == [3]


def test_death_before_the_first_test() -> None:
    """A worker that dies before work is handed out does not send the others home."""
    config = SimpleNamespace(getvalue={"tx": ["popen"] * 2}.get)
    scheduler, dead, alive = FrameworkScheduling(config, SILENT, ["a"]), Worker(), Worker()
    scheduler.add_node(dead)
    scheduler.add_node(alive)
    assert scheduler.remove_node(dead) is None
    assert not alive.shutting_down


def test_labels_that_begin_alike() -> None:
    """A test belongs to the longest label that fits its id."""
    config = SimpleNamespace(getvalue={"tx": ["popen"]}.get)
    scheduler = FrameworkScheduling(config, SILENT, ["left", "left-2"])
    names = "t.py::test_x[left-2-case]", "t.py::test_x[left-case]", "t.py::test_x[other-case]"
    assert [scheduler._framework_of(name) for name in names] == ["left-2", "left", ""]


def test_tests_of_no_framework() -> None:
    """Files of tests that import no framework are spread over all workers, one on one worker."""
    tests = [f"t{file}.py::test_{number}" for file in range(8) for number in range(3)]
    play = Play(tests, 4).run(in_turn)
    files = [[name.partition(":")[0] for name in worker.ran] for worker in play.workers]
    assert [(len(names), len(set(names))) for names in files] == [(6, 2)] * 4


# Real.

MANY = """\
behaviour: many
about: Cases for more than one worker.
source: https://example.org/many
expect:
  output: [batch_size, time_steps, hidden_units]
  h_n: [1, batch_size, hidden_units]
  c_n: [1, batch_size, hidden_units]
cases:
  - id: batches
    matrix:
      batch_size: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]
      time_steps: 3
      embedding_dim: 5
      hidden_units: 4
"""


def workers_by(result: pytest.RunResult, group: str) -> dict[str, set[str]]:
    """Return, from the lines of ``-v``, which workers ran each `group` of a test's id."""
    found = defaultdict(set)
    for line in result.outlines:
        told = re.match(
            r"\[(gw\d+)\] .* (PASSED|FAILED) .*\[(?P<framework>\w+)-(?P<case>.*)\]", line
        )
        if told:
            found[told[group]].add(told[1])
    return dict(found)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, pytest.RunResult]:
    """Return a run of two frameworks with few cases on three workers."""
    project = create(tmp_path_factory.mktemp("few"))
    project.spy("left")
    project.spy("right")
    return project, project.run("-n", "3", "-v")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, pytest.RunResult]:
    """Return a run of one framework with many cases on two workers."""
    project = create(tmp_path_factory.mktemp("many"))
    project.spy("left")
    project.write("cases/many.yaml", MANY)
    return project, project.run("-n", "2", "-v")


def test_one_worker_each(few: tuple[Project, pytest.RunResult]) -> None:
    """Two frameworks are run by one worker each."""
    workers = workers_by(few[1], "framework")
    assert {name: len(found) for name, found in workers.items()} == {"left": 1, "right": 1}
    assert workers["left"] != workers["right"]


def test_one_import_each(few: tuple[Project, pytest.RunResult]) -> None:
    """No worker starts the process of a framework that it has no case for."""
    assert [few[0].record(name)["import"] for name in ("left", "right")] == [1, 1]


def test_worker_without_work(few: tuple[Project, pytest.RunResult]) -> None:
    """A worker for which there is nothing worth an import ends, and the run passes."""
    few[1].assert_outcomes(passed=26)


def test_all_workers_are_busy(many: tuple[Project, pytest.RunResult]) -> None:
    """A framework with many cases is run, and imported, by both workers."""
    assert len(workers_by(many[1], "framework")["left"]) == 2
    assert many[0].record("left")["import"] == 2


def test_case_is_on_one_worker(many: tuple[Project, pytest.RunResult]) -> None:
    """All claims on a case are put to it by one worker."""
    workers = workers_by(many[1], "case")
    assert {len(found) for found in workers.values()} == {1}
    refused = 1  # which is run once more, with right input
    assert many[0].record("left")["run"] == len(workers) + refused == 25


def test_interpreter_is_asked_once(tmp_path: Path) -> None:
    """An interpreter is asked what it has by one pytest, not by every worker."""
    project = create(tmp_path, "right")
    script = f'#!/bin/sh\necho >> {tmp_path}/starts\nexec {sys.executable} "$@"\n'
    python = project.write("python", script)
    python.chmod(0o700)
    project.run("-n", "2", "--framework", f"right@{python}").assert_outcomes(passed=13)
    assert len((tmp_path / "starts").read_text()) == len(["tried", "asked", "run by one worker"])


@pytest.fixture(scope="module")
def death(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return a run in which a framework, in the worker's own process, kills the worker."""
    project = create(tmp_path_factory.mktemp("death"), "exits")
    return project.observe("-n", "2", "--in-process", "-k", "test_shapes or rejects")


def test_dead_worker_is_told(death: Seen) -> None:
    """A test that kills its worker fails, once; the rest of the worker's tests are run."""
    death.result.assert_outcomes(failed=1, passed=3)
    test = "tests/test_conformance.py::test_shapes[exits-edge-one-step]"
    crashed = [f"worker {worker!r} crashed while running {test!r}" for worker in ("gw0", "gw1")]
    assert set(crashed) & set(death.result.outlines)


def test_report_with_a_dead_worker(death: Seen) -> None:
    """The report has what others saw, and says that it is not whole."""
    assert not death.header.complete
    assert [case for _, case in sorted(death.entries)] == [
        "plain-no-bias",
        "plain-three-steps",
        "refused-wide-input",
    ]


@pytest.mark.parametrize(
    "options", [["-p", "no:xdist"], ["-n", "0"], ["-n", "1"], ["--dist", "no"]]
)
def test_other_ways_to_run(options: list[str], tmp_path: Path) -> None:
    """The suite runs without xdist, without workers, and on one."""
    create(tmp_path, "right").run(*options).assert_outcomes(passed=13)


def test_another_distribution(tmp_path: Path) -> None:
    """A --dist that was chosen by hand is the one that is used."""
    result = create(tmp_path, "right").run("-n", "2", "--dist", "worksteal", "-v")
    assert "scheduling tests via WorkStealingScheduling" in result.outlines
    result.assert_outcomes(passed=13)
