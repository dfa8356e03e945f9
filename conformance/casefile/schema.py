"""The three YAML files, as pydantic models, and the JSON Schema of each that editors read.

The models are strict: no key beside the declared ones and no conversion, so that a float is no
size and text is no truth value. What needs the values of a case, `load` checks.
"""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, create_model, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from adapters.contract import APART
from conformance.casefile.form import (
    MAX_SIZE,
    Bit,
    Claims,
    Count,
    Globs,
    Length,
    Many,
    Maybe,
    Positive,
    Property,
    Shape,
    Size,
    Sizes,
    Slug,
    Span,
    TagName,
    Text,
    Url,
    Version,
    Width,
    some,
)
from conformance.lstm.case import Dimensions, Layer
from conformance.lstm.kind import ANY, USUAL
from conformance.lstm.numbers import Behind

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
# What pydantic checks in CaseEntry.agree, in the words of JSON Schema.
_ONE_OF: JsonDict = {"oneOf": [{"required": ["dimensions"]}, {"required": ["matrix"]}]}
_REJECTED: JsonDict = {
    "if": {"properties": {"expect": {"const": "rejected"}}, "required": ["expect"]},
    "then": {"anyOf": [{"required": [one]} for one in ("feed", "lengths", "first")]},
    "else": {"not": {"required": ["feed"]}},
}
# And those in DeviationEntry.agree.
_CASES: JsonDict = {"anyOf": [{"required": ["cases"]}, {"required": ["where"]}]}
_OUTCOMES: JsonDict = {
    "oneOf": [
        {"required": ["outcome"]},
        {"required": ["outcomes"], "not": {"required": ["got"]}},
    ]
}


def _option(option: dataclasses.Field[Any]) -> tuple[Any, Any]:
    kind = Annotated[int, Field(ge=0, le=MAX_SIZE)] if option.type is int else option.type
    about = option.metadata["about"]
    return kind, Field(default=option.default, description=about)


# The contract's options are the schema's: one place to add one. Layers that differ are listed by
# an entry, as lengths are.
_OPTIONS: dict[str, Any] = {
    option.name: _option(option) for option in dataclasses.fields(Layer) if option.name != "layers"
}
if TYPE_CHECKING:

    class LayerOptions(BaseModel):
        """What the checker needs to know of the model below."""
else:
    LayerOptions = create_model(
        "LayerOptions",
        __config__=_STRICT,
        __doc__="Options of the LSTM layer. One that is left out has its default.",
        **_OPTIONS,
    )


class DimensionSet(BaseModel):
    """One size for each dimension."""

    model_config = _STRICT
    batch_size: Size = Field(description="Sequences in a batch.")
    time_steps: Size = Field(description="Steps of each sequence.")
    embedding_dim: Size = Field(description="Features of the input at each step.")
    hidden_units: Size = Field(description="Units of the hidden state of each direction.")
    num_layers: Size = Field(default=1, description="Layers stacked on each other.")


def _apart(name: str) -> tuple[Any, Any]:
    """Of an option, or of hidden_units, the same under a key that may be left out."""
    kind, told = _OPTIONS.get(name) or (Size, DimensionSet.model_fields[name])
    optional: Any = Maybe  # of a kind that is not known before the file runs
    return optional[kind], Field(default=None, description=told.description)


if TYPE_CHECKING:

    class LayerEntry(BaseModel):
        """What the checker needs to know of the model below."""
else:
    LayerEntry = create_model(
        "LayerEntry",
        __config__=_STRICT,
        __doc__="One layer of a stack: what it has other than the case's own layer.",
        **{name: _apart(name) for name in APART},
    )


class Exclusion(BaseModel):
    """Sizes that no set of the matrix may have together."""

    model_config = _STRICT
    batch_size: Maybe[Size] = Field(default=None, description="Sequences in a batch.")
    time_steps: Maybe[Size] = Field(default=None, description="Steps of each sequence.")
    embedding_dim: Maybe[Size] = Field(
        default=None, description="Features of the input at each step."
    )
    hidden_units: Maybe[Size] = Field(
        default=None, description="Units of the hidden state of each direction."
    )
    num_layers: Maybe[Size] = Field(default=None, description="Layers stacked on each other.")


class Matrix(BaseModel):
    """Sizes for each dimension: every combination is a case, less `exclude`, plus `include`."""

    model_config = _STRICT
    batch_size: Sizes = Field(description="Sequences in a batch: a size or a list of sizes.")
    time_steps: Sizes = Field(description="Steps of each sequence.")
    embedding_dim: Sizes = Field(description="Features of the input at each step.")
    hidden_units: Sizes = Field(description="Units of the hidden state of each direction.")
    num_layers: Sizes = Field(default=(1,), description="Layers stacked on each other.")
    exclude: Maybe[Many[Exclusion]] = Field(default=None, description="Combinations to leave out.")
    include: Maybe[Many[DimensionSet]] = Field(
        default=None, description="Sets to add to the product."
    )


