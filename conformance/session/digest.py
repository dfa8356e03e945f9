"""What failed and what was pinned, in so few lines that they are read: each, or by kind.

pytest's own short summary has a line for each test, thousands of them where a framework is wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from conformance import plain
from conformance.report.report import ClaimEntry, Entry

EACH = 20  # so many have a line each
KINDS = 40  # lines at most, where each is for a kind

Key = TypeVar("Key")


@dataclass(frozen=True)
class Outcome:
    """A test that failed, or was expected to."""

    nodeid: str
    message: str  # what was found, or why it is expected
    entry: Entry | None = None  # of a claim on a case
    claim: str = ""

    @property
    def result(self) -> ClaimEntry | None:
        """What became of the claim."""
        return self.entry.claims[self.claim] if self.entry else None

    @property
    def kind(self) -> tuple[str, ...]:
        """What it has in common with others: framework, claim, and what came."""
        if self.entry is None or self.result is None:
            return ("others",)
        got = self.result.got
        # An exception's type or how a process died says more than the name of either.
        named = [str(got[name]) for name in ("exception", "detail") if name in got]
        told = " ".join([self.result.outcome, *(named or got)])
        return self.entry.framework, f"{self.claim}:", told

    @property
    def at(self) -> str:
        """The case, or the test's id where there is none."""
        return self.entry.case if self.entry else self.nodeid


def failed(tests: Sequence[Outcome], width: int) -> Iterator[str]:
    """A line for each test that failed; where they are many, for each kind, the largest first."""
    if len(tests) <= EACH:
        lines = [f"FAILED {test.nodeid} - {test.message}" for test in tests]
    else:
        kinds = _grouped(tests, lambda test: test.kind)
        lines = [
            f"{len(alike):>6} {' '.join(kind)}, as {alike[0].at}" for kind, alike in kinds[:KINDS]
        ]
        if rest := kinds[KINDS:]:
            lines.append(f"{sum(len(alike) for _, alike in rest):>6} of {len(rest)} more kinds")
    moved = [test for test in tests if test.result and test.result.alone]
    if moved:
        named = ", ".join(test.nodeid.rpartition("::")[2] for test in moved)
        lines.append(f"{len(moved)} because of what ran before in the process: {named}")
    return (cut(line, width) for line in lines)


def pinned(tests: Sequence[Outcome], width: int) -> Iterator[str]:
    """A line for each pin, with how many tests it expects to fail; where they are many, a file."""
    pins = _grouped(tests, _pin)
    if len(pins) > EACH:
        pins = _grouped(tests, lambda test: _pin(test).rpartition(":")[0])
        lines = [
            f"{len(alike):>6} by {len(set(map(_pin, alike)))} pins of {place}"
            for place, alike in pins
        ]
    else:
        lines = [f"{len(alike):>6} by {place}: {alike[0].message}" for place, alike in pins]
    return (cut(line, width) for line in lines)


def killed(entries: Iterable[Entry], width: int) -> str:
    """One line on the cases that had a second try; nothing where none had."""
    tried = sorted((one.framework, one.case, one.tries) for one in entries if one.tries)
    told = [f"{framework} on {case} ({', '.join(tries)})" for framework, case, tries in tried]
    line = f"killed from outside and tried once more: {', '.join(told)}"
    return cut(line, width) if told else ""


def cut(text: str, width: int) -> str:
    """`text` on one line of at most `width` characters, without what a terminal would obey."""
    return plain.cut(plain.line(text.partition("\n")[0]), width)


def _pin(test: Outcome) -> str:
    return str(test.result and test.result.pin)


def _grouped(
    tests: Sequence[Outcome], key: Callable[[Outcome], Key]
) -> list[tuple[Key, list[Outcome]]]:
    """Tests by what they have in common, the most of them first."""
    groups: dict[Key, list[Outcome]] = {}
    for test in tests:
        groups.setdefault(key(test), []).append(test)
    return sorted(groups.items(), key=lambda item: -len(item[1]))
