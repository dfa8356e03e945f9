"""One run: what was asked for, the processes it keeps, and what it has seen so far."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from conformance.casefile.suggest import hint
from conformance.claim.check import claims_on
from conformance.claim.pins import concerns
from conformance.claim.property import on_record
from conformance.claim.search import search
from conformance.lstm.case import Case, Deviation, Record
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import Observation, observe
from conformance.report.report import ClaimEntry, Entry

ON_DEMAND = frozenset({"nightly", "search"})  # tags whose cases run only where --tag names them


class SelectionError(Exception):
    """The options select no case; the message is one line."""


@dataclass
class Run:
    """The cases and frameworks of this run, one open process, and the entries of its report."""

    root: Path
    frameworks: tuple[Framework, ...]  # those that are not installed among them
    cases: tuple[Case, ...]
    deviations: tuple[Deviation, ...]
    records: tuple[Record, ...]
    timeout: float
    in_process: bool
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _host: Host | None = None

    @property
    def installed(self) -> tuple[Framework, ...]:
        """The frameworks that can run."""
        return tuple(framework for framework in self.frameworks if not framework.missing)

    def pairs(self, claim: str) -> Iterator[tuple[Framework, Case]]:
        """Every framework with every case that is put to `claim`."""
        for framework in self.installed:
            for case in self.cases:
                if claim in claims_on(case):
                    yield framework, case

    def host(self, framework: Framework) -> Host:
        """The process of `framework`; that of the framework before it is ended."""
        if self._host is None or self._host.framework != framework:
            self.close()
            self._host = Host(framework, self.root, self.timeout, self.in_process)
        return self._host

    def observe(self, framework: Framework, case: Case) -> Observation:
        """What `framework` does with `case`."""
        host = self.host(framework)
        observation = observe(host, case)
        if "search" in case.tags and observation.outcome == "ran":
            pins = [pin for pin in self.deviations if concerns(pin, framework)]
            found = search(partial(observe, host), case, pins)
            observation = replace(observation, searched=found)
        spoken = on_record(case, self.records)
        known = {
            name: [record for record in records if concerns(record, framework)]
            for name, records in spoken.items()
        }
        return replace(observation, on_record=known)

    def record(self, entry: Entry, claim: str, result: ClaimEntry) -> None:
        """Adds one claim to the entry of its framework and case."""
        known = self.entries.get((entry.framework, entry.case), entry)
        claims = {**known.claims, claim: result}
        outcome = known.outcome
        if outcome == "agrees" and result.outcome not in ("agrees", "unsupported"):
            outcome = "differs"
        update = {"claims": claims, "outcome": outcome}
        self.entries[entry.framework, entry.case] = known.model_copy(update=update)

    def close(self) -> None:
        """Ends the open process."""
        if self._host is not None:
            self._host.close()
            self._host = None


def select(cases: Sequence[Case], globs: Sequence[str], tags: Sequence[str]) -> tuple[Case, ...]:
    """The cases whose id matches one of `globs` and that bear one of `tags`.

    Without `tags`, those of `ON_DEMAND` are left out. Raises SelectionError where none is left.
    """
    ids, known = [case.id for case in cases], sorted({tag for case in cases for tag in case.tags})
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in ids):
            raise SelectionError(f"--case {glob}: no case of this id{hint(glob, ids)}")
    for tag in tags:
        if tag not in known:
            raise SelectionError(f"--tag {tag}: no case has this tag{hint(tag, known)}")
    chosen = tuple(
        case
        for case in cases
        if (not globs or any(fnmatchcase(case.id, glob) for glob in globs))
        and (case.tags & set(tags) if tags else not case.tags & ON_DEMAND)
    )
    if not chosen:
        raise SelectionError(f"no case is left of --case {' '.join(globs)} --tag {' '.join(tags)}")
    return chosen
