"""What no right layer is off by: the envelope of layers that round more coarsely than it may.

`RUNS` layers of `conformance.lstm.rounding` are computed, each rounding so many times as coarsely
that the largest of the results' errors, of which there are many, stays within what they reach.
``docs/tolerance.md`` derives it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import log, sqrt
from typing import Any

import numpy as np

from conformance.lstm import reference
from conformance.lstm.case import Layer
from conformance.lstm.layout import batch_major, in_layout
from conformance.lstm.rounding import Rounding
from conformance.lstm.row import joined, states
from conformance.lstm.sample import Floats, LayerWeights, Sample

RUNS = 32
FEWER = 16  # of gradients, which sum over a batch, so that each run is a call of its own
# What the largest of so many normal numbers comes to, at least, in standard deviations.
REACH = {RUNS: 2.4, FEWER: 2.0}
# A spread that is known by so few runs and neighbours may be too small: by an eighth, one standard
# deviation, for 16 of each, and of thousands of numbers some by three of those.
UNSURE = {RUNS: 1.0, FEWER: 1.5}
CHANCE = 0.01  # that a layer whose every error is as large as a rounding's can be leaves it
# How many runs the other units of a step are worth, for the spread of one: the more, the fewer runs
# there are to know it by, or a spread that came out too small would refuse what is right.
NEIGHBOURS = {RUNS: 4, FEWER: 16}
PARTED = 0.1  # of the largest number of a sequence: trajectories so far apart are two
WORK = 2_000_000  # gates, beyond which some sequences of a batch are computed for all of it
# float64 cannot show errors of its own: they are computed so much larger, and the oracle has them
# too.
_LARGER = 2.0**13
_BOTH = sqrt(2.0)


def results(layer: Layer, sample: Sample) -> dict[str, Floats]:
    """The largest absolute error of each canonical result of `reference.lstm`, number by number."""
    dtype, flat = layer.dtype.removeprefix("mixed_"), replace(layer, layout="batch_major")
    whole = _with_states(layer, sample)
    batch, time = whole["input"].shape[:2]
    few = min(batch, max(1, WORK // (RUNS * max(time, 1) * _gates(sample))))
    part = {name: _sequences(layer, name, array, few) for name, array in whole.items()}
    right = {
        name: _sequence_first(layer, name, array)
        for name, array in reference.lstm(flat, Sample(sample.weights, part)).items()
    }
    numbers = sum(array.size for array in right.values()) * batch // max(few, 1)
    rounding = _rounding(dtype, numbers, RUNS, 0)
    copies = {
        name: np.concatenate([array] * RUNS, axis=_axis(layer, name))
        for name, array in part.items()
    }
    allowed = {}
    for name, came in reference.lstm(
        flat, _rounded(Sample(sample.weights, copies), rounding)
    ).items():
        runs = _sequence_first(layer, name, np.asarray(came)).reshape(RUNS, *right[name].shape)
        limit = _limit(np.abs(runs - right[name]), right[name], dtype)
        others = np.full((batch - few, *limit.shape[1:]), 2 * limit.max(initial=0.0))
        limit = _sequence_first(layer, name, np.concatenate([limit, others]))
        output = "sequence" if layer.return_sequences else "last"
        allowed[name] = in_layout(layer, output if name == "output" else name, limit)
    return allowed


def gradients(
    dtype: str,
    sample: Sample,
    expected: Mapping[str, Floats],
    differentiate: Callable[[Sample], Mapping[str, Any]],
) -> dict[str, Floats]:
    """The same of the gradients that `differentiate` gives, which of `sample` are `expected`."""
    narrow = dtype.removeprefix("mixed_")
    numbers = sum(array.size for array in expected.values())
    roundings = [_rounding(narrow, numbers, FEWER, seed) for seed in range(FEWER)]
    runs = [differentiate(_rounded(sample, rounding)) for rounding in roundings]
    allowed = {}
    for name, right in expected.items():
        strayed = np.abs(np.stack([np.asarray(run[name]) for run in runs]) - right)
        allowed[name] = _limit(strayed[:, None], right[None], narrow)[0]
    return allowed


def _limit(strayed: Floats, right: Floats, dtype: str) -> Floats:
    """The envelope of `strayed` (run, sequence, ..., unit), for each number of `right`."""
    squares = (strayed**2).mean(axis=0)
    near = squares.mean(axis=-1, keepdims=True) if squares.size else squares
    runs = len(strayed)
    others = NEIGHBOURS[runs]
    spread = np.sqrt((runs * squares + others * near) / (runs + others))
    limit = UNSURE[runs] * np.maximum(strayed.max(axis=0), REACH[runs] * spread)
    axes = tuple(range(1, limit.ndim))
    top = limit.max(axis=axes, keepdims=True, initial=0.0)
    parted = top > PARTED * np.abs(right).max(axis=axes, keepdims=True, initial=0.0)
    found: Floats = np.where(parted, 2 * top, limit)
    return found * (_BOTH / _LARGER) if dtype == "float64" else found


def _rounding(dtype: str, numbers: int, runs: int, seed: int) -> Rounding:
    """As coarse as makes so many runs reach what the largest error of so many numbers may be."""
    coarser = sqrt(2 * log(2 * max(numbers, 1) / CHANCE)) / REACH[runs]
    return Rounding(dtype, coarser * (_LARGER if dtype == "float64" else 1.0), seed)


def _rounded(sample: Sample, rounding: Rounding) -> Sample:
    def each(part: LayerWeights) -> LayerWeights:
        given: dict[str, Any] = {n: one for n, one in vars(part).items() if one is not None}
        return replace(part, **{name: rounding.array(one) for name, one in given.items()})

    inputs = {
        name: one if name in ("lengths", "mask") else rounding.array(one)
        for name, one in sample.inputs.items()
    }
    return Sample(tuple(map(each, sample.weights)), inputs)


def _with_states(layer: Layer, sample: Sample) -> dict[str, Any]:
    """The inputs, batch-major, and initial states among them also where they are zeros."""
    inputs = {n: batch_major(layer, n, one) for n, one in sample.inputs.items()}
    h, c = states(layer, sample.weights, inputs)
    return {"h_0": joined(layer, h), "c_0": joined(layer, c)} | inputs


def _gates(sample: Sample) -> int:
    """How many gates a step computes for each sequence."""
    return sum(one.bias.size for one in sample.weights)


def _axis(layer: Layer, name: str) -> int:
    """The axis of a batch in a batch-major tensor."""
    flat = bool(layer.layers) or name in ("input", "first", "lengths", "mask", "output")
    return 0 if flat else 1


def _sequences(layer: Layer, name: str, array: Any, few: int) -> Any:
    return array[:few] if _axis(layer, name) == 0 else array[:, :few]


def _sequence_first(layer: Layer, name: str, array: Floats) -> Floats:
    return array if _axis(layer, name) == 0 else array.swapaxes(0, 1)