class Expect(BaseModel):
    """The shape of each result: a list of sizes and expressions."""

    model_config = _STRICT
    output: Maybe[Shape] = Field(
        default=None,
        description="(batch, time, direction*hidden); without sequences (batch, direction*hidden).",
    )
    h_n: Maybe[Shape] = Field(default=None, description="(layer*direction, batch, hidden).")
    c_n: Maybe[Shape] = Field(default=None, description="(layer*direction, batch, cell).")


class Split(BaseModel):
    """Where the case is cut in two; the pieces must give what the whole gives."""

    model_config = _STRICT
    time: Maybe[Positive] = Field(
        default=None,
        description="Steps of the first piece; the second starts from the states it ends in.",
    )
    batch: Maybe[Positive] = Field(default=None, description="Sequences of the first piece.")


class Repeat(Exclusion):
    """Sizes of a call between two that are the same; the others are the case's."""


class NumbersFed(BaseModel):
    """How the numbers are made that are fed: a span is a number, ±that, or [least, largest]."""

    model_config = _STRICT
    weights: Maybe[Span] = Field(
        default=None, description="Of weights and biases; else ±1/sqrt(hidden_units)."
    )
    input: Maybe[Span] = Field(default=None, description="Of the input; else ±1.")
    states: Maybe[Span] = Field(default=None, description="Of the given h_0 and c_0; else ±1.")
    zero_steps: Maybe[Many[Size]] = Field(
        default=None, description="Steps, from 0, at which every feature of the input is zero."
    )
    behind: Maybe[Behind] = Field(
        default=None,
        description="What the input holds where no step counts; else drawn ones.",
    )


class Counts(BaseModel):
    """How many parameters the layer has, by how many biases the framework gives each gate."""

    model_config = _STRICT
    one_bias: Count = Field(description="With one bias a gate.")
    two_biases: Count = Field(description="With two biases a gate.")


class Feed(BaseModel):
    """The shape of each input that is wrong on purpose; the others stay right."""

    model_config = _STRICT
    input: Maybe[Shape] = Field(default=None, description="Right would be (batch, time, input).")
    h_0: Maybe[Shape] = Field(
        default=None, description="Right would be (layer*direction, batch, hidden)."
    )
    c_0: Maybe[Shape] = Field(
        default=None, description="Right would be (layer*direction, batch, cell)."
    )
    mask: Maybe[Shape] = Field(default=None, description="Right would be (batch, time).")
    integers: Maybe[Literal[True]] = Field(
        default=None, description="Feed an input of int32 to a layer of floating-point numbers."
    )
    input_weights: Maybe[Shape] = Field(
        default=None, description="Of the lowest layer: right would be (direction, 4, cell, input)."
    )
    recurrent_weights: Maybe[Shape] = Field(
        default=None,
        description="Of the lowest layer: right would be (direction, 4, cell, hidden).",
    )


class First(BaseModel):
    """Sizes of a call before, of the same layer or program; the others are the case's."""

    model_config = _STRICT
    batch_size: Maybe[Size] = Field(default=None, description="Sequences in its batch.")
    time_steps: Maybe[Size] = Field(default=None, description="Steps of each of its sequences.")


def _kind(value: object) -> str:
    return "<rejected>" if isinstance(value, str) else "<shapes>"


