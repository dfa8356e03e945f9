"""Observations as JSON Lines: a header, then one line for each framework and case.

`Header` and `Entry` are the schema, version `SCHEMA`; ``python -m conformance schema`` writes it
to ``docs/report.schema.json``. A key is only ever added within a version.
"""

import json
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from conformance import outfile
from conformance.casefile import textfile
from conformance.casefile.document import quoted
from conformance.claim.asked import Absence
from conformance.claim.check import CLAIMS, claims_on
from conformance.claim.measure import canonical, errors, margins
from conformance.claim.pins import Settlement
from conformance.claim.property import seen
from conformance.claim.shape import shapes
from conformance.claim.verdict import Outcome, Verdict
from conformance.lstm.case import Case
from conformance.process.framework import Framework
from conformance.process.observation import Observation, Raised
from conformance.report import fingerprint

SCHEMA: Literal["lstm-conformance-report/1"] = "lstm-conformance-report/1"
MAX_BYTES = 256 * 2**20  # of a report: ten times one of every adapter on every case there is
_FORM = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ReportError(ValueError):
    """A file that is no report: ``path:line: what is wrong``, one line."""


class Tensor(BaseModel):
    """A result's shape and dtype; of a native one its numbers too, or what tells them apart."""

    model_config = _FORM
    shape: tuple[int, ...]
    dtype: str
    digest: str | None = Field(
        default=None, description="Of a native result: a hash of its numbers, bit for bit."
    )
    numbers: str | None = Field(
        default=None,
        description=f"Those of a native result of at most {fingerprint.FEW}, in base64: "
        "little-endian, in its dtype; of bfloat16 in float32.",
    )


class Refusal(BaseModel):
    """An exception of the framework, or the adapter's own."""

    model_config = _FORM
    type: str
    message: str
    own: bool = Field(default=False, description="Whether it says nothing of the framework.")


class NotPut(BaseModel):
    """Why a framework was not put to a case, or to a claim on it."""

    model_config = _FORM
    what: str = Field(description="What the case asks for: reverse, layout=unbatched.")
    why: str
    source: str = Field(description="A link.")
    own: bool = Field(description="Whether the adapter does not run it, and the framework has it.")
    where: str = Field(description="Where that is declared: path:line.")


class AloneEntry(BaseModel):
    """What a claim came to where no other case had run in the framework's process."""

    model_config = _FORM
    outcome: Outcome
    got: dict[str, Any]
    settled: Literal["agrees", "pinned"]
    after: tuple[str, ...] = Field(
        description="Cases after which it fails; none where they were not found."
    )


class ClaimEntry(BaseModel):
    """What became of one claim."""

    model_config = _FORM
    outcome: Outcome | Literal["unsupported"]
    got: dict[str, Any] = Field(description="What was seen in place of what the claim demands.")
    settled: Literal["agrees", "pinned", "unsupported", "fails"]
    pin: str | None = Field(description="Where the deviation is pinned: path:line.")
    absence: NotPut | None = Field(default=None, description="Why it was not put, if so.")
    unsteady: bool = Field(
        default=False, description="Whether the pin has several outcomes, of which any may come."
    )
    alone: AloneEntry | None = Field(
        default=None, description="Where it fails because of what ran before in its process."
    )


class Entry(BaseModel):
    """One framework on one case."""

    model_config = _FORM
    kind: Literal["observation"] = "observation"
    framework: str = Field(description="As in the header.")
    case: str = Field(description="behaviour-case, the case's permanent id.")
    meaning: str | None = Field(
        default=None,
        description="A hash of what the case asks: id, layer, sizes, and what else is fed.",
    )
    fed: str | None = Field(
        default=None, description="A hash of the weights and inputs, where the case is run."
    )
    where: str = Field(description="path:line of the case.")
    outcome: Outcome | Literal["unsupported"]
    detail: str = Field(description="The reason, where unsupported, broken, crashed or hung.")
    absence: NotPut | None = Field(default=None, description="Why it was not asked for, if so.")
    layer: dict[str, Any]
    dimensions: dict[str, int]
    native: dict[str, Tensor] | None = Field(description="By the framework's own names.")
    canonical: dict[str, Tensor] | None = Field(
        description="output (batch, time, direction*hidden) or (batch, direction*hidden), "
        "h_n (layer*direction, batch, hidden), c_n (layer*direction, batch, cell)."
    )
    errors: dict[str, float | None] | None = Field(
        description="Largest absolute error against the float64 reference; null where not finite."
    )
    tolerance: float = Field(
        description="The largest error that is allowed of any number; 0 where none was compared."
    )
    margins: dict[str, float | None] | None = Field(
        default=None,
        description="The largest part that an error is of what is allowed in its place, of each "
        "canonical result and each native gradient: above 1 is beyond it; null where not finite.",
    )
    parameters: dict[str, tuple[int, ...]] | Refusal | None
    inferred: dict[str, tuple[int, ...]] | Refusal | None
    exception: Refusal | None
    control: Refusal | None = Field(
        default=None, description="What right input raises, where wrong input was refused."
    )
    properties: dict[str, Any] = Field(default={}, description="Recorded beside the results.")
    warnings: tuple[str, ...]
    seconds: dict[str, float] = Field(description="Of each call of the adapter.")
    tries: tuple[str, ...] = Field(
        default=(),
        description="How each try ended, where the process was killed from outside: a signal's "
        "name, or answered.",
    )
    claims: dict[str, ClaimEntry]


