"""The LSTM once more, for `test_reference` and `test_gradient`: one number at a time.

Written from the equations, one gate after another, and from nothing of
`conformance.lstm.reference`: no matrix product, no array, exp in the place of tanh. Lists are
indexed as the axes are named. All of it holds for complex numbers too: an imaginary step of 1e-30
in one number gives, as the imaginary part of each result, that result's derivative by it, without a
rounding error of subtraction (https://doi.org/10.1145/838250.838251).
"""

from cmath import exp
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.contract import Layer
from conformance.lstm.sample import Sample

Vector = Sequence[complex]
Matrix = Sequence[Vector]


def sigmoid(x: complex) -> complex:
    """Return the logistic function of a number that is not far below zero."""
    return 1.0 / (1.0 + exp(-x))


def tanh(x: complex) -> complex:
    """Return the hyperbolic tangent by exponentials."""
    return 1.0 - 2.0 / (exp(2.0 * x) + 1.0)


def cut(x: complex) -> complex:
    """Return a number, or 0 or 1 where it lies beyond."""
    if x.real <= 0.0:
        return 0.0
    return 1.0 if x.real >= 1.0 else x


FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda x: cut((x + 3.0) / 6.0),
    "hard_sigmoid_fifth": lambda x: cut((x + 2.5) / 5.0),
    "tanh": tanh,
    "relu": lambda x: x if x.real > 0.0 else 0.0,
    "linear": lambda x: x,
    "softsign": lambda x: x / (1.0 + x) if x.real > 0.0 else x / (1.0 - x),
}

# Every way in which a layer can read its input and join what it read, as options.
WAYS: dict[str, dict[str, Any]] = {
    "forward": {},
    "reverse": {"reverse": True},
    "reverse_kept": {"reverse": True, "keep_order": True},
    **{
        f"bidirectional_{merge}": {"bidirectional": True, "merge": merge}
        for merge in ("concat", "none", "sum", "mul", "ave")
    },
}


# Every function and cell that a layer may have.
CHOSEN: dict[str, dict[str, Any]] = {
    f"{gate}-{squash}": {"recurrent_activation": gate, "activation": squash}
    for gate, squash in (
        ("hard_sigmoid", "softsign"),
        ("hard_sigmoid_fifth", "relu"),
        ("tanh", "sigmoid"),
        ("relu", "tanh"),
        ("linear", "linear"),
    )
} | {
    cell: {"cell": cell, "recurrent_activation": "tanh"}
    for cell in ("clipped", "peepholes", "coupled")
}


# Stacks of three layers that differ.
COMPOSED: dict[str, str] = {
    "widths": '[{"hidden_units": 3}, {}, {"hidden_units": 1}]',
    "directions": '[{"bidirectional": true}, {"reverse": true, "keep_order": true}, '
    '{"bidirectional": true, "merge": "sum", "hidden_units": 3}]',
    "options": '[{"bias": false, "activation": "relu"}, {"cell": "peepholes"}, '
    '{"projection_size": 1, "recurrent_activation": "hard_sigmoid"}]',
    "residuals": '[{"hidden_units": 2, "bidirectional": true}, '
    '{"hidden_units": 4, "residual": true}, '
    '{"hidden_units": 2, "bidirectional": true, "residual": true}]',
}


@dataclass(frozen=True)
class Direction:
    """One direction of one layer; the first axis of w, r, b and d is the gate.

    The gates are input, forget, candidate and output.
    """

    w: Sequence[Matrix]  # (gate, cell, input)
    r: Sequence[Matrix]  # (gate, cell, hidden)
    b: Matrix  # (gate, cell)
    d: Matrix  # (gate, cell)
    p: Matrix | None = None  # (hidden, cell), where h is projected
    e: Matrix | None = None  # (peephole, cell), of input, forget and output
    gate: Callable[[complex], complex] = sigmoid  # of input, forget and output
    squash: Callable[[complex], complex] = tanh  # of the candidate, and of c
    coupled: bool = False

    def total(self, gate: int, unit: int, x: Vector, h: Vector) -> complex:
        """Return what one unit of one gate is given: W x + b + R h + d."""
        result = self.b[gate][unit] + self.d[gate][unit]
        for feature, number in enumerate(x):
            result += self.w[gate][unit][feature] * number
        for other, number in enumerate(h):
            result += self.r[gate][unit][other] * number
        return result

    def step(self, x: Vector, h: Vector, c: Vector) -> tuple[list[complex], list[complex]]:
        """Return the next h and c of one sequence."""
        inner, next_c = [], []
        for unit in range(len(c)):
            eyes = [0.0] * 3 if self.e is None else [row[unit] for row in self.e]
            enters = self.gate(self.total(0, unit, x, h) + eyes[0] * c[unit])
            stays = self.gate(self.total(1, unit, x, h) + eyes[1] * c[unit])
            if self.coupled:
                stays = 1.0 - enters
            candidate = self.squash(self.total(2, unit, x, h))
            next_c.append(stays * c[unit] + enters * candidate)
            leaves = self.gate(self.total(3, unit, x, h) + eyes[2] * next_c[unit])
            inner.append(leaves * self.squash(next_c[unit]))
        if self.p is None:
            return inner, next_c
        return [sum(row[unit] * inner[unit] for unit in range(len(c))) for row in self.p], next_c


def merged(merge: str, parts: Sequence[Vector]) -> list[complex]:
    """Return the h of each direction as one vector."""
    if len(parts) == 1 or merge in ("concat", "none"):
        return [number for part in parts for number in part]
    forward, backward = parts
    pairs = list(zip(forward, backward, strict=True))
    if merge == "mul":
        return [one * other for one, other in pairs]
    return [(one + other) / {"sum": 1, "ave": 2}[merge] for one, other in pairs]


