"""The proof of a conversion: source and target run, and what each gives against the reference."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from conformance.convention.convention import canonical_results
from conformance.lstm import envelope, reference
from conformance.lstm.case import Case, Dimensions
from conformance.lstm.sample import Sample, draw
from conformance.process.child import unpacked
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.weights.chosen import ConvertError
from conformance.weights.spelled import Found, search, spellings

BATCH, TIME = 2, 6  # of drawn input
TIMEOUT = 300.0  # seconds that a framework has for its import, and for one layer


@dataclass(frozen=True)
class Proof:
    """How far one side is off the float64 reference, and how far it may be, number by number."""

    side: str
    largest: float
    part: float  # the largest error as a part of what is allowed there

    @property
    def holds(self) -> bool:
        """Whether no number is further off than roundings explain."""
        return self.part <= 1.0

    def __str__(self) -> str:
        """``torch 2.13.0: largest difference 1.2e-07, 0.31 of what is allowed``."""
        told = f"{self.side}: largest difference {self.largest:.2g}"
        return f"{told}, {self.part:.2f} of what is allowed"


@dataclass(frozen=True)
class Asked:
    """The call that all sides are put to, and what must come of it."""

    case: Case
    sample: Sample

    @cached_property
    def expected(self) -> Mapping[str, Any]:
        """What the float64 reference gives with the weights as they were read."""
        return reference.lstm(self.case.layer, self.sample)

    @cached_property
    def allowed(self) -> Mapping[str, Any]:
        """How far each number may be off that."""
        return envelope.results(self.case.layer, self.sample)


def asked(found: Found, fed: Any = None) -> Asked:
    """The call that both sides are put to: on drawn input, or on `fed`, (batch, time, input).

    Raises ConvertError for a `fed` of other axes.
    """
    sizes, layer = found.dimensions, replace(found.layer)
    dtypes = {np.asarray(one).dtype for one in found.arrays.values()}
    layer = replace(layer, dtype="float64" if np.dtype("f8") in dtypes else "float32")
    shape = (BATCH, TIME) if fed is None else np.shape(fed)[:2]
    dimensions = Dimensions(*shape, *tuple(vars(sizes).values())[2:]) if len(shape) == 2 else sizes
    if fed is not None and np.shape(fed) != (*shape, sizes.embedding_dim):
        text = f"(batch, time, {sizes.embedding_dim}) is due, and it is {np.shape(fed)}"
        raise ConvertError(f"--input: {text}")
    case = Case("convert-verify", "convert", "", "", "", layer, dimensions)
    drawn = draw(case)
    inputs = dict(drawn.inputs)
    if fed is not None:
        inputs["input"] = np.asarray(fed, np.float64)
    return Asked(case, Sample(found.stack, inputs))


def by_running(
    framework: Framework, root: Path, call: Asked, native: Mapping[str, Any]
) -> Proof | str:
    """What the framework gives with weights by its adapter's names, or why it is not run."""
    if framework.missing:
        return f"{framework.label}: not installed: {', '.join(framework.missing)}"
    case = call.case
    if (gap := framework.gap(case.layer)) is not None:
        if case.layer.dtype == "float64":
            narrow = replace(case, layer=replace(case.layer, dtype="float32"))
            return by_running(framework, root, Asked(narrow, call.sample), native)
        return f"{framework.label}: not run: {gap.why}"
    host = Host(framework, root, TIMEOUT)
    try:
        parts = host.ask(case, call.sample, native)
        if (down := parts.get("down")) is not None:
            return f"{framework.label}: {down.outcome}: {down.message}"
        results = parts["results"]
        if "exception" in results:
            raised = results["exception"]
            return f"{framework.label}: {raised['type']}: {raised['message']}"
        came = {name: unpacked(one) for name, one in results.items()}
        views = canonical_results(host.convention(), case.layer, case.dimensions, came)
    finally:
        host.close()
    version = next(iter(framework.versions.values()), "")
    return _proof(f"{framework.label} {version}".strip(), call, views)


def by_reading(framework: Framework, arrays: Mapping[str, Any], call: Asked) -> Proof:
    """What the reference gives with an output that was read back. Raises ConvertError."""
    assert framework.convention is not None
    own = spellings({framework.name: replace(framework.convention, spellings=())})
    found, misfits = search(own, arrays)
    if len(found) != 1:
        why = misfits[0].why if misfits else "no LSTM"
        raise ConvertError(f"the output, read back, is {why}")
    views = reference.lstm(call.case.layer, replace(call.sample, weights=found[0].stack))
    return _proof(f"{framework.name}, by reading the output back", call, views)


def _proof(side: str, call: Asked, views: Mapping[str, Any]) -> Proof:
    largest = part = 0.0
    for name, right in call.expected.items():
        error = np.abs(np.asarray(views[name], np.float64) - right)
        if np.isnan(right).any():  # NaN among the weights: both sides must have it
            error = np.where(np.isnan(right) & np.isnan(np.asarray(views[name])), 0.0, error)
        share = np.where(error == 0.0, 0.0, error / np.maximum(call.allowed[name], 1e-300))
        largest = max(largest, float(np.nan_to_num(error, nan=np.inf).max(initial=0.0)))
        part = max(part, float(np.nan_to_num(share, nan=np.inf).max(initial=0.0)))
    return Proof(side, largest, part)
