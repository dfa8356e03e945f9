"""Does a failure depend on what ran before it? Its case is put once more, to a fresh process."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.claim.check import CLAIMS
from conformance.claim.pins import Settlement, settle
from conformance.claim.verdict import Verdict
from conformance.lstm.case import Case, Deviation
from conformance.process.framework import Framework
from conformance.process.observation import Observation
from conformance.report.report import AloneEntry

# So few that a run of thousands of failures takes no longer than it did.
CASES = 3  # of each framework, in each worker
SECONDS = 60.0  # in all, in each worker
NAMED = 8  # cases that a command may name

# What a framework does, in a process of its own, with the last of some cases; None where that takes
# longer than so many seconds.
Fresh = Callable[[Framework, Sequence[Case], float], Observation | None]


class TimeUp(Exception):  # noqa: N818 (it ends a search, it is no error)
    """`SECONDS` are spent."""


@dataclass(frozen=True)
class Alone:
    """What a claim that failed came to where no other case had run in the process."""

    verdict: Verdict
    settlement: Settlement
    after: tuple[Case, ...]  # where these have run it fails; none where that was not found
    told: str  # all of it in one line

    def entry(self) -> AloneEntry:
        """The same as the report has it."""
        assert self.settlement.kind != "fails"
        return AloneEntry(
            outcome=self.verdict.outcome,
            got=dict(self.verdict.got),
            settled=self.settlement.kind,
            after=tuple(case.id for case in self.after),
        )


@dataclass
class Trials:
    """The failing cases of one worker that are put once more, and the time that it takes."""

    cases: Mapping[str, Case]  # of the run, by id
    deviations: Sequence[Deviation]
    fresh: Fresh
    _tried: dict[str, set[str]] = field(default_factory=dict)  # cases by framework
    _left: float = SECONDS
    # Of the case at hand, by those that ran before it: the next claim on it asks for the same.
    _seen: dict[tuple[str, ...], Observation] = field(default_factory=dict)

    def alone(self, observation: Observation, claim: str) -> Alone | None:
        """What `claim`, which fails on `observation`, comes to in a process of its own.

        None where it fails as well, and where it is not tried: because nothing had run before, or
        beyond the limits.
        """
        before = [self.cases[name] for name in observation.before if name in self.cases]
        if not before or not self._wanted(observation):
            return None
        with contextlib.suppress(TimeUp):
            first = self._seen_after(observation, ())
            verdict = CLAIMS[claim](first)
            settled = settle(first, claim, verdict, self.deviations)
            if settled.kind != "fails":
                kind = "is as pinned" if settled.kind == "pinned" else settled.kind
                after, found = self._needed(observation, claim, before)
                told = f"it {kind} where no other case has run in its process, {found}"
                return Alone(verdict, settled, after, told)
        return None

    def _wanted(self, observation: Observation) -> bool:
        tried = self._tried.setdefault(observation.framework.label, set())
        if observation.case.id not in tried:
            if len(tried) == CASES:
                return False
            tried.add(observation.case.id)
            self._seen.clear()
        return True

    def _needed(
        self, observation: Observation, claim: str, before: Sequence[Case]
    ) -> tuple[tuple[Case, ...], str]:
        """The cases of `before` after which the claim fails, by halving, and what to say of it."""

        def fails(part: Sequence[Case]) -> bool:
            seen = self._seen_after(observation, part)
            return settle(seen, claim, CLAIMS[claim](seen), self.deviations).kind == "fails"

        needed, why = before, "one half of them is not enough"
        try:
            if not fails(before):
                return (), f"and after the same {len(before)} once more: it is not steady"
            while half := len(needed) // 2:
                smaller = next(filter(fails, (needed[half:], needed[:half])), None)
                if smaller is None:
                    break
                needed = smaller
        except TimeUp:
            why = f"there are {SECONDS:g} s for that"
        if len(needed) <= NAMED:
            return tuple(needed), f"and fails after {', '.join(case.id for case in needed)}"
        return (), f"which of the {len(needed)} before it make it fail was not found: {why}"

    def _seen_after(self, observation: Observation, before: Sequence[Case]) -> Observation:
        """The case of `observation` once more, after others. Raises TimeUp."""
        key = tuple(case.id for case in before)
        if key not in self._seen:
            start = time.monotonic()
            cases = [*before, observation.case]
            seen = self.fresh(observation.framework, cases, self._left) if self._left > 0 else None
            self._left -= time.monotonic() - start
            if seen is None:
                raise TimeUp
            self._seen[key] = seen
        return self._seen[key]
