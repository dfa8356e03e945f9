"""Everything that is told of two sides: the account of each framework, and how to see it again."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.upgrade.account import Account, account
from conformance.upgrade.canary import Canary
from conformance.upgrade.pair import Match, Side, matched, unmatched


@dataclass(frozen=True)
class Comparison:
    """Two sides, framework by framework."""

    before: str
    after: str
    accounts: tuple[Account, ...]
    unmatched: tuple[str, ...] = ()  # frameworks that only one side has
    commands: Mapping[str, str] = field(default_factory=dict)  # that rerun both sides
    notes: tuple[str, ...] = ()
    dead: tuple[Canary, ...] = ()  # frameworks whose adapter does not run on a side

    @property
    def status(self) -> int:
        """1 where anything is breaking, 2 where anything could not be compared, else 0."""
        if any(one.breaking for one in self.accounts):
            return 1
        none = not self.accounts or not all(one.compared for one in self.accounts)
        return 2 if none or self.dead else 0


def comparison(before: Side, after: Side) -> Comparison:
    """Two saved reports, compared. Raises PairError where they have nothing in common."""
    matches = matched(before, after)
    cut = [side.name for side in (before, after) if not side.header.complete]
    return Comparison(
        before.name,
        after.name,
        tuple(map(account, matches)),
        tuple(unmatched(before, after)),
        {match.framework: command(match) for match in matches},
        tuple(
            f"{name} is of a run that was cut short: what it did not come to is missing"
            for name in cut
        ),
    )


def command(match: Match) -> str:
    """The command that runs both sides again, by the versions that their reports name."""
    old, new = (
        [f"{name}=={version.partition('+')[0]}" for name, version in side.versions.items()]
        for side in (match.before, match.after)
    )
    first = next(iter(match.before.versions), "")
    changed = [
        [one for one in ours if one not in theirs] for ours, theirs in ((old, new), (new, old))
    ]
    if not all(changed):
        changed = [[one for one in side if one.partition("==")[0] == first] for side in (old, new)]
    beside = [one for one in old if one in new and one not in changed[0]]
    return upgrade([" ".join(one) for one in changed], match.framework, beside)


def upgrade(sides: Sequence[str], framework: str, beside: Sequence[str] = ()) -> str:
    """``python -m conformance upgrade A B --framework NAME``, each word as a shell takes it."""
    words = ["python", "-m", "conformance", "upgrade", *sides, "--framework", framework]
    words += [word for one in beside for word in ("--with", one)]
    return shlex.join(words)
