"""The two YAML files, as pydantic models, and the JSON Schema of each that editors read.

The models are strict: no key beside the declared ones and no conversion, so that a float is no
size and text is no truth value. What needs the values of a case, `load` checks.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from conformance.case import Layer
from conformance.form import Many, Maybe, Shape, Size, Sizes, Slug, TagName, Text, Url, Version

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
# What pydantic checks in CaseEntry.agree, in the words of JSON Schema.
_ONE_OF: JsonDict = {"oneOf": [{"required": ["dimensions"]}, {"required": ["matrix"]}]}
_REJECTED: JsonDict = {
    "if": {"properties": {"expect": {"const": "rejected"}}, "required": ["expect"]},
    "then": {"required": ["feed"]},
    "else": {"not": {"required": ["feed"]}},
}


class LayerOptions(BaseModel):
    """Options of the LSTM layer. One that is left out has its default."""

    model_config = _STRICT
    bidirectional: bool = Field(default=Layer.bidirectional, description="Add a reverse pass.")
    bias: bool = Field(default=Layer.bias, description="Add a bias to each gate.")
    return_sequences: bool = Field(
        default=Layer.return_sequences,
        description="Output every time step, not the final state alone.",
    )
    initial_state: Literal["zeros", "given"] = Field(
        default=Layer.initial_state,
        description="Start from zeros, or from an h_0 and a c_0 that are fed.",
    )


class DimensionSet(BaseModel):
    """One size for each dimension."""

    model_config = _STRICT
    batch_size: Size = Field(description="Sequences in a batch.")
    time_steps: Size = Field(description="Steps of each sequence.")
    embedding_dim: Size = Field(description="Features of the input at each step.")
    hidden_units: Size = Field(description="Units of the hidden state of each direction.")
    num_layers: Size = Field(default=1, description="Layers stacked on each other.")


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

    @model_validator(mode="after")
    def agree(self) -> "CaseEntry":
        """Raise where keys that need or exclude each other do not agree."""
        if (self.dimensions is None) == (self.matrix is None):
            raise PydanticCustomError("sentence", "a case needs either dimensions or matrix")
        if (self.expect == "rejected") != (self.feed is not None):
            raise PydanticCustomError("sentence", "feed and 'expect: rejected' go together")
        if self.feed is not None and not self.feed.model_fields_set:
            raise PydanticCustomError("sentence", "feed names no input")
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


class DeviationEntry(BaseModel):
    """One known difference: which cases and versions, and the exact outcome."""

    model_config = _STRICT
    cases: Text = Field(description="A glob over case ids: 'stacked-*'.")
    claim: Literal["shapes", "values", "inferred_shapes", "parameters", "rejects"] = Field(
        description="The claim of the suite that does not hold."
    )
    version: Version = Field(description="A requirement: 'name>=1.2,<2'.")
    outcome: Literal["differs", "rejected", "crashed", "hung"] = Field(
        description="What happens instead."
    )
    got: dict[str, Any] = Field(
        default={}, description="The outcome in full, as the suite reports it."
    )
    why: Text = Field(description="Why it differs.")
    source: Url = Field(description="Where that is documented or reported.")


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


def schema_files() -> dict[Path, str]:
    """Return the text of each generated schema by its path below the repository's root."""
    schemas = {
        Path("cases", "schema.json"): case_schema(),
        Path("cases", "deviations", "schema.json"): deviation_schema(),
    }
    return {path: _text(schema) for path, schema in schemas.items()}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
