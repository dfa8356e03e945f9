"""A few cases that go through all that an adapter does: each option's value, each kind of case."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from math import prod

from adapters.contract import Layer
from conformance.lstm.case import Case

Feature = tuple[str, object]
APART = ("execution", "checkpoint", "stateful", "lengths", "mask", "gradients")  # with each dtype
WIDE = ("bidirectional", "dropout")  # what has each of those in a path of its own


def chosen(cases: Iterable[Case]) -> list[Case]:
    """Cases of which every feature of all is in one, the shorter ones first; ever the same ones."""
    left = {case.id: (case, set(features(case))) for case in cases}
    wanted = set().union(*(had for _, had in left.values()))
    few: list[Case] = []
    while wanted:
        name = min(left, key=lambda one: _rank(*left[one], wanted))
        case, had = left.pop(name)
        wanted -= had
        few.append(case)
    return sorted(few, key=_size)


def features(case: Case) -> Iterator[Feature]:
    """What a case asks an adapter for beside the usual."""
    usual = Layer()
    odd = [
        (one.name, _plain(getattr(case.layer, one.name)))
        for one in fields(Layer)
        if getattr(case.layer, one.name) != getattr(usual, one.name)
    ]
    yield from odd
    for name, value in odd:
        if name in APART:
            yield f"{name} of {case.layer.dtype}", value
            yield from ((f"{name} of {other}", value) for other in WIDE if (other, True) in odd)
    yield from (("record", what) for what in case.record)
    yield from (("layers", case.dimensions.num_layers > 1), ("rejects", case.must_reject))
    yield from (("split", name) for name in case.split)
    yield from (("repeat", name) for name in case.repeat)
    if not case.must_reject:
        yield "empty", 0 in vars(case.dimensions).values()


def _plain(value: object) -> object:
    """The value of an option; of a size, whether there is one."""
    return value if isinstance(value, str) else bool(value)


def _rank(case: Case, had: set[Feature], wanted: set[Feature]) -> tuple[int, int, str]:
    return (-len(had & wanted), *_size(case))


def _size(case: Case) -> tuple[int, str]:
    return prod(one + 1 for one in vars(case.dimensions).values()), case.id
