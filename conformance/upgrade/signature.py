"""The arguments of a class or function, as ``inspect`` tells them: which moved, came or went."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.upgrade.change import Change

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
        what = f"argument {name}"
        if two is None:
            yield Change("breaking", "defaults", what, "gone", (name,))
            continue
        if one.default != two.default:
            words = (f"{what} = {one.default}", f"{what} = {two.default}")
            yield Change("breaking", "defaults", *words, (name,))
        if one.place is not None and one.place != two.place:
            place = "by name alone" if two.place is None else f"at place {two.place}"
            yield Change("breaking", "defaults", f"{what} at place {one.place}", place, (name,))
    for name, two in after.items():
        if name not in before:
            needed = two.default is None and not name.startswith("*")
            words = ("no such argument", f"argument {name} = {two.default}")
            yield Change("breaking" if needed else "property", "defaults", *words, (name,))


def arguments(signature: str) -> dict[str, Argument]:
    """The arguments of ``(a, b=1, *, c=f(2, 3))`` by name."""
    found, place, named = {}, 0, False
    for part in _parts(signature[1:-1]):
        name, equals, default = (one.strip() for one in part.partition("="))
        if name in ("*", "/"):
            named |= name == "*"
            continue
        name = name.partition(":")[0]
        found[name] = Argument(name, None if named else place, default if equals else None)
        place += 1
        named |= name.startswith("*")
    return found


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
