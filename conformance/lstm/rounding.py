"""Arithmetic that rounds as a dtype does, but at random: what any right layer may be off by.

Each operation on a `Rounded` array gives the number of float64 and an error of its own, uniform
within what one rounding to the dtype may be off by, and independent of all others. The reference,
run on such arrays as it stands, is then one right layer of that dtype, and with another seed it is
another. That is Monte Carlo arithmetic (https://doi.org/10.1109/5992.852391); what is assumed of
each operation, ``docs/tolerance.md`` argues for.
"""

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import numpy as np

from conformance.lstm.sample import Floats

# Half the distance from 1 to the next number, and half of float16's least number above zero:
# no other dtype ends near numbers that are met.
UNITS = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
LEAST = {"float64": 0.0, "float32": 0.0, "float16": 2.0**-25, "bfloat16": 0.0}
# Vectorized functions are off by up to a unit of 1, also where the result is small. Those of the
# other dtypes are computed in float32, and rounded once.
COARSE_FUNCTIONS = frozenset({"float64", "float32"})
EXACT = frozenset({np.maximum, np.minimum, np.absolute})  # one of the numbers, or its sign's change
_POOL = 2**17  # errors, drawn once: each operation takes its own from somewhere in them


class Rounding:
    """The roundings of one layer: those of a dtype, so many times as coarse, from a seed."""

    def __init__(self, dtype: str, coarser: float, seed: int) -> None:
        """`dtype` is one of `UNITS`."""
        self.unit, self.least = coarser * UNITS[dtype], coarser * LEAST[dtype]
        self.coarse_functions = dtype in COARSE_FUNCTIONS
        self._random = Random(seed)

    def array(self, plain: Any) -> "Rounded":
        """`plain`, whose numbers are as they are: what is computed with them is rounded."""
        return self._held(np.array(plain, np.float64))

    def off(self, right: Floats, size: Any) -> "Rounded":
        """`right`, each number off by at most the unit times its `size`."""
        if right.size <= _POOL // 2:
            start = self._random.randrange(_POOL // 2)
            drawn = _pool()[start : start + right.size].reshape(right.shape)
        else:
            drawn = _drawn(self._random.randrange(2**32), right.size).reshape(right.shape)
        error = drawn * size
        error *= self.unit
        if self.least > 0.0:
            error += self.least * drawn
        error += right
        return self._held(error)

    def _held(self, array: Floats) -> "Rounded":
        rounded = array.view(Rounded)
        rounded.rounding = self
        return rounded


class Rounded(np.ndarray[Any, np.dtype[np.float64]]):
    """Numbers in whose arithmetic each result is rounded."""

    rounding: Rounding

    def __array_finalize__(self, source: Any) -> None:
        """A view or a copy rounds as what it is made from."""
        if isinstance(source, Rounded):
            self.rounding = source.rounding

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: Any, *inputs: Any, out: Any = (), **options: Any
    ) -> Any:
        """The operation in float64, and then off as `_size` says."""
        fed = [_plain(one) for one in inputs]
        right = np.asarray(getattr(ufunc, method)(*fed, **options))
        if right.dtype != np.float64:
            return right
        rounding = _rounding((*inputs, *out))
        if ufunc in EXACT and not out:
            return rounding.array(right)
        size: Any
        if ufunc is np.matmul:
            size = _of_sum(right, np.matmul(fed[0] ** 2, fed[1] ** 2), fed[0].shape[-1], True)
        elif method == "reduce" and ufunc is np.add:
            size = _of_sum(right, ufunc.reduce(fed[0] ** 2, **options), _terms(fed, right), False)
        elif ufunc is np.tanh and rounding.coarse_functions:
            size = 1.0
        else:
            size = np.abs(right)
        result = rounding.off(right, size)
        for array in out:
            array[...] = result
        return out[0] if out else result

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: Any,
        kwargs: Mapping[str, Any],
    ) -> Any:
        """What moves numbers leaves them as they are; ``einsum`` sums products."""
        if function is not np.einsum:
            return super().__array_function__(function, types, args, kwargs)
        pattern, *inputs = args
        fed = [_plain(one) for one in inputs]
        right = np.asarray(np.einsum(pattern, *fed, **kwargs))
        squares = np.einsum(pattern, *(one**2 for one in fed), **kwargs)
        letters = dict(zip(pattern.split("->")[0].replace(",", ""), _sizes(fed), strict=True))
        summed = np.prod([letters[one] for one in letters.keys() - set(pattern.split("->")[1])])
        return _rounding(inputs).off(right, _of_sum(right, squares, int(summed), True))


def _of_sum(right: Floats, squares: Floats, terms: int, products: bool) -> Floats:
    """How far off a sum may be, in units, where its terms come in any order, one after another.

    `squares` is the sum of the terms' squares; where they are `products` each is rounded first. A
    partial sum of k of n terms in random order is k/n of the whole, give or take the terms' own
    size: the squares of all of them make up n/3 of the whole's and n/6 of the terms'.
    """
    return np.sqrt((terms / 6 + products) * squares + terms / 3 * right**2)


def _terms(fed: list[Any], right: Floats) -> int:
    return int(fed[0].size // max(right.size, 1))


def _sizes(fed: list[Any]) -> list[int]:
    return [size for one in fed for size in one.shape]


def _plain(one: Any) -> Any:
    return one.view(np.ndarray) if isinstance(one, Rounded) else one


def _rounding(inputs: Any) -> Rounding:
    return next(one.rounding for one in inputs if isinstance(one, Rounded))


@cache
def _pool() -> Floats:
    return _drawn(0, _POOL)


def _drawn(seed: int, size: int) -> Floats:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, size)
