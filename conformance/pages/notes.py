"""Notes below a table: each reason once, with its link, by a number that cells name."""

from collections.abc import Iterator

from conformance.pages.markdown import link, text
from conformance.pages.standing import Standing

MEANING = (
    "**yes**: it has that and agrees; **in part**: it agrees but at certain sizes, lengths or "
    "inputs; **differs**: it has that and gives something else; **no**: it has no such layer; "
    "**not run**: the adapter does not run it; **?**: no case shows it."
)
_WORD = {"agrees": "yes", "partly": "in part", "differs": "**differs**", "gap": "no", "unseen": "?"}


class Notes:
    """The reasons that one page gives, in the order in which they are first named."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[tuple[str, str], int] = {}

    def cell(self, standing: Standing, also: str = "") -> str:
        """``differs (2, 5)``, with what else is to be said of it in front."""
        reasons = [self._number(*one) for one in standing.reasons]
        word = "not run" if standing.gap and standing.gap.own else _WORD[standing.kind]
        told = f" ({', '.join(map(str, reasons))})" if reasons else ""
        return f"{also} {word}{told}".strip()

    def mark(self, why: str, source: str) -> str:
        """``(2)``."""
        return f"({self._number(why, source)})"

    def lines(self) -> Iterator[str]:
        """A list, with an empty line behind it; nothing where no reason was named."""
        for (why, source), number in self._numbers.items():
            yield f"{number}. {text(why)} {link('source', source)}"
        if self._numbers:
            yield ""

    def _number(self, why: str, source: str) -> int:
        return self._numbers.setdefault((why, source), len(self._numbers) + 1)
