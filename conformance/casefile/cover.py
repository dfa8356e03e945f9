"""Covering arrays: few cases in which every few values of options and dimensions meet.

``python -m conformance cover`` writes them to ``cases/coverage-*.yaml``, as cases like any other,
each with its literal shapes; the arrays are covertable's (https://pypi.org/project/covertable/),
and `uncovered` counts what they leave out, without it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import combinations, product
from pathlib import Path
from typing import Any

from conformance.lstm.agreement import RULES, Rule, contradictions
from conformance.lstm.case import Case, Dimensions, Layer, sizes
from conformance.lstm.distinct import coincidences
from conformance.lstm.law import Law
from conformance.lstm.pattern import canonical

Row = Mapping[str, Any]

DIMENSIONS: dict[str, Sequence[int]] = {
    "batch_size": (1, 3),
    "time_steps": (1, 5),
    "embedding_dim": (1, 7),
    "num_layers": (1, 2, 3),
}
HIDDEN_UNITS = 11
PROJECTION_SIZE = 4
_BOTH = (False, True)
OPTIONS: dict[str, Sequence[Any]] = {
    "bidirectional": _BOTH,
    "bias": _BOTH,
    "return_sequences": _BOTH,
    "initial_state": ("zeros", "given"),
    "reverse": _BOTH,
    "keep_order": _BOTH,
    "merge": ("concat", "sum", "mul", "ave", "none"),
    "layout": ("batch_major", "time_major", "unbatched", "extra_batch"),
    "projection_size": (0, PROJECTION_SIZE),
    "lengths": ("full", "given"),
    "return_state": _BOTH,
    "dtype": ("float32", "float64", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"),
    "gradients": _BOTH,
    "dropout": _BOTH,
    "stateful": ("no", "carried", "reset"),
    "execution": ("usual", "eager", "compiled", "predict"),
    "checkpoint": ("none", "weights", "model"),
}
# What every framework with an LSTM has: in an array of all options, nearly each row holds something
# that any one framework lacks, so that there most triples meet in rows that it cannot run. Eager is
# left to the array of all: op by op, a gradient takes a compiling framework seconds.
COMMON: dict[str, Sequence[Any]] = {
    "bidirectional": _BOTH,
    "return_sequences": _BOTH,
    "return_state": _BOTH,
    "initial_state": ("zeros", "given"),
    "gradients": _BOTH,
    "execution": ("usual", "compiled"),
}


@dataclass(frozen=True)
class Array:
    """One covering array: in every `strength` of its factors all values meet."""

    behaviour: str
    about: str
    strength: int
    factors: Mapping[str, Sequence[Any]]
    nightly: bool = False


ARRAYS = (
    Array(
        "coverage-common",
        "Every three values of the options that all have, and of the classes of sizes, meet.",
        3,
        {**COMMON, **DIMENSIONS, "num_layers": (1, 2)},
    ),
    Array(
        "coverage-triples",
        "Every three values of all options, and of the classes of sizes, meet in a case.",
        3,
        {**OPTIONS, **DIMENSIONS},
    ),
    Array(
        "coverage-quadruples",
        "Every four values of the options that all have, and of the classes of sizes, meet.",
        4,
        {**COMMON, **DIMENSIONS},
        nightly=True,
    ),
)


def rows(array: Array) -> list[dict[str, Any]]:
    """The rows of `array`, by covertable, none of which contradicts itself."""
    from covertable import make  # needed to write the cases, not to run them

    constraints = [
        {"operator": "fn", "requires": list(rule.looks_at), "evaluate": _keeps(rule)}
        for rule in RULES
        if set(rule.looks_at) <= array.factors.keys()
    ]
    factors = {name: list(values) for name, values in array.factors.items()}
    made: list[dict[str, Any]] = make(factors, strength=array.strength, constraints=constraints)
    return sorted(made, key=lambda row: identity(*layer_of(row)))


def _keeps(rule: Rule) -> Callable[[Row], bool]:
    return lambda row: not rule.broken(*layer_of({name: row[name] for name in rule.looks_at}))


def layer_of(row: Row) -> tuple[Layer, Dimensions]:
    """The layer and the dimensions of a row; what it does not name is as ever."""
    names = {option.name for option in fields(Layer)}
    layer = Layer(**{name: value for name, value in row.items() if name in names})
    usual = {"batch_size": 1 if layer.layout == "unbatched" else 3, "time_steps": 5}
    usual |= {"embedding_dim": 7, "hidden_units": HIDDEN_UNITS, "num_layers": 1}
    given = {name: value for name, value in row.items() if name not in names}
    return layer, Dimensions(**{**usual, **given})


def uncovered(array: Array, cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Every combination of `strength` values that could meet and does not in `cases`."""
    seen: set[tuple[tuple[str, Any], ...]] = set()
    for case in cases:
        row = {**asdict(case.layer), **asdict(case.dimensions)}
        pairs = [(name, row[name]) for name in array.factors]
        seen.update(combinations(pairs, array.strength))
    names = list(array.factors)
    missing = []
    for chosen in combinations(names, array.strength):
        for values in product(*(array.factors[name] for name in chosen)):
            few = tuple(zip(chosen, values, strict=True))
            if few not in seen and possible(array, dict(few)):
                missing.append(dict(few))
    return missing


def possible(array: Array, few: Row) -> bool:
    """Whether some row that does not contradict itself has these values."""
    open_ = [
        name
        for name in ("bidirectional", "reverse", "keep_order", "layout", "batch_size", "lengths")
        if name in array.factors and name not in few
    ]
    return any(
        not any(contradictions(*layer_of({**few, **dict(zip(open_, values, strict=True))})))
        for values in product(*(array.factors[name] for name in open_))
    )


def text(array: Array) -> str:
    """The case file of `array`."""
    lines = [
        "# yaml-language-server: $schema=schema.json",
        "# Written by: python -m conformance cover",
        f"behaviour: {array.behaviour}",
        f"about: {array.about}",
        "source: https://csrc.nist.gov/projects/automated-combinatorial-testing-for-software",
        *(["tags: [nightly]"] if array.nightly else []),
        "cases:",
    ]
    for row in rows(array):
        layer, dimensions = layer_of(row)
        lines += entry_lines(layer, dimensions)
    return "\n".join(lines) + "\n"


def entry_lines(layer: Layer, dimensions: Dimensions) -> list[str]:
    """The lines of a case file's entry."""
    default = asdict(Layer())
    options = {name: value for name, value in asdict(layer).items() if value != default[name]}
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


def files() -> dict[Path, str]:
    """The text of each file by its path below the repository's root."""
    return {Path("cases", f"{array.behaviour}.yaml"): text(array) for array in ARRAYS}
