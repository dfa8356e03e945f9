"""Both sides of one case, and all that changed there."""

from conformance.upgrade import conduct, numbers, tensors
from conformance.upgrade.change import Change, Kind, joined
from conformance.upgrade.pair import Pair

ORDER: tuple[Kind, ...] = ("parameters", "outcome", "names", "shape", "dtype", "values")


def compared(pair: Pair) -> list[Change]:
    """What changed from one side to the other, causes first; nothing where that cannot be told."""
    if hidden(pair):
        return []
    found = joined(
        [
            *tensors.changes(pair.before, pair.after),
            *conduct.changes(pair.before, pair.after),
            *numbers.changes(pair.before, pair.after),
        ]
    )
    return sorted(found, key=lambda one: ORDER.index(one.kind) if one.kind in ORDER else len(ORDER))


def hidden(pair: Pair) -> str:
    """Why nothing of the framework can be compared; empty where something can."""
    if pair.before.outcome == "broken":
        return "the adapter itself failed before"
    if pair.after.outcome == "broken" and not conduct.ran(pair.before):
        return "the adapter itself failed after"
    if pair.before.outcome == pair.after.outcome == "unsupported":
        return "not asked for on either side"
    return ""


def behind(pair: Pair) -> str:
    """What an end without results on one side hides of the other; empty where it hides nothing."""
    ended = {"before": pair.before, "after": pair.after}
    short = [when for when, entry in ended.items() if not conduct.ran(entry)]
    if len(short) != 1 or hidden(pair):
        return ""
    return f"{ended[short[0]].outcome} {short[0]}"


def numberless(pair: Pair) -> str:
    """Why the numbers of a case that ran on both sides are not compared; empty where they are."""
    if not (pair.before.native and pair.after.native) or numbers.comparable(*vars(pair).values()):
        return ""
    if pair.before.fed is None or pair.after.fed is None:
        return "a report from before there was a hash of the numbers"
    return "other numbers were fed"
