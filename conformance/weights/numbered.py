"""Weights without names: what stands one behind another, read by its order and its shapes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adapters.contract import Convention, Layer
from conformance.formats.saved import Saved
from conformance.lstm.case import Dimensions
from conformance.weights.conversion import order
from conformance.weights.spelled import Misfit, Spelled, likeness, sized

NUMBER = re.compile(r"(?:arr_|param_)?(\d{1,5})")
NAMES = "names"  # the key of what is told of them
OTHER = ("a GRU", "a plain", "transposed")  # what is worth telling of arrays that are no LSTM


@dataclass(frozen=True)
class Run:
    """Arrays behind one another that are a layer of one way."""

    first: int
    convention: Convention
    names: tuple[str, ...]  # the convention's, in the order of the arrays
    bias: bool

    @property
    def end(self) -> int:
        """The number of the array behind its last."""
        return self.first + len(self.names)


def numbers(arrays: Mapping[str, Any]) -> list[str]:
    """The names of arrays that have none but their numbers, 0, 1 and so on; else nothing."""
    found = {}
    for name in arrays:
        match = NUMBER.fullmatch(name)
        if match is None:
            return []
        found[int(match[1])] = name
    whole = sorted(found) == list(range(len(arrays))) and len(arrays) > 1
    return [found[number] for number in sorted(found)] if whole else []


def named(
    saved: Saved, conventions: Sequence[Convention], asked: Sequence[str] = ()
) -> tuple[Saved, list[Misfit]]:
    """The state with names for what is an LSTM by its order, and what looks like another layer.

    Each run of arrays is a layer of its own, one way, under the number of its first array.
    `conventions` are those whose users keep arrays so. Two matrices without a bias may as well be
    two dense layers: they count where they are `asked` for.
    """
    names = numbers(saved.arrays)
    shapes = [np.shape(saved.arrays[name]) for name in names]
    arrays: dict[str, Any] = {}
    told: list[str] = []
    misfits: list[Misfit] = []
    at = 0
    while at < len(names):
        runs = [one for one in _runs(at, shapes, conventions) if one.bias or str(at) in asked]
        if not runs:
            misfits += _other(at, names, shapes, conventions)
            arrays[names[at]] = saved.arrays[names[at]]
            at += 1
            continue
        run = max(runs, key=lambda one: one.end)
        separator = "/" if "/" in run.names[0] else "."
        own = [f"{at}{separator}{name}" for name in run.names]
        arrays |= {one: saved.arrays[names[at + k]] for k, one in enumerate(own)}
        parts = [re.split("[./]", name)[-1] for name in run.names]
        told.append(f"{at} to {run.end - 1} are {', '.join(parts)}")
        at = run.end
    if told:
        text = f"none in the file; by order and shapes {'; '.join(told)}"
        return replace(saved, arrays=arrays, told={**saved.told, NAMES: text}), misfits
    return saved, misfits


def _runs(
    at: int, shapes: Sequence[tuple[int, ...]], conventions: Sequence[Convention]
) -> Iterator[Run]:
    for convention in conventions:
        for bias in (True, False):
            layer = Layer(bias=bias)
            names = order(convention, layer, Dimensions(1, 1, 1, 1))
            few = dict(zip(names, shapes[at:], strict=False))
            if len(few) == len(names) and sized(convention, layer, 1, few):
                yield Run(at, convention, tuple(names), bias)


def _other(
    at: int,
    names: Sequence[str],
    shapes: Sequence[tuple[int, ...]],
    conventions: Sequence[Convention],
) -> Iterator[Misfit]:
    """What two matrices behind one another look like, if that is worth telling."""
    if [len(one) for one in shapes[at : at + 2]] != [2, 2]:
        return
    layer = Layer(bias=False)
    for convention in conventions:
        few = dict(zip(order(convention, layer, Dimensions(1, 1, 1, 1)), shapes[at:], strict=False))
        if sized(convention, layer, 1, few):
            why = "an LSTM without a bias, or two dense layers without one: name it with --layer"
        elif (why := likeness(convention, layer, few, {})).startswith(OTHER):
            ((gate, _), (other, _)) = shapes[at : at + 2]
            if gate != other and shapes[at][1] != shapes[at + 1][1]:
                continue
        else:
            continue
        spelled = Spelled(convention, convention.sequence, True, ())
        yield Misfit(str(at), tuple(names[at : at + 2]), spelled, why)
        return
