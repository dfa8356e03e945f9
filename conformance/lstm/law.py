"""The shape that a declared pattern demands."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import prod

from einops import EinopsError, parsing

from conformance.lstm.case import Shape


@cache
def places(axes: str) -> tuple[tuple[str, ...], ...]:
    """The names in each place of a pattern. Raises ValueError for what is none."""
    try:
        return tuple(map(tuple, parsing.ParsedExpression(axes).composition))
    except EinopsError as problem:
        raise ValueError(f"{axes!r} is no pattern: {problem}") from problem


@dataclass(frozen=True)
class Law:
    """The shape that one native tensor must have: its pattern, and every axis's size.

    Where several tensors lie in one, those `behind` the first have their own laws, and all of them
    the same sizes but on the axis `along`.
    """

    axes: str
    sizes: Mapping[str, int]
    along: int = 0
    behind: tuple["Law", ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a pattern that names an axis which has no size, or is none."""
        for name in (name for place in self.places for name in place):
            if name not in self.sizes:
                known = ", ".join(self.sizes)
                raise ValueError(f"the pattern {self.axes!r} names {name!r}, not one of {known}")

    @property
    def shape(self) -> Shape:
        """One size a place: ``(layer direction) batch hidden`` gives (layer*direction, ...)."""
        whole = [prod(self.sizes[name] for name in place) for place in self.places]
        if self.behind:
            whole[self.along] += sum(law.shape[self.along] for law in self.behind)
        return tuple(whole)

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """The names in each place of the shape."""
        return places(self.axes)

    def __str__(self) -> str:
        """``(batch 7, time 5, direction*hidden 2*13=26)``."""
        told = [self._place(place) for place in self.places]
        if self.behind:
            parts = [told[self.along], *(law._place(law.places[self.along]) for law in self.behind)]
            told[self.along] = f"{' + '.join(parts)} = {self.shape[self.along]}"
        return f"({', '.join(told)})"

    def _place(self, names: tuple[str, ...]) -> str:
        lengths = [self.sizes[name] for name in names]
        total = "" if len(names) == 1 else f"={prod(lengths)}"
        return f"{'*'.join(names)} {'*'.join(map(str, lengths))}{total}"
