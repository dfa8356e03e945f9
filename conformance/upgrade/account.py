"""The account of an upgrade: equal changes as one finding, the most severe first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from conformance.report.report import Entry
from conformance.upgrade import pace
from conformance.upgrade.cause import rooted
from conformance.upgrade.change import SEVERITIES, Change, Kind, Severity, family
from conformance.upgrade.common import USUAL, Common, common
from conformance.upgrade.compare import behind, compared, hidden, numberless
from conformance.upgrade.pair import Match, Pair

Hit = tuple[Pair, Change, list[Change]]  # where it is, what it is, and what it brings about


@dataclass(frozen=True)
class Finding:
    """One change, in all cases in which it is."""

    severity: Severity
    kind: Kind
    before: str
    after: str
    names: tuple[str, ...]  # without numbers of layers
    cases: tuple[str, ...]  # the shortest first
    where: Common
    exact: tuple[str, ...]  # of the shortest case
    asks: str  # what the shortest case asks: options beside the usual, and sizes
    consequences: tuple["Finding", ...] = ()
    known: tuple[str, ...] = ()  # pins that speak of the shortest case, each with its reproduction


@dataclass(frozen=True)
class Account:
    """One framework before and after: what was compared, and what changed."""

    framework: str
    before: Mapping[str, str]  # versions
    after: Mapping[str, str]
    compared: int  # cases of which something could be
    raw: int  # changes, before equal ones are one
    findings: tuple[Finding, ...]
    uncompared: Mapping[str, int]  # cases by the reason why nothing of them was
    behind: Mapping[str, int]  # by how the other side ended: results with nothing to compare
    numberless: Mapping[str, int]  # by the reason why numbers were not
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    pace: Mapping[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def breaking(self) -> int:
        """How many findings are breaking."""
        return sum(one.severity == "breaking" for one in self.findings)


def account(match: Match) -> Account:
    """The account of one framework."""
    pairs = [pair for pair in match.pairs if not hidden(pair)]
    hits: list[Hit] = []
    raw = 0
    for pair in pairs:
        changes = compared(pair)
        raw += len(changes)
        hits += [(pair, root, beneath) for root, beneath in rooted(changes)]
    entries = [pair.before for pair in pairs]
    findings = [*_findings(hits, entries), *(_paced(one, entries) for one in pace.changes(pairs))]
    return Account(
        framework=match.framework,
        before=match.before.versions,
        after=match.after.versions,
        compared=len(pairs),
        raw=raw,
        findings=tuple(sorted(findings, key=_rank)),
        uncompared=_counted(map(hidden, match.pairs)),
        behind=_counted(map(behind, match.pairs)),
        numberless=_counted(map(numberless, pairs)),
        gone=match.gone,
        come=match.come,
        other=match.other,
        pace=pace.ratios(pairs),
    )


def _findings(hits: Sequence[Hit], entries: Sequence[Entry]) -> list[Finding]:
    groups: dict[tuple[str, ...], list[Hit]] = {}
    for hit in hits:
        change = hit[1]
        # What breaks the cases in which it must and those of wrong input is not the same change.
        key = change.severity, change.kind, change.before, change.after
        groups.setdefault(key, []).append(hit)
    return [_finding(group, entries) for group in groups.values()]


def _finding(group: Sequence[Hit], entries: Sequence[Entry]) -> Finding:
    group = sorted(group, key=lambda hit: _size(hit[0].before))
    first = group[0][1]
    names = dict.fromkeys(family(name) for _, change, _ in group for name in change.names)
    beneath: list[Hit] = [(pair, one, []) for pair, _, under in group for one in under]
    return Finding(
        first.severity,
        first.kind,
        first.before,
        first.after,
        tuple(names),
        tuple(pair.after.case for pair, _, _ in group),
        common([pair.before for pair, _, _ in group], entries),
        first.exact,
        _asks(group[0][0].before),
        tuple(sorted(_findings(beneath, entries), key=_rank)),
    )


def _paced(change: Change, entries: Sequence[Entry]) -> Finding:
    where = Common({}, len(entries), len(entries))
    words = change.severity, change.kind, change.before, change.after
    return Finding(*words, (), (), where, change.exact, "")


def _asks(entry: Entry) -> str:
    layer = {name: value for name, value in entry.layer.items() if USUAL.get(name) != value}
    told = [f"{name}={value!r}" for name, value in {**layer, **entry.dimensions}.items()]
    return ", ".join(told)


def _size(entry: Entry) -> tuple[int, int, str]:
    """What makes a case long to look at: options beside the usual, then sizes."""
    unusual = sum(USUAL.get(name, value) != value for name, value in entry.layer.items())
    return unusual, prod(entry.dimensions.values()), entry.case


def _rank(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), -len(finding.cases)


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    return dict(Counter(reason for reason in reasons if reason).most_common())
