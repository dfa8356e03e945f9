"""What each adapter of this project lacks in the versions that ``constraints.txt`` pins.

It is read from the adapters' sources: no framework need be installed.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from adapters.contract import Dimensions, Gap, Layer
from conformance.convention.gap import holds, meets
from conformance.lstm.agreement import Rule
from conformance.process.framework import find


def lacks(root: Path) -> dict[str, list[Rule]]:
    """By adapter, a rule for each gap: a layer that breaks one is not put to it.

    Raises FrameworkError where an adapter does not declare what it must.
    """
    pinned = versions((root / "constraints.txt").read_text(encoding="utf-8"))
    return {framework.name: rules(framework.gaps, pinned) for framework in find(root, [])}


def rules(gaps: Sequence[Gap], pinned: Mapping[str, str]) -> list[Rule]:
    """A rule for each gap that is there in the pinned versions, which a layer in it breaks."""
    return [
        Rule(tuple(gap.options), partial(_falls_into, gap), gap.why)
        for gap in gaps
        if holds(gap, pinned)
    ]


def _falls_into(gap: Gap, layer: Layer, _: Dimensions) -> bool:
    return meets(gap, layer)


def versions(constraints: str) -> Mapping[str, str]:
    """The version of each package that a file of constraints pins, for whatever system.

    Of several, which are for other systems or Pythons, it is the newest: what is made of it is then
    the same on each.
    """
    lines = (line.partition("#")[0].strip() for line in constraints.splitlines())
    requirements = [Requirement(line) for line in lines if line]
    pins = [
        (one.name, pin.version)
        for one in requirements
        for pin in one.specifier
        if pin.operator == "=="
    ]
    return dict(sorted(pins, key=lambda pin: Version(pin[1])))