class Installed(BaseModel):
    """One framework of the run."""

    model_config = _FORM
    module: str
    interpreter: str = Field(description="Empty for the interpreter that ran pytest.")
    versions: dict[str, str]
    missing: tuple[str, ...] = Field(
        description="Distributions not installed, or the device; then it has no case."
    )
    device: str = Field(default="cpu", description="What it runs on: cpu, cuda, mps or tpu.")


class Part(BaseModel):
    """Which shard of a run this is."""

    model_config = _FORM
    number: int = Field(description="From 1.")
    of: int = Field(description="How many shards there are.")
    split: str = Field(description="A hash of the split: what is of one split fits together.")


class Header(BaseModel):
    """The first line."""

    model_config = _FORM
    kind: Literal["header"] = "header"
    report_schema: Literal["lstm-conformance-report/1"] = SCHEMA
    complete: bool = Field(description="False where the run was cut short.")
    created: datetime
    python: str
    platform: str
    code: str | None = Field(
        default=None, description="A hash of the engine, the adapters and the cases."
    )
    shard: Part | None = Field(default=None, description="Where --shard chose a part of the run.")
    frameworks: dict[str, Installed]


def entry(observation: Observation) -> Entry:
    """The facts of `observation`, without its claims."""
    case, results = observation.case, observation.results
    native = None
    if results is not None:
        native = {
            name: Tensor(
                shape=array.shape,
                dtype=observation.dtype(name),
                digest=fingerprint.of_numbers(array),
                numbers=fingerprint.packed(array),
            )
            for name, array in {**results, **observation.gradients}.items()
        }
    view: dict[str, Tensor] | None = None
    error: dict[str, float | None] | None = None
    margin: dict[str, float | None] | None = None
    if results is not None and not case.must_reject and shapes(observation).outcome == "agrees":
        views = canonical(observation)
        view = _tensors(views)
        error = {
            name: _finite(value)
            for name, value in errors(case, observation.expected, views).items()
        }
        margin = {name: _finite(value) for name, value in margins(observation, views).items()}
    return Entry(
        framework=observation.framework.label,
        case=case.id,
        meaning=fingerprint.of_case(case),
        fed=fingerprint.of_sample(observation.sample) if observation.sample else None,
        where=case.where,
        outcome="agrees" if observation.outcome == "ran" else observation.outcome,
        detail=observation.detail,
        layer=vars(case.layer),
        dimensions=vars(case.dimensions),
        native=native,
        canonical=view,
        errors=error,
        tolerance=max(
            (float(one.max(initial=0.0)) for one in observation.allowed.values()), default=0.0
        ),
        margins=margin,
        parameters=_shapes(observation.parameters),
        inferred=_shapes(observation.inferred),
        exception=_refusal(observation.exception),
        control=_refusal(observation.control),
        properties={**observation.properties, **seen(observation)},
        warnings=observation.warnings,
        seconds=dict(observation.seconds),
        tries=observation.tries,
        claims={},
    )


def absent(framework: Framework, case: Case, why: Absence) -> Entry:
    """The line of a case that `framework` was not put to: nobody asked its process."""
    return Entry(
        framework=framework.label,
        case=case.id,
        meaning=fingerprint.of_case(case),
        where=case.where,
        outcome="unsupported",
        detail=str(why),
        absence=NotPut(**vars(why)),
        layer=vars(case.layer),
        dimensions=vars(case.dimensions),
        native=None,
        canonical=None,
        errors=None,
        tolerance=0.0,
        parameters=None,
        inferred=None,
        exception=None,
        warnings=(),
        seconds={},
        claims=_unasked(dict.fromkeys(claims_on(case), why)),
    )


def without(entry: Entry, unasked: Mapping[str, Absence]) -> Entry:
    """`entry` with the claims on it that the framework was not put to."""
    return entry.model_copy(update={"claims": {**entry.claims, **_unasked(unasked)}})


