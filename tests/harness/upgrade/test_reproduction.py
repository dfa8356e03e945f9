"""`conformance.upgrade.reproduction`: a finding of which something is known says what."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.process.framework import Framework
from conformance.upgrade.account import Account, account
from conformance.upgrade.comparison import Comparison
from conformance.upgrade.pair import matched
from conformance.upgrade.reproduction import explained
from conformance.upgrade.told import FORMATS
from tests.harness.upgrade.sides import NAME, case, entry, side

PINS = """\
framework: fake
deviations:
- cases: guide-sequences
  claim: {claim}
  version: {version}
  outcome: differs
  got: {{output: [5, 2, 4]}}
  why: >-
    Batch and time
    are swapped.
  source: https://example.org
"""
TOLD = "cases/deviations/fake.yaml:3: Batch and time are swapped. https://example.org"
SIDES = [Framework(NAME, "x", "", {NAME: version}) for version in ("1.0", "2.0")]


def swapped() -> Account:
    """Return the account of an adapter that swaps two axes after an upgrade."""
    before, after = side("before", entry()), side("after", entry("batch_and_time_swapped"))
    (match,) = matched(before, after)
    return account(match)


def known(root: Path, claim: str = "shapes", version: str = "fake>=2") -> list[tuple[str, ...]]:
    """Return what is known of each finding where one pin is on file."""
    for path, text in (
        ("adapters/fake.py", ""),
        ("cases/deviations/fake.yaml", PINS.format(claim=claim, version=version)),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    (one,) = explained(root, [swapped()], [case()], SIDES)
    return [finding.known for finding in one.findings]


@pytest.mark.parametrize("version", ["fake>=2", "fake<2"])
def test_known(version: str, tmp_path: Path) -> None:
    """A pin of either version on what changed is told with its place, its reason and its source."""
    assert known(tmp_path, version=version) == [(TOLD,)]


@pytest.mark.parametrize(("claim", "version"), [("values", "fake>=2"), ("shapes", "fake>3")])
def test_not_known(claim: str, version: str, tmp_path: Path) -> None:
    """One on another claim, or of neither version, is not."""
    assert known(tmp_path, claim, version) == [()]


def test_told() -> None:
    """It stands beneath the finding, and nothing of it is left out."""
    (finding,) = swapped().findings
    long = TOLD + " and more" * 50
    one = replace(swapped(), findings=(replace(finding, known=(long,)),))
    lines = [" ".join(line.split()) for line in FORMATS["text"](Comparison("a", "b", (one,)))]
    assert f"known {long}" in lines
