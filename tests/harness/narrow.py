"""Right layers of each dtype, and wrong ones: the reference in real arithmetic of so many bits.

`Narrow` arrays round each result to the nearest number of their bits, as hardware does, and sum in
an order that is given: nothing here is random, and nothing is from `conformance.lstm.rounding`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from adapters.contract import Layer
from conformance.lstm import reference
from conformance.lstm.sample import Floats, LayerWeights, Sample

BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
# One term after another, from either end; halves by halves; or in a wide accumulator, rounded once.
Order: TypeAlias = Literal["ahead", "back", "pairs", "wide"]
ORDERS: tuple[Order, ...] = ("ahead", "back", "pairs", "wide")


def cut(numbers: Any, bits: int) -> Floats:
    """Return `numbers` rounded to a significand of so many bits, to even where two are as near."""
    numbers = np.asarray(numbers, np.float64)
    if bits == BITS["float64"]:
        return numbers
    fraction, exponent = np.frexp(numbers)
    return np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits)


class Narrow(np.ndarray[Any, np.dtype[np.float64]]):
    """Numbers of so many bits, in whose arithmetic each result is one too."""

    bits: int
    order: Order

    def __array_finalize__(self, source: Any) -> None:
        """A view or a copy is as what it is made from."""
        if isinstance(source, Narrow):
            self.bits, self.order = source.bits, source.order

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: Any, *inputs: Any, out: Any = (), **options: Any
    ) -> Any:
        """The operation, rounded; of a product of matrices each product and each partial sum."""
        of = next(one for one in (*inputs, *out) if isinstance(one, Narrow))
        fed = [one.view(np.ndarray) if isinstance(one, Narrow) else one for one in inputs]
        if ufunc is np.matmul and of.order != "wide":
            found = narrow(_summed(fed[0], fed[1], of.bits, of.order), of.bits, of.order)
        else:
            found = narrow(cut(getattr(ufunc, method)(*fed, **options), of.bits), of.bits, of.order)
        for one in out:
            one[...] = found
        return out[0] if out else found

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """What moves numbers leaves them as they are; the sums of ``einsum`` are rounded once."""
        found = super().__array_function__(function, types, args, kwargs)
        if function is not np.einsum:
            return found
        of = next(one for one in args if isinstance(one, Narrow))
        return narrow(cut(np.asarray(found), of.bits), of.bits, of.order)


def _summed(left: Floats, right: Floats, bits: int, order: Order) -> Floats:
    terms = [cut(left[..., [k]] * right[k], bits) for k in range(left.shape[-1])]
    if order == "back":
        terms.reverse()
    while len(terms) > 1:
        if order == "pairs":
            halves = [terms[place : place + 2] for place in range(0, len(terms), 2)]
            terms = [cut(sum(half), bits) for half in halves]
        else:
            terms = [cut(terms[0] + terms[1], bits), *terms[2:]]
    return terms[0]


def narrow(numbers: Any, bits: int, order: Order) -> Narrow:
    """Return `numbers`, which are of so many bits already."""
    found = np.array(numbers, np.float64).view(Narrow)
    found.bits, found.order = bits, order
    return found


def results(layer: Layer, sample: Sample, bits: int, order: Order) -> dict[str, Floats]:
    """Return what a layer gives that computes in so many bits and sums in this order."""
    came = reference.lstm(layer, narrowed(sample, bits, order))
    return {name: cut(one, bits) for name, one in came.items()}


def narrowed(sample: Sample, bits: int, order: Order) -> Sample:
    """Return `sample` with weights and inputs whose arithmetic is of so many bits."""
    found = changed(sample, lambda one: narrow(one, bits, order))
    return replace(found, inputs={n: narrow(one, bits, order) for n, one in sample.inputs.items()})


def changed(sample: Sample, change: Callable[[Floats], Floats]) -> Sample:
    """Return `sample` with each of its weights changed."""

    def each(part: LayerWeights) -> LayerWeights:
        given: dict[str, Any] = {n: one for n, one in vars(part).items() if one is not None}
        return replace(part, **{name: change(one) for name, one in given.items()})

    return replace(sample, weights=tuple(map(each, sample.weights)))
