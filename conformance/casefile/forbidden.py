"""Which values cannot meet, told in full, so that whatever is not told can.

A rule forbids a few values together, and from several rules another may follow: where every value
of a factor is forbidden beside some others, those others cannot meet at all. Once all that follows
is told as well, values can meet in a row exactly where they contain nothing that is forbidden.
"""

from collections.abc import Iterable, Iterator
from itertools import product

from conformance.casefile.extreme import EXTREMES
from conformance.casefile.factor import Space
from conformance.casefile.row import layer_of
from conformance.lstm.agreement import Rule

Few = frozenset[int]  # of the numbers of a space


def forbidden(space: Space, rules: Iterable[Rule]) -> frozenset[Few]:
    """Every smallest set of values of `space` that no row may have, by `rules` and by sizes."""
    told = {few for rule in rules for few in _broken(space, rule)}
    if "extreme" in space.factors:
        told |= {few for name in EXTREMES for few in _out_of_class(space, name)}
    return closed(space, told)


def possible(few: Few, barred: frozenset[Few]) -> bool:
    """Whether some row has these values, `barred` being all that is forbidden."""
    return not any(one <= few for one in barred)


def closed(space: Space, told: Iterable[Few]) -> frozenset[Few]:
    """`told` and what follows from it, less what contains another: closed under resolution."""
    known = _smallest(told)
    while more := {few for few in _following(space, known) if possible(few, known)}:
        known = _smallest(known | more)
    return known


def _following(space: Space, known: frozenset[Few]) -> Iterator[Few]:
    """What follows from each factor: for each of its values, one that forbids it, put together."""
    for factor in range(len(space.factors)):
        numbers = [number for number, of in enumerate(space.factor_of) if of == factor]
        beside = [[few - {number} for few in known if number in few] for number in numbers]
        for chosen in product(*beside):
            few = frozenset[int]().union(*chosen)
            if len({space.factor_of[number] for number in few}) == len(few):  # no two of one
                yield few


def _smallest(fews: Iterable[Few]) -> frozenset[Few]:
    kept: list[Few] = []
    for few in sorted(fews, key=len):
        if not any(one <= few for one in kept):
            kept.append(few)
    return frozenset(kept)


def _broken(space: Space, rule: Rule) -> Iterator[Few]:
    """The values that break a rule; what it looks at and is no factor of the space is as ever.

    A size that is none is what an extreme makes of it.
    """
    names = [name for name in rule.looks_at if name in space.factors]
    if "extreme" in space.factors and len(names) < len(rule.looks_at):
        names = list(dict.fromkeys([*names, "extreme"]))
    for values in product(*(space.factors[name] for name in names)):
        pairs = list(zip(names, values, strict=True))
        if rule.broken(*layer_of(dict(pairs))):
            yield frozenset(space.numbers[pair] for pair in pairs)


def _out_of_class(space: Space, name: str) -> Iterator[Few]:
    """The options with which the sizes of an extreme are not of its class."""
    extreme = EXTREMES[name]
    rule = Rule(
        ("extreme", *extreme.looks_at),
        lambda layer, dimensions: not extreme.holds(layer, dimensions),
        name,
    )
    return (few for few in _broken(space, rule) if space.numbers["extreme", name] in few)
