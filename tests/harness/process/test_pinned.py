"""What adapters lack in the versions that are pinned: read without any framework."""

from pathlib import Path

import pytest

from adapters.contract import ANY, Dimensions, Gap, Layer
from conformance.process.framework import find
from conformance.process.pinned import lacks, rules, versions

ROOT = Path(__file__).resolve().parents[3]
SIZES = Dimensions(3, 5, 7, 11)
CONSTRAINTS = """\
# The one place for versions.
right==1.5
wide-name==2.0; sys_platform == "linux"   # why
two==1.10; python_version >= "3.12"
two==1.9; python_version < "3.12"
loose>=3
"""


def test_versions() -> None:
    """A pin is a version, whatever system it is for; of two it is the newer; a range is none."""
    assert versions(CONSTRAINTS) == {"right": "1.5", "two": "1.10", "wide-name": "2.0"}


@pytest.mark.parametrize(
    ("layer", "falls"),
    [
        (Layer(), False),
        (Layer(reverse=True), True),
        (Layer(reverse=True, keep_order=True), False),
        (Layer(reverse=True, stateful="reset"), True),
    ],
)
def test_rule(layer: Layer, falls: bool) -> None:
    """A layer that has all that a gap names breaks its rule."""
    gap = Gap({"reverse": True, "keep_order": False}, "why", "https://example.org")
    (made,) = rules([gap], {})
    assert made.looks_at == ("reverse", "keep_order")
    assert made.broken(layer, SIZES) is falls


@pytest.mark.parametrize(("pinned", "counts"), [("1.26", 1), ("2.4", 0)])
def test_versions_decide(pinned: str, counts: int) -> None:
    """A gap of some versions counts where the pinned one is among them."""
    gap = Gap({"stateful": ANY}, "why", "https://example.org", versions="numpy<2")
    assert len(rules([gap], versions(f"numpy=={pinned}"))) == counts


def test_shipped() -> None:
    """Every adapter of this project is there, with a rule for each gap of the pinned versions."""
    found = lacks(ROOT)
    for framework in find(ROOT, []):
        always = [gap.why for gap in framework.gaps if not gap.versions]
        assert set(always) <= {rule.text for rule in found[framework.name]}
