"""Claims about conduct: what is free but on record, what must be refused, what a search finds."""

from typing import Any

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
from conformance.process.observation import Observation


def properties(observation: Observation) -> Verdict:
    """What the framework is free to do is what is on record of its version."""
    if observation.outcome != "rejected" and (ended := stopped(observation)):
        return ended
    if observation.defaults is not None:
        return refused(observation.defaults, "asking for the defaults")
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


def rejects(observation: Observation) -> Verdict:
    """Input that the layer was not built for is refused with a clean exception."""
    if observation.outcome == "rejected":
        return _refused_alone(observation)
    if ended := stopped(observation):
        return ended
    results = {name: tuple(array.shape) for name, array in (observation.results or {}).items()}
    got: dict[str, Any] = {name: plain(shape) for name, shape in results.items()}
    fed = ", ".join(f"{name} {shape}" for name, shape in observation.case.feed.items())
    if not fed:
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
