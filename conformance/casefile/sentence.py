"""A validation error of pydantic as one plain sentence: where, what was expected, what came."""

import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from conformance.casefile.document import Document, Path, Problem, quoted
from conformance.casefile.form import SLUG, URL
from conformance.casefile.schema import (
    CaseEntry,
    CaseFile,
    Counts,
    DeviationEntry,
    DeviationFile,
    DimensionSet,
    Exclusion,
    Expect,
    Feed,
    Kind,
    LayerEntry,
    LayerOptions,
    Matrix,
    NumbersFed,
    OutcomeEntry,
    RecordEntry,
    RecordFile,
    Repeat,
    Split,
)
from conformance.casefile.suggest import hint

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "greater_than_equal": "at least {ge}",
    "int_type": "a whole number",
    "less_than_equal": "at most {le:,}",
    "literal_error": "{expected}",
    "model_type": "a mapping",
    "string_too_short": "text",
    "string_type": "text",
    "too_short": "at least one entry",
    "tuple_type": "a list",
}
_PATTERNS = {SLUG: "a slug like 'single-layer'", URL: "an http or https link"}
_ROOTS: dict[str, tuple[str, type[BaseModel]]] = {
    "CaseFile": ("a case file", CaseFile),
    "DeviationFile": ("a deviation file", DeviationFile),
    "RecordFile": ("a property file", RecordFile),
}
_ENTRIES: dict[str, tuple[str, type[BaseModel]]] = {
    "cases": ("a case", CaseEntry),
    "deviations": ("a deviation", DeviationEntry),
    "records": ("a record", RecordEntry),
}
_MAPPINGS: dict[str, type[BaseModel]] = {
    "dimensions": DimensionSet,
    "exclude": Exclusion,
    "expect": Expect,
    "feed": Feed,
    "include": DimensionSet,
    "layer": LayerOptions,
    "layers": LayerEntry,
    "matrix": Matrix,
    "numbers": NumbersFed,
    "outcomes": OutcomeEntry,
    "parameters": Counts,
    "split": Split,
    "repeat": Repeat,
    "where": Kind,
}
_YAML_1_1 = {"no": "false", "off": "false", "n": "false", "yes": "true", "on": "true", "y": "true"}


def problems(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> Iterable[Problem]:
    """Each error in `error`, of a file of `model`, as a problem at its place in `document`."""
    for details in error.errors(include_url=False):
        if _echo(details):
            continue
        # pydantic's path also names branches of unions, which are no part of the document.
        path: Path = ()
        for part in details["loc"]:
            if (*path, part) in document.values:
                path = (*path, part)
        if details["type"] == "extra_forbidden":
            noun, mapping = _mapping(path[:-1], model)
            key = str(path[-1])
            near = hint(key, mapping.model_fields, "keys", 0.7)
            text = f"unknown key {quoted(key)} in {noun}{near}"
            yield Problem(document.keys[path], text)
        elif details["type"] == "missing":
            noun = _mapping(path, model)[0]
            yield Problem(document.values[path], f"missing key {details['loc'][-1]!r} in {noun}")
        elif details["type"] == "sentence":
            yield Problem(document.values[path], details["msg"])
        else:
            expected = _expected(details)
            got = show(details["input"]) + _hint(details)
            text = f"{_label(path)}: expected {expected}, got {got}"
            yield Problem(document.values[path], text)


def count(error: ValidationError) -> int:
    """How many problems `problems` makes of `error`."""
    return sum(not _echo(details) for details in error.errors(include_url=False))


def _echo(details: ErrorDetails) -> bool:
    """Whether `details` only repeats an error beside it."""
    # The other branch of a `Maybe`, and a list whose wrong entries pydantic no longer counts.
    kind = details["type"]
    return kind == "none_required" or (kind == "too_short" and bool(details["input"]))


def show(value: object) -> str:
    """`value` in the words of YAML, in one short line."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "a mapping"


def _expected(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]]
    return _EXPECTED[kind].format(**context) if kind in _EXPECTED else details["msg"]


def _hint(details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    if kind == "bool_type" and isinstance(value, str) and value.lower() in _YAML_1_1:
        return f" (YAML 1.2: write {_YAML_1_1[value.lower()]})"
    if kind == "int_type" and isinstance(value, str) and re.fullmatch("[0-9]+(_[0-9]+)+", value):
        return f" (YAML 1.2: write {value.replace('_', '')})"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return ": put it in quotes"
    if kind == "literal_error" and isinstance(value, str):
        return hint(value, re.findall("'([^']*)'", details["ctx"]["expected"]))
    return ""


def _mapping(path: Path, root: type[BaseModel]) -> tuple[str, type[BaseModel]]:
    """Return the noun and the model of the mapping at `path` of a file of the model `root`."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return _ROOTS.get(root.__name__, ("the file", root))
    if len(path) == 2 and names[0] in _ENTRIES:
        return _ENTRIES[names[0]]
    return _label(path), _MAPPINGS.get(names[-1]) or _inside(root, names)


def _inside(root: type[BaseModel], names: list[str]) -> type[BaseModel]:
    """Return the model that lies under keys of `root`, in lists or not."""
    for name in names:
        (root,) = _models(root.model_fields[name].annotation)
    return root


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _label(path: Path) -> str:
    """`path` as a reader writes it, from the entry on: the line already says which entry."""
    if len(path) > 1 and path[0] in _ENTRIES:
        path = path[2:] or ("the entry",)
    label = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return label.removeprefix(".") or "the file"
