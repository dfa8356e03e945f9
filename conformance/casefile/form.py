"""The form of one value in a YAML file: a slug, a link, a size, a shape, as pydantic types.

An error that pydantic has no plain word for is raised with type ``expected`` and the text of what
was expected, or with type ``sentence`` and a whole sentence; `sentence` reads both.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, Strict
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from conformance.casefile.expression import MAX_LENGTH, NAMES, ExpressionError, parse
from conformance.casefile.requirement import RequirementError, check
from conformance.lstm.kind import ANY

T = TypeVar("T")

SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
URL = r"^https?://\S+$"
MAX_SIZE = 1_000_000
MAX_AXES = 16
MAX_NUMBER = 1e30  # of what is fed: its product with a weight is below the largest float32


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


def _few(value: object) -> object:
    if isinstance(value, list) and len(value) > MAX_AXES:
        raise PydanticCustomError("expected", f"at most {MAX_AXES} sizes")
    return value


def _requirement(value: str) -> str:
    try:
        check(value)
    except RequirementError as error:
        text = f"version: {error}"
        raise PydanticCustomError("sentence", "{text}", {"text": text}) from None
    return value


def _span(value: object) -> tuple[float, float]:
    ends = value if isinstance(value, list) else [value, value]
    numbers = [one for one in ends if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(ends) != 2 or numbers != ends or not all(abs(one) <= MAX_NUMBER for one in numbers):
        raise PydanticCustomError("expected", "a number, or the least and the largest")
    low, high = map(float, numbers)
    if not isinstance(value, list):
        low = -high
    if not low < high:
        raise PydanticCustomError("expected", "a number above 0, or the least and the largest")
    return low, high


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
TagName = Literal["degenerate", "nightly", "search", "sizes", "triples"]
# Tags whose cases run only where --tag names them.
ON_DEMAND = frozenset({"nightly", "search", "sizes", "triples"})


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _width(value: object) -> int | str:
    if value == ANY:
        return ANY
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SIZE:
        return value
    raise PydanticCustomError("expected", "a whole number from 0 or 'any'")


# One glob over case ids, or several.
Globs = Annotated[Many[Text], BeforeValidator(_listed, json_schema_input_type=Text | Many[Text])]
Claim = Literal[
    "shapes",
    "values",
    "inferred_shapes",
    "parameters",
    "gradients",
    "splits",
    "repeats",
    "properties",
    "survives",
    "rejects",
]
Claims = Annotated[
    Many[Claim], BeforeValidator(_listed, json_schema_input_type=Claim | Many[Claim])
]
Version = Annotated[str, AfterValidator(_requirement)]

Size = Annotated[int, Field(ge=0, le=MAX_SIZE)]
Bit = Annotated[int, Field(ge=0, le=1)]
# Also one that no sequence can have: it must be refused.
Length = Annotated[int, Field(ge=-MAX_SIZE, le=MAX_SIZE)]
# Of what has a default, for a layer of any other.
Width = Annotated[int | str, PlainValidator(_width, json_schema_input_type=Size | Literal["any"])]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[int, Field(ge=1, le=MAX_SIZE)]
_Number = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
# A single number stands for that and its negative.
Span = Annotated[
    tuple[float, float],
    PlainValidator(
        _span,
        json_schema_input_type=Annotated[float, Field(gt=0, le=MAX_NUMBER)]
        | Annotated[list[_Number], Field(min_length=2, max_length=2)],
    ),
]
Property = Literal["checkpoint", "container", "defaults", "exception", "padding", "training"]
Sizes = Annotated[Many[Size], BeforeValidator(_several, json_schema_input_type=Size | Many[Size])]

Expression = Annotated[
    str, Field(max_length=MAX_LENGTH, description=f"Arithmetic over {', '.join(NAMES)}.")
]
Extent = Annotated[
    int | str,
    PlainValidator(_extent, json_schema_input_type=Annotated[int, Field(ge=0)] | Expression),
]
Shape = Annotated[Many[Extent], BeforeValidator(_few)]


def some(kind: Any) -> Any:
    """One value of `kind` or a list of them, under a key that may be left out."""
    many = Many[kind]
    listed = BeforeValidator(_listed, json_schema_input_type=kind | many)
    optional: Any = Maybe  # of a kind that is not known before the file runs
    return optional[Annotated[many, listed]]