class CaseEntry(BaseModel):
    """One layer and one set of dimensions (or a matrix of sets), and what must come out."""

    model_config = ConfigDict(**_STRICT, json_schema_extra={"allOf": [_ONE_OF, _REJECTED]})
    id: Slug = Field(description="With the behaviour before it, the case's permanent address.")
    about: Maybe[Text] = Field(default=None, description="What this case adds; else the file's.")
    dimensions: Maybe[DimensionSet] = Field(default=None, description="The sizes of one case.")
    matrix: Maybe[Matrix] = Field(default=None, description="The sizes of several cases.")
    layer: LayerOptions = Field(
        default_factory=LayerOptions, description="Changes to the file's layer."
    )
    expect: Annotated[
        Annotated[Expect, Tag("<shapes>")] | Annotated[Literal["rejected"], Tag("<rejected>")],
        Discriminator(_kind),
    ] = Field(default_factory=Expect, description="Shapes beside the file's law, or rejected.")
    tags: tuple[TagName, ...] = Field(
        default=(), description="Added to the file's tags.", strict=False
    )
    feed: Maybe[Feed] = Field(default=None, description="Wrong shapes that must be rejected.")
    lengths: Maybe[Many[Length]] = Field(
        default=None, description="The length of each sequence of the batch."
    )
    mask: Maybe[Many[Many[Bit]]] = Field(
        default=None, description="Of each sequence of the batch: 1 for each step that counts."
    )
    layers: Maybe[Many[LayerEntry]] = Field(
        default=None,
        description="Of each layer of a stack, what it has other than `layer` says.",
    )
    run: bool = Field(default=True, description="False: shape inference and parameters alone.")
    split: Maybe[Split] = Field(default=None, description="Also run it in two pieces.")
    first: Maybe[First] = Field(
        default=None, description="Sizes of a call before, of the same layer or program."
    )
    repeat: Maybe[Repeat] = Field(
        default=None, description="Also run it again, after a call of these sizes."
    )
    numbers: Maybe[NumbersFed] = Field(
        default=None, description="How the numbers are made; else small ones, at random."
    )
    record: tuple[Property, ...] = Field(
        default=(), description="Properties compared with those on record.", strict=False
    )
    parameters: Maybe[Counts] = Field(
        default=None, description="The published number of parameters."
    )

    @model_validator(mode="after")
    def agree(self) -> "CaseEntry":
        """Raise where keys that need or exclude each other do not agree."""
        if (self.dimensions is None) == (self.matrix is None):
            raise PydanticCustomError("sentence", "a case needs either dimensions or matrix")
        rejected = self.expect == "rejected"
        if rejected and self.feed is None and self.lengths is None and self.first is None:
            raise PydanticCustomError("sentence", "'expect: rejected' needs feed, lengths or first")
        if self.feed is not None and not rejected:
            raise PydanticCustomError("sentence", "feed and 'expect: rejected' go together")
        if self.split is not None and len(self.split.model_fields_set) != 1:
            raise PydanticCustomError("sentence", "split is along time or batch, one of them")
        if self.first is not None and not self.first.model_fields_set:
            raise PydanticCustomError("sentence", "first names no size")
        if self.repeat is not None and not self.repeat.model_fields_set:
            raise PydanticCustomError("sentence", "repeat names no size")
        if self.layers is not None and self.dimensions is None:
            raise PydanticCustomError("sentence", "layers are those of one set of dimensions")
        if self.parameters is not None and self.dimensions is None:
            raise PydanticCustomError("sentence", "parameters are those of one set of dimensions")
        if self.feed is not None and not self.feed.model_fields_set:
            raise PydanticCustomError("sentence", "feed names no input")
        if self.numbers is not None and not self.numbers.model_fields_set:
            raise PydanticCustomError("sentence", "numbers says nothing of any")
        return self


class CaseFile(BaseModel):
    """One behaviour of LSTM layers, and the cases that show it."""

    model_config = _STRICT
    behaviour: Slug = Field(description="The first part of the id of every case in the file.")
    about: Text = Field(description="The behaviour in a sentence.")
    source: Url = Field(description="Where a framework documents the behaviour.")
    layer: LayerOptions = Field(
        default_factory=LayerOptions, description="The layer of every case."
    )
    expect: Expect = Field(
        default_factory=Expect, description="The law: shapes that hold for every case."
    )
    tags: tuple[TagName, ...] = Field(default=(), description="Tags of every case.", strict=False)
    cases: Many[CaseEntry] = Field(description="The cases.")


class RecordEntry(BaseModel):
    """What was seen of one property, by glob over case ids."""

    model_config = _STRICT
    property: Property = Field(description="The property.")
    version: Version = Field(description="A requirement: 'name>=1.2,<2'.")
    seen: dict[str, Any] = Field(description="The value by a glob over case ids.")
    source: Url = Field(description="Where that is documented or reported.")


class RecordFile(BaseModel):
    """The properties of one framework. The file has the framework's name."""

    model_config = _STRICT
    framework: Text = Field(description="The framework, as the file's name says it.")
    records: Many[RecordEntry] = Field(description="What was seen.")


def _choice(option: dataclasses.Field[Any]) -> tuple[Any, Any]:
    """One value of an option or a list of them; `ANY` is every one but the default."""
    kind: Any = option.type
    if kind is int:
        kind = Width
    elif kind is str:  # of which a pin can say no more than that there is one
        kind = Literal[ANY]
    elif kind is not bool:
        kind = Literal[(*get_args(kind), ANY)]
    return some(kind), Field(default=None, description=option.metadata["about"])


def _size(name: str) -> tuple[Any, Any]:
    about = DimensionSet.model_fields[name].description
    return some(Width if name in USUAL else Size), Field(default=None, description=about)