def in_order(entry: Entry) -> Entry:
    """`entry` with its claims in the order of `CLAIMS`."""
    claims = {name: entry.claims[name] for name in CLAIMS if name in entry.claims}
    return entry.model_copy(update={"claims": {**claims, **entry.claims}})


def _unasked(claims: Mapping[str, Absence]) -> dict[str, ClaimEntry]:
    return {
        name: ClaimEntry(
            outcome="unsupported",
            got={},
            settled="unsupported",
            pin=None,
            absence=NotPut(**vars(why)),
        )
        for name, why in claims.items()
    }


def claim(verdict: Verdict, settlement: Settlement, alone: AloneEntry | None = None) -> ClaimEntry:
    """One claim of an entry."""
    return ClaimEntry(
        outcome=verdict.outcome,
        got=dict(verdict.got),
        settled=settlement.kind,
        pin=settlement.pin.where if settlement.pin else None,
        unsteady=settlement.pin is not None and settlement.pin.unsteady,
        alone=alone,
    )


def header(
    frameworks: Iterable[Framework],
    complete: bool,
    code: str | None = None,
    shard: Part | None = None,
) -> Header:
    """The first line of a report made here and now; frameworks in the order of their labels."""
    return Header(
        complete=complete,
        created=datetime.now(timezone.utc),
        python=platform.python_version(),
        platform=platform.platform(),
        code=code,
        shard=shard,
        frameworks={
            one.label: Installed(
                module=one.module,
                interpreter=one.interpreter,
                versions=dict(one.versions),
                missing=one.missing,
                device=one.device,
            )
            for one in sorted(frameworks, key=lambda one: one.label)
        },
    )


def write(path: Path, head: Header, entries: Iterable[Entry]) -> None:
    """Writes the report whole, or leaves what was there. Raises OSError."""
    with outfile.whole(path) as lines:
        for line in (head, *entries):
            lines.write(line.model_dump_json().encode() + b"\n")


def schema_files() -> dict[Path, str]:
    """The JSON Schema of a line of a report, by its path below the repository's root."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A line of a report, {SCHEMA}",
        **TypeAdapter(Header | Entry).json_schema(),
    }
    text = json.dumps(schema, indent=2, sort_keys=True) + "\n"
    return {Path("docs", "report.schema.json"): text}


def read(path: Path) -> tuple[Header, list[Entry]]:
    """A report as it was written. Raises ReportError for what is not one."""
    try:
        text = textfile.read(path, MAX_BYTES)
    except textfile.TextFileError as error:
        place, message = error.problem
        raise ReportError(f"{path}:{place.line}: no report: {message}") from None
    # Not splitlines, which also splits at characters that JSON may hold, as U+2028.
    lines = text.removesuffix("\n").split("\n")
    seen: set[tuple[str, str]] = set()
    entries = []
    number = 1
    try:
        head = Header.model_validate_json(lines[0])
        for number, line in enumerate(lines[1:], 2):  # noqa: B007 (the place of an error)
            entry = Entry.model_validate_json(line)
            if entry.framework not in head.frameworks:
                raise ReportError(f"{quoted(entry.framework)} is no framework of the first line")
            told = f"{quoted(entry.framework)} on {quoted(entry.case)}"
            if not entry.claims:
                raise ReportError(f"nothing is claimed of {told}")
            if (entry.framework, entry.case) in seen:
                raise ReportError(f"a second line of {told}")
            seen.add((entry.framework, entry.case))
            entries.append(entry)
    except ValidationError as error:
        raise ReportError(f"{path}:{number}: no report: {first_problem(error)}") from None
    except ReportError as error:
        raise ReportError(f"{path}:{number}: no report: {error}") from None
    return head, entries


def first_problem(error: ValidationError) -> str:
    """The first thing that pydantic finds wrong, with where it stands in the line."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    # pydantic's path also names branches of unions, which are no part of the line.
    parts = [str(part) for part in found["loc"] if "[" not in str(part)]
    place = quoted(".".join(parts))[1:-1]
    return f"{place}: {found['msg']}" if place else found["msg"]


def _tensors(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    return {
        name: Tensor(shape=array.shape, dtype=str(array.dtype)) for name, array in arrays.items()
    }


def _shapes(shapes: Mapping[str, Any] | Raised | None) -> Any:
    return _refusal(shapes) if isinstance(shapes, Raised) else shapes and dict(shapes)


def _refusal(raised: Raised | None) -> Refusal | None:
    return Refusal(type=raised.type, message=raised.message, own=raised.own) if raised else None


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
