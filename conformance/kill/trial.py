"""One mutant put to the cases: which claims on which of them tell it from the right layer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from conformance.claim.check import CLAIMS
from conformance.kill.ground import Ground, Known
from conformance.process.host import Host
from conformance.process.observation import observe

ENOUGH = 2  # cases that tell a mutant
# Of an observation, what differs from run to run, and what people alone read.
PASSING = {"framework", "case", "seconds", "warnings", "before", "tries", "output", "on_record"}
PASSING |= {"message", "at"}


@dataclass(frozen=True)
class Kill:
    """A case that tells a mutant, and the claims that do."""

    case: str
    behaviour: str
    claims: tuple[str, ...]
    on_demand: bool  # whether the case runs only where a tag names it


def killed(ground: Ground, module: str, touched: frozenset[int] | None) -> tuple[Kill, ...]:
    """Every case that tells the mutant in `module`, those of the default run first.

    Cases that run on demand are tried where fewer than `ENOUGH` of the default run tell it.
    Only those are put to it that run a line that it changes, or all where `touched` is None.
    """
    host = ground.host(module)
    kills: list[Kill] = []
    for on_demand in (False, True):
        if len(kills) < ENOUGH:
            known = ground.known(on_demand)
            reached = [one for one in known if touched is None or one.lines & touched]
            kills += _told(host, reached, on_demand)
    return tuple(kills)


def _told(host: Host, put: Sequence[Known], on_demand: bool) -> Iterator[Kill]:
    for known in put:
        case, right = known.case, known.right
        alike = host.convention() == right.convention
        got = observe(host, case, known=right if alike else None)
        if same(got, right):
            continue
        # Without the numbers fed there is no diagnosis, which takes longer than all the rest.
        got = replace(got, on_record=right.on_record, sample=None)
        claims = tuple(name for name in known.claims if CLAIMS[name](got).outcome != "agrees")
        if claims:
            yield Kill(case.id, case.behaviour, claims, on_demand)


def same(one: Any, other: Any) -> bool:
    """Whether two observations, or two parts of them, are alike to the last bit."""
    if one is other:
        return True
    if is_dataclass(one) and type(one) is type(other):
        names = [field.name for field in fields(one) if field.name not in PASSING]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        alike = (one.dtype, one.shape) == (other.dtype, other.shape)
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
