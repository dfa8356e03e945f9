"""The claims: what must be true of an observation. One function a claim, each a Verdict.

A verdict's `got` is plain data and exact: it is what a pinned deviation states, word for word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np

from conformance.case import Case, Shape, sizes
from conformance.convention import CANONICAL, parameter_laws, result_laws
from conformance.diagnosis import like_shape, like_values
from conformance.law import Law
from conformance.measure import canonical, errors, parameter_count, tolerance
from conformance.observation import Observation, Raised

DTYPE = "float32"

Outcome: TypeAlias = Literal["agrees", "differs", "rejected", "unsupported", "crashed", "hung"]


@dataclass(frozen=True)
class Verdict:
    """What became of one claim."""

    outcome: Outcome
    got: Mapping[str, Any] = field(default_factory=dict)  # what was seen instead, as plain data
    message: str = ""  # the same for people, one finding after another


def shapes(observation: Observation) -> Verdict:
    """Every native result has its declared shape, and so has the canonical view the case's own."""
    if stopped := _stopped(observation):
        return stopped
    case, results = observation.case, observation.results or {}
    assert observation.convention is not None
    laws = result_laws(observation.convention, case.layer, case.dimensions)
    got, lines = _compare(laws, {name: array.shape for name, array in results.items()})
    for name, array in results.items():
        if str(array.dtype) != DTYPE:
            got.setdefault(name, str(array.dtype))
            lines.append(f"{name}: another dtype\n  expected  {DTYPE}\n  got       {array.dtype}")
    if not lines:
        for name, array in canonical(observation).items():
            if array.shape != case.expect[name]:
                got[name] = list(array.shape)
                last = name == "output" and not case.layer.return_sequences
                axes = Law(CANONICAL["last" if last else name], sizes(case.layer, case.dimensions))
                lines.append(
                    f"{name}: another canonical shape than the case expects\n"
                    f"  expected  {case.expect[name]}, the axes being {axes}\n"
                    f"  got       {array.shape}"
                )
    return _verdict(got, lines)


def values(observation: Observation) -> Verdict:
    """Every canonical result equals the float64 reference's within the tolerance."""
    if stopped := _stopped(observation):
        return stopped
    misshapen = shapes(observation)
    if misshapen.outcome != "agrees":
        lines = ["values cannot be compared: " + misshapen.message]
        return _verdict(dict.fromkeys(misshapen.got, "shape"), lines)
    limit = tolerance(observation.case)
    views, got, lines = canonical(observation), {}, []
    for name, error in errors(observation.expected, views).items():
        if not error <= limit:
            got[name] = "value"
            lines.append(_off(name, views[name], observation.expected[name], limit))
    if lines and (guess := like_values(observation.case, observation.sample, views, limit)):
        lines.append(f"looks like {guess}")
    return _verdict(got, lines)


def inferred_shapes(observation: Observation) -> Verdict:
    """The framework's own shape inference gives the shapes that running it gave."""
    if stopped := _stopped(observation):
        return stopped
    if isinstance(observation.inferred, Raised):
        return _raised(observation.inferred, "shape inference")
    ran = {name: tuple(array.shape) for name, array in (observation.results or {}).items()}
    inferred = dict(observation.inferred or {})
    got, lines = {}, []
    for name in sorted(ran.keys() | inferred.keys()):
        if ran.get(name) != inferred.get(name):
            got[name] = _plain(inferred.get(name))
            lines.append(
                f"{name}: inference and run disagree\n"
                f"  ran       {ran.get(name, 'no such result')}\n"
                f"  inferred  {inferred.get(name, 'no such result')}"
            )
    return _verdict(got, lines)


