"""Known deviations against what was seen: a pin is a strict expected failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from conformance.claim.outcome import among
from conformance.claim.resemblance import resemblance, told
from conformance.claim.verdict import Verdict
from conformance.claim.version import concerns
from conformance.lstm.case import Deviation, Instead, Record
from conformance.lstm.kind import speaks_of
from conformance.process.framework import Framework
from conformance.process.observation import Observation


@dataclass(frozen=True)
class Settlement:
    """A verdict in the light of the pins: ``agrees``, ``pinned`` or ``fails``."""

    kind: Literal["agrees", "pinned", "fails"]
    message: str = ""
    pin: Deviation | None = None


Known = TypeVar("Known", Deviation, Record)


def about(frameworks: Sequence[Framework], known: Sequence[Known]) -> tuple[Known, ...]:
    """What is known of `frameworks`, in whatever versions.

    Raises FrameworkError as `applicable` does.
    """
    applicable(frameworks, known)
    names = {framework.name for framework in frameworks}
    return tuple(one for one in known if one.framework in names)


def applicable(frameworks: Sequence[Framework], known: Sequence[Known]) -> tuple[Known, ...]:
    """What is known of `frameworks` in the versions that are installed.

    Raises FrameworkError for a pin on a version of something that the adapter does not report:
    it would never match.
    """
    return tuple(one for one in known if any(concerns(one, framework) for framework in frameworks))


def settle(
    observation: Observation, claim: str, verdict: Verdict, deviations: Sequence[Deviation]
) -> Settlement:
    """What a verdict means for the run, given what is pinned for its framework and case."""
    pins = [
        deviation
        for deviation in deviations
        if claim in deviation.claims
        and speaks_of(deviation, observation.case)
        and concerns(deviation, observation.framework)
    ]
    if len(pins) > 1:
        places = ", ".join(pin.where for pin in pins)
        return Settlement("fails", f"more than one pinned deviation speaks of this: {places}")
    if not pins:
        if verdict.outcome == "agrees":
            return Settlement("agrees", verdict.message)
        like = resemblance(observation, claim, verdict, deviations)
        return Settlement("fails", "\n".join(filter(None, (verdict.message, like))))
    (pin,) = pins
    seen = Instead(verdict.outcome, dict(verdict.got))
    if among(seen, pin.outcomes, observation.case):
        now = f"unsteady, this time {told(seen)}: " if pin.unsteady else ""
        return Settlement("pinned", f"{now}{pin.why} ({pin.source})", pin)
    now = "it agrees now" if verdict.outcome == "agrees" else f"it {_changed(verdict)}"
    pinned = "\n  or        ".join(map(told, pin.outcomes))
    return Settlement(
        "fails",
        f"the pinned deviation at {pin.where} is no longer what happens: {now}\n"
        f"  pinned    {pinned}\n"
        f"  got       {told(seen)}\n"
        f"  why       {pin.why}\n"
        f"  source    {pin.source}" + (f"\n{verdict.message}" if verdict.message else ""),
        pin,
    )


def _changed(verdict: Verdict) -> str:
    return "differs in another way" if verdict.outcome == "differs" else f"is {verdict.outcome}"
