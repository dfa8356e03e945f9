"""The arguments of a class or function, as ``inspect`` tells them: which moved, came or went."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.upgrade.change import Change, Severity

OPEN, CLOSE = "([{<", ")]}>"


@dataclass(frozen=True)
class Argument:
    """One argument: where it stands among those that go by place, and its default."""

    name: str
    place: int | None  # None behind a star
    default: str | None


def is_signature(value: Any) -> bool:
    """Whether a value is a signature as text: it names arguments in brackets."""
    return isinstance(value, str) and value.startswith("(") and value.endswith(")") and "=" in value


def moved(old: str, new: str) -> Iterator[Change]:
    """What the caller of the one finds changed in the other."""
    before, after = arguments(old), arguments(new)
    for name, one in before.items():
        two = after.get(name)
        if two is None:
            yield Change("breaking", "defaults", "an argument", "gone", (name,))
            continue
        if _bare(one.default) != _bare(two.default):
            words = (f"argument {name} = {one.default}", f"argument {name} = {two.default}")
            yield Change("breaking", "defaults", *words, (name,))
        if one.place is not None and one.place != two.place:
            words = ("argument by place", "by name alone")
            if two.place is not None:
                words = ("argument in its place", "in another place")
            exact = (f"{name}: place {one.place}, now {two.place}",) if two.place else ()
            yield Change("breaking", "defaults", *words, (name,), exact)
    for name, two in after.items():
        if name not in before:
            needed = two.default is None and not name.startswith("*")
            what = "an argument that is needed" if needed else "an argument that may be left out"
            severity: Severity = "breaking" if needed else "property"
            yield Change(severity, "defaults", "no such argument", what, (name,))


def arguments(signature: str) -> dict[str, Argument]:
    """The arguments of ``(a, b=1, *, c=f(2, 3))`` by name."""
    found, place, named = {}, 0, False
    for part in _parts(signature[1:-1]):
        name, equals, default = (one.strip() for one in part.partition("="))
        if name in ("*", "/"):
            named |= name == "*"
            continue
        name = name.partition(":")[0]
        named |= name.startswith("*")
        found[name] = Argument(name, None if named else place, default if equals else None)
        place += 1
    return found


def _bare(default: str | None) -> str | None:
    """A default without the module that a function says it is of: that moves, and it does not."""
    return default and re.sub(r"function (?:\w+\.)+(?=\w+>)", "function ", default)


def _parts(inside: str) -> Iterator[str]:
    """What stands between the commas that no bracket holds."""
    depth, start = 0, 0
    for at, one in enumerate(inside):
        depth += (one in OPEN) - (one in CLOSE and inside[at - 1 : at + 1] != "->")
        if one == "," and depth == 0:
            yield inside[start:at].strip()
            start = at + 1
    if inside[start:].strip():
        yield inside[start:].strip()
