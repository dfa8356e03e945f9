"""What a wrong result looks like: the mistake that would have given it."""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any, Literal, TypeAlias

import numpy as np

from conformance.claim.measure import differences
from conformance.convention.convention import GATES
from conformance.convention.gap import values
from conformance.lstm import reference
from conformance.lstm.activation import ACTIVATIONS
from conformance.lstm.case import Case, Layer, Shape
from conformance.lstm.law import Law
from conformance.lstm.sample import Floats, LayerWeights, Sample

GATED = ("input_weights", "recurrent_weights", "input_bias", "recurrent_bias")
CELLS = {  # what it is to take none of these into account
    "clipped": "nothing clipped",
    "peepholes": "the peepholes ignored",
    "coupled": "the gates not coupled",
}
Merge: TypeAlias = Literal["sum", "mul", "ave"]


def like_shape(law: Law, got: Shape) -> str | None:
    """``batch and time swapped``: a permutation or a factor that turns the law into `got`."""
    want = law.shape
    names = ["*".join(place) for place in law.places]
    if sorted(want) == sorted(got):
        return _permuted(names, want, got)
    if len(got) == len(want) - 1:
        for place, name in enumerate(names):
            if want[:place] + want[place + 1 :] == got:
                return f"the {name} axis is missing"
    if len(got) == len(want) + 1:
        for place, size in enumerate(got):
            if got[:place] + got[place + 1 :] == want:
                return f"an axis of size {size} too many, in place {place}"
    wrong = [
        place for place in range(len(want)) if len(got) == len(want) and got[place] != want[place]
    ]
    if len(wrong) == 1:
        return _factor(law, names[wrong[0]], want[wrong[0]], got[wrong[0]])
    return None


def _permuted(names: list[str], want: Shape, got: Shape) -> str | None:
    for left, right in itertools.combinations(range(len(want)), 2):
        swapped = list(want)
        swapped[left], swapped[right] = swapped[right], swapped[left]
        if tuple(swapped) == got:
            return f"{names[left]} and {names[right]} swapped"
    for order in itertools.permutations(range(len(want))):
        if tuple(want[place] for place in order) == got:
            return f"the axes in the order ({', '.join(names[place] for place in order)})"
    return None


def _factor(law: Law, name: str, want: int, got: int) -> str | None:
    for axis in ("direction", "gate", "layer"):
        size = law.sizes[axis]
        if size > 1 and got == want * size:
            return f"{name} times {axis} ({size})"
        if size > 1 and got * size == want:
            return f"{name} without the factor {axis} ({size})"
    same = [axis for axis, size in law.sizes.items() if size == got]
    return f"{same[0]} ({got}) in the place of {name}" if same else None


def like_values(
    case: Case, sample: Sample | None, got: Mapping[str, Any], limit: float
) -> str | None:
    """``the gates taken as i f o g``: a mistake with which the reference gives the same numbers."""
    if sample is None:
        return None
    for mistake, results in _mistakes(case, sample):
        if all(
            got[name].shape == results[name].shape
            and differences(case, name, got[name], results[name]).max(initial=0.0) <= limit
            for name in got
        ):
            return mistake
    return None


