"""The oldest and the newest releases that an adapter serves: whether it runs on both."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.command import CommandError
from conformance.lstm.case import Case
from conformance.process.framework import FrameworkError
from conformance.process.interpreter import packages
from conformance.process.source import declared
from conformance.session.run import Run
from conformance.upgrade.attempt import Attempt, frameworks, heard, interpreters
from conformance.upgrade.observer import observed, opened
from conformance.upgrade.pinfile import pins
from conformance.upgrade.reach import chosen
from conformance.upgrade.wanted import Wanted

ENDS = ("oldest", "newest")


@dataclass(frozen=True)
class Served:
    """What became of one adapter on its oldest or newest releases."""

    adapter: str
    end: str  # of ENDS
    releases: str  # "flax 0.8.5, jax 0.4.30"; empty where they cannot be had
    cases: int
    failed: tuple[str, ...]  # a line for each case in which the adapter itself failed, or for all


def oldest(name: str) -> tuple[str, ...]:
    """The requirements of the oldest releases that an adapter serves. Raises CommandError."""
    try:
        stated: tuple[str, ...] = declared(_module(name), "OLDEST")
    except ValueError as problem:
        raise CommandError(f"{name}: it states no OLDEST releases: {problem}") from problem
    return stated


def newest(root: Path, name: str) -> tuple[str, ...]:
    """The requirements of the releases that are pinned for this Python.

    Where the framework's own is the oldest as well, they are those of the oldest.
    """
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    pinned = pins(text)
    wanted = packages(declared(_module(name), "PACKAGES"), text)
    exactly = tuple(f"{one}=={pinned[canonicalize_name(one)]}" for one in wanted)
    return oldest(name) if exactly[0] == oldest(name)[0] else exactly


def served(attempt: Attempt, ends: Sequence[str] = ENDS) -> Iterator[Served]:
    """One adapter on both its ends, put to few of the cases, which have all that it does."""
    (name,) = attempt.frameworks
    for end in ends:
        asked = oldest(name) if end == "oldest" else newest(attempt.root, name)
        names = tuple(canonicalize_name(Requirement(one).name) for one in asked)
        side = Wanted(" ".join(asked), asked, names)
        one = replace(attempt, sides=(side,))
        attempt.tell(f"{name}: {end}: {side.told}")
        try:
            yield _served(one, name, end)
        except (CommandError, FrameworkError) as problem:
            yield Served(name, end, "", 0, (str(problem).splitlines()[0],))


def _served(attempt: Attempt, name: str, end: str) -> Served:
    (python,) = interpreters(replace(attempt, tell=lambda _: None))
    (framework,) = frameworks(attempt, python)
    releases = ", ".join(f"{one} {version}" for one, version in framework.versions.items())
    for silent in heard(replace(attempt, tell=lambda _: None), [framework]):
        return Served(name, end, releases, 0, (f"{silent.outcome} at {silent.adapter}",))
    with closing(opened(attempt.root, framework, attempt.cases, attempt.timeout)) as all_of_them:
        few = _put(all_of_them, attempt.cases)
    (entries,) = observed([opened(attempt.root, framework, few, attempt.timeout)], f"{name} {end}")
    failed = tuple(
        f"{one.case}: {one.exception.type}: {one.exception.message.partition(chr(10))[0]}"
        for one in entries
        if one.exception is not None and one.exception.own
    )
    return Served(name, end, releases, len(few), failed)


def _put(run: Run, cases: Sequence[Case]) -> list[Case]:
    (framework,) = run.frameworks
    return chosen(case for case in cases if case.id not in run.absences(framework))


def lines(one: Served) -> Iterator[str]:
    """For a terminal."""
    told = f"{len(one.failed)} failed" if one.failed else f"{one.cases} cases"
    yield f"{one.adapter:<18} {one.end}  {one.releases or 'not to be had'}: {told}"
    yield from (f"    {line}" for line in one.failed)


def _module(name: str) -> str:
    return name if "." in name else f"adapters.{name.replace('-', '_')}"
