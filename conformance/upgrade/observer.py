"""What a side does with the cases: observed as the suite does, judged by no pin and no record.

Both sides are at the same case at the same time, each in a thread: whatever else the machine does
slows both. A run of pytest for each would put a version's pins and records, which speak of others,
to the side that they do not know, and look for the reason of each failure that this makes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from conformance.claim.asked import asked
from conformance.claim.check import CLAIMS
from conformance.claim.pins import Settlement
from conformance.command import progress
from conformance.lstm.case import Case
from conformance.process.framework import Framework
from conformance.process.observation import Observation
from conformance.report import report
from conformance.report.report import Entry
from conformance.session.run import Run

JUDGED = tuple(claim for claim in CLAIMS if claim != "properties")  # which is by what is on record


def opened(root: Path, framework: Framework, cases: Sequence[Case], timeout: float) -> Run:
    """A run of one framework on `cases`, with nothing known of it; `timeout` as `Host` has it."""
    return Run(root, (framework,), tuple(cases), (), (), timeout, in_process=False)


def observed(runs: Sequence[Run], doing: str = "") -> list[list[Entry]]:
    """The lines of a report for each of `runs`, which are of the same cases, side by side."""
    cases = runs[0].cases
    with ExitStack() as stack:
        for run in runs:
            stack.enter_context(closing(run))
        pool = stack.enter_context(ThreadPoolExecutor(len(runs)))
        for case in progress(cases, doing or "observing"):
            list(pool.map(lambda run, case=case: _observe(run, case), runs))
        return [list(run.all_entries()) for run in runs]


def judged(observation: Observation, run: Run) -> None:
    """Adds to the entries of `run` what was observed, with what each claim came to."""
    entry = report.entry(observation)
    for claim in asked(observation.framework, observation.case):
        if claim in JUDGED:
            verdict = CLAIMS[claim](observation)
            settled = Settlement("agrees" if verdict.outcome == "agrees" else "fails")
            run.record(entry, claim, report.claim(verdict, settled))
    run.entries.setdefault((entry.framework, entry.case), entry)


def _observe(run: Run, case: Case) -> None:
    (framework,) = run.frameworks
    if case.id not in run.absences(framework):
        judged(run.observe(framework, case), run)
