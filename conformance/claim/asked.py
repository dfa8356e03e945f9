"""What a framework is asked: not for what it does not have, and not for what cannot reach it.

Nothing is skipped in silence: whatever a framework is not put to has its `Absence`, a reason and
a link, read from what the adapter declares and without asking its process.
"""

from dataclasses import dataclass, replace

import numpy as np

from adapters.contract import ANY, Gap
from conformance.claim.check import claims_on
from conformance.convention.convention import UnfedError, native_inputs, native_weights
from conformance.lstm.case import Case
from conformance.lstm.sample import draw, fed_shapes
from conformance.process.framework import Framework
from conformance.process.host import TOLD

# The claims that need a function which an adapter may leave out.
NEEDS = {"inferred_shapes": "infer", "parameters": "parameters"}


@dataclass(frozen=True)
class Absence:
    """Why a framework is not put to a case, or to a claim on it."""

    what: str  # "reverse", "layout=unbatched": what the case asks for, in a word or two
    why: str
    source: str
    own: bool = False  # whether the adapter lacks it, and not the framework
    where: str = ""  # of the gap: path:line

    def __str__(self) -> str:
        """``nothing projects h: https://...``."""
        return f"{self.why}: {self.source}"


def absence(framework: Framework, case: Case) -> Absence | None:
    """Why `framework` is not put to `case`: a gap, or an input that cannot reach its layer."""
    if gap := framework.gap(case.layer):
        return _of(gap)
    convention = framework.convention
    if case.first and convention is not None and "first" not in convention.inputs:
        return Absence("first", "the adapter makes one call", convention.source, own=True)
    if case.feed and convention is not None:
        try:
            shapes = {name: np.zeros(shape) for name, shape in fed_shapes(case).items()}
            native_inputs(convention, case.layer, case.dimensions, shapes)
            native_weights(convention, case.layer, case.dimensions, draw(case).weights)
        except UnfedError as problem:
            return Absence(f"feed {', '.join(case.feed)}", str(problem), convention.source)
    return None


def asked(framework: Framework, case: Case) -> tuple[str, ...]:
    """The claims on `case` that `framework` is put to; none where it is not put to the case."""
    if absence(framework, case) is not None:
        return ()
    without = unasked(framework, case)
    return tuple(claim for claim in claims_on(case) if claim not in without)


def ever_asked(framework: Framework, case: Case) -> tuple[str, ...]:
    """The claims on `case` that `framework` is put to in some version or other."""
    always = tuple(gap for gap in framework.gaps if not gap.versions)
    return asked(replace(framework, gaps=always), case)


def unasked(framework: Framework, case: Case) -> dict[str, Absence]:
    """The claims on a case that is asked for which the adapter gives nothing to judge."""
    source = framework.convention.source if framework.convention else ""
    missing = {
        claim: f"the adapter has no {function}()"
        for claim, function in NEEDS.items()
        if function not in framework.functions
    }
    if len(case.record) == 1 and case.record[0] in set(TOLD) - set(framework.functions):
        missing["properties"] = f"the adapter has no {case.record[0]}()"
    found = {
        claim: Absence(claim, why, source)
        for claim, why in missing.items()
        if claim in claims_on(case)
    }
    if "time" in case.split and (gap := framework.gap(replace(case.layer, initial_state="given"))):
        found["splits"] = _of(gap)
    return found


def _of(gap: Gap) -> Absence:
    what = [
        name if value == ANY or value is True else f"{name}={_told(value)}"
        for name, value in gap.options.items()
    ]
    return Absence(" and ".join(what), gap.why, gap.source, gap.own, gap.where)


def _told(value: object) -> str:
    return "|".join(map(_told, value)) if isinstance(value, tuple | list) else str(value).lower()
