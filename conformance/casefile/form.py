"""The form of one value in a YAML file: a slug, a link, a size, a shape, as pydantic types.

An error that pydantic has no plain word for is raised with type ``expected`` and the text of what
was expected, or with type ``sentence`` and a whole sentence; `sentence` reads both.
"""

from typing import Annotated, Any, Literal, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, Strict
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from conformance.casefile.expression import MAX_LENGTH, NAMES, ExpressionError, parse

T = TypeVar("T")

SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
URL = r"^https?://\S+$"
MAX_SIZE = 1_000_000


def _extent(value: object) -> int | str:
    if isinstance(value, str):
        try:
            parse(value)
        except ExpressionError as error:
            # The text is an argument, as braces in a custom error's own text are placeholders.
            raise PydanticCustomError("sentence", "{text}", {"text": str(error)}) from None
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PydanticCustomError("expected", "a whole number from 0 or an expression")


def _requirement(value: str) -> str:
    try:
        Requirement(value)
    except InvalidRequirement:
        raise PydanticCustomError("expected", "a requirement like 'name>=1.2,<2'") from None
    return value


def _several(value: object) -> list[object]:
    if isinstance(value, int):
        return [value]
    if isinstance(value, list):
        return value
    raise PydanticCustomError("expected", "a size or a list of sizes")


def _given(value: object) -> object:
    if value is None:
        raise PydanticCustomError("expected", "a value")
    return value


def _omit_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


# None stands for a key that is left out; the file itself may not say null.
Maybe = Annotated[
    T | SkipJsonSchema[None], BeforeValidator(_given), Field(json_schema_extra=_omit_default)
]
# YAML has lists; strictness alone would ask for tuples, which nobody can write.
Many = Annotated[tuple[T, ...], Strict(False), Field(min_length=1)]

Slug = Annotated[str, Field(pattern=SLUG)]
Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(pattern=URL)]
TagName = Literal["degenerate", "nightly", "search"]


def _claims(value: object) -> object:
    return [value] if isinstance(value, str) else value


Claim = Literal[
    "shapes",
    "values",
    "inferred_shapes",
    "parameters",
    "gradients",
    "splits",
    "properties",
    "survives",
    "rejects",
]
Claims = Annotated[
    Many[Claim], BeforeValidator(_claims, json_schema_input_type=Claim | Many[Claim])
]
Version = Annotated[str, AfterValidator(_requirement)]

Size = Annotated[int, Field(ge=0, le=MAX_SIZE)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[int, Field(ge=1, le=MAX_SIZE)]
Property = Literal["checkpoint", "container", "defaults", "exception", "padding"]
Sizes = Annotated[Many[Size], BeforeValidator(_several, json_schema_input_type=Size | Many[Size])]

Expression = Annotated[
    str, Field(max_length=MAX_LENGTH, description=f"Arithmetic over {', '.join(NAMES)}.")
]
Extent = Annotated[
    int | str,
    PlainValidator(_extent, json_schema_input_type=Annotated[int, Field(ge=0)] | Expression),
]
Shape = Many[Extent]
