"""The LSTM once more, for `test_reference`: one number at a time, with ``math`` alone.

Written from the equations, one gate after another, and from nothing of `conformance.reference`: no
matrix product, no array, exp in the place of tanh. Lists are indexed as the axes are named.
"""

from collections.abc import Sequence
from math import exp

Vector = Sequence[float]
Matrix = Sequence[Vector]


def sigmoid(x: float) -> float:
    """Return the logistic function of a number that is not far below zero."""
    return 1.0 / (1.0 + exp(-x))


def tanh(x: float) -> float:
    """Return the hyperbolic tangent by exponentials."""
    return 1.0 - 2.0 / (exp(2.0 * x) + 1.0)


class Direction:
    """One direction of one layer: for each gate W (cell, input), R (cell, hidden), b and d."""

    def __init__(self, w: Sequence[Matrix], r: Sequence[Matrix], b: Matrix, d: Matrix) -> None:
        """Take weights whose first axis is the gate: input, forget, candidate, output."""
        self.w, self.r, self.b, self.d = w, r, b, d

    def total(self, gate: int, unit: int, x: Vector, h: Vector) -> float:
        """Return what one unit of one gate is given: W x + b + R h + d."""
        result = self.b[gate][unit] + self.d[gate][unit]
        for feature, number in enumerate(x):
            result += self.w[gate][unit][feature] * number
        for other, number in enumerate(h):
            result += self.r[gate][unit][other] * number
        return result

    def step(self, x: Vector, h: Vector, c: Vector) -> tuple[list[float], list[float]]:
        """Return the next h and c of one sequence."""
        next_h, next_c = [], []
        for unit in range(len(h)):
            enters = sigmoid(self.total(0, unit, x, h))
            stays = sigmoid(self.total(1, unit, x, h))
            candidate = tanh(self.total(2, unit, x, h))
            leaves = sigmoid(self.total(3, unit, x, h))
            next_c.append(stays * c[unit] + enters * candidate)
            next_h.append(leaves * tanh(next_c[unit]))
        return next_h, next_c


def lstm(
    layers: Sequence[Sequence[Direction]],
    sequences: Sequence[Matrix],
    h_0: Sequence[Matrix],
    c_0: Sequence[Matrix],
    return_sequences: bool,
) -> dict[str, list[list[Vector]] | list[list[float]]]:
    """Return output, h_n and c_n of a stack for `sequences` (batch, time, input).

    The states are (layer*direction, batch, hidden), the output (batch, time, direction*hidden) or
    (batch, direction*hidden).
    """
    h_n: list[list[Vector]] = [[] for _ in h_0]
    c_n: list[list[Vector]] = [[] for _ in c_0]
    output: list[list[Vector]] = []
    last: list[list[float]] = []
    for number, sequence in enumerate(sequences):
        below = list(sequence)
        ends: list[float] = []
        row = 0
        for directions in layers:
            above: list[list[float]] = [[] for _ in below]
            ends = []
            for way, direction in enumerate(directions):
                h, c = list(h_0[row][number]), list(c_0[row][number])
                times = list(range(len(below)))
                for time in times if way == 0 else times[::-1]:
                    h, c = direction.step(below[time], h, c)
                    above[time] += h
                h_n[row].append(h)
                c_n[row].append(c)
                ends += h
                row += 1
            below = above
        output.append(below)
        last.append(ends)
    return {"output": output if return_sequences else last, "h_n": h_n, "c_n": c_n}
