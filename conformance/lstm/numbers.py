"""How the numbers of a case are made, where small ones at random would show too little.

A trained model's weights reach tens, an input may be a count in thousands; then gates are closed
or wide open, an exponential overflows, a cell grows. A step of zeros is a step, whatever a mask
makes of it. What stands behind a sequence's end is no number of that sequence's.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Span: TypeAlias = tuple[float, float]  # the least and the largest
# At a step that does not count, behind an end or masked.
Behind: TypeAlias = Literal["drawn", "large", "inf", "nan"]
UNIT: Span = (-1.0, 1.0)


@dataclass(frozen=True)
class Numbers:
    """What the numbers of one case are drawn from; the defaults are those of nearly all cases."""

    weights: Span | None = None  # and biases; None is ±1/sqrt(hidden_units)
    input: Span = UNIT
    states: Span = UNIT  # the given h_0 and c_0
    zero_steps: tuple[int, ...] = ()  # of every sequence
    behind: Behind = "drawn"  # a sequence's end: large numbers, infinities of both signs, NaN

    @property
    def usual(self) -> bool:
        """Whether they are those of nearly all cases."""
        return self == Numbers()

    def reach(self, cell: int) -> dict[str, float]:
        """The largest magnitude that weights, input and states may have, by name."""
        spans = {"weights": self.weights or (0.0, cell**-0.5)}
        spans |= {"input": self.input, "states": self.states}
        return {name: max(map(abs, span)) for name, span in spans.items()}
