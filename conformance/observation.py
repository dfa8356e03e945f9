"""What one framework did with one case: plain facts, no judgement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from adapters.contract import Convention
from conformance import reference
from conformance.case import Case, Shape
from conformance.child import Message, unpacked
from conformance.framework import Framework
from conformance.host import Down, Host
from conformance.sample import Floats, Sample, draw

# What the call came to, before anything is judged.
Outcome: TypeAlias = Literal["ran", "rejected", "unsupported", "crashed", "hung"]


@dataclass(frozen=True)
class Raised:
    """A clean exception of the framework."""

    type: str
    message: str
    at: str  # "file.py:12": the innermost frame


@dataclass(frozen=True)
class Observation:
    """All that was seen of one framework on one case; what was not reached is None."""

    framework: Framework
    case: Case
    outcome: Outcome
    convention: Convention | None = None  # None where the adapter could not be loaded
    detail: str = ""  # the reason, for unsupported, crashed and hung
    output: str = ""  # the end of what the process wrote, for crashed and hung
    results: Mapping[str, Any] | None = None  # arrays by the framework's own names
    exception: Raised | None = None
    inferred: Mapping[str, Shape] | Raised | None = None
    parameters: Mapping[str, Shape] | Raised | None = None
    sample: Sample | None = None  # what was fed
    expected: Mapping[str, Floats] = field(default_factory=dict)  # the reference, canonical
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def observe(host: Host, case: Case) -> Observation:
    """Runs `case` on the framework behind `host` and on the reference. Never raises for either."""
    sample = draw(case)
    parts = host.ask(case, sample)
    down: Down | None = parts.get("down")
    facts: dict[str, Any] = {
        "sample": sample,
        "convention": host.convention() if down is None else None,
        "inferred": _shapes(parts.get("inferred")),
        "parameters": _shapes(parts.get("parameters")),
        "warnings": tuple(parts.get("warnings", ())),
        "seconds": parts.get("seconds", {}),
    }
    if not case.must_reject:
        facts["expected"] = reference.lstm(case.layer, sample)
    results = parts.get("results", {})
    if down is not None:
        facts |= {"outcome": down.outcome, "detail": down.message, "output": down.output}
    elif "unsupported" in parts:
        facts |= {"outcome": "unsupported", "detail": parts["unsupported"]}
    elif "exception" in results:
        facts |= {"outcome": "rejected", "exception": Raised(**results["exception"])}
    else:
        arrays = {name: unpacked(one) for name, one in results.items()}
        facts |= {"outcome": "ran", "results": arrays}
    return Observation(host.framework, case, **facts)


def _shapes(part: Message | None) -> Mapping[str, Shape] | Raised | None:
    if part is None:
        return None
    if "exception" in part:
        return Raised(**part["exception"])
    return {name: tuple(shape) for name, shape in part.items()}
