"""What a wrong result looks like: the mistake that would have given it."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance import reference
from conformance.case import Case, Shape
from conformance.convention import GATES
from conformance.law import Law
from conformance.sample import Floats, LayerWeights, Sample


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
        if all(np.abs(got[name] - results[name]).max(initial=0.0) <= limit for name in got):
            return mistake
    return None


def _mistakes(case: Case, sample: Sample) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each well-known mistake, and what an LSTM that makes it returns for `sample`."""
    layer, right = case.layer, reference.lstm(case.layer, sample)
    yield "h_n and c_n swapped", {**right, "h_n": right["c_n"], "c_n": right["h_n"]}
    hidden = case.dimensions.hidden_units
    if layer.return_sequences:
        output = right["output"]
        yield "the output reversed in time", {**right, "output": output[:, ::-1]}
        if layer.bidirectional:
            forward, backward = output[..., :hidden], output[..., hidden:]
            halves = np.concatenate([forward, backward[:, ::-1]], axis=-1)
            yield "the reverse direction not turned back in time", {**right, "output": halves}
            halves = np.concatenate([backward, forward], axis=-1)
            yield "the two directions swapped", {**right, "output": halves}
    elif layer.bidirectional:
        whole = reference.lstm(dataclasses.replace(layer, return_sequences=True), sample)
        last = {**right, "output": whole["output"][:, -1]}
        yield "the sequence's last step in the place of each direction's final state", last
    orders = zip(_rows(case, right["h_n"]), _rows(case, right["c_n"]), strict=True)
    for (order, h_n), (_, c_n) in orders:
        yield f"the rows of h_n and c_n {order}", {**right, "h_n": h_n, "c_n": c_n}
    for mistake, inputs in _inputs(sample):
        yield mistake, reference.lstm(layer, dataclasses.replace(sample, inputs=inputs))
    for mistake, weights in _weights(sample):
        yield mistake, reference.lstm(layer, dataclasses.replace(sample, weights=weights))


def _rows(case: Case, states: Floats) -> Iterator[tuple[str, Floats]]:
    """Each wrong order of the rows of (layer*direction, batch, hidden)."""
    layers, directions = case.dimensions.num_layers, case.layer.num_directions
    if layers > 1:
        yield "from the last layer to the first", np.concatenate(np.split(states, layers)[::-1])
        if directions > 1:
            by_direction = [states[direction::directions] for direction in range(directions)]
            yield "in the order direction, layer", np.concatenate(by_direction)


def _inputs(sample: Sample) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = sample.inputs
    yield "the input reversed in time", {**given, "input": given["input"][:, ::-1]}
    if "h_0" in given:
        yield "the initial states ignored", {"input": given["input"]}
        yield "h_0 and c_0 swapped", {**given, "h_0": given["c_0"], "c_0": given["h_0"]}


def _weights(sample: Sample) -> Iterator[tuple[str, tuple[LayerWeights, ...]]]:
    def each(**changed: Any) -> tuple[LayerWeights, ...]:
        return tuple(
            dataclasses.replace(one, **{name: change(one) for name, change in changed.items()})
            for one in sample.weights
        )

    yield "recurrent_bias dropped", each(recurrent_bias=lambda one: 0 * one.recurrent_bias)
    yield "input_bias dropped", each(input_bias=lambda one: 0 * one.input_bias)
    yield (
        "both biases dropped",
        each(
            input_bias=lambda one: 0 * one.input_bias,
            recurrent_bias=lambda one: 0 * one.recurrent_bias,
        ),
    )
    forget = np.array([0.0, 1.0, 0.0, 0.0])[:, None]
    yield "1 added to the forget bias", each(input_bias=lambda one: one.input_bias + forget)
    _, *others = map(list, itertools.permutations(range(4)))
    for order in others:
        taken = " ".join(GATES[gate] for gate in order)
        yield (
            f"the gates taken in the order {taken} for {' '.join(GATES)}",
            tuple(
                LayerWeights(
                    **{
                        part.name: getattr(one, part.name)[:, order]
                        for part in dataclasses.fields(one)
                    }
                )
                for one in sample.weights
            ),
        )
