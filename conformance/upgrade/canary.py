"""A few cases before all: whether the adapter runs on a side, and if not, whose fault that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.lstm.case import Case
from conformance.process.host import Down
from conformance.process.observation import Observation, Raised
from conformance.session.run import Run

BEHAVIOUR = "guide"  # what every framework has
FEW = 3


@dataclass(frozen=True)
class Canary:
    """What became of the first few cases on one side where none of them ran."""

    framework: str
    side: str
    outcome: str  # "raises AttributeError: module 'x' has no attribute 'y'"
    adapter: str  # path:line in the adapter; empty where it is not known
    raised: str  # path:line of the innermost frame
    fault: str  # whose it looks like, and why


def canaries(cases: Sequence[Case]) -> list[Case]:
    """The cases to begin with: those of the guide, or else the first that are no wrong input."""
    guide = [case for case in cases if case.behaviour == BEHAVIOUR]
    return (guide or [case for case in cases if not case.must_reject])[:FEW]


def sung(run: Run, side: str) -> Canary | None:
    """What came of the cases of `run` where none of them ran; None where one did."""
    (framework,) = run.frameworks
    try:
        run.host(framework).convention()
    except Down as down:
        return _fallen(framework.name, side, down)
    first = None
    for case in run.cases:
        if case.id in run.absences(framework):
            continue
        observation = run.observe(framework, case)
        if observation.outcome == "ran":
            return None
        first = first or observation
    return _silent(framework.name, side, first) if first else None


def _fallen(name: str, side: str, down: Down) -> Canary:
    raised = down.raised
    if not raised:
        fault = "the process did not come up: the environment's, by the looks of it"
        return Canary(name, side, f"{down.outcome}: {down.message}", "", "", fault)
    outcome = f"cannot be imported: {raised['type']}: {raised['message']}"
    return Canary(name, side, outcome, raised["by"], raised["at"], _importing(raised))


def _importing(raised: dict[str, str]) -> str:
    if raised["by"] and raised["by"] == raised["at"]:
        return "looks like the adapter's fault: it imports what this release does not have"
    return "looks like the framework's fault, or that of a package beside it: it was importing"


def _silent(name: str, side: str, seen: Observation) -> Canary:
    raised = seen.exception
    if raised is None:
        fault = "looks like the framework's fault: its process ended, or gave no answer"
        return Canary(name, side, f"{seen.outcome}: {seen.detail}", "", "", fault)
    outcome = f"raises {raised.type}: {raised.message}"
    return Canary(name, side, outcome, raised.by, raised.at, _calling(raised))


def _calling(raised: Raised) -> str:
    if raised.own:
        return "looks like the adapter's fault: it uses what this release does not have"
    if Path(raised.by.rpartition(":")[0]) == Path(raised.at.rpartition(":")[0]):
        return "looks like the adapter's fault: it refuses by itself what is asked for"
    return "looks like the framework's fault: it refuses an everyday layer, as it is called there"
