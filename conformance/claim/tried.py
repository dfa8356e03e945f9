"""A gap put to the test: what the framework does, through its adapter, with what it has not.

An adapter may declare a gap that is none, or no more. Each is tried on the smallest layer that
falls into it and, where that can be, into no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapters.contract import Gap
from conformance.casefile.entry import lengths_of, mask_of
from conformance.claim.asked import unasked
from conformance.claim.check import CLAIMS, claims_on
from conformance.convention.gap import gap_of, layers
from conformance.lstm.case import Case, Dimensions, Layer
from conformance.lstm.result import result_shapes
from conformance.process.host import Host
from conformance.process.observation import observe

SIZES = Dimensions(batch_size=3, time_steps=5, embedding_dim=7, hidden_units=11, num_layers=2)


@dataclass(frozen=True)
class Tried:
    """What a gap came to: one line, and whether the framework did what it is said not to do."""

    gap: Gap
    told: str
    agreed: bool = False


def sizes_of(layer: Layer) -> Dimensions:
    """The sizes at which `layer` is tried."""
    return replace(SIZES, batch_size=1) if layer.layout == "unbatched" else SIZES


def tried(host: Host, gap: Gap, others: Sequence[Gap]) -> Tried:
    """What the framework behind `host` does with a layer in `gap`; `others` are its other gaps."""
    found = list(layers(gap))  # `gap.mistakes` has seen that there is one
    layer = next((one for one in found if gap_of(one, others) is None), found[0])
    beside = gap_of(layer, others)
    case = _case(layer)
    try:
        observation = observe(host, case, watch=True)
        claims = [name for name in claims_on(case) if name not in unasked(host.framework, case)]
        verdicts = {name: CLAIMS[name](observation) for name in claims}
    except ValueError as problem:  # it has no tensor, or no axis, for what the options bring
        return Tried(gap, f"not to be tried: the convention does not carry it: {problem}")
    wrong = {name: one for name, one in verdicts.items() if one.outcome != "agrees"}
    unread = sorted(gap.options.keys() - set(observation.read))
    if wrong:
        name, verdict = next(iter(wrong.items()))
        told = f"{verdict.outcome}: {name}: {verdict.message.splitlines()[0]}"
    elif unread:
        told = f"agreed, but the adapter never looks at {', '.join(unread)}"
    else:
        told = "ran and agreed: no gap, or an option that the adapter takes for another"
    if beside is not None:
        told += f" (also in the gap at {beside.where})"
    return Tried(gap, told, agreed=not wrong and not unread)


def _case(layer: Layer) -> Case:
    sizes = sizes_of(layer)
    return Case(
        id="gap",
        behaviour="gap",
        about="A layer that a framework is said not to have.",
        source="",
        where="",
        layer=layer,
        dimensions=sizes,
        expect=result_shapes(layer, sizes),
        lengths=lengths_of(layer, sizes),
        mask=mask_of("gap", layer, sizes),
    )