# Here too an option is added in the contract alone.
_KIND = {option.name: _choice(option) for option in dataclasses.fields(Layer)}
_KIND |= {size.name: _size(size.name) for size in dataclasses.fields(Dimensions)}
_KIND["run"] = (
    some(bool),
    Field(default=None, description="Whether the case is run, and not inferred alone."),
)
_KIND["behind"] = (
    some(Literal[(*get_args(Behind), ANY)]),
    Field(default=None, description="What the input holds behind a sequence's end."),
)
if TYPE_CHECKING:

    class Kind(BaseModel):
        """What the checker needs to know of the model below."""
else:
    Kind = create_model(
        "Kind",
        __config__=_STRICT,
        __doc__="Options of the layer and sizes, each with a value or a list of some, whether the "
        "case is run, and what stands behind ends. 'any' is all but the default, of an option that "
        "is no truth value, of num_layers and of behind.",
        **dict[str, Any](_KIND),
    )

Outcome = Literal["differs", "rejected", "crashed", "hung"]
Device = Literal["cpu", "cuda", "mps", "tpu"]


class OutcomeEntry(BaseModel):
    """One of several outcomes."""

    model_config = _STRICT
    outcome: Outcome = Field(description="What happens instead.")
    got: dict[str, Any] = Field(
        default={}, description="The outcome in full, as the suite reports it."
    )


class DeviationEntry(BaseModel):
    """One known difference: which cases and versions, and the exact outcome."""

    model_config = ConfigDict(**_STRICT, json_schema_extra={"allOf": [_CASES, _OUTCOMES]})
    cases: Globs = Field(
        default=("*",), description="A glob over case ids, 'stacked-*', or a list of some."
    )
    where: Maybe[Kind] = Field(
        default=None, description="Options and sizes that each of the cases has, besides the glob."
    )
    claim: Claims = Field(description="The claims of the suite that do not hold: one or a list.")
    version: Version = Field(description="A requirement: 'name>=1.2,<2'.")
    device: Maybe[Device] = Field(
        default=None, description="On which alone it happens; else it is the same on each."
    )
    outcome: Maybe[Outcome] = Field(default=None, description="What happens instead.")
    got: dict[str, Any] = Field(
        default={}, description="The outcome in full, as the suite reports it."
    )
    outcomes: Maybe[Many[OutcomeEntry]] = Field(
        default=None, description="In place of outcome and got, where it is unsteady which comes."
    )
    spoils: bool = Field(
        default=False,
        description="That it harms its process, as a write beyond memory does: the next case has "
        "a new one.",
    )
    why: Text = Field(description="Why it differs.")
    source: Url = Field(description="Where that is documented or reported.")

    @model_validator(mode="after")
    def agree(self) -> "DeviationEntry":
        """Raise where keys that need or exclude each other do not agree."""
        given = self.model_fields_set
        if not given & {"cases", "where"}:
            raise PydanticCustomError("sentence", "a deviation needs cases, where or both")
        if self.where is not None and not self.where.model_fields_set:
            raise PydanticCustomError("sentence", "where names no option and no size")
        if (self.outcome is None) == (self.outcomes is None):
            raise PydanticCustomError("sentence", "a deviation needs either outcome or outcomes")
        if self.outcomes is None:
            return self
        if "got" in given:
            raise PydanticCustomError("sentence", "got goes with outcome: outcomes have their own")
        if len(self.outcomes) == 1:
            raise PydanticCustomError("sentence", "outcomes are two or more: write one as outcome")
        if any(one in self.outcomes[:place] for place, one in enumerate(self.outcomes)):
            raise PydanticCustomError("sentence", "outcomes has one twice")
        return self


class DeviationFile(BaseModel):
    """The known differences of one framework. The file has the framework's name."""

    model_config = _STRICT
    framework: Text = Field(description="The framework, as the file's name says it.")
    deviations: Many[DeviationEntry] = Field(description="The known differences.")


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file in ``cases/``."""
    return {"$schema": _DRAFT, **CaseFile.model_json_schema()}


def deviation_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file in ``cases/deviations/``."""
    return {"$schema": _DRAFT, **DeviationFile.model_json_schema()}


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file in ``cases/properties/``."""
    return {"$schema": _DRAFT, **RecordFile.model_json_schema()}


def schema_files() -> dict[Path, str]:
    """Return the text of each generated schema by its path below the repository's root."""
    schemas = {
        Path("cases", "schema.json"): case_schema(),
        Path("cases", "deviations", "schema.json"): deviation_schema(),
        Path("cases", "properties", "schema.json"): record_schema(),
    }
    return {path: _text(schema) for path, schema in schemas.items()}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
