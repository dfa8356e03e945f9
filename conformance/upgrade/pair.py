"""The cases that both of two reports speak of, and those that only one does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.contract import Layer
from conformance.report.report import Entry, Header, Installed


class PairError(Exception):
    """Two reports that have nothing to compare; the message is one line."""


@dataclass(frozen=True)
class Side:
    """One report, and what it is called: the path of its file, or what was installed for it."""

    name: str
    header: Header
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Pair:
    """One case on both sides."""

    before: Entry
    after: Entry


@dataclass(frozen=True)
class Match:
    """One framework of both sides."""

    framework: str  # without its interpreter
    before: Installed
    after: Installed
    pairs: tuple[Pair, ...]
    gone: tuple[str, ...]  # cases of the first side alone
    come: tuple[str, ...]  # of the second alone
    other: tuple[str, ...]  # whose id is on both sides, and which ask for something else on each


def matched(before: Side, after: Side) -> list[Match]:
    """Every framework of both sides with its cases. Raises PairError where there is none."""
    old, new = (_labels(side) for side in (before, after))
    shared = [name for name in old if name in new]
    if not shared:
        told = [", ".join(names) or "nothing" for names in (old, new)]
        raise PairError(f"no framework is on both sides: {told[0]} before, {told[1]} after")
    return [_match(name, before, after, old[name], new[name]) for name in shared]


def unmatched(before: Side, after: Side) -> list[str]:
    """The frameworks that only one side has."""
    return sorted(_labels(before).keys() ^ _labels(after).keys())


def _match(name: str, before: Side, after: Side, first: str, second: str) -> Match:
    ours = [one for one in before.entries if one.framework == first]
    theirs = [one for one in after.entries if one.framework == second]
    hashed = all(one.meaning is not None for one in (*ours, *theirs))
    old, new = (_by_meaning(entries, hashed) for entries in (ours, theirs))
    gone = [one.case for key, one in old.items() if key not in new]
    come = [one.case for key, one in new.items() if key not in old]
    return Match(
        framework=name,
        before=before.header.frameworks[first],
        after=after.header.frameworks[second],
        pairs=tuple(Pair(one, new[key]) for key, one in old.items() if key in new),
        gone=tuple(case for case in gone if case not in come),
        come=tuple(case for case in come if case not in gone),
        other=tuple(case for case in gone if case in come),
    )


def _by_meaning(entries: Iterable[Entry], hashed: bool) -> Mapping[object, Entry]:
    """By what each case asks; a report without that hash has the id, the layer and the sizes."""
    return {one.meaning if hashed else _meaning(one): one for one in entries}


def _meaning(entry: Entry) -> object:
    usual = {one.name: one.default for one in Layer.__dataclass_fields__.values()}
    layer = {key: value for key, value in entry.layer.items() if usual.get(key) != value}
    return entry.case, str(sorted(layer.items())), str(sorted(entry.dimensions.items()))


def _labels(side: Side) -> dict[str, str]:
    """The label of each framework that is installed, by its name. Raises PairError."""
    labels: dict[str, str] = {}
    for label, about in side.header.frameworks.items():
        name = label.partition("@")[0]
        if about.missing:
            continue
        if name in labels:
            raise PairError(
                f"{side.name}: {name} is in it twice, as {labels[name]} and as {label}: "
                "one report for each version"
            )
        labels[name] = label
    return labels
