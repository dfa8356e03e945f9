"""Which pin a failure looks like that none speaks of, and what of that pin does not match.

A known bug in a new case fails as any other would; with the pin's place in the message, its reader
knows that it is known, and what to widen.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.claim.outcome import among
from conformance.claim.verdict import Verdict
from conformance.claim.version import concerns
from conformance.lstm.case import Deviation, Instead
from conformance.lstm.kind import names, speaks_of, unlike
from conformance.process.observation import Observation


def resemblance(
    observation: Observation, claim: str, verdict: Verdict, deviations: Sequence[Deviation]
) -> str:
    """The pin that `verdict` looks like most, with what does not match; empty where none does.

    It is one on the same framework and claim, or on the same case, with the same exception or
    signal, or with numbers, dtypes or as many axes that are wrong in the same way, under whatever
    names.
    """
    seen = Instead(verdict.outcome, dict(verdict.got))
    alike = [
        pin
        for pin in deviations
        if pin.framework == observation.framework.name
        and (claim in pin.claims or speaks_of(pin, observation.case))
        and any(_pattern(seen) == _pattern(outcome) for outcome in pin.outcomes)
    ]
    if not alike:
        return ""
    # The nearest differs least, of those the one whose outcome is this one to the letter.
    lines = {pin.where: [*_unlike(pin, claim, seen, observation)] for pin in alike}
    case = observation.case
    pin = min(alike, key=lambda pin: (len(lines[pin.where]), not among(seen, pin.outcomes, case)))
    head = f"resembles the deviation that is pinned at {pin.where}, but for"
    return "\n  ".join([head, *lines[pin.where]])


def told(outcome: Instead) -> str:
    """An outcome in a line: ``rejected {'exception': 'ValueError'}``."""
    return f"{outcome.outcome} {dict(outcome.got)}"


def _unlike(pin: Deviation, claim: str, seen: Instead, observation: Observation) -> Iterator[str]:
    """A line for each part of the pin that does not match."""
    case, framework = observation.case, observation.framework
    if claim not in pin.claims:
        yield f"claim     {', '.join(pin.claims)}"
    if not names(pin, case):
        yield f"cases     {pin.cases}"
    for name, value in unlike(case, pin.kind).items():
        yield f"where     {name}: {_values(pin.kind[name])} (here {_value(value)})"
    if pin.device not in ("", framework.device):
        yield f"device    {pin.device} (here {framework.device})"
    elif not concerns(pin, framework):
        here = ", ".join(f"{name} {version}" for name, version in framework.versions.items())
        yield f"version   {pin.version} (here {here})"
    if not among(seen, pin.outcomes, case):
        yield f"got       {' or '.join(map(told, pin.outcomes))}"


def _pattern(outcome: Instead) -> tuple[str, object]:
    """What two outcomes of one cause have in common, whatever the case's sizes and layers are."""
    if outcome.outcome != "differs":
        return outcome.outcome, outcome.got
    return outcome.outcome, frozenset(map(_form, outcome.got.values()))


def _form(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} axes"
    return "a mapping" if isinstance(value, Mapping) else str(value)


def _values(values: Sequence[Any]) -> str:
    return " or ".join(map(_value, values))


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
