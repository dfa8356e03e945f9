"""What the right layer does with each case: known once, and what every mutant is held against."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from adapters.contract import Convention
from conformance.casefile.form import ON_DEMAND
from conformance.claim.asked import asked
from conformance.claim.check import CLAIMS
from conformance.claim.property import seen
from conformance.command import CommandError
from conformance.lstm.case import Case, Record
from conformance.lstm.sample import Sample
from conformance.process.child import Message
from conformance.process.framework import Framework
from conformance.process.host import Host, request
from conformance.process.observation import Observation, observe
from conformance.process.source import MAY, defines

TIMEOUT = 60.0  # of a host; in this process nothing is cut short


@dataclass(frozen=True)
class Known:
    """One case, and what the right layer gave for it."""

    case: Case
    right: Observation
    claims: tuple[str, ...]  # that are put: not of a function that the right layer leaves out
    lines: frozenset[int]  # of the right layer's source, that were run


@dataclass
class Ground:
    """The cases, and what the right layer in `module` gives for them, found when first needed."""

    root: Path
    module: str
    cases: Sequence[Case]
    _known: dict[bool, tuple[Known, ...]] = field(default_factory=dict)
    _requests: dict[tuple[str, int], Message] = field(default_factory=dict)  # by case and sample
    _convention: Convention | None = None

    def known(self, on_demand: bool) -> tuple[Known, ...]:
        """The cases of the default run, or those that run where a tag names them.

        Raises CommandError where the right layer is not right: then nothing would follow from what
        a mutant gives.
        """
        if on_demand not in self._known:
            put = [case for case in self.cases if bool(case.tags & ON_DEMAND) is on_demand]
            self._known[on_demand] = tuple(self._prepared(put))
        return self._known[on_demand]

    def host(self, module: str) -> Host:
        """The adapter in `module`, in this process; what is asked of it is made once for all."""
        functions = tuple(name for name in MAY if defines(module, name))
        framework = Framework(module, module, "", functions=functions)
        host = Host(framework, self.root, TIMEOUT, in_process=True)
        host.request = self._request
        return host

    def _prepared(self, cases: Sequence[Case]) -> Iterator[Known]:
        host = self.host(self.module)
        self._convention = host.convention()
        for case in cases:
            messages: list[Message] = []
            host.asked = messages.append
            right, lines = _traced(self.module, partial(observe, host, case))
            right = replace(right, on_record=_on_record(right))
            claims = asked(host.framework, case)
            for claim in claims:
                verdict = CLAIMS[claim](right)
                if verdict.outcome != "agrees":
                    told = verdict.message.partition("\n")[0]
                    raise CommandError(f"the right layer: {claim} on {case.id}: {told}")
            self._requests[case.id, id(right.sample)] = messages[0]
            yield Known(case, right, claims, lines)

    def _request(
        self, convention: Convention, case: Case, sample: Sample | None, weights: Any = None
    ) -> Message:
        known = self._requests.get((case.id, id(sample)))
        if known is not None and convention == self._convention:
            return known
        return request(convention, case, sample, weights)


def _on_record(right: Observation) -> dict[str, list[Record]]:
    """What no law decides is on record as the right layer has it."""
    where = right.framework.name, right.case.id
    return {
        name: [Record(*where, name, "", value, "", "the right layer")]
        for name, value in seen(right).items()
    }


def _traced(module: str, call: Callable[[], Observation]) -> tuple[Observation, frozenset[int]]:
    """What `call` gives, and which lines of the adapter were run for that."""
    lines: set[int] = set()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            lines.add(frame.f_lineno)
        return inside

    def called(frame: FrameType, *_: Any) -> Any:
        return inside if frame.f_globals.get("__name__") == module else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        return call(), frozenset(lines)
    finally:
        sys.settrace(before)
