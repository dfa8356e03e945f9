"""What the cases of a change have in common, in the fewest options that say which they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.contract import Layer
from conformance.report.report import Entry

USUAL = {one.name: one.default for one in Layer.__dataclass_fields__.values()}


@dataclass(frozen=True)
class Common:
    """Options by name, and how many of the cases that have all of them are concerned."""

    options: Mapping[str, Any]
    cases: int
    of: int

    def __str__(self) -> str:
        """``all 12 cases with bidirectional, execution: predict``."""
        counted = f"{self.cases} of {self.of}" if self.cases < self.of else f"all {self.of}"
        if self.of == 1:
            counted = "the one"
        told = ", ".join(_told(name, value) for name, value in self.options.items())
        cases = "case" if self.of == 1 else "cases"
        return f"{counted} {cases} with {told}" if told else f"{counted} {cases}"


def common(concerned: Sequence[Entry], compared: Sequence[Entry]) -> Common:
    """What `concerned` have in common, as narrow as it gets among all that were `compared`.

    Options beside the usual come first; then usual values, where they tell more cases apart.
    """
    shared = dict(_shared(concerned))
    unusual = {name: value for name, value in shared.items() if value != USUAL.get(name)}
    chosen = dict(unusual)
    count = len(_having(chosen, compared))
    while count > len(concerned):
        rest = {name: value for name, value in shared.items() if name not in chosen}
        tried = {
            name: len(_having({**chosen, name: value}, compared)) for name, value in rest.items()
        }
        best = min(tried, key=lambda name: tried[name], default=None)
        if best is None or tried[best] == count:
            break
        chosen[best], count = shared[best], tried[best]
    for name in list(chosen):  # what the others say already
        without = {other: value for other, value in chosen.items() if other != name}
        if len(_having(without, compared)) == count:
            chosen = without
    return Common(chosen, len(concerned), count)


def _having(options: Mapping[str, Any], entries: Sequence[Entry]) -> list[Entry]:
    return [
        one
        for one in entries
        if all(_values(one)[name] == value for name, value in options.items())
    ]


def _shared(entries: Sequence[Entry]) -> Iterator[tuple[str, Any]]:
    values = [_values(one) for one in entries]
    for name, value in values[0].items():
        if all(one.get(name) == value for one in values):
            yield name, value


def _values(entry: Entry) -> dict[str, Any]:
    """The options of a case; what an older report did not know of has its default."""
    return {
        **USUAL,
        **entry.layer,
        "stacked": entry.dimensions.get("num_layers", 1) > 1,
        "wrong input": "rejects" in entry.claims,
    }


USUAL |= {"stacked": False, "wrong input": False}


def _told(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return name if value else f"no {name}"
    return f"{name}: {value}"
