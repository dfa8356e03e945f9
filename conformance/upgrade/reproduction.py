"""What is known of a change: the pin that speaks of it, with its reproduction and its source."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from conformance.casefile.known import Ground, load_deviations
from conformance.claim.check import claims_on
from conformance.claim.version import concerns
from conformance.lstm.case import Case, Deviation
from conformance.lstm.kind import speaks_of
from conformance.process.framework import Framework, beside, shipped
from conformance.upgrade.account import Account, Finding
from conformance.upgrade.change import Kind

# By the kind of a change, the claim that a pin of it is on; an outcome is of any.
CLAIMS: Mapping[Kind, str] = {
    "shape": "shapes",
    "dtype": "shapes",
    "names": "shapes",
    "values": "values",
    "gradients": "gradients",
    "inference": "inferred_shapes",
    "parameters": "parameters",
    "pieces": "splits",
}
ANY: tuple[Kind, ...] = ("outcome", "right input")


def explained(
    root: Path, accounts: Sequence[Account], cases: Sequence[Case], sides: Sequence[Framework]
) -> tuple[Account, ...]:
    """`accounts` whose findings have the pins that speak of them, of either version.

    Raises CaseError, and FrameworkError for a pin on a package that an adapter does not run on.
    """
    ground = Ground(cases, shipped(root), beside(sides))
    pins = load_deviations(root, ground, lambda _, case: claims_on(case))
    pins = tuple(pin for pin in pins if any(concerns(pin, side) for side in sides))
    by_id = {case.id: case for case in cases}
    return tuple(
        replace(
            one, findings=tuple(_explained(one.framework, f, pins, by_id) for f in one.findings)
        )
        for one in accounts
    )


def _explained(
    framework: str, finding: Finding, pins: Sequence[Deviation], by_id: Mapping[str, Case]
) -> Finding:
    case = by_id.get(finding.cases[0]) if finding.cases else None
    if case is None:
        return finding
    told = dict.fromkeys(
        f"{pin.where}: {' '.join(pin.why.split())} {pin.source}"
        for pin in pins
        if pin.framework == framework and _is_on(pin, finding.kind) and speaks_of(pin, case)
    )
    return replace(finding, known=tuple(told))


def _is_on(pin: Deviation, kind: Kind) -> bool:
    return kind in ANY or CLAIMS.get(kind) in pin.claims