def _mistakes(case: Case, sample: Sample) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each well-known mistake, and what an LSTM that makes it returns for `sample`."""
    layer, last, right = case.layer, case.layer.at(-1), reference.lstm(case.layer, sample)
    yield "h_n and c_n swapped", {**right, "h_n": right["c_n"], "c_n": right["h_n"]}
    time = 0 if layer.layout == "time_major" else -2
    if layer.return_sequences:
        output = right["output"]
        yield "the output reversed in time", {**right, "output": np.flip(output, time)}
        if last.num_outputs == 2:
            forward, backward = np.split(output, 2, axis=-1)
            halves = np.concatenate([forward, np.flip(backward, time)], axis=-1)
            yield "the reverse direction not turned back in time", {**right, "output": halves}
            halves = np.concatenate([backward, forward], axis=-1)
            yield "the two directions swapped", {**right, "output": halves}
    elif last.bidirectional:
        whole = reference.lstm(dataclasses.replace(layer, return_sequences=True), sample)
        step = {**right, "output": np.take(whole["output"], -1, time)}
        yield "the sequence's last step in the place of each direction's final state", step
    orders = zip(_rows(case, right["h_n"]), _rows(case, right["c_n"]), strict=True)
    for (order, h_n), (_, c_n) in orders:
        yield f"the rows of h_n and c_n {order}", {**right, "h_n": h_n, "c_n": c_n}
    for mistake, other in _options(layer):
        yield mistake, reference.lstm(other, sample)
    for mistake, inputs in _inputs(sample, time):
        yield mistake, reference.lstm(layer, dataclasses.replace(sample, inputs=inputs))
    for mistake, weights in _weights(sample):
        yield mistake, reference.lstm(layer, dataclasses.replace(sample, weights=weights))


def _options(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """Each option taken as something else that gives the same shapes."""
    if layer.reverse:
        yield "reverse ignored", dataclasses.replace(layer, reverse=False, keep_order=False)
        other = dataclasses.replace(layer, keep_order=not layer.keep_order)
        yield f"keep_order taken as {str(other.keep_order).lower()}", other
    modes: tuple[Merge, ...] = ("sum", "mul", "ave")
    for merge in modes if layer.merge in modes else ():
        yield f"the directions joined by {merge}", dataclasses.replace(layer, merge=merge)
    for option in ("recurrent_activation", "activation"):
        own = getattr(layer, option)
        for name in values(option):
            if name != own:
                told = f"{ACTIVATIONS[name].told} in the place of {ACTIVATIONS[own].told}"
                yield told, dataclasses.replace(layer, **{option: name})
    if layer.cell != "plain":
        yield CELLS[layer.cell], dataclasses.replace(layer, cell="plain")
    if layer.stateful == "carried":
        yield "the state not carried over", dataclasses.replace(layer, stateful="no")
    entries = json.loads(layer.layers or "[]")
    if layer.residual or any("residual" in entry for entry in entries):
        none = [{n: one for n, one in entry.items() if n != "residual"} for entry in entries]
        plain = dataclasses.replace(layer, residual=False, layers=json.dumps(none) if none else "")
        yield "nothing added to what a residual layer hands out", plain


def _rows(case: Case, states: Floats) -> Iterator[tuple[str, Floats]]:
    """Each wrong order of the rows of (layer*direction, batch, hidden)."""
    layers, directions = case.dimensions.num_layers, case.layer.num_directions
    if layers > 1 and not case.layer.layers:
        yield "from the last layer to the first", np.concatenate(np.split(states, layers)[::-1])
        if directions > 1:
            by_direction = [states[direction::directions] for direction in range(directions)]
            yield "in the order direction, layer", np.concatenate(by_direction)


def _inputs(sample: Sample, time: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = sample.inputs
    yield "the input reversed in time", {**given, "input": np.flip(given["input"], time)}
    if "lengths" in given:
        yield "the lengths ignored", {n: one for n, one in given.items() if n != "lengths"}
    if "mask" in given:
        unmasked = {name: one for name, one in given.items() if name != "mask"}
        yield "the mask ignored", unmasked
        lengths = given["mask"].sum(axis=0 if time == 0 else -1)
        yield "the steps that count taken for the first ones", {**unmasked, "lengths": lengths}
        yield "the mask taken for that of what is left out", {**given, "mask": ~given["mask"]}
    states = ("h_0", "c_0")
    if given.keys() & set(states):
        yield "the initial states ignored", {n: one for n, one in given.items() if n not in states}
    if given.keys() >= set(states) and given["h_0"].shape == given["c_0"].shape:
        yield "h_0 and c_0 swapped", {**given, "h_0": given["c_0"], "c_0": given["h_0"]}


def _weights(sample: Sample) -> Iterator[tuple[str, tuple[LayerWeights, ...]]]:
    def each(change: Callable[[Floats], Floats], *names: str) -> tuple[LayerWeights, ...]:
        return tuple(
            dataclasses.replace(one, **{name: change(getattr(one, name)) for name in names})
            for one in sample.weights
        )

    yield "recurrent_bias dropped", each(np.zeros_like, "recurrent_bias")
    yield "input_bias dropped", each(np.zeros_like, "input_bias")
    yield "both biases dropped", each(np.zeros_like, "input_bias", "recurrent_bias")
    forget = np.array([0.0, 1.0, 0.0, 0.0])[:, None]
    yield "1 added to the forget bias", each(lambda bias: bias + forget, "input_bias")
    _, *others = map(list, itertools.permutations(range(4)))
    for order in others:
        taken = " ".join(GATES[gate] for gate in order)
        yield (
            f"the gates taken in the order {taken} for {' '.join(GATES)}",
            each(itemgetter((slice(None), order)), *GATED),
        )
