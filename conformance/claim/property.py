"""Properties: what a framework is free to do, observed, and compared with what is on record.

Which container holds the results, what stands behind a sequence's end, which exception refuses an
input: no law says so, users depend on it all the same, and an upgrade may move it. A record says
what was seen, of which versions, with a source; another observation fails.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from conformance.claim.measure import canonical
from conformance.lstm.case import Case, Record
from conformance.lstm.layout import batch_major
from conformance.lstm.sample import emitted_steps
from conformance.process.observation import Observation, complete


def seen(observation: Observation) -> dict[str, Any]:
    """Every property that `Case.record` names and the adapter speaks of, as plain data."""
    found: dict[str, Any] = {}
    for name in observation.case.record:
        if name == "padding":
            found[name] = padding(observation)
        elif name == "exception":
            raised = observation.exception
            found[name] = raised.type if raised else "none"
        elif name in observation.properties:
            found[name] = observation.properties[name]
    return found


def on_record(case: Case, records: Iterable[Record]) -> dict[str, list[Record]]:
    """The records that speak of each property that `case` looks at."""
    return {
        name: [one for one in records if one.name == name and fnmatchcase(case.id, one.cases)]
        for name in case.record
    }


def padding(observation: Observation) -> Mapping[str, str] | None:
    """What each direction's output holds at a step that does not count.

    ``cut``: the time axis ends with the longest sequence. ``zeros``; ``repeated``: the output of
    the last step before it that counts, in time or as they were read, and zeros before the first;
    ``computed``: anything else.
    """
    case = observation.case
    if not complete(observation):
        longest = max(case.lengths, default=case.dimensions.time_steps)
        shorter = replace(case.dimensions, time_steps=longest)
        return {"both": "cut"} if complete(observation, shorter) else None
    layer = case.layer
    output = batch_major(layer, "sequence", canonical(observation)["output"])
    valid = batch_major(layer, "sequence", emitted_steps(case))
    ways = layer.at(-1).num_outputs
    halves = np.split(output, ways, axis=-1)
    labels = ("forward", "backward") if ways == 2 else ("forward",)
    return {label: _held(half, valid) for label, half in zip(labels, halves, strict=True)}


def _held(output: Any, valid: Any) -> str:
    """The word for one direction's (batch, time, hidden)."""
    if not output[~valid].any():
        return "zeros"
    ways = (slice(None), slice(None, None, -1))
    repeated = any(_repeats(output[:, way], valid[:, way]) for way in ways)
    return "repeated" if repeated else "computed"


def _repeats(output: Any, valid: Any) -> bool:
    """Whether each step that does not count holds what stands at the last before that counts.

    Of NaN that follows NaN nothing can be said, and it is not.
    """
    before, held = np.zeros_like(output[:, 0]), np.zeros_like(output)
    for t in range(output.shape[1]):
        held[:, t] = before = np.where(valid[:, t, None], output[:, t], before)
    return np.array_equal(output, held)
