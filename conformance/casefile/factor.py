"""What varies from case to case, and its values: options, how many layers, extreme sizes.

One value of each factor makes a row; as a vector it is, for each factor, which of its values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.casefile.extreme import EXTREMES, PROJECTION_SIZE

Row = Mapping[str, Any]
Vector = NDArray[np.int64]  # (factor,)
Vectors = NDArray[np.int64]  # (row, factor)

_BOTH = (False, True)
OPTIONS: dict[str, Sequence[Any]] = {
    "bidirectional": _BOTH,
    "bias": _BOTH,
    "return_sequences": _BOTH,
    "initial_state": ("zeros", "given", "h_0", "c_0"),
    "reverse": _BOTH,
    "keep_order": _BOTH,
    "merge": ("concat", "sum", "mul", "ave", "none"),
    "layout": ("batch_major", "time_major", "unbatched", "extra_batch"),
    "projection_size": (0, PROJECTION_SIZE),
    "lengths": ("full", "given"),
    "mask": ("none", "given"),
    "return_state": _BOTH,
    "dtype": ("float32", "float64", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"),
    "gradients": _BOTH,
    "dropout": _BOTH,
    "stateful": ("no", "carried", "reset"),
    "execution": ("usual", "eager", "compiled", "predict", "unrolled"),
    "checkpoint": ("none", "weights", "model"),
    "recurrent_activation": (
        "sigmoid",
        "hard_sigmoid",
        "hard_sigmoid_fifth",
        "tanh",
        "relu",
        "linear",
    ),
    "activation": ("tanh", "sigmoid", "relu", "linear", "softsign"),
    "cell": ("plain", "clipped", "peepholes", "coupled"),
    "residual": _BOTH,
    "layers": ("",),
}


@dataclass(frozen=True)
class Space:
    """Factors with their values; every value of every factor has a number."""

    factors: Mapping[str, Sequence[Any]]

    @cached_property
    def numbers(self) -> dict[tuple[str, Any], int]:
        """The number of a factor's value, counted through all factors."""
        pairs = [(name, value) for name, values in self.factors.items() for value in values]
        return {pair: number for number, pair in enumerate(pairs)}

    @cached_property
    def sizes(self) -> Vector:
        """How many values each factor has."""
        return np.array([len(values) for values in self.factors.values()])

    @cached_property
    def starts(self) -> Vector:
        """The number of each factor's first value."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def factor_of(self) -> tuple[int, ...]:
        """Which factor each number is a value of."""
        return tuple(np.repeat(np.arange(len(self.sizes)), self.sizes).tolist())

    def told(self, numbers: Iterable[int]) -> dict[str, Any]:
        """The values that have these numbers, by the names of their factors."""
        pairs = list(self.numbers)
        return dict(pairs[number] for number in sorted(numbers))

    def vectors(self, rows: Iterable[Row]) -> Vectors:
        """Rows as vectors; of what is no factor here they say nothing."""
        made = [
            [list(values).index(row[name]) for name, values in self.factors.items()] for row in rows
        ]
        return np.array(made, np.int64).reshape(-1, len(self.factors))

    def row(self, vector: Vector) -> dict[str, Any]:
        """A vector as a row."""
        return self.told((self.starts + vector).tolist())


# Values that few frameworks have: in the arrays they would double what is run. They meet other
# options in the files that are about them, and in a search.
_FEW: dict[str, Sequence[Any]] = {
    "initial_state": ("h_0", "c_0"),
    "execution": ("unrolled",),
    **{name: OPTIONS[name][1:] for name in ("mask", "recurrent_activation", "activation", "cell")},
    "residual": (True,),
}
_MET = {
    name: kept
    for name, values in OPTIONS.items()
    if len(kept := [one for one in values if one not in _FEW.get(name, ())]) > 1
}


def met(row: Row) -> bool:
    """Whether all values of a row are such as meet in the arrays; layers that differ are none."""
    return not row.get("layers") and not any(row.get(n) in values for n, values in _FEW.items())


PLAIN = Space({**_MET, "num_layers": (1, 2)})
EXTREME = Space({**_MET, "extreme": tuple(EXTREMES)})