def parameters(observation: Observation) -> Verdict:
    """The layer's own parameters have the declared names and shapes, and the count is the law's."""
    if stopped := _stopped(observation):
        return stopped
    if isinstance(observation.parameters, Raised):
        return _raised(observation.parameters, "listing the parameters")
    case, held = observation.case, dict(observation.parameters or {})
    assert observation.convention is not None
    laws = parameter_laws(observation.convention, case.layer, case.dimensions)
    got, lines = _compare(laws, held)
    count, law = sum(map(prod, held.values())), parameter_count(case, observation)
    if count != law:
        got["count"] = count
        lines.append(f"another number of parameters\n  expected  {law}\n  got       {count}")
    return _verdict(got, lines)


def rejects(observation: Observation) -> Verdict:
    """Input that the layer was not built for is refused with a clean exception."""
    if observation.outcome == "rejected":
        return Verdict("agrees")
    if stopped := _stopped(observation):
        return stopped
    results = {name: tuple(array.shape) for name, array in (observation.results or {}).items()}
    got: dict[str, Any] = {name: _plain(shape) for name, shape in results.items()}
    fed = ", ".join(f"{name} {shape}" for name, shape in observation.case.feed.items())
    lines = [
        "accepted in silence: it should have been refused with an exception\n"
        f"  fed       {fed}\n"
        f"  built for {observation.case.dimensions}\n"
        f"  got       {', '.join(f'{name} {shape}' for name, shape in results.items())}"
    ]
    return _verdict(got, lines)


CLAIMS: dict[str, Callable[[Observation], Verdict]] = {
    claim.__name__: claim for claim in (shapes, values, inferred_shapes, parameters, rejects)
}


def claims_on(case: Case) -> tuple[str, ...]:
    """The claims that `case` is put to."""
    return ("rejects",) if case.must_reject else tuple(name for name in CLAIMS if name != "rejects")


def _stopped(observation: Observation) -> Verdict | None:
    """The verdict on any claim where there are no results to judge."""
    if observation.outcome == "ran":
        return None
    if observation.exception is not None:
        return _raised(observation.exception, "the run")
    got = {"detail": observation.detail} if observation.outcome == "crashed" else {}
    message = f"{observation.outcome}: {observation.detail}"
    if observation.output:
        message += "\nthe end of what the process wrote:\n" + _indented(observation.output)
    return Verdict(observation.outcome, got, message)


def _raised(raised: Raised, during: str) -> Verdict:
    message = f"{during} raised {raised.type}: {raised.message}\n  at        {raised.at}"
    return Verdict("rejected", {"exception": raised.type}, message)


def _compare(
    laws: Mapping[str, Law], seen: Mapping[str, Shape]
) -> tuple[dict[str, Any], list[str]]:
    """Named shapes against their laws: what was got instead, and the lines that say so."""
    got: dict[str, Any] = {}
    lines = []
    for name in [*laws, *(name for name in seen if name not in laws)]:
        law, shape = laws.get(name), seen.get(name)
        if law is not None and shape == law.shape:
            continue
        got[name] = _plain(shape)
        expected = "nothing of this name: it is not declared" if law is None else str(law)
        seen_as = "nothing" if shape is None else shape
        line = f"{name}: another shape\n  expected  {expected}\n  got       {seen_as}"
        if law is not None and shape is not None and (guess := like_shape(law, shape)):
            line += f"\n  looks like {guess}"
        lines.append(line)
    return got, lines


def _off(name: str, got: Any, expected: Any, limit: float) -> str:
    error = np.abs(got - expected)
    place = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
    index = ", ".join(str(int(number)) for number in place)
    return (
        f"{name}: other values; the largest error is at [{index}] of {error.shape}\n"
        f"  expected  {expected[place]:.9f} within {limit:.2e}\n"
        f"  got       {got[place]:.9f}, off by {error[place]:.2e}"
    )


def _verdict(got: Mapping[str, Any], lines: list[str]) -> Verdict:
    return Verdict("differs", got, "\n".join(lines)) if lines else Verdict("agrees")


def _plain(shape: Shape | None) -> list[int] | None:
    return None if shape is None else list(shape)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