def lstm(
    layer: Layer,
    stack: Sequence[Sequence[Direction]],
    sequences: Sequence[Matrix],
    h_0: Sequence[Matrix],
    c_0: Sequence[Matrix],
    counted: Sequence[Sequence[bool]],
) -> dict[str, list[list[Vector]] | list[list[complex]]]:
    """Return output, h_n and c_n of a stack for `sequences` (batch, time, input).

    The states are (layer*direction, batch, hidden or cell), the output is (batch, time,
    direction*hidden) or (batch, direction*hidden), or as narrow as one direction where two are
    merged. What does not count of a sequence is cut out before anything reads it, and zeros stand
    there in its output. A reversed layer emits in the order in which it reads.
    """
    h_n: list[list[Vector]] = [[] for _ in h_0]
    c_n: list[list[Vector]] = [[] for _ in c_0]
    output: list[list[Vector]] = []
    last: list[list[complex]] = []
    for number, sequence in enumerate(sequences):
        steps = [time for time, counts in enumerate(counted[number]) if counts]
        below = [sequence[time] for time in steps]
        ends: list[Vector] = []
        row = 0
        for directions in stack:
            above: list[list[Vector]] = [[] for _ in below]
            ends = []
            for way, direction in enumerate(directions):
                h, c = list(h_0[row][number]), list(c_0[row][number])
                times = list(range(len(below)))
                places = list(times)
                if way == 1 or layer.reverse:
                    times.reverse()
                if way == 1 or layer.keep_order:
                    places = times
                for time, place in zip(times, places, strict=True):
                    h, c = direction.step(below[time], h, c)
                    above[place].append(h)
                h_n[row].append(h)
                c_n[row].append(c)
                ends.append(h)
                row += 1
            below = [merged(layer.merge, parts) for parts in above]
        last.append(merged(layer.merge, ends))
        whole: list[Vector] = [[0.0 for _ in last[-1]] for _ in sequence]
        if layer.reverse and not layer.keep_order and len(stack) % 2:
            steps = [len(sequence) - 1 - time for time in reversed(steps)]
        for time, vector in zip(steps, below, strict=True):
            whole[time] = vector
        output.append(whole)
    return {"output": output if layer.return_sequences else last, "h_n": h_n, "c_n": c_n}


def _clipping(layer: Layer, of: Callable[[complex], complex]) -> Callable[[complex], complex]:
    def clipped(x: complex) -> complex:
        if abs(x.real) < 0.5:
            return of(x)
        return of(0.5 if x.real > 0 else -0.5)

    return clipped if layer.cell == "clipped" else of


def composed(layer: Layer, sample: Sample) -> dict[str, NDArray[np.complex128]]:
    """Return the same of a stack whose layers differ: one after another, each a layer alone.

    The states of all rows lie side by side. No layer emits in another order than it reads.
    """
    read: Any = sample.inputs["input"]
    given = {name: sample.inputs[name] for name in ("h_0", "c_0") if name in sample.inputs}
    ends: dict[str, list[Any]] = {"h_n": [], "c_n": []}
    for number, one in enumerate(sample.weights):
        own = layer.at(number)
        fed: dict[str, Any] = {**sample.inputs, "input": read}
        for name, axis in (("h_0", 3), ("c_0", 2)):
            width = one.recurrent_weights.shape[axis]
            if name in given:
                ways = range(0, width * own.num_directions, width)
                fed[name] = np.stack([given[name][:, at : at + width] for at in ways])
                given[name] = given[name][:, width * own.num_directions :]
        alone = Sample((one,), fed)
        whole = results(replace(own, return_sequences=True), alone)
        counts = np.any(whole["output"] != 0, axis=-1, keepdims=True)
        read = whole["output"] + (np.where(counts, read, 0) if own.residual else 0)
        for name, rows in ends.items():
            rows += list(whole[name])
    if not layer.return_sequences:
        read = results(own, alone)["output"]
    return {"output": read, **{name: np.concatenate(rows, -1) for name, rows in ends.items()}}


def results(layer: Layer, sample: Sample) -> dict[str, NDArray[np.complex128]]:
    """Return output, h_n and c_n of a batch-major layer as arrays; any number may be complex."""
    if layer.layers:
        return composed(layer, sample)
    stack = []
    for one in sample.weights:
        parts = [one.input_weights, one.recurrent_weights, one.input_bias, one.recurrent_bias]
        others = {"p": one.projection_weights, "e": one.peephole_weights}
        options: dict[str, Any] = {
            "gate": _clipping(layer, FUNCTIONS[layer.recurrent_activation]),
            "squash": _clipping(layer, FUNCTIONS[layer.activation]),
            "coupled": layer.cell == "coupled",
        }
        directions = []
        for way in range(layer.num_directions):
            given = {n: part[way].tolist() for n, part in others.items() if part is not None}
            four = (part[way].tolist() for part in parts)
            directions.append(Direction(*four, **given, **options))
        stack.append(directions)
    batch, time = sample.inputs["input"].shape[:2]
    rows = (len(stack) * layer.num_directions, batch)
    cell, hidden = sample.weights[0].recurrent_weights.shape[2:]
    lengths = sample.inputs.get("lengths", np.full(batch, time))
    counted = sample.inputs.get("mask", np.arange(time) < lengths[:, None])
    found = lstm(
        layer,
        stack,
        sample.inputs["input"].tolist(),
        sample.inputs.get("h_0", np.zeros((*rows, hidden))).tolist(),
        sample.inputs.get("c_0", np.zeros((*rows, cell))).tolist(),
        counted.tolist(),
    )
    return {name: np.array(numbers, np.complex128) for name, numbers in found.items()}
