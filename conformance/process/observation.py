"""What one framework did with one case: plain facts, no judgement."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

from adapters.contract import Convention
from conformance.casefile.entry import lengths_of
from conformance.convention.convention import (
    canonical_results,
    cotangents,
    native_inputs,
    native_weights,
    result_laws,
)
from conformance.lstm import envelope, gradient, reference
from conformance.lstm.case import Case, Dimensions, Record, Shape
from conformance.lstm.sample import Floats, Sample, draw
from conformance.process.child import Message, Packed, unpacked
from conformance.process.framework import Framework
from conformance.process.host import TOLD, Down, Host

GRADIENT = "gradient of "
_REFERENCE = ("expected", "allowed", "expected_gradients", "allowed_gradients")

# What the call came to, before anything is judged.
Outcome: TypeAlias = Literal["ran", "rejected", "broken", "crashed", "hung"]


@dataclass(frozen=True)
class Raised:
    """A clean exception of the framework, or one of the adapter's own."""

    type: str
    message: str
    at: str  # "file.py:12": the innermost frame
    own: bool = False  # whether the adapter tripped over itself, and no framework refused anything
    by: str = ""  # "adapter.py:7": the innermost frame of the adapter


@dataclass(frozen=True)
class Repeated:
    """What came of the same call again, after one of other sizes: see `child.answer`."""

    results: Mapping[str, Any]  # arrays, the gradients among them
    narrow: Mapping[str, str]
    fed: tuple[str, ...]  # weights and inputs that no longer hold the numbers fed
    first: tuple[str, ...]  # results of the first call that no longer hold theirs


@dataclass(frozen=True)
class Observation:
    """All that was seen of one framework on one case; what was not reached is None."""

    framework: Framework
    case: Case
    outcome: Outcome
    convention: Convention | None = None  # None where the adapter could not be loaded
    detail: str = ""  # the reason, for broken, crashed and hung
    output: str = ""  # the end of what the process wrote, for crashed and hung
    results: Mapping[str, Any] | None = None  # arrays by the framework's own names
    gradients: Mapping[str, Any] = field(default_factory=dict)  # by those of inputs and weights
    narrow: Mapping[str, str] = field(default_factory=dict)  # dtypes that NumPy does not have
    properties: Mapping[str, Any] = field(default_factory=dict)  # plain data by name
    pieces: Sequence["Observation"] = ()  # where the case is also run in pieces
    repeated: Repeated | Raised | None = None  # where the case is also run again
    exception: Raised | None = None
    inferred: Mapping[str, Shape] | Raised | None = None
    parameters: Mapping[str, Shape] | Raised | None = None
    untold: Raised | None = None  # where asking for defaults, or for what training drops, raised
    control: Raised | None = None  # what right input raises, where wrong input was refused
    sample: Sample | None = None  # what was fed
    expected: Mapping[str, Floats] = field(default_factory=dict)  # the reference, canonical
    allowed: Mapping[str, Floats] = field(default_factory=dict)  # the largest error of each number
    expected_gradients: Mapping[str, Floats] = field(default_factory=dict)  # native
    allowed_gradients: Mapping[str, Floats] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    read: Sequence[str] = ()  # options that the adapter looked at, where that was asked for
    tries: tuple[str, ...] = ()  # how each ended, where the process was killed from outside
    before: tuple[str, ...] = ()  # ids of the cases that the process had run before
    searched: Any = None  # a `search.Search`, where the case begins one
    on_record: Mapping[str, Sequence[Record]] = field(default_factory=dict)  # by property

    def dtype(self, name: str) -> str:
        """The dtype of a result or a gradient, by the framework's own name of it."""
        return self.narrow.get(name) or str({**(self.results or {}), **self.gradients}[name].dtype)


def observe(
    host: Host, case: Case, watch: bool = False, known: Observation | None = None
) -> Observation:
    """Runs `case` on the framework behind `host` and on the reference. Never raises for either.

    Under `watch` it is also seen which options of the layer the adapter looks at. What is `known`
    of the case, by an adapter of the same convention, is neither drawn nor computed again.
    """
    sample = known.sample if known else draw(case) if case.run else None
    facts: dict[str, Any] = {}

    def meanwhile() -> None:
        if sample is not None and not case.must_reject:
            if known is not None:
                facts.update({name: getattr(known, name) for name in _REFERENCE})
                return
            facts["expected"] = reference.lstm(case.layer, sample)
            facts["allowed"] = envelope.results(case.layer, sample)
            if case.layer.gradients:
                facts.update(_differentiated(host.convention(), case, sample))

    whole = _observe(host, case, sample, watch, meanwhile)
    if case.must_reject and whole.outcome == "rejected":
        return replace(whole, control=_control(host, case))
    if sample is None or whole.outcome != "ran" or case.must_reject:
        return whole
    if case.split:
        pieces = tuple(_pieces(host, case, sample))
        tries = sum((piece.tries for piece in pieces), whole.tries)
        facts |= {"pieces": pieces, "tries": tries}
    return replace(whole, **facts)


def _control(host: Host, case: Case) -> Raised | None:
    """What the same layer raises for right input; None where it takes that, as it should.

    Without it a framework that refuses everything, or an adapter that calls it wrongly, would
    refuse the wrong input too.
    """
    lengths = lengths_of(case.layer, case.dimensions)
    right = replace(case, must_reject=False, feed={}, first={}, lengths=lengths, record=())
    right = replace(right, integers=False)
    key = case.layer, case.dimensions
    if key not in host.controls:
        # Other weights: what the wrong call may have left behind is no part of the question.
        seen = _observe(host, right, draw(replace(right, id=f"{case.id}-right")))
        ended = None if seen.outcome == "ran" else Raised(seen.outcome, seen.detail, "")
        host.controls[key] = seen.exception or ended
    known: Raised | None = host.controls[key]
    return known


