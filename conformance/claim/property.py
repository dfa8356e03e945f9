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
from conformance.lstm.sample import within
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
    """What each direction's output holds behind a sequence's end.

    ``cut``: the time axis ends with the longest sequence. ``zeros``; ``repeated``: the output of
    the last valid step; ``computed``: anything else.
    """
    case = observation.case
    if not complete(observation):
        shorter = replace(case.dimensions, time_steps=max(case.lengths))
        return {"both": "cut"} if complete(observation, shorter) else None
    output = batch_major(case.layer, "sequence", canonical(observation)["output"])
    halves = np.split(output, case.layer.num_outputs, axis=-1)
    labels = ("forward", "backward") if case.layer.num_outputs == 2 else ("forward",)
    return {label: _held(case, half) for label, half in zip(labels, halves, strict=True)}


def _held(case: Case, output: Any) -> str:
    """The word for one direction's (batch, time, hidden)."""
    lengths = np.array(case.lengths)
    ended = ~within(case.dimensions.time_steps, lengths)
    last = output[np.arange(len(output)), lengths - 1]
    if not output[ended].any():
        return "zeros"
    return "repeated" if (output == last[:, None])[ended].all() else "computed"
