"""A shard of a run: its own part of the cases, so that all shards take about as long.

Cases stay in their order, so that a framework is imported by as few shards as can be. Who runs the
shards must split alike: a report has a hash of the split, by which `merge` tells whether they did.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from conformance.report import report
from conformance.report.fingerprint import DIGITS

Pair = tuple[str, str]  # a framework's label, and a case's id
Seconds = Mapping[str, Mapping[str, float]]  # of a case, by framework and case
CACHED = "conformance/seconds"  # in pytest's cache: those of the last run
_SECONDS: TypeAdapter[Seconds] = TypeAdapter(
    dict[str, dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]]
)
_FORM = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")


class ShardError(Exception):
    """A shard that cannot be had; the message is one line."""


@dataclass(frozen=True)
class Shard:
    """The part `number` of `of`, and which split it is of."""

    number: int
    of: int
    pairs: frozenset[Pair]
    split: str
    told: str  # what it was split by

    def __str__(self) -> str:
        """``2 of 5, by the seconds of the last run``."""
        return f"{self.number} of {self.of}, {self.told}"


def shard(text: str, pairs: Sequence[tuple[Pair, bool]], seconds: Seconds, told: str = "") -> Shard:
    """The shard that `text` names, as 2/5, of all `pairs` in their order.

    The flag of a pair says whether it is run. Raises ShardError.
    """
    given = _FORM.fullmatch(text)
    number, of = (int(part) for part in given.groups()) if given else (1, 0)
    if number > of:
        raise ShardError(f"--shard {text}: I/N, of N shards the I-th: 1/2, 2/2")
    put = [pair for pair, runs in pairs if runs]
    if of > len(put):
        raise ShardError(f"--shard {text}: there are no more than {len(put)} cases to split")
    places = dict(zip(put, split(_each(put, seconds), of), strict=True))
    # What is not run stands in the report of the shard that runs what is before it.
    all_, last = [], 1
    for pair, _ in pairs:
        last = places.get(pair, last)
        all_.append((*pair, last))
    told = told if seconds else "evenly by count: there is no record of seconds"
    return Shard(
        number,
        of,
        frozenset((label, case) for label, case, place in all_ if place == number),
        hashlib.sha256(json.dumps(all_).encode()).hexdigest()[:DIGITS],
        told,
    )


def split(seconds: Sequence[float], of: int) -> list[int]:
    """The shard of each in a row, from 1: a cut at each part of the whole; none is empty.

    >>> split([1, 1, 1, 9], 2)
    [1, 1, 1, 2]
    """
    whole, many = sum(seconds) or 1.0, len(seconds)
    found: list[int] = []
    for place, (end, one) in enumerate(zip(accumulate(seconds), seconds, strict=True)):
        due = int(of * (end - one / 2) / whole) + 1
        last = found[-1] if found else 0
        found.append(min(max(due, last, 1, of - (many - 1 - place)), last + 1, of))
    return found


def reported(path: Path) -> Seconds:
    """The seconds of a report's cases. Raises ShardError for what is none."""
    try:
        _, entries = report.read(path)
    except ValueError as error:
        raise ShardError(f"--shard-by={path}: {error}") from error
    found: dict[str, dict[str, float]] = {}
    for one in entries:
        if one.seconds:
            found.setdefault(one.framework, {})[one.case] = sum(one.seconds.values())
    return found


def remembered(cached: object) -> Seconds:
    """What pytest's cache holds of the last run; nothing where that is not what we put there."""
    try:
        return _SECONDS.validate_python(cached)
    except ValidationError:
        return {}


def _each(pairs: Sequence[Pair], seconds: Seconds) -> list[float]:
    """The seconds of each pair: what is new takes as long as others of its framework."""
    every = [one for cases in seconds.values() for one in cases.values()]
    usual = {label: median(cases.values()) for label, cases in seconds.items() if cases}
    otherwise = median(every) if any(every) else 1.0
    return [seconds.get(label, {}).get(case, usual.get(label, otherwise)) for label, case in pairs]
