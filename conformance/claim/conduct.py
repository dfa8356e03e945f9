"""Claims about conduct: what is free but on record, what must be refused, what a search finds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.claim.property import seen
from conformance.claim.verdict import (
    Outcome,
    Verdict,
    absent,
    indented,
    judged,
    plain,
    refused,
    stopped,
)
from conformance.process.observation import Observation, Raised, Repeated


def properties(observation: Observation) -> Verdict:
    """What the framework is free to do is what is on record of its version."""
    if observation.outcome != "rejected" and (ended := stopped(observation)):
        return ended
    if observation.untold is not None:
        told = " and ".join(observation.case.record)
        return refused(observation.untold, f"asking for the {told}")
    got, lines = {}, []
    facts = seen(observation)
    spoken = {name for name, records in observation.on_record.items() if records}
    if not facts.keys() | spoken:
        return absent(" and no ".join(observation.case.record))
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
    return judged(got, lines)


def repeats(observation: Observation) -> Verdict:
    """The same call gives the same numbers again, bit by bit, whatever was called between.

    What was fed holds what it held, and so do the results of the first call.
    """
    if ended := stopped(observation):
        return ended
    again = observation.repeated
    if again is None:
        return absent("second run")
    if isinstance(again, Raised):
        return refused(again, "a call of other sizes and the same call again")
    first = {**(observation.results or {}), **observation.gradients}
    got: dict[str, Any] = {
        "again": sorted(
            name for name in first.keys() | again.results.keys() if not _same(name, first, again)
        ),
        "fed": list(again.fed),
        "first": list(again.first),
    }
    told = {
        "again": "the same call gives other numbers, after one of other sizes",
        "fed": "what was fed has been changed",
        "first": "results have been changed by a later call",
    }
    lines = [f"{told[what]}: {', '.join(names)}" for what, names in got.items() if names]
    return judged({what: names for what, names in got.items() if names}, lines)


def _same(name: str, first: Mapping[str, Any], again: Repeated) -> bool:
    if name not in first or name not in again.results:
        return False
    one, two = first[name], again.results[name]
    return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")


def rejects(observation: Observation) -> Verdict:
    """Input that the layer was not built for is refused with a clean exception."""
    if observation.outcome == "rejected":
        return _refused_alone(observation)
    if ended := stopped(observation):
        return ended
    results = {name: tuple(array.shape) for name, array in (observation.results or {}).items()}
    got: dict[str, Any] = {name: plain(shape) for name, shape in results.items()}
    fed = ", ".join(f"{name} {shape}" for name, shape in observation.case.feed.items())
    if observation.case.integers:
        fed = "an input of int32"
    elif observation.case.first:
        fed = f"first, a call of {dict(observation.case.first)}"
    elif not fed:
        fed = f"lengths {observation.case.lengths}"
    lines = [
        "accepted in silence: it should have been refused with an exception\n"
        f"  fed       {fed}\n"
        f"  built for {observation.case.dimensions}\n"
        f"  got       {', '.join(f'{name} {shape}' for name, shape in results.items())}"
    ]
    return judged(got, lines)


def _refused_alone(observation: Observation) -> Verdict:
    """Agrees where the layer takes right input: it is the wrong one that it has refused."""
    if observation.control is None:
        return Verdict("agrees")
    raised = refused(observation.control, "right input, fed to the same layer,")
    got = {"right input": observation.control.type}
    outcome: Outcome = "broken" if observation.control.own else "differs"
    return Verdict(outcome, got, f"a refusal that proves nothing: {raised.message}")


def survives(observation: Observation) -> Verdict:
    """No layer that was drawn fails a claim, but for what is pinned."""
    if ended := stopped(observation):
        return ended
    found = observation.searched
    if found.case is None:
        return Verdict("agrees") if found.ran else Verdict("differs", {"ran": 0}, "nothing ran")
    told = indented(found.message)
    message = f"{found.claim} fails on a layer that was drawn:\n{told}\nas a case:\n{found.entry}"
    return Verdict("differs", {"claim": found.claim}, message)
