"""Claims about numbers: the reference's, its gradients, and the same in pieces."""

from typing import Any

import numpy as np

from conformance.claim.diagnosis import like_values
from conformance.claim.measure import canonical, differences
from conformance.claim.shape import misshapen
from conformance.claim.verdict import Verdict, another, judged, off, plain, stopped
from conformance.process.observation import Observation


def values(observation: Observation) -> Verdict:
    """Every canonical result equals the float64 reference's, each number within its limit."""
    if ended := stopped(observation):
        return ended
    if wrong := misshapen(observation):
        return wrong
    case, allowed = observation.case, observation.allowed
    views, got, lines = canonical(observation), {}, []
    for name, array in views.items():
        error = differences(case, name, array, observation.expected[name])
        if not (error <= allowed[name]).all():
            got[name] = "value"
            lines.append(off(error, name, array, observation.expected[name], allowed[name]))
    largest = max(float(limit.max(initial=0.0)) for limit in allowed.values())
    if lines and (guess := like_values(case, observation.sample, views, largest)):
        lines.append(f"looks like {guess}")
    return judged(got, lines)


def gradients(observation: Observation) -> Verdict:
    """The gradient of every input and weight equals that of the hand-derived backward pass."""
    if ended := stopped(observation):
        return ended
    if wrong := misshapen(observation):
        return wrong
    case, lines = observation.case, []
    got: dict[str, Any] = {}
    expected, came = observation.expected_gradients, observation.gradients
    for name in [*expected, *(name for name in came if name not in expected)]:
        want = expected[name].shape if name in expected else "nothing: there is no such tensor"
        shape = came[name].shape if name in came else "nothing"
        if want != shape:
            got[name] = plain(came[name].shape if name in came else None)
            lines.append(another(name, "shape", want, shape))
            continue
        dtype = "float32" if case.layer.dtype.startswith("mixed_") else case.layer.dtype
        if observation.dtype(name) != dtype:
            got[name] = observation.dtype(name)
            lines.append(another(name, "dtype", dtype, got[name]))
            continue
        limit = observation.allowed_gradients[name]
        error = np.abs(came[name] - expected[name])
        if not (error <= limit).all():
            got[name] = "value"
            lines.append(off(error, name, came[name], expected[name], limit))
    return judged(got, lines)


def splits(observation: Observation) -> Verdict:
    """Run in two pieces along an axis, over time from the carried state, it gives the same."""
    if ended := stopped(observation):
        return ended
    if wrong := misshapen(observation):
        return wrong
    case = observation.case
    ((axis, cut),) = case.split.items()
    for number, piece in enumerate(observation.pieces):
        ended = stopped(piece) or misshapen(piece)
        if ended and ended.outcome == "differs":
            return Verdict("differs", {f"piece {number}": "shape"}, ended.message)
        if ended:
            return ended
    first, second = (canonical(piece) for piece in observation.pieces)
    together = {
        "output": np.concatenate([first["output"], second["output"]], axis=int(axis == "time"))
    }
    for name in ("h_n", "c_n"):
        rows = np.concatenate([first[name], second[name]], axis=1)
        together[name] = second[name] if axis == "time" else rows
    got, lines = {}, []
    for name, whole in canonical(observation).items():
        error = differences(case, name, together[name], whole)
        limit = 2 * observation.allowed[name]  # each side may be off by as much
        if not (error <= limit).all():
            got[name] = "value"
            lines.append(off(error, name, together[name], whole, limit))
    if lines:
        lines.insert(0, f"cut along {axis} at {cut}, the pieces do not make up the whole")
    return judged(got, lines)
