"""A failing case put once more, alone: what it comes to, what it needs, and what that may cost."""

import dataclasses
import shlex
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from conformance.lstm.case import Case, Deviation, Instead
from conformance.process.framework import Framework
from conformance.process.observation import Observation
from conformance.session import alone
from conformance.session.alone import Alone, Trials
from tests.harness.observed import SEQUENCES, observed, with_results
from tests.harness.project import Seen, create

CASES = {f"guide-{n}": dataclasses.replace(SEQUENCES, id=f"guide-{n}") for n in range(100)}
LAST = "guide-99"
RIGHT, WRONG = observed(), with_results(y=lambda results: results["y"] + 1)
CRASHED = observed(outcome="crashed", detail="SIGSEGV", results=None)
PIN = Deviation(
    framework="right",
    cases="*",
    claims=("values",),
    version="numpy>=1",
    outcomes=(Instead("differs", {"output": "value"}),),
    why="So it is.",
    source="https://example.org/pin",
    where="cases/deviations/right.yaml:3",
)

Fails = Callable[[Sequence[str]], bool]


class Process:
    """Stands for fresh processes: the last case is wrong where `fails` says so of those before."""

    def __init__(self, fails: Fails) -> None:
        """Begin with none."""
        self.fails, self.asked = fails, 0

    def __call__(self, framework: Framework, cases: Sequence[Case], _: float) -> Observation:
        """Return the observation of the last case."""
        self.asked += 1
        wrong = self.fails([case.id for case in cases[:-1]])
        return dataclasses.replace(WRONG if wrong else RIGHT, framework=framework, case=cases[-1])


def failing(before: int = 99, name: str = LAST, label: str = "right") -> Observation:
    """Return an observation whose values are wrong, and which some cases ran before."""
    framework = dataclasses.replace(WRONG.framework, label=label)
    ran = tuple(f"guide-{number}" for number in range(before))
    return dataclasses.replace(WRONG, framework=framework, case=CASES[name], before=ran)


def trials(process: Process, *pins: Deviation) -> Trials:
    """Return what puts cases to that process."""
    return Trials(CASES, pins, process)


def ids(found: Alone | None) -> list[str]:
    """Return the cases that a failure needs."""
    assert found is not None
    return [case.id for case in found.after]


@pytest.mark.parametrize("culprit", ["guide-0", "guide-42", "guide-98"])
def test_culprit_is_found(culprit: str) -> None:
    """One case of a hundred is found with two processes for each halving, and two to begin with."""
    process = Process(lambda before: culprit in before)
    found = trials(process).alone(failing(), "values")
    assert ids(found) == [culprit]
    assert process.asked <= 2 + 2 * 7


def test_told() -> None:
    """What is told names what the claim came to alone, and the cases after which it fails."""
    found = trials(Process(lambda before: "guide-4" in before)).alone(failing(), "values")
    assert found is not None
    assert found.told == (
        "it agrees where no other case has run in its process, and fails after guide-4"
    )
    assert found.entry().model_dump() == {
        "outcome": "agrees",
        "got": {},
        "settled": "agrees",
        "after": ("guide-4",),
    }


def test_two_culprits() -> None:
    """Where no half is enough, what is left of the cases is named if it is short."""
    process = Process(lambda before: {"guide-0", "guide-7"} <= set(before))
    found = trials(process).alone(failing(before=8), "values")
    assert ids(found) == [f"guide-{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (
            lambda before: {"guide-0", "guide-98"} <= set(before),
            "which of the 99 before it make it fail was not found: one half of them is not enough",
        ),
        (lambda _: False, "and after the same 99 once more: it is not steady"),
    ],
)
def test_not_found(fails: Fails, told: str) -> None:
    """Where many would have to be named, or it does not fail again, that is said and none is."""
    found = trials(Process(fails)).alone(failing(), "values")
    assert found is not None
    assert (found.after, found.told) == (
        (),
        f"it agrees where no other case has run in its process, {told}",
    )


