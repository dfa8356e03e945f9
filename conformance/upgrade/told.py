"""A comparison as text, Markdown, JSON or the workflow commands of GitHub."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict

from conformance.upgrade.account import Account, Finding
from conformance.upgrade.change import SEVERITIES, TITLES
from conformance.upgrade.comparison import Comparison

FEW = 3  # cases that are named; JSON has all
WIDE = 200  # characters of a value in a line
LEVELS = {"breaking": "error", "fixed": "notice", "bits": "notice", "speed": "notice"}


def text(comparison: Comparison) -> Iterator[str]:
    """For a terminal."""
    yield from _heads(comparison)
    for account in comparison.accounts:
        yield ""
        yield from _summary(account)
        for title, findings in _sections(account):
            yield ""
            yield title
            for number, finding in findings:
                yield f"{number:>3}. {_what(finding)}"
                for label, said in _lines(comparison, account, finding):
                    yield f"     {label:<9} {said}"


def markdown(comparison: Comparison) -> Iterator[str]:
    """For a page or a comment; what was observed is never markup."""
    yield f"# {_plain(comparison.before)} → {_plain(comparison.after)}"
    yield ""
    yield from (f"- {_code(line)}" for line in _heads(comparison))
    for account in comparison.accounts:
        yield f"\n## {account.framework}\n"
        yield from (f"- {_code(line)}" for line in _summary(account))
        yield from sections(comparison, account)


def sections(comparison: Comparison, account: Account) -> Iterator[str]:
    """The findings of one framework in Markdown, by severity."""
    for title, findings in _sections(account):
        yield f"\n### {title}\n"
        for number, finding in findings:
            yield f"{number}. {_code(_what(finding))}"
            for label, said in _lines(comparison, account, finding):
                yield f"    - {label}: {_code(said)}"


def as_json(comparison: Comparison) -> Iterator[str]:
    """All of it, every case of every finding."""
    plain = asdict(comparison) | {"status": comparison.status}
    yield json.dumps(plain, indent=2)


def github(comparison: Comparison) -> Iterator[str]:
    """``::error title=...::``, one line a finding, as a workflow's log turns into annotations."""
    for line in _heads(comparison)[1:]:
        yield f"::warning title={_property('upgrade')}::{_data(line)}"
    for account in comparison.accounts:
        for _, findings in _sections(account):
            for _, finding in findings:
                level = LEVELS.get(finding.severity, "warning")
                title = f"{account.framework}: {finding.severity}: {finding.kind}"
                said = [_what(finding)]
                said += [f"{a}: {b}" for a, b in _lines(comparison, account, finding)]
                yield f"::{level} title={_property(title)}::{_data(chr(10).join(said))}"
        for line in _summary(account):
            yield _plain(line)


FORMATS: Mapping[str, Callable[[Comparison], Iterator[str]]] = {
    "text": text,
    "markdown": markdown,
    "json": as_json,
    "github": github,
}


def _heads(comparison: Comparison) -> list[str]:
    """What holds of both sides, whichever framework."""
    lines = [" -> ".join(_plain(one) for one in (comparison.before, comparison.after))]
    lines += map(_plain, comparison.notes)
    lines += [f"on one side alone: {_plain(name)}" for name in comparison.unmatched]
    for one in comparison.dead:
        lines.append(f"{one.framework} does not run {one.side}: {_cut(one.outcome)}")
        places = " -> ".join(filter(None, (one.adapter, one.raised)))
        lines += [f"  at {_plain(places)}"] if places else []
        lines.append(f"  {_plain(one.fault)}")
    return lines


def _summary(account: Account) -> Iterator[str]:
    names = dict.fromkeys((*account.before, *account.after))
    versions = [(n, account.before.get(n, "-"), account.after.get(n, "-")) for n in names]
    told = [f"{n} {old} -> {new}" if old != new else f"{n} {old}" for n, old, new in versions]
    yield f"{account.framework}: {_plain(', '.join(told))}"
    yield f"compared: {account.compared} cases" + _counts("; not compared", account.uncompared)
    if account.behind:
        told = [f"{count} {how}" for how, count in account.behind.items()]
        yield f"nothing to compare with the other side's results: {', '.join(told)}"
    if account.numberless:
        yield f"numbers not compared{_counts('', account.numberless)}"
    for what, cases in (
        ("before alone", account.gone),
        ("after alone", account.come),
        ("another case of that id on each side", account.other),
    ):
        if cases:
            yield f"{what}: {len(cases)} cases: {_some(cases)}"
    if account.pace:
        told = [f"{part} {ratio:.2f} ({of})" for part, (ratio, of) in account.pace.items()]
        yield f"seconds after over before (cases): {', '.join(told)}"
    by = {one: sum(f.severity == one for f in account.findings) for one in SEVERITIES}
    counted = ", ".join(f"{count} {one}" for one, count in by.items() if count)
    kinds = len(account.findings)
    yield f"changes: {account.raw}, of {kinds} kinds: {counted or 'nothing changed'}"


def _sections(account: Account) -> Iterator[tuple[str, list[tuple[int, Finding]]]]:
    numbered = list(enumerate(account.findings, 1))
    for severity in SEVERITIES:
        found = [(number, one) for number, one in numbered if one.severity == severity]
        if found:
            yield TITLES[severity], found


def _what(finding: Finding) -> str:
    return f"{finding.kind} of {finding.where}"


def _lines(comparison: Comparison, account: Account, finding: Finding) -> Iterator[tuple[str, str]]:
    """What is told beneath a finding, each with its label."""
    yield "before", _cut(finding.before)
    yield "after", _cut(finding.after)
    if finding.names:
        yield "of", _cut(_some(finding.names, 8))
    if finding.cases:
        yield "cases", _some(finding.cases)
        yield "asks", _cut(finding.asks)
    for line in finding.exact[:FEW]:
        yield "exactly" if finding.cases else "seen", _cut(line)
    for one in finding.consequences:
        words = f"{one.severity} {one.kind} of {len(one.cases)}: {one.before} -> {one.after}"
        yield "with it", _cut(words)
    for pin in finding.known:
        yield "known", _plain(pin)  # with a reproduction, of which nothing is left out
    again = comparison.commands.get(account.framework)
    if again and finding.cases:
        yield "rerun", f"{again} --case {_plain(finding.cases[0])}"


def _some(names: tuple[str, ...], most: int = FEW) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return _plain(", ".join(names[:most])) + more


def _counts(head: str, of: Mapping[str, int]) -> str:
    told = ", ".join(f"{count} {reason}" for reason, count in of.items())
    return f"{head}: {_plain(told)}" if told else ""


def _cut(said: str) -> str:
    said = _plain(said)
    return said if len(said) <= WIDE else said[: WIDE - 3] + "..."


def _plain(said: str) -> str:
    """Text with nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in said)


def _code(said: str) -> str:
    """A code span of Markdown, whatever stands in it."""
    fence = "`"
    while fence in said:
        fence += "`"
    return f"{fence} {said} {fence}" if len(fence) > 1 or not said.strip() else f"`{said}`"


def _data(said: str) -> str:
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(said: str) -> str:
    return _data(said).replace(":", "%3A").replace(",", "%2C")
