"""What the cases of a change have in common, in the fewest options that say which they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.contract import Layer
from conformance.report.report import Entry

Values: TypeAlias = Mapping[str, Any]  # of options, by name
USUAL = {one.name: one.default for one in Layer.__dataclass_fields__.values()}


@dataclass(frozen=True)
class Common:
    """Options with their values, and how many of the cases that have them are concerned."""

    options: Mapping[str, tuple[Any, ...]]
    cases: int
    of: int

    def __str__(self) -> str:
        """``all 12 cases with bidirectional, execution: predict``."""
        counted = f"{self.cases} of {self.of}" if self.cases < self.of else f"all {self.of}"
        if self.of == 1:
            counted = "the one"
        told = ", ".join(_told(name, values) for name, values in self.options.items())
        cases = "case" if self.of == 1 else "cases"
        return f"{counted} {cases} with {told}" if told else f"{counted} {cases}"


def common(concerned: Sequence[Entry], compared: Sequence[Entry]) -> Common:
    """What `concerned` have in common, as narrow as it gets among all that were `compared`.

    Options beside the usual come first; then usual values, where they leave no other case.
    """
    every = [_values(one) for one in compared]
    shared = dict(_shared([_values(one) for one in concerned]))
    unusual = {name: values for name, values in shared.items() if USUAL.get(name) not in values}
    chosen, count = dict(unusual), len(_having(unusual, every))
    while count > len(concerned):
        tried = {
            name: len(_having({**chosen, name: shared[name]}, every))
            for name in shared.keys() - chosen.keys()
        }
        best = min(sorted(tried), key=lambda name: tried[name], default=None)
        if best is None or tried[best] == count:
            chosen, count = dict(unusual), len(_having(unusual, every))
            break
        chosen[best], count = shared[best], tried[best]
    for name in list(chosen):  # what the others say already
        without = {other: values for other, values in chosen.items() if other != name}
        if len(_having(without, every)) == count:
            chosen = without
    return Common(chosen, len(concerned), count)


def _having(options: Mapping[str, tuple[Any, ...]], every: Sequence[Values]) -> list[Values]:
    wanted = options.items()
    return [one for one in every if all(one[key] in values for key, values in wanted)]


def _shared(concerned: Sequence[Values]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Options that have one value in all of them, or of several none that is usual."""
    for name in concerned[0]:
        values = tuple(dict.fromkeys(one.get(name) for one in concerned))
        if len(values) == 1 or USUAL.get(name) not in values:
            yield name, values


def _values(entry: Entry) -> Values:
    """The options of a case; what an older report did not know of has its default."""
    return {
        **USUAL,
        **entry.layer,
        "stacked": entry.dimensions.get("num_layers", 1) > 1,
        "wrong input": "rejects" in entry.claims,
    }


USUAL |= {"stacked": False, "wrong input": False}


def _told(name: str, values: tuple[Any, ...]) -> str:
    if isinstance(values[0], bool):
        return name if values[0] else f"no {name}"
    return f"{name}: {' or '.join(map(str, values))}"
