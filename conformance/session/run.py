"""One run: what was asked for, the processes it keeps, and what it has seen so far."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pytest

from conformance.casefile.form import ON_DEMAND
from conformance.claim.asked import Absence, absence, asked, unasked
from conformance.claim.property import on_record
from conformance.claim.search import RESTARTS, search
from conformance.claim.version import concerns
from conformance.lstm.case import Case, Deviation, Record
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import Observation, observe
from conformance.report.report import ClaimEntry, Entry, absent, in_order, without
from conformance.session.alone import Alone, Trials
from conformance.session.meant import case_hint, tag_hint
from conformance.session.shard import Shard


class SelectionError(Exception):
    """The options select no case; the message is one line."""


@dataclass
class Run:
    """The cases and frameworks of this run, one open process, and the entries of its report."""

    root: Path
    frameworks: tuple[Framework, ...]  # those that are not installed among them
    cases: tuple[Case, ...]
    deviations: tuple[Deviation, ...]  # of these frameworks, in whatever versions
    records: tuple[Record, ...]
    timeout: float
    in_process: bool
    globs: tuple[str, ...] = ()  # by which the cases were asked for
    tags: tuple[str, ...] = ()
    compilations: Path | None = None  # where what frameworks compile is kept
    shard: Shard | None = None  # of which alone it runs and reports the cases
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _asked: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    _absences: dict[str, dict[str, Absence]] = field(default_factory=dict)
    _host: Host | None = None
    _trials: Trials = field(init=False)

    def __post_init__(self) -> None:
        self._trials = Trials({case.id: case for case in self.cases}, self.deviations, self._fresh)

    @property
    def installed(self) -> tuple[Framework, ...]:
        """The frameworks that can run."""
        return tuple(framework for framework in self.frameworks if not framework.missing)

    def pairs(self, claim: str) -> Iterator[tuple[Framework, Case]]:
        """Every framework with every case on which it is put to `claim`."""
        for framework in self.installed:
            for case in self.cases:
                if claim in self._claims(framework)[case.id] and self.ours(framework, case):
                    yield framework, case

    def ours(self, framework: Framework, case: Case) -> bool:
        """Whether a case of `framework` is this run's own, and not another shard's."""
        return self.shard is None or (framework.label, case.id) in self.shard.pairs

    def due(self, framework: Framework) -> int:
        """How many cases `framework` is put to."""
        absences = self.absences(framework)
        return sum(one.id not in absences and self.ours(framework, one) for one in self.cases)

    def every(self) -> list[tuple[tuple[str, str], bool]]:
        """Each framework's label with each case's id, and whether that is put: of all shards."""
        return [
            ((framework.label, case.id), case.id not in self.absences(framework))
            for framework in sorted(self.installed, key=lambda one: one.label)
            for case in self.cases
        ]

    def absences(self, framework: Framework) -> dict[str, Absence]:
        """The cases that `framework` is not put to, by id, each with the reason."""
        if framework.label not in self._absences:
            found = {case.id: absence(framework, case) for case in self.cases}
            self._absences[framework.label] = {name: why for name, why in found.items() if why}
        return self._absences[framework.label]

    def _claims(self, framework: Framework) -> dict[str, tuple[str, ...]]:
        """The claims that `framework` is put to, by case."""
        if framework.label not in self._asked:
            self._asked[framework.label] = {case.id: asked(framework, case) for case in self.cases}
        return self._asked[framework.label]

    def all_entries(self) -> Iterator[Entry]:
        """The line of every framework and case: as it was observed, or why it was not asked for.

        Frameworks are in the order of their labels, cases in that of their files, claims in that of
        `CLAIMS`: whichever was asked for, or came, first.
        """
        for framework in sorted(self.installed, key=lambda one: one.label):
            absences = self.absences(framework)
            for case in (one for one in self.cases if self.ours(framework, one)):
                entry = self.entries.get((framework.label, case.id))
                if case.id in absences:
                    yield absent(framework, case, absences[case.id])
                elif entry is not None:
                    yield in_order(without(entry, unasked(framework, case)))

    def host(self, framework: Framework) -> Host:
        """The process of `framework`; that of the framework before it is ended."""
        if self._host is None or self._host.framework != framework:
            self.close()
            where = self.timeout, self.in_process, self.compilations
            self._host = Host(framework, self.root, *where)
        return self._host

    def observe(self, framework: Framework, case: Case) -> Observation:
        """What `framework` does with `case`."""
        return self._observe(self.host(framework), case)

    def alone(self, observation: Observation, claim: str) -> Alone | None:
        """What a failing `claim` comes to where no other case has run; see `Trials.alone`."""
        if self.in_process or "search" in observation.case.tags:  # there is one process; by chance
            return None
        return self._trials.alone(observation, claim)

    def _fresh(
        self, framework: Framework, cases: Sequence[Case], seconds: float
    ) -> Observation | None:
        """See `alone.Fresh`."""
        deadline, timeout = time.monotonic() + seconds, min(self.timeout, seconds)
        with closing(Host(framework, self.root, timeout)) as host:
            for case in cases:
                if time.monotonic() > deadline:
                    return None
                observation = self._observe(host, case)
        return None if observation.outcome == "hung" and timeout < self.timeout else observation

    def _observe(self, host: Host, case: Case) -> Observation:
        framework = host.framework
        observation = observe(host, case)
        if "search" in case.tags and observation.outcome == "ran":
            pins = [pin for pin in self.deviations if concerns(pin, framework)]
            with host.apart(RESTARTS):
                found = search(
                    partial(observe, host),
                    case,
                    partial(asked, framework),
                    pins,
                    explained=lambda one: host.explained(one.id),
                    spent=lambda: host.spent,
                )
            observation = replace(observation, searched=found)
        spoken = on_record(case, self.records)
        known = {
            name: [record for record in records if concerns(record, framework)]
            for name, records in spoken.items()
        }
        return replace(observation, on_record=known)

    def explained(self, observation: Observation, pin: Deviation) -> None:
        """What became of an observation is pinned: deaths of its process are no mystery.

        A process that is harmed by it is ended.
        """
        if self._host is not None and self._host.framework == observation.framework:
            self._host.explained(observation.case.id)
            if pin.spoils:
                self.close()

    def record(self, entry: Entry, claim: str, result: ClaimEntry) -> None:
        """Adds one claim to the entry of its framework and case."""
        known = self.entries.get((entry.framework, entry.case), entry)
        claims = {**known.claims, claim: result}
        outcome = known.outcome
        if outcome in ("agrees", "differs") and result.outcome != "agrees":
            outcome = "broken" if result.outcome == "broken" else "differs"
        update = {"claims": claims, "outcome": outcome}
        self.entries[entry.framework, entry.case] = known.model_copy(update=update)

    def close(self) -> None:
        """Ends the open process."""
        if self._host is not None:
            self._host.close()
            self._host = None


RUN = pytest.StashKey[Run]()  # where pytest's configuration holds the run


def select(cases: Sequence[Case], globs: Sequence[str], tags: Sequence[str]) -> tuple[Case, ...]:
    """The cases whose id matches one of `globs` and that bear one of `tags`.

    Without `tags`, those of `ON_DEMAND` are left out. Raises SelectionError where none is left.
    """
    known = sorted({tag for case in cases for tag in case.tags})
    for tag in tags:
        if tag not in known:
            raise SelectionError(f"--tag {tag}: no case has this tag{tag_hint(tag, cases, known)}")
    for glob in globs:
        found = [case for case in cases if fnmatchcase(case.id, glob)]
        if not found:
            raise SelectionError(f"--case {glob}: no case of this id{case_hint(glob, cases)}")
        if not tags and all(case.tags & ON_DEMAND for case in found):
            needed = " or ".join(sorted({tag for case in found for tag in case.tags & ON_DEMAND}))
            raise SelectionError(f"--case {glob}: such cases run on demand: add --tag {needed}")
    chosen = tuple(
        case
        for case in cases
        if (not globs or any(fnmatchcase(case.id, glob) for glob in globs))
        and (case.tags & set(tags) if tags else not case.tags & ON_DEMAND)
    )
    if not chosen:
        asked = [case for case in cases if any(fnmatchcase(case.id, glob) for glob in globs)]
        borne = sorted({tag for case in asked for tag in case.tags})
        raise SelectionError(
            f"no case is left of --case {' '.join(globs)} --tag {' '.join(tags)}: "
            f"such cases bear {'the tags ' + ', '.join(borne) if borne else 'no tag'}"
        )
    return chosen