def _observe(
    host: Host,
    case: Case,
    sample: Sample | None,
    watch: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> Observation:
    """What the framework gives for `case`, fed `sample`; shapes alone where there is none."""
    parts = host.ask(case, sample, watch=watch, meanwhile=meanwhile)
    down: Down | None = parts.get("down")
    facts: dict[str, Any] = {
        "sample": sample,
        "convention": host.convention() if down is None else None,
        "inferred": _shapes(parts.get("inferred")),
        "parameters": _shapes(parts.get("parameters")),
        "properties": parts.get("properties", {}),
        "read": parts.get("read", ()),
        "warnings": tuple(parts.get("warnings", ())),
        "seconds": parts.get("seconds", {}),
        "tries": parts.get("tries", ()),
        "before": host.before,
    }
    results = parts.get("results", {})
    for name in TOLD:
        told = parts.get(name, {})
        if "exception" in told:
            facts["untold"] = Raised(**told["exception"])
        elif name in parts:
            facts["properties"] = {**facts["properties"], name: told}
    if down is not None:
        facts |= {"outcome": down.outcome, "detail": down.message, "output": down.output}
    elif "exception" in results:
        raised = Raised(**results["exception"])
        facts |= {"outcome": "broken" if raised.own else "rejected", "exception": raised}
    elif case.run:
        arrays, narrow = _arrays(results)
        gradients = {name: array for name, array in arrays.items() if name.startswith(GRADIENT)}
        facts |= {
            "outcome": "ran",
            "results": {name: one for name, one in arrays.items() if name not in gradients},
            "gradients": gradients,
            "narrow": narrow,
            "repeated": _repeated(parts.get("repeated")),
        }
    else:
        facts["outcome"] = "ran"
    return Observation(host.framework, case, **facts)


def _arrays(packed: Mapping[str, Packed]) -> tuple[dict[str, Any], dict[str, str]]:
    """Arrays by name, and the dtypes of those that NumPy holds in another."""
    narrow = {name: one[0] for name, one in packed.items() if one[0] == "bfloat16"}
    return {name: unpacked(one) for name, one in packed.items()}, narrow


def _repeated(part: Message | None) -> Repeated | Raised | None:
    if part is None:
        return None
    if "exception" in part:
        return Raised(**part["exception"])
    return Repeated(*_arrays(part["results"]), tuple(part["fed"]), tuple(part["first"]))


def _differentiated(convention: Convention, case: Case, sample: Sample) -> dict[str, Any]:
    """The gradients that are expected, and what each of their numbers may be off by."""
    differentiate = partial(_gradients, convention, case)
    right = differentiate(sample)
    allowed = envelope.gradients(case.layer.dtype, sample, right, differentiate)
    return {"expected_gradients": right, "allowed_gradients": allowed}


def _gradients(convention: Convention, case: Case, sample: Sample) -> dict[str, Floats]:
    """The reference's gradients by the framework's own names, in its own layout."""
    where = convention, case.layer, case.dimensions
    _, views = cotangents(convention, case)
    if "output" in views:
        views["sequence"] = views.pop("output")
    inputs, weights = gradient.gradients(case.layer, sample, views)
    wanted = {name: inputs[name] for name in sample.inputs if name in inputs}
    native = native_inputs(*where, wanted) | native_weights(*where, weights)
    return {GRADIENT + name: array for name, array in native.items()}


def _pieces(host: Host, case: Case, sample: Sample) -> Iterator[Observation]:
    """The case in two pieces along one axis; over time, each from the state of the one before."""
    ((axis, cut),) = case.split.items()
    name = "time_steps" if axis == "time" else "batch_size"
    whole = getattr(case.dimensions, name)
    states = {name: sample.inputs[name] for name in ("h_0", "c_0") if name in sample.inputs}
    for start, end in ((0, cut), (cut, whole)):
        layer, x = case.layer, sample.inputs["input"]
        if axis == "time":
            fed = {"input": x[:, start:end], **states}
        else:
            rows = {name: state[:, start:end] for name, state in states.items()}
            fed = {"input": x[start:end], **rows}
        if axis == "time" and "h_0" in fed and "c_0" in fed:
            layer = replace(layer, initial_state="given")
        dimensions = replace(case.dimensions, **{name: end - start})
        part = replace(case, layer=layer, dimensions=dimensions, split={}, repeat={}, record=())
        part = replace(part, expect={})
        piece = _observe(host, part, Sample(sample.weights, fed))
        yield piece
        if axis == "time":
            if not complete(piece):
                return
            assert piece.convention is not None
            ended = canonical_results(piece.convention, layer, dimensions, piece.results or {})
            states = {"h_0": ended["h_n"], "c_0": ended["c_n"]}


def complete(observation: Observation, dimensions: Dimensions | None = None) -> bool:
    """Whether every result is there in its declared shape, so that it can be viewed.

    The shape is that of the case's dimensions, or of `dimensions`.
    """
    if observation.results is None or observation.convention is None:
        return False
    case = observation.case
    laws = result_laws(observation.convention, case.layer, dimensions or case.dimensions)
    return all(
        name in observation.results and observation.results[name].shape == law.shape
        for name, law in laws.items()
    )


def _shapes(part: Message | None) -> Mapping[str, Shape] | Raised | None:
    if part is None:
        return None
    if "exception" in part:
        return Raised(**part["exception"])
    return {name: tuple(shape) for name, shape in part.items()}
