"""The claims: what must be true of an observation. One function a claim, each a Verdict.

A verdict's `got` is plain data and exact: it is what a pinned deviation states, word for word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np

from conformance.claim.diagnosis import like_shape, like_values
from conformance.claim.measure import (
    bias_count,
    canonical,
    differences,
    errors,
    gradient_tolerance,
    parameter_count,
    tolerance,
)
from conformance.claim.property import seen
from conformance.convention.convention import (
    parameter_laws,
    result_laws,
    unasked_laws,
)
from conformance.lstm.case import Case, Shape, sizes
from conformance.lstm.law import Law
from conformance.lstm.pattern import canonical as canonical_pattern
from conformance.process.observation import Observation, Raised

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
    where = observation.convention, case.layer, case.dimensions
    laws, unasked = result_laws(*where), unasked_laws(*where)
    laws |= {name: law for name, law in unasked.items() if name in results}
    got, lines = _compare(laws, {name: array.shape for name, array in results.items()})
    expected = case.layer.dtype.removeprefix("mixed_")
    for name in results:
        if (dtype := observation.dtype(name)) != expected:
            got.setdefault(name, dtype)
            lines.append(_another(name, "dtype", expected, dtype))
    if not lines:
        for name, array in canonical(observation).items():
            if array.shape != case.expect.get(name, array.shape):  # a piece expects none
                got[name] = list(array.shape)
                last = name == "output" and not case.layer.return_sequences
                pattern = canonical_pattern("last" if last else name, case.layer)
                axes = Law(pattern, sizes(case.layer, case.dimensions))
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
    if misshapen := _misshapen(observation):
        return misshapen
    case, limit = observation.case, tolerance(observation.case)
    views, got, lines = canonical(observation), {}, []
    for name, error in errors(case, observation.expected, views).items():
        if not error <= limit:
            got[name] = "value"
            lines.append(_off(case, name, views[name], observation.expected[name], limit))
    if lines and (guess := like_values(observation.case, observation.sample, views, limit)):
        lines.append(f"looks like {guess}")
    return _verdict(got, lines)


def inferred_shapes(observation: Observation) -> Verdict:
    """The framework's own shape inference gives the shapes that running it gave.

    Where the case is not run, it gives the declared ones.
    """
    if stopped := _stopped(observation):
        return stopped
    if observation.inferred is None:
        return _absent(observation, "infer")
    if isinstance(observation.inferred, Raised):
        return _raised(observation.inferred, "shape inference")
    if not observation.case.run:
        case = observation.case
        assert observation.convention is not None
        laws = result_laws(observation.convention, case.layer, case.dimensions)
        return _verdict(*_compare(laws, dict(observation.inferred or {})))
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
    if observation.parameters is None:
        return _absent(observation, "parameters")
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
    if case.parameters:
        published = case.parameters[("one_bias", "two_biases")[bias_count(observation) - 1]]
        if count != published:
            got["count"] = count
            lines.append(f"not the published number\n  expected  {published}\n  got       {count}")
    return _verdict(got, lines)


def gradients(observation: Observation) -> Verdict:
    """The gradient of every input and weight equals that of the hand-derived backward pass."""
    if stopped := _stopped(observation):
        return stopped
    if misshapen := _misshapen(observation):
        return misshapen
    case, lines = observation.case, []
    got: dict[str, Any] = {}
    expected, came = observation.expected_gradients, observation.gradients
    for name in [*expected, *(name for name in came if name not in expected)]:
        want = expected[name].shape if name in expected else "nothing: there is no such tensor"
        shape = came[name].shape if name in came else "nothing"
        if want != shape:
            got[name] = _plain(came[name].shape if name in came else None)
            lines.append(_another(name, "shape", want, shape))
            continue
        dtype = "float32" if case.layer.dtype.startswith("mixed_") else case.layer.dtype
        if observation.dtype(name) != dtype:
            got[name] = observation.dtype(name)
            lines.append(_another(name, "dtype", dtype, got[name]))
            continue
        limit = gradient_tolerance(case, expected[name])
        if not np.abs(came[name] - expected[name]).max(initial=0.0) <= limit:
            got[name] = "value"
            lines.append(_off(case, name, came[name], expected[name], limit))
    return _verdict(got, lines)


def splits(observation: Observation) -> Verdict:
    """Run in two pieces along an axis, over time from the carried state, it gives the same."""
    if stopped := _stopped(observation):
        return stopped
    if misshapen := _misshapen(observation):
        return misshapen
    case = observation.case
    ((axis, cut),) = case.split.items()
    for number, piece in enumerate(observation.pieces):
        stopped = _stopped(piece) or _misshapen(piece)
        if stopped and stopped.outcome == "differs":
            return Verdict("differs", {f"piece {number}": "shape"}, stopped.message)
        if stopped:
            return stopped
    first, second = (canonical(piece) for piece in observation.pieces)
    together = {
        "output": np.concatenate([first["output"], second["output"]], axis=int(axis == "time"))
    }
    for name in ("h_n", "c_n"):
        rows = np.concatenate([first[name], second[name]], axis=1)
        together[name] = second[name] if axis == "time" else rows
    got, lines, limit = {}, [], 2 * tolerance(case)  # each side may be off by as much
    for name, whole in canonical(observation).items():
        if not np.abs(together[name] - whole).max(initial=0.0) <= limit:
            got[name] = "value"
            lines.append(_off(case, name, together[name], whole, limit))
    if lines:
        lines.insert(0, f"cut along {axis} at {cut}, the pieces do not make up the whole")
    return _verdict(got, lines)


def properties(observation: Observation) -> Verdict:
    """What the framework is free to do is what is on record of its version."""
    if observation.outcome != "rejected" and (stopped := _stopped(observation)):
        return stopped
    got, lines = {}, []
    facts = seen(observation)
    spoken = {name for name, records in observation.on_record.items() if records}
    if not facts.keys() | spoken:
        return _absent(observation, " or ".join(observation.case.record))
    for name in [*facts, *sorted(spoken - facts.keys())]:
        value = facts.get(name)
        records = observation.on_record.get(name, ())
        wanted = [record.value for record in records]
        if wanted == [value]:
            continue
        got[name] = value
        told = (
            "nothing"
            if not records
            else " and ".join(f"{one.value!r} ({one.where})" for one in records)
        )
        lines.append(f"{name}: not what is on record\n  expected  {told}\n  got       {value!r}")
    return _verdict(got, lines)


def survives(observation: Observation) -> Verdict:
    """No layer that was drawn fails a claim, but for what is pinned."""
    if stopped := _stopped(observation):
        return stopped
    found = observation.searched
    if found.case is None:
        return Verdict("agrees") if found.ran else Verdict("differs", {"ran": 0}, "nothing ran")
    told = _indented(found.message)
    message = f"{found.claim} fails on a layer that was drawn:\n{told}\nas a case:\n{found.entry}"
    return Verdict("differs", {"claim": found.claim}, message)


def rejects(observation: Observation) -> Verdict:
    """Input that the layer was not built for is refused with a clean exception."""
    if observation.outcome == "rejected":
        return Verdict("agrees")
    if stopped := _stopped(observation):
        return stopped
    results = {name: tuple(array.shape) for name, array in (observation.results or {}).items()}
    got: dict[str, Any] = {name: _plain(shape) for name, shape in results.items()}
    fed = ", ".join(f"{name} {shape}" for name, shape in observation.case.feed.items())
    if not fed:
        fed = f"lengths {observation.case.lengths}"
    lines = [
        "accepted in silence: it should have been refused with an exception\n"
        f"  fed       {fed}\n"
        f"  built for {observation.case.dimensions}\n"
        f"  got       {', '.join(f'{name} {shape}' for name, shape in results.items())}"
    ]
    return _verdict(got, lines)


CLAIMS: dict[str, Callable[[Observation], Verdict]] = {
    claim.__name__: claim
    for claim in (
        shapes,
        values,
        inferred_shapes,
        parameters,
        gradients,
        splits,
        properties,
        survives,
        rejects,
    )
}


def claims_on(case: Case) -> tuple[str, ...]:
    """The claims that `case` is put to."""
    put = {
        "shapes": case.run and not case.must_reject,
        "values": case.run and not case.must_reject,
        "inferred_shapes": not case.must_reject,
        "parameters": not case.must_reject,
        "gradients": case.layer.gradients and not case.must_reject,
        "splits": bool(case.split),
        "properties": bool(case.record),
        "survives": "search" in case.tags,
        "rejects": case.must_reject,
    }
    return tuple(name for name in CLAIMS if put[name])


def _misshapen(observation: Observation) -> Verdict | None:
    """The verdict on any claim about numbers where shapes or dtypes are not as they must be."""
    verdict = shapes(observation)
    # Another dtype alone, which `got` has as a name, keeps no number from being compared.
    if all(isinstance(seen_as, str) for seen_as in verdict.got.values()):
        return None
    lines = ["values cannot be compared: " + verdict.message]
    return _verdict(dict.fromkeys(verdict.got, "shape"), lines)


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


def _absent(observation: Observation, name: str) -> Verdict:
    """The verdict on a claim about what the adapter says nothing of."""
    assert observation.convention is not None
    source = observation.convention.source
    return Verdict("unsupported", {}, f"the adapter has no {name}: {source}")


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
        if law is None:
            lines.append(f"{name} {shape} is not declared; declared: {', '.join(laws)}")
            continue
        line = _another(name, "shape", law, "nothing" if shape is None else shape)
        if shape is not None and (guess := like_shape(law, shape)):
            line += f"\n  looks like {guess}"
        lines.append(line)
    return got, lines


def _another(name: str, what: str, expected: object, got: object) -> str:
    return f"{name}: another {what}\n  expected  {expected}\n  got       {got}"


def _off(case: Case, name: str, got: Any, expected: Any, limit: float) -> str:
    error = differences(case, name, got, expected)
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
