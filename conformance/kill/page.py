"""``docs/kill-matrix.md``: the matrix as a page, by fault and by file of cases."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from conformance.claim.check import CLAIMS
from conformance.kill.matrix import Row
from conformance.lstm.case import Case

PAGE = Path("docs", "kill-matrix.md")
COVERING = "coverage-"  # files that combine all options, and so tell what other files are there for
MADE = re.compile(r"<!-- made of (\w+), as (\w+) -->\n\Z")

HEAD = """\
# What the suite tells of a wrong layer

Written by `python -m conformance kill`; a test fails where it is stale.

A suite is worth what it would catch. Here a right layer, `adapters/numpy.py`, is given
one fault after another, each a change of a line or two (`tests/harness/mutants/faults/`), and put
to all claims on the cases by the engine's own functions. A case *tells* a fault where a claim on
it does not agree. Two cases are to tell each fault. Where two of the default run do, the cases that
run on demand (`--tag triples`, `--tag sizes`) are not tried: they combine all options.
"""


def text(rows: Sequence[Row], cases: Iterable[Case], stays: Mapping[str, str], made: str) -> str:
    """The page of `rows`; `made` is the digest of what they were made of."""
    sections = [
        HEAD,
        "\n".join(_figures(rows)),
        "## By claim\n\n" + "\n".join(_claims(rows)),
        "## By file of cases\n\n" + "\n".join(_files(rows, cases, stays)),
        "## Not told yet\n\n" + "\n".join(_open(rows)),
        "## Told by no result\n\n" + "\n".join(_equivalent(rows)),
        "## By fault\n\n" + "\n".join(_kinds(rows)),
    ]
    page = "\n\n".join(section.rstrip("\n") for section in sections) + "\n\n"
    return f"{page}<!-- made of {made}, as {_hash(page)} -->\n"


def stale(page: str, made: str) -> str | None:
    """What is wrong with a page, in a line; None where it is what `made` gives, untouched."""
    found = MADE.search(page)
    if found is None:
        return "the page does not say what it was made of"
    if found[1] != made:
        return "the page was made of other code, cases or faults: python -m conformance kill"
    if found[2] != _hash(page[: found.start()]):
        return "the page was changed by hand: python -m conformance kill"
    return None


def line(row: Row) -> str:
    """The line of one fault: what is wrong, who had it, and what tells it."""
    fault = row.fault
    claims = Counter(claim for kill in row.kills for claim in kill.claims)
    files = Counter(kill.behaviour for kill in row.kills)
    told = f"{len(row.kills)}{' on demand' if _on_demand(row) else ''}"
    if len(row.kills) == 1:
        told += f": {row.kills[0].case}"
    cells = [
        fault.id,
        fault.about,
        _link(fault.shipped),
        told,
        ", ".join(f"{name} {claims[name]}" for name in CLAIMS if name in claims),
        ", ".join(f"{name} {count}" for name, count in sorted(files.items())),
    ]
    return _cells(cells)


def only(rows: Sequence[Row], behaviour: str) -> list[str]:
    """The ids of the faults that this file tells, and no other; see `COVERING`."""
    covering = behaviour.startswith(COVERING)
    found = []
    for row in rows:
        files = {kill.behaviour for kill in row.kills}
        others = {name for name in files if covering or not name.startswith(COVERING)}
        if others == {behaviour}:
            found.append(row.fault.id)
    return found


def unexplained(
    rows: Sequence[Row], cases: Iterable[Case], stays: Mapping[str, str]
) -> Iterator[str]:
    """Each file that tells no fault alone and does not say why it stays, and each that is none."""
    files = sorted({case.behaviour for case in cases})
    for name in files:
        if name not in stays and not only(rows, name):
            yield f"{name}: tells no fault alone: say in stays.yaml why it stays"
    yield from (f"{name}: no such file of cases" for name in stays if name not in files)


def _figures(rows: Sequence[Row]) -> Iterator[str]:
    equivalent = [row for row in rows if row.fault.equivalent]
    told = [row for row in rows if row.told]
    yield _cells(["faults", str(len(rows))])
    yield "|---|---|"
    yield _cells(["of which frameworks or their users had", str(sum(map(_shipped, rows)))])
    yield _cells(["told by two cases or more", str(len(told))])
    yield _cells(["... on demand alone", str(sum(map(_on_demand, told)))])
    yield _cells(["told by one case alone", str(sum(len(row.kills) == 1 for row in rows))])
    yield _cells(["told by none yet", str(sum(row.open and not row.kills for row in rows))])
    yield _cells(["that no result can show", str(len(equivalent))])


def _claims(rows: Sequence[Row]) -> Iterator[str]:
    yield _cells(["claim", "faults told", "by it alone"])
    yield "|---|---|---|"
    told = [{claim for kill in row.kills for claim in kill.claims} for row in rows]
    for name in CLAIMS:
        counts = sum(name in claims for claims in told), sum({name} == claims for claims in told)
        yield _cells([name, *map(str, counts)])


def _files(rows: Sequence[Row], cases: Iterable[Case], stays: Mapping[str, str]) -> Iterator[str]:
    yield "Alone means: by no other file, the covering arrays aside."
    yield ""
    yield _cells(["file", "cases", "faults told", "alone", "which, or why the file stays"])
    yield "|---|---|---|---|---|"
    for name, count in sorted(Counter(case.behaviour for case in cases).items()):
        told = sum(name in {kill.behaviour for kill in row.kills} for row in rows)
        alone = only(rows, name)
        last = ", ".join(alone) or stays.get(name, "")
        yield _cells([name, str(count), str(told), str(len(alone)), last])


def _open(rows: Sequence[Row]) -> Iterator[str]:
    yield "Fewer than two cases tell these."
    yield ""
    yield _cells(["fault", "what is wrong", "cases", "what a case would have to say"])
    yield "|---|---|---|---|"
    for row in rows:
        if row.open:
            told = ", ".join(kill.case for kill in row.kills) or "none"
            yield _cells([row.fault.id, row.fault.about, told, row.fault.awaits])


def _equivalent(rows: Sequence[Row]) -> Iterator[str]:
    yield _cells(["change", "what it is", "why it is no fault"])
    yield "|---|---|---|"
    for row in rows:
        if row.fault.equivalent:
            yield _cells([row.fault.id, row.fault.about, row.fault.equivalent])


def _kinds(rows: Sequence[Row]) -> Iterator[str]:
    kind = ""
    for row in rows:
        if row.fault.kind != kind:
            kind = row.fault.kind
            yield f"### {kind}\n\n{row.fault.of_kind}\n"
            yield _cells(["fault", "what is wrong", "seen", "cases", "claims", "files"])
            yield "|---|---|---|---|---|---|"
        yield line(row)


def _on_demand(row: Row) -> bool:
    return bool(row.kills) and all(kill.on_demand for kill in row.kills)


def _shipped(row: Row) -> bool:
    return bool(row.fault.shipped)


def _link(url: str) -> str:
    """A link with a short text: ``repository#12``, or the site's name."""
    issue = re.fullmatch(r"https://github\.com/[^/]+/([^/]+)/(?:issues|pull)/(\d+)", url)
    site = re.match(r"https?://([^/]+)", url)
    told = f"{issue[1]}#{issue[2]}" if issue else site[1] if site else ""
    return f"[{told}]({url})" if url else ""


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _hash(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()
