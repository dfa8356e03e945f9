"""Releases of one package, each observed once and only if it is needed."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from conformance.command import CommandError
from conformance.process.framework import FrameworkError
from conformance.report import report
from conformance.report.report import Entry
from conformance.upgrade.attempt import Attempt, frameworks, interpreters, put
from conformance.upgrade.bisect import Found, every, first
from conformance.upgrade.canary import Canary
from conformance.upgrade.change import Severity
from conformance.upgrade.compare import compared
from conformance.upgrade.comparison import Comparison, comparison, upgrade
from conformance.upgrade.environment import differences, distributions
from conformance.upgrade.pair import Side, matched
from conformance.upgrade.wanted import Wanted

UNSTEADY: tuple[Severity, ...] = ("bits", "speed")  # which other work on the machine moves, too
Mark = tuple[str, str, str, str, str]  # framework, case, kind, before, after


RAISES = re.compile(r"(raises \w+): .*", re.DOTALL)


def _kind(words: str) -> str:
    return RAISES.sub(r"\1", words)


@dataclass
class Releases:
    """What is put to each release, and what has been seen of it."""

    package: str
    attempt: Attempt  # whose sides are the two ends
    sides: dict[str, Side | None] = field(default_factory=dict)
    pythons: dict[str, str] = field(default_factory=dict)

    def side(self, version: str) -> Side | None:
        """What one release does; None where it cannot be had, or the adapter does not run on it."""
        if version not in self.sides:
            self.sides[version] = self._observed(version)
        return self.sides[version]

    def marks(self, before: str, after: str) -> set[Mark]:
        """Every change in every case from one release to another, both of which run.

        Of an exception it is the type: its words may be in another order in each process.
        """
        one, two = self.side(before), self.side(after)
        assert one is not None
        assert two is not None
        return {
            (
                match.framework,
                pair.before.case,
                change.kind,
                _kind(change.before),
                _kind(change.after),
            )
            for match in matched(one, two)
            for pair in match.pairs
            for change in compared(pair)
            if change.severity not in UNSTEADY
        }

    def told(self, found: Found) -> Comparison:
        """What changed where something was found."""
        one, two = self.side(found.before), self.side(found.after)
        assert one is not None
        assert two is not None
        sides = [f"{self.package}=={version}" for version in (found.before, found.after)]
        commands = {
            name: upgrade(sides, name, self.attempt.plan.extra) for name in self.attempt.frameworks
        }
        pythons = (self.pythons[version] for version in (found.before, found.after))
        notes = differences(*map(distributions, pythons))[:1]
        if found.untried:
            notes.append(f"cannot be tried, and may have brought it: {', '.join(found.untried)}")
        return replace(comparison(one, two), commands=commands, notes=tuple(notes))

    def _observed(self, version: str) -> Side | None:
        start = time.monotonic()
        attempt, wanted = self.attempt, Wanted(f"{self.package}=={version}")
        wanted = replace(wanted, requirements=(wanted.told,), names=(self.package,))
        entries: list[Entry] = []
        try:
            (python,) = interpreters(replace(attempt, sides=(wanted,), tell=lambda _: None))
            self.pythons[version], there = python, time.monotonic()
            found = frameworks(attempt, python)
        except (CommandError, FrameworkError) as problem:
            attempt.tell(f"{version}: {str(problem).splitlines()[0]}")
            return None
        for framework in found:
            lines = put(attempt, framework)
            if isinstance(lines, Canary):
                attempt.tell(f"{version}: {lines.framework} does not run: {lines.outcome}")
                return None
            entries += lines
        spent = f"environment {there - start:.0f} s, cases {time.monotonic() - there:.0f} s"
        attempt.tell(f"{version}: {spent}")
        return Side(wanted.told, report.header(found, complete=True), entries)


def bisected(releases: Releases, versions: list[str], whole: bool) -> Iterator[Comparison]:
    """What changed, and in which release first; in each of all where `whole`.

    Raises CommandError where an end does not run.
    """
    good, bad = versions[0], versions[-1]
    for end in (good, bad):
        if releases.side(end) is None:
            raise CommandError(f"{releases.package}=={end} cannot be tried: see above")
    if whole:
        for found in every(
            versions,
            lambda one: releases.side(one) is not None,
            lambda one, two: not releases.marks(one, two),
        ):
            yield releases.told(found)
        return
    wanted = releases.marks(good, bad)
    if wanted:

        def changed(version: str) -> bool | None:
            if releases.side(version) is None:
                return None
            return bool(wanted & releases.marks(good, version))

        yield releases.told(first(versions, changed))
