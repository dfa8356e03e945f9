"""Numbers of both sides: the same bit for bit, the same within the tolerance, or others.

Each side may be off from what is right by the tolerance, so that two of them may be off by twice
that from each other; and neither may cross the tolerance against the reference.
"""

from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np

from conformance.process.observation import GRADIENT
from conformance.report.fingerprint import unpacked
from conformance.report.report import Entry, Tensor
from conformance.upgrade.change import Change

RIGHT, OFF = "within the tolerance of the reference", "beyond the tolerance of the reference"
BITS = Change("bits", "bits", "the same numbers within the tolerance", "other bits")


def changes(before: Entry, after: Entry) -> Iterator[Change]:
    """What changed in the numbers of tensors that both sides have in one shape and dtype."""
    if not comparable(before, after):
        return
    for name, one, two in _shared(before, after):
        if one.digest == two.digest:
            continue
        if name.startswith(GRADIENT):
            yield from _gradient(name, before, after, one, two)
        else:
            yield from _result(name, before, after, one, two)
    yield from _crossed(before, after)


def comparable(before: Entry, after: Entry) -> bool:
    """Whether both sides were fed the same numbers, and hold a hash of theirs."""
    return before.fed is not None and before.fed == after.fed


def right(entry: Entry) -> bool | None:
    """Whether all canonical results are within the tolerance; None where there are none."""
    if not entry.errors:
        return None
    return all(map(entry.tolerance.__ge__, _errors(entry).values()))


def distance(one: Tensor, two: Tensor) -> float | None:
    """The largest difference of two tensors of one shape; None where numbers are missing."""
    arrays = [unpacked(t.numbers, t.shape, t.dtype) for t in (one, two) if t.numbers is not None]
    if len(arrays) < 2:
        return None
    first, second = (array.astype(np.complex128) for array in arrays)
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(first - second))
    return float(np.where(np.isnan(apart), np.inf, apart).max(initial=0.0))


def _result(name: str, before: Entry, after: Entry, one: Tensor, two: Tensor) -> Iterator[Change]:
    apart, limit = distance(one, two), 2 * before.tolerance
    beside = [right(before), right(after)]
    if apart is None and beside == [True, True]:
        apart = 0.0  # at the most the limit: each is as near to the reference
    if apart is not None and apart <= limit:
        yield Change(BITS.severity, BITS.kind, BITS.before, BITS.after, (name,))
        return
    by = "more than is known" if apart is None else f"{apart:.2e}"
    exact = (f"{name}: off by {by} from each other, allowed {limit:.2e}",)
    if "rejects" in before.claims or "rejects" in after.claims:  # no numbers are right here
        yield Change("property", "values", "some numbers", "others", (name,), exact)
    elif beside == [False, True]:
        return  # told of by `_crossed`, with the error of each side
    elif beside == [True, True]:
        elsewhere = "others where the reference has none: behind a sequence's end"
        yield Change("breaking", "values", RIGHT, elsewhere, (name,), exact)
    elif beside != [True, False]:
        yield Change("breaking", "values", "some numbers", "other numbers", (name,), exact)


def _crossed(before: Entry, after: Entry) -> Iterator[Change]:
    """Canonical results of which one side is right, and the other is not."""
    limit, old, new = before.tolerance, _errors(before), _errors(after)
    for name in (name for name in old if name in new):
        exact = (f"{name}: error {old[name]:.2e}, now {new[name]:.2e}, allowed {limit:.2e}",)
        if old[name] <= limit < new[name]:
            yield Change("breaking", "values", RIGHT, OFF, (name,), exact)
        elif new[name] <= limit < old[name]:
            yield Change("fixed", "values", OFF, RIGHT, (name,), exact)


def _gradient(name: str, before: Entry, after: Entry, one: Tensor, two: Tensor) -> Iterator[Change]:
    wrong = [_claimed(entry, name) for entry in (before, after)]
    apart = distance(one, two)
    if wrong == [True, False]:
        yield Change("fixed", "gradients", OFF, RIGHT, (name,))
    elif wrong == [False, True]:
        yield Change("breaking", "gradients", RIGHT, OFF, (name,))
    elif wrong == [False, False] or (apart is not None and apart <= _limit(before, one)):
        yield Change(BITS.severity, BITS.kind, BITS.before, BITS.after, (name,))
    else:
        yield Change("breaking", "gradients", "some numbers", "other numbers", (name,))


def _claimed(entry: Entry, name: str) -> bool | None:
    """Whether a gradient is known to be wrong; None where nobody has looked."""
    claim = entry.claims.get("gradients")
    return None if claim is None or claim.outcome == "unsupported" else name in claim.got


def _limit(entry: Entry, gradient: Tensor) -> float:
    """For both sides, of the gradient's own numbers: a report has no limit of each."""
    summed = entry.dimensions["batch_size"] * entry.dimensions["time_steps"]
    array: Any = unpacked(gradient.numbers or "", gradient.shape, gradient.dtype)
    return 2 * entry.tolerance * sqrt(summed) * max(1.0, float(np.abs(array).max(initial=0.0)))


def _shared(before: Entry, after: Entry) -> Iterator[tuple[str, Tensor, Tensor]]:
    old, new = before.native or {}, after.native or {}
    for name in old:
        if name in new and (old[name].shape, old[name].dtype) == (new[name].shape, new[name].dtype):
            yield name, old[name], new[name]


def _errors(entry: Entry) -> dict[str, float]:
    """The report has null for what is no finite number."""
    return {
        name: float("inf") if error is None else error
        for name, error in (entry.errors or {}).items()
    }
