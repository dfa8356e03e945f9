"""Slower or faster: seconds of many cases as one ratio, since those of one case are noise."""

from collections.abc import Sequence
from statistics import median

from conformance.upgrade.change import Change
from conformance.upgrade.conduct import ran
from conformance.upgrade.pair import Pair

ENOUGH = 20  # cases, of which half go one way by chance once in a million
BRIEF = 1e-3  # seconds: below, it is the clock that is measured
NOTICED = 1.5


def ratios(pairs: Sequence[Pair]) -> dict[str, tuple[float, int]]:
    """By call of the adapter, the median ratio of seconds, and of how many cases."""
    found: dict[str, list[float]] = {}
    for pair in pairs:
        if not (ran(pair.before) and ran(pair.after)):
            continue
        for part, old in pair.before.seconds.items():
            new = pair.after.seconds.get(part, 0.0)
            if min(old, new) >= BRIEF:
                found.setdefault(part, []).append(new / old)
    return {part: (median(of), len(of)) for part, of in sorted(found.items())}


def changes(pairs: Sequence[Pair]) -> list[Change]:
    """The calls that take another time, over enough cases."""
    found = []
    for part, (ratio, cases) in ratios(pairs).items():
        if cases >= ENOUGH and not 1 / NOTICED < ratio < NOTICED:
            words = f"{part} in some time", f"{part} in {ratio:.1f} times that"
            found.append(Change("speed", "seconds", *words, exact=(f"over {cases} cases",)))
    return found
