"""The shape that a declared pattern demands."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from einops import parsing

from conformance.case import Shape


@dataclass(frozen=True)
class Law:
    """The shape that one native tensor must have: its pattern, and every axis's size."""

    axes: str
    sizes: Mapping[str, int]

    def __post_init__(self) -> None:
        """Raises ValueError for a pattern that names an axis which has no size."""
        for name in (name for place in self.places for name in place):
            if name not in self.sizes:
                known = ", ".join(self.sizes)
                raise ValueError(f"the pattern {self.axes!r} names {name!r}, not one of {known}")

    @property
    def shape(self) -> Shape:
        """One size a place: ``(layer direction) batch hidden`` gives (layer*direction, ...)."""
        return tuple(prod(self.sizes[name] for name in place) for place in self.places)

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """The names in each place of the shape."""
        return tuple(tuple(place) for place in parsing.ParsedExpression(self.axes).composition)

    def __str__(self) -> str:
        """``(batch 7, time 5, direction*hidden 2*13=26)``."""
        return f"({', '.join(self._place(place) for place in self.places)})"

    def _place(self, names: tuple[str, ...]) -> str:
        lengths = [self.sizes[name] for name in names]
        total = "" if len(names) == 1 else f"={prod(lengths)}"
        return f"{'*'.join(names)} {'*'.join(map(str, lengths))}{total}"
