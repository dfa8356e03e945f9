"""What a framework does beside its numbers: its outcome, exceptions, properties, warnings."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.report.report import Entry
from conformance.upgrade.change import Change, Kind, Severity, family, plain_message
from conformance.upgrade.signature import is_signature
from conformance.upgrade.signature import moved as moved_arguments

DOWN = ("crashed", "hung")
ALIKE = 40  # characters by which a warning is known, whatever follows them
WHOLE = "make up the whole"  # of the pieces of a split


def ran(entry: Entry) -> bool:
    """Whether the call came to its end."""
    return entry.outcome in ("agrees", "differs") or entry.native is not None


def changes(before: Entry, after: Entry) -> Iterator[Change]:
    """What changed in conduct."""
    yield from _outcome(before, after)
    if ran(before) and ran(after):
        yield from _pieces(before, after)
    yield from _properties(before.properties, after.properties)
    if ran(before) == ran(after):  # one that went no further had less to warn of
        yield from _warnings(before, after)


def word(entry: Entry) -> str:
    """How the call ended, in words that are the same for every case."""
    if ran(entry):
        return "accepted" if "rejects" in entry.claims else "runs"
    if entry.exception is not None:
        whose = "the adapter itself raises" if entry.exception.own else "raises"
        return f"{whose} {entry.exception.type}: {plain_message(entry.exception.message)}"
    if entry.outcome == "unsupported":
        return f"not there: {entry.detail}"
    return f"{entry.outcome}: {plain_message(entry.detail)}"


def _outcome(before: Entry, after: Entry) -> Iterator[Change]:
    words = word(before), word(after)
    old, new = before.control, after.control
    if (old is None) != (new is None) and before.outcome == after.outcome == "rejected":
        one, two = (f"refused: {one.type}" if one else "accepted" for one in (old, new))
        yield Change("breaking" if new else "fixed", "right input", one, two)
    if words[0] == words[1]:
        return
    exact = tuple(
        f"{when}: {entry.exception.type}: {entry.exception.message.partition(chr(10))[0]}"
        for when, entry in (("before", before), ("after", after))
        if entry.exception
    )
    if not ran(before) and not ran(after) and before.outcome == after.outcome:
        yield Change("property", "exception", *words, exact=exact)
    else:
        yield Change(_severity(before, after), "outcome", *words, exact=exact)


def _severity(before: Entry, after: Entry) -> Severity:
    """That of an outcome which is another now."""
    if after.outcome in DOWN or (after.outcome == "broken" and ran(before)):
        return "breaking"
    if "rejects" in before.claims or "rejects" in after.claims:
        return "fixed" if before.outcome in DOWN else "input"
    if ran(before):
        return "breaking"
    if ran(after):
        return "input" if before.outcome == "unsupported" or after.outcome != "agrees" else "fixed"
    return "fixed" if before.outcome in DOWN else "property"


def _pieces(before: Entry, after: Entry) -> Iterator[Change]:
    told = []
    for entry in (before, after):
        claim = entry.claims.get("splits")
        if claim is None or claim.outcome == "unsupported":
            return
        told.append(WHOLE if claim.outcome == "agrees" else "do not make up the whole")
    if told[0] != told[1]:
        yield Change("fixed" if told[1] == WHOLE else "breaking", "pieces", told[0], told[1])


def _warnings(before: Entry, after: Entry) -> Iterator[Change]:
    old, new = ({plain_message(one) for one in entry.warnings} for entry in (before, after))
    come, gone = sorted(new - old), sorted(old - new)
    for one in come:
        like = next((other for other in gone if other[:ALIKE] == one[:ALIKE]), None)
        if like is None:
            yield Change("warning", "warning", "no warning", one)
        else:
            gone.remove(like)
            yield Change("property", "warning", like, one)
    for one in gone:
        yield Change("property", "warning", one, "no warning")


def _properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    told = {"exception"}  # of which the exception itself tells
    told |= {name for name in old if old[name] is None or new.get(name) is None}  # unseen
    for name in (name for name in old if name not in told):
        kinds: dict[str, Kind] = {
            one: one for one in ("container", "padding", "checkpoint", "defaults")
        }
        kind = kinds.get(name, "property")
        severity: Severity = "property" if kind == "property" else "breaking"
        for place, one, two in _differences(name, old[name], new[name]):
            if is_signature(one) and is_signature(two):
                yield from moved_arguments(one, two)
            else:
                level = _promoted(one, two) if ".promotes." in place else severity
                yield Change(level, kind, f"{place}: {one}", f"{place}: {two}", (place,))


def _promoted(old: Any, new: Any) -> Severity:
    """What an input of another dtype comes to: a dtype, or the type of an exception."""
    refused = [str(one)[:1].isupper() for one in (old, new)]
    if not refused[0]:
        return "breaking"
    return "property" if refused[1] else "input"


def _differences(place: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The leaves in which plain data differ, each with its place; layers go without numbers."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(
                f"{place}.{family(key)}", old.get(key, "gone"), new.get(key, "gone")
            )
    elif old != new:
        one, two = (family(each) if isinstance(each, str) else each for each in (old, new))
        yield (place, old, new) if is_signature(old) or one == two else (place, one, two)
