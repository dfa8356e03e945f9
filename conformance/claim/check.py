"""The claims: what must be true of an observation. One function a claim, each a Verdict."""

from collections.abc import Callable

from conformance.claim.conduct import properties, rejects, repeats, survives
from conformance.claim.shape import inferred_shapes, parameters, shapes
from conformance.claim.value import gradients, splits, values
from conformance.claim.verdict import Verdict
from conformance.lstm.case import Case
from conformance.process.observation import Observation

CLAIMS: dict[str, Callable[[Observation], Verdict]] = {
    claim.__name__: claim
    for claim in (
        shapes,
        values,
        inferred_shapes,
        parameters,
        gradients,
        splits,
        repeats,
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
        "repeats": bool(case.repeat),
        "properties": bool(case.record),
        "survives": "search" in case.tags,
        "rejects": case.must_reject,
    }
    return tuple(name for name in CLAIMS if put[name])
