"""One upgrade, tried: both sides found or made, the canaries heard, the cases put, all compared."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.command import CommandError
from conformance.lstm.case import Case
from conformance.process.framework import Framework, find
from conformance.report import report
from conformance.report.report import Entry
from conformance.upgrade.canary import Canary, canaries, sung
from conformance.upgrade.comparison import Comparison, comparison, upgrade
from conformance.upgrade.environment import Plan, differences, distributions, made, resolutions
from conformance.upgrade.installer import InstallError
from conformance.upgrade.observer import observed, opened
from conformance.upgrade.pair import Side
from conformance.upgrade.reproduction import explained
from conformance.upgrade.wanted import Wanted

WHEN = ("before", "after")


@dataclass(frozen=True)
class Attempt:
    """What is tried: the two sides, and what is put to them."""

    root: Path
    sides: tuple[Wanted, ...]
    frameworks: tuple[str, ...]
    cases: tuple[Case, ...]
    every: tuple[Case, ...]  # of which the canaries are
    plan: Plan
    environments: Path
    timeout: float
    tell: Callable[[str], object]  # is told of progress


def interpreters(attempt: Attempt) -> list[str]:
    """The interpreter of each side; made where that is asked for. Raises CommandError."""
    wanted = [side for side in attempt.sides if side.requirements]
    if not wanted:
        return [side.interpreter for side in attempt.sides]
    attempt.tell(f"resolving {' and '.join(side.told for side in wanted)}")
    constraints = (attempt.root / "constraints.txt").read_text(encoding="utf-8")
    try:
        pins = resolutions(attempt.plan, wanted, constraints, attempt.tell)
        where = attempt.environments, attempt.plan.python
        ready = [made(where[0], one, where[1], attempt.tell) for one in pins]
    except InstallError as error:
        hint = ""
        if attempt.plan.dependencies and "depends on" in str(error):
            hint = "\n--no-deps installs what a side names without what it requires"
        raise CommandError(f"{error}{hint}") from error
    by_side = dict(zip(wanted, ready, strict=True))
    return [by_side.get(side, side.interpreter) for side in attempt.sides]


def tried(attempt: Attempt, keep: Path | None = None) -> Comparison:
    """What changed from one side to the other; both reports are kept in the folder `keep`.

    Raises CaseError, CommandError and FrameworkError.
    """
    start = time.monotonic()
    pythons = interpreters(attempt)
    there = time.monotonic()
    found = [frameworks(attempt, python) for python in pythons]
    notes = differences(*map(distributions, pythons))
    entries: tuple[list[Entry], list[Entry]] = ([], [])
    dead: list[Canary] = []
    for pair in zip(*found, strict=True):
        silent = heard(attempt, pair)
        dead += silent
        if not silent:
            runs = [opened(attempt.root, one, attempt.cases, attempt.timeout) for one in pair]
            for lines, seen in zip(entries, observed(runs, pair[0].name), strict=True):
                lines += seen
    attempt.tell(f"environments {there - start:.0f} s, cases {time.monotonic() - there:.0f} s")
    lost = {one.framework for one in dead}
    alive = [[one for one in side if one.name not in lost] for side in found]
    before, after = (
        Side(wanted.told, report.header(here, complete=True), seen)
        for wanted, here, seen in zip(attempt.sides, alive, entries, strict=True)
    )
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        for when, side in zip(WHEN, (before, after), strict=True):
            report.write(keep / f"{when}.jsonl", side.header, side.entries)
    compared = comparison(before, after) if alive[0] else Comparison(before.name, after.name, ())
    known = explained(attempt.root, compared.accounts, attempt.every, [*found[0], *found[1]])
    told = [side.told for side in attempt.sides]
    commands = {one: upgrade(told, one, attempt.plan.extra) for one in attempt.frameworks}
    return replace(
        compared, accounts=known, notes=tuple(notes), commands=commands, dead=tuple(dead)
    )


def put(attempt: Attempt, framework: Framework) -> list[Entry] | Canary:
    """What one framework does with the cases; or why its adapter does not run."""
    for silent in heard(replace(attempt, tell=lambda _: None), [framework]):
        return silent
    (lines,) = observed([opened(attempt.root, framework, attempt.cases, attempt.timeout)])
    return lines


def frameworks(attempt: Attempt, python: str) -> Sequence[Framework]:
    """The adapters in the interpreter of a side. Raises FrameworkError."""
    at = f"@{python}" if python else ""
    return find(attempt.root, [f"{name}{at}" for name in attempt.frameworks])


def heard(attempt: Attempt, pair: Sequence[Framework]) -> list[Canary]:
    """The canary of each side on which the adapter does not run; one side may be all there is."""
    silent = []
    for when, framework in zip(WHEN, pair, strict=False):
        attempt.tell(f"{when}: {framework}")
        few = canaries(attempt.every)
        with closing(opened(attempt.root, framework, few, attempt.timeout)) as run:
            silent += [one for one in [sung(run, when)] if one]
    return silent
