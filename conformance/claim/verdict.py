"""What a verdict is, and the words in which claims tell what they found.

A verdict's `got` is plain data and exact: it is what a pinned deviation states, word for word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from conformance.claim.diagnosis import like_shape
from conformance.claim.measure import part_of
from conformance.lstm.case import Shape
from conformance.lstm.law import Law
from conformance.process.observation import Observation, Raised

Outcome: TypeAlias = Literal["agrees", "differs", "rejected", "broken", "crashed", "hung"]


@dataclass(frozen=True)
class Verdict:
    """What became of one claim."""

    outcome: Outcome
    got: Mapping[str, Any] = field(default_factory=dict)  # what was seen instead, as plain data
    message: str = ""  # the same for people, one finding after another


def stopped(observation: Observation) -> Verdict | None:
    """The verdict on any claim where there are no results to judge."""
    if observation.outcome == "ran":
        return None
    if observation.exception is not None:
        return refused(observation.exception, "the run")
    got = {"detail": observation.detail} if observation.outcome == "crashed" else {}
    message = f"{observation.outcome}: {observation.detail}"
    if observation.output:
        message += "\nthe end of what the process wrote:\n" + indented(observation.output)
    return Verdict(observation.outcome, got, message)


def absent(name: str) -> Verdict:
    """The verdict on a claim that the adapter was put to and gave nothing for."""
    return Verdict("broken", {}, f"the adapter gives no {name}, which it was asked for")


def refused(raised: Raised, during: str) -> Verdict:
    """The verdict on a claim whose call raised: the framework, or the adapter by itself."""
    outcome: Outcome = "broken" if raised.own else "rejected"
    told = f"{during} raised {raised.type}: {raised.message}"
    if raised.own:
        told = f"the adapter's own mistake, which says nothing of the framework: {told}"
    return Verdict(outcome, {"exception": raised.type}, f"{told}\n  at        {raised.at}")


def compare(laws: Mapping[str, Law], seen: Mapping[str, Shape]) -> tuple[dict[str, Any], list[str]]:
    """Named shapes against their laws: what was got instead, and the lines that say so."""
    got: dict[str, Any] = {}
    lines = []
    for name in [*laws, *(name for name in seen if name not in laws)]:
        law, shape = laws.get(name), seen.get(name)
        if law is not None and shape == law.shape:
            continue
        got[name] = plain(shape)
        if law is None:
            lines.append(f"{name} {shape} is not declared; declared: {', '.join(laws)}")
            continue
        line = another(name, "shape", law, "nothing" if shape is None else shape)
        if shape is not None and (guess := like_shape(law, shape)):
            line += f"\n  looks like {guess}"
        lines.append(line)
    return got, lines


def another(name: str, what: str, expected: object, got: object) -> str:
    """``y: another shape``, with what was expected and what came."""
    return f"{name}: another {what}\n  expected  {expected}\n  got       {got}"


def off(error: Any, name: str, got: Any, expected: Any, allowed: Any) -> str:
    """One result or gradient that is off: where it is most beyond its limit, and by how much."""
    part = part_of(error, allowed)
    place = np.unravel_index(np.argmax(np.where(np.isnan(part), np.inf, part)), part.shape)
    index = ", ".join(str(int(number)) for number in place)
    return (
        f"{name}: other values; the worst is at [{index}] of {part.shape}\n"
        f"  expected  {expected[place]:.9f} within {allowed[place]:.2e}\n"
        f"  got       {got[place]:.9f}, off by {error[place]:.2e}"
    )


def judged(got: Mapping[str, Any], lines: list[str]) -> Verdict:
    """``differs`` where anything was found, else ``agrees``."""
    return Verdict("differs", got, "\n".join(lines)) if lines else Verdict("agrees")


def plain(shape: Shape | None) -> list[int] | None:
    """A shape as a pin states it."""
    return None if shape is None else list(shape)


def indented(text: str) -> str:
    """`text` as a quotation."""
    return "\n".join(f"    {line}" for line in text.splitlines())
