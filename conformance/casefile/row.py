"""A row of a covering array: its layer and dimensions, and how it stands in a case file."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from conformance.casefile.extreme import EXTREMES, PROJECTION_SIZE, USUAL
from conformance.casefile.factor import Row
from conformance.lstm.case import Dimensions, Layer, sizes
from conformance.lstm.distinct import coincidences
from conformance.lstm.law import Law
from conformance.lstm.pattern import canonical

_OPTIONS = {option.name: option.default for option in fields(Layer)}


def layer_of(row: Row) -> tuple[Layer, Dimensions]:
    """The layer and the dimensions of a row; what it does not name is as ever."""
    layer = Layer(**{name: value for name, value in row.items() if name in _OPTIONS})
    given = dict(USUAL)
    if extreme := EXTREMES.get(row.get("extreme", "")):
        projected = layer.projection_size and extreme.projected is not None
        given |= extreme.projected if projected else extreme.sizes  # type: ignore[arg-type]
    if layer.layout == "unbatched":
        given["batch_size"] = 1
    if "num_layers" in row:
        given["num_layers"] = row["num_layers"]
    projection = given.pop("projection_size")
    if layer.projection_size:
        layer = replace(layer, projection_size=projection)
    return layer, Dimensions(**given)


def row_of(layer: Layer, dimensions: Dimensions) -> dict[str, Any]:
    """The values of the factors of a case: of a size, whether it is the larger one."""
    projection = PROJECTION_SIZE if layer.projection_size else 0
    layers = min(dimensions.num_layers, 2)
    return {**asdict(layer), "projection_size": projection, "num_layers": layers}


def extremes_of(layer: Layer, dimensions: Dimensions) -> list[str]:
    """The classes of extreme sizes that a case is in."""
    return [name for name, one in EXTREMES.items() if one.holds(layer, dimensions)]


def entry_lines(layer: Layer, dimensions: Dimensions) -> list[str]:
    """The lines of a case file's entry."""
    options = {name: value for name, value in asdict(layer).items() if value != _OPTIONS[name]}
    shapes = expected(layer, dimensions)
    lines = [
        f"  - id: {identity(layer, dimensions)}",
        f"    dimensions: {_flow(asdict(dimensions))}",
    ]
    if options:
        lines.append(f"    layer: {_flow(options)}")
    if coincidences(layer, dimensions):
        lines.append("    tags: [degenerate]")
    return [*lines, f"    expect: {_flow(shapes)}"]


def expected(layer: Layer, dimensions: Dimensions) -> dict[str, list[int]]:
    """The canonical shape of every result that is due."""
    axes = sizes(layer, dimensions)
    results = {"output": "output" if layer.return_sequences else "last", "h_n": "h_n", "c_n": "c_n"}
    due = results if layer.return_state else {"output": results["output"]}
    return {name: list(Law(canonical(form, layer), axes).shape) for name, form in due.items()}


def identity(layer: Layer, dimensions: Dimensions) -> str:
    """Options in words and sizes by letter: ``bidirectional-no-bias-b3-t5-e7-h11-l2``."""
    words = []
    for option in fields(Layer):
        value = getattr(layer, option.name)
        if value == option.default:
            continue
        name = option.name if isinstance(value, bool) else f"{option.name}_{value}"
        words.append(name if value else f"no_{option.name}")
    letters = zip("btehl", asdict(dimensions).values(), strict=True)
    words += [f"{letter}{size}" for letter, size in letters]
    return "-".join(words).replace("_", "-")


def _flow(mapping: Mapping[str, Any]) -> str:
    def told(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return "{" + ", ".join(f"{name}: {told(value)}" for name, value in mapping.items()) + "}"