@pytest.mark.parametrize(
    ("process", "before"),
    [(Process(lambda _: True), 99), (Process(lambda before: bool(before)), 0)],
)
def test_no_dependence(process: Process, before: int) -> None:
    """What fails alone as well, or had nothing before it, depends on nothing."""
    assert trials(process).alone(failing(before), "values") is None


def test_pinned_alone() -> None:
    """A claim that alone is what a pin says depends on what ran before as well."""

    def pinned(*asked: object) -> Observation:
        (_, cases, _) = asked
        return dataclasses.replace(WRONG, case=cases[-1]) if len(cases) == 1 else CRASHED

    found = Trials(CASES, [PIN], pinned).alone(
        dataclasses.replace(CRASHED, case=CASES[LAST], before=("guide-3",)), "values"
    )
    assert found is not None
    assert found.told.startswith("it is as pinned where no other case has run")
    assert found.entry().settled == "pinned"


def test_claims_share_processes() -> None:
    """The next claim on a case costs no process more."""
    process = Process(lambda before: "guide-4" in before)
    ours = trials(process)
    first = ours.alone(failing(), "values")
    asked = process.asked
    assert ids(ours.alone(failing(), "values")) == ids(first)
    assert process.asked == asked


# The limits.


def test_cases_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each framework only so many failing cases are tried, however many fail."""
    monkeypatch.setattr(alone, "CASES", 2)
    process = Process(lambda _: True)
    ours = trials(process)
    for label in ("right", "left"):
        for number in range(90, 100):
            ours.alone(failing(name=f"guide-{number}", label=label), "values")
    assert process.asked == 4


def test_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time is up nothing is tried any more, and what is not known is told."""
    process = Process(lambda before: "guide-4" in before)
    # Each process takes 20 s, so that there is time for three.
    clock = SimpleNamespace(monotonic=lambda: process.asked * 20.0)
    monkeypatch.setattr(alone, "time", clock)
    ours = trials(process)
    found = [ours.alone(failing(name=name), "values") for name in (LAST, "guide-98")]
    assert found[0] is not None
    assert found[0].told.endswith(
        "which of the 99 before it make it fail was not found: there are 60 s for that"
    )
    assert (found[1], process.asked) == (None, 3)


def test_slow_process() -> None:
    """A process that is not done in the time that is left is given up."""
    assert Trials(CASES, [], lambda *_: None).alone(failing(), "values") is None


# A whole run.


@pytest.fixture(scope="module", params=[[], ["-n", "2"]], ids=["alone", "workers"])
def leaking(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return a run of a framework in which one case spoils another."""
    project = create(tmp_path_factory.mktemp("leaking"), "leaks_state")
    return project.observe(*request.param)


def test_report(leaking: Seen) -> None:
    """The report has what was seen in the run, and what was seen alone."""
    claim = leaking.entries["leaks-state", "plain-no-bias"].claims["values"]
    assert claim.alone is not None
    assert (claim.settled, claim.alone.settled) == ("fails", "agrees")
    assert claim.alone.after == ("edge-one-step",)


def test_rerun(leaking: Seen, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The failure names a command that shows it, which the case alone would not."""
    (line,) = (line for line in leaking.result.outlines if line.startswith("  rerun "))
    command = shlex.split(line)[2:]
    project = create(tmp_path_factory.mktemp("again"), "leaks_state")
    project.run(*command).assert_outcomes(failed=1, passed=7)
    project.run(*command[:2], "--case", "plain-no-bias").assert_outcomes(passed=4)


@pytest.mark.parametrize("options", [["--in-process"], ["--case", "plain-*"]])
def test_not_tried(options: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """In pytest's own process nothing is fresh; where all agrees nothing is tried."""
    seen = create(tmp_path_factory.mktemp("leaking"), "leaks_state").observe(*options)
    assert {claim.alone for entry in seen.entries.values() for claim in entry.claims.values()} == {
        None
    }
