"""What each release on record changed, against the last one before it on which the adapter runs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.report import kept
from conformance.report.kept import About, Kept
from conformance.upgrade.account import Account
from conformance.upgrade.change import SEVERITIES, Severity
from conformance.upgrade.comparison import Comparison, comparison
from conformance.upgrade.environment import apart
from conformance.upgrade.pair import Side
from conformance.upgrade.release import UNSTEADY

STEADY: tuple[Severity, ...] = tuple(one for one in SEVERITIES if one not in UNSTEADY)


@dataclass(frozen=True)
class Chapter:
    """One release."""

    about: About
    cases: int  # that were put, and of which there is something to see
    before: str = ""  # the release that it is compared with; empty for the first
    beside: tuple[str, ...] = ()  # what else is installed in another version than then
    told: Comparison | None = None
    account: Account | None = None  # of what other work on a machine does not move

    @property
    def counts(self) -> Mapping[Severity, int]:
        """How many findings there are, by severity."""
        found = Counter(one.severity for one in self.account.findings) if self.account else {}
        return {severity: found[severity] for severity in STEADY if found.get(severity)}


def chronicle(folder: Path, framework: str) -> list[Chapter]:
    """All releases of a framework that are on record, the oldest first. Raises KeptError."""
    chapters = []
    last: Kept | None = None
    for release in kept.releases(folder, framework):
        one = kept.read(kept.path_of(folder, framework, release))
        chapters.append(_chapter(one, last))
        if one.about.silent is None:
            last = one
    return chapters


def _chapter(one: Kept, last: Kept | None) -> Chapter:
    about = one.about
    ran = sum(entry.outcome != "unsupported" for entry in one.entries)
    if last is None or about.silent is not None:
        return Chapter(about, ran)
    told = comparison(_side(last), _side(one))
    (account,) = told.accounts
    steady = tuple(found for found in account.findings if found.severity in STEADY)
    installed = ({**here.about.distributions} for here in (last, one))
    old, new = ({k: v for k, v in there.items() if k != about.package} for there in installed)
    return Chapter(
        about,
        ran,
        last.about.release,
        tuple(apart(old, new)),
        replace(told, commands={}),
        replace(account, findings=steady),
    )


def _side(one: Kept) -> Side:
    return Side(f"{one.about.package} {one.about.release}", *kept.as_report(one))
