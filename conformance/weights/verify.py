"""The proof of a conversion: source and target run, and what each gives against the reference."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from adapters.contract import Convention
from conformance.convention.convention import canonical_results, weights
from conformance.lstm import envelope, reference
from conformance.lstm.case import Case, Dimensions
from conformance.lstm.sample import Sample, draw
from conformance.process.child import unpacked
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.weights.chosen import ConvertError
from conformance.weights.library import ROOT, Conversion, framework, made_of
from conformance.weights.spelled import Found, plainly, search, spellings

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


def prove(
    done: Conversion,
    fed: Any = None,
    *,
    source: str | None = None,
    written: Mapping[str, Any] | None = None,
    root: Path = ROOT,
) -> dict[str, list[Proof | str]]:
    """How far source and target are off the float64 reference, of each LSTM by where it lies.

    Both run in a process of their own where they are installed, on drawn input of (2, 6, input) or
    on `fed`, (batch, time, input): the source with the arrays as they were read, the target with
    those of `written`, what the output holds by its names, or of `done`. A side that is not run is
    told with the reason, and last stands what the reference makes of the output. `source` is an
    adapter's name: without one, the first that is installed of those that spell a layer so.

    Raises ConvertError for a `fed` of other axes, and where `written` lacks a weight.
    """
    aim = framework(root, done.target)
    held = {plainly(name): one for name, one in (written or done.arrays).items()}
    sides: dict[str, list[Proof | str]] = {}
    for one in done.layers:
        few = [framework(root, name) for name in ([source] if source else one.frameworks)]
        from_ = min(few, key=lambda each: bool(each.missing))
        call = asked(one.found, fed)
        own = {
            name.removeprefix(one.prefix): held[plainly(name)]
            for name in one.names
            if plainly(name) in held
        }
        assert from_.convention is not None
        same = renamed(one.found, from_.convention)
        read = "as read" if same is not None else "as it has what was read"
        sides[one.found.where] = [
            by_running(from_, root, call, same or made_of(one.found, from_), f"source, {read}"),
            by_running(aim, root, call, own, "target, as written"),
            by_reading(aim, own, call),
        ]
    return sides


def renamed(found: Found, convention: Convention) -> dict[str, Any] | None:
    """A layer's arrays, as they were read, by the names of a convention that lays them out so.

    None where it lays them out otherwise.
    """
    source, layer = found.spelled.convention, found.layer
    forms, own = weights(source, layer), weights(convention, layer)
    alike = forms.keys() == own.keys() and all(
        (form.axes, form.along) == (own[key].axes, own[key].along) for key, form in forms.items()
    )
    if found.given is not None or not alike or source.gates != convention.gates:
        return None
    if source.forget_offset != convention.forget_offset:
        return None
    names = zip(_names(source, found), _names(convention, found), strict=True)
    own_names = dict(names)
    return {own_names[name]: array for name, array in found.arrays.items()}


def _names(convention: Convention, found: Found) -> list[str]:
    """Every name that a convention has for a layer's arrays, in an order that all have."""
    return [
        form.name.format(layer=number, direction=direction, gate=gate)
        for _, form in sorted(weights(convention, found.layer).items())
        for gate in form.gates or tuple(convention.gates)
        for number in range(found.dimensions.num_layers)
        for direction in convention.directions[found.layer.num_directions - 1]
    ]


def by_running(
    runs: Framework, root: Path, call: Asked, native: Mapping[str, Any], role: str = ""
) -> Proof | str:
    """What the framework gives with weights by its adapter's names, or why it is not run.

    `role` says which side it is, and with what.
    """
    if runs.missing:
        return f"{runs.label}: not installed: {', '.join(runs.missing)}"
    case = call.case
    if (gap := runs.gap(case.layer)) is not None:
        if case.layer.dtype == "float64":
            narrow = replace(case, layer=replace(case.layer, dtype="float32"))
            return by_running(runs, root, Asked(narrow, call.sample), native, role)
        return f"{runs.label}: not run: {gap.why}"
    host = Host(runs, root, TIMEOUT)
    try:
        parts = host.ask(case, call.sample, native)
        if (down := parts.get("down")) is not None:
            return f"{runs.label}: {down.outcome}: {down.message}"
        results = parts["results"]
        if "exception" in results:
            raised = results["exception"]
            return f"{runs.label}: {raised['type']}: {raised['message']}"
        came = {name: unpacked(one) for name, one in results.items()}
        views = canonical_results(host.convention(), case.layer, case.dimensions, came)
    finally:
        host.close()
    version = next(iter(runs.versions.values()), "")
    side = f"{runs.label} {version}".strip() + (f" ({role})" if role else "")
    return _proof(side, call, views)


def by_reading(reads: Framework, arrays: Mapping[str, Any], call: Asked) -> Proof:
    """What the reference gives with an output that was read back. Raises ConvertError."""
    assert reads.convention is not None
    own = spellings({reads.name: replace(reads.convention, spellings=())})
    found, misfits = search(own, arrays)
    if len(found) != 1:
        why = misfits[0].why if misfits else "no LSTM"
        raise ConvertError(f"the output, read back, is {why}")
    views = reference.lstm(call.case.layer, replace(call.sample, weights=found[0].stack))
    return _proof(f"{reads.name}, by reading the output back", call, views)


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
