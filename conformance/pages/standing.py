"""How a framework stands to a layer: it agrees, differs (always or in part), or has no such layer.

What is pinned of an empty axis is left out: hardly any framework would agree on anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from adapters.contract import Gap
from conformance.lstm.case import Case, Deviation
from conformance.lstm.kind import ANY, SIZES, USUAL
from conformance.pages.book import Book, stands
from conformance.pages.option import Asked

APART = {"rejects", "properties"}  # claims that say nothing of right input to a layer
WORDS = ("agrees", "partly", "differs", "gap", "unseen")


@dataclass(frozen=True)
class Standing:
    """``partly``: pinned at certain sizes, lengths or inputs; ``unseen``: no case shows it."""

    kind: Literal["agrees", "partly", "differs", "gap", "unseen"]
    gap: Gap | None = None
    pins: tuple[Deviation, ...] = ()

    @property
    def reasons(self) -> Iterator[tuple[str, str]]:
        """Why, each with a link."""
        if self.gap:
            yield self.gap.why, self.gap.source
        yield from dict.fromkeys((pin.why, pin.source) for pin in self.pins)


def standing(book: Book, name: str, asked: Asked) -> Standing:
    """How the framework `name` stands to the layer, whatever its sizes but the number of layers."""
    if gap := book.frameworks[name].gap(asked.layer):
        return Standing("gap", gap)
    always: list[Deviation] = []
    partly: list[Deviation] = []
    for pin in book.deviations:
        if pin.framework == name and counts(book, pin) and (how := _meets(book, pin, asked)):
            (always if how == "always" else partly).append(pin)
    if always:
        return Standing("differs", pins=(*always, *partly))
    if partly:
        return Standing("partly", pins=tuple(partly))
    return Standing("agrees" if _shown(book, name, asked) else "unseen")


def counts(book: Book, pin: Deviation) -> bool:
    """Whether a pin says something of right input to a layer, in the pinned version."""
    empty = any(0 in pin.kind.get(size, ()) for size in SIZES)
    speaks = not set(pin.claims) <= APART and not empty
    return speaks and stands(pin.version, book.frameworks[pin.framework].versions)


def _meets(book: Book, pin: Deviation, asked: Asked) -> Literal["always", "partly"] | None:
    """Whether the pin speaks of every such layer, or of some; a size is what it may hang on."""
    has = {**vars(asked.layer), "num_layers": asked.dimensions.num_layers}
    if pin.cases == "*":
        named = {name: may for name, may in pin.kind.items() if name in has}
        if not all(
            has[name] in may or (ANY in may and has[name] != USUAL[name])
            for name, may in named.items()
        ):
            return None
        hangs = pin.kind.keys() - named.keys()
        return "partly" if hangs - {"run"} or False in pin.kind.get("run", ()) else "always"
    ids = {case.id for case in alike(book, pin.framework, asked)}
    met = ids & book.met[id(pin)]
    if not met:
        return None
    return "always" if met == ids else "partly"


def alike(book: Book, name: str, asked: Asked) -> list[Case]:
    """The cases of right input with this very layer, that the framework is put to."""
    stack = asked.dimensions.num_layers > 1
    return [
        case
        for case in book.by_layer.get(asked.layer, ())
        if case.id in book.put[name] and (case.dimensions.num_layers > 1) == stack
    ]


def _shown(book: Book, name: str, asked: Asked) -> bool:
    """Whether a case that has all that is asked for, and maybe more, is met without a pin."""
    stack = asked.dimensions.num_layers > 1
    chosen = {one: value for one, value in asked.chosen.items() if one != "num_layers"}.items()
    return any(chosen <= has and (stacked or not stack) for has, stacked in book.agreed[name])
