"""Known deviations against what was seen: a pin is a strict expected failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeVar

from packaging.requirements import Requirement

from conformance.claim.verdict import Verdict
from conformance.lstm.case import Deviation, Record
from conformance.process.framework import Framework, FrameworkError
from conformance.process.observation import Observation


@dataclass(frozen=True)
class Settlement:
    """A verdict in the light of the pins: ``agrees``, ``pinned`` or ``fails``."""

    kind: Literal["agrees", "pinned", "fails"]
    message: str = ""
    pin: Deviation | None = None


Known = TypeVar("Known", Deviation, Record)


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
        and fnmatchcase(observation.case.id, deviation.cases)
        and concerns(deviation, observation.framework)
    ]
    if len(pins) > 1:
        places = ", ".join(pin.where for pin in pins)
        return Settlement("fails", f"more than one pinned deviation speaks of this: {places}")
    if not pins:
        if verdict.outcome == "agrees":
            return Settlement("agrees", verdict.message)
        return Settlement("fails", verdict.message)
    (pin,) = pins
    if (verdict.outcome, dict(verdict.got)) == (pin.outcome, dict(pin.got)):
        return Settlement("pinned", f"{pin.why} ({pin.source})", pin)
    seen = "it agrees now" if verdict.outcome == "agrees" else f"it {_told(verdict)}"
    return Settlement(
        "fails",
        f"the pinned deviation at {pin.where} is no longer what happens: {seen}\n"
        f"  pinned    {pin.outcome} {dict(pin.got)}\n"
        f"  got       {verdict.outcome} {dict(verdict.got)}\n"
        f"  why       {pin.why}\n"
        f"  source    {pin.source}" + (f"\n{verdict.message}" if verdict.message else ""),
        pin,
    )


def _told(verdict: Verdict) -> str:
    return "differs in another way" if verdict.outcome == "differs" else f"is {verdict.outcome}"


def concerns(deviation: Deviation | Record, framework: Framework) -> bool:
    """Whether it speaks of this framework in this version. Raises FrameworkError."""
    if deviation.framework != framework.name:
        return False
    requirement = Requirement(deviation.version)
    version = framework.versions.get(requirement.name)
    if version is None:
        raise FrameworkError(
            f"{deviation.where}: version names {requirement.name!r}, but the adapter "
            f"{framework.name!r} runs on {', '.join(framework.versions) or 'nothing'}"
        )
    return requirement.specifier.contains(version, prereleases=True)
