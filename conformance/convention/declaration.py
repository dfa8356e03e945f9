"""What an adapter declares, looked over before its framework starts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from adapters.contract import Convention, Gap, Layer, Native, Spelling
from conformance.casefile.suggest import hint
from conformance.convention.gap import DEFAULTS, gap_of
from conformance.lstm.case import Dimensions, sizes
from conformance.lstm.pattern import BATCH_MAJOR, WEIGHTS, names

DUE = {
    "inputs": ("input",),
    "results": ("output", "h_n", "c_n", "last"),
    "weights": ("input_weights", "recurrent_weights"),
}
MAY = {
    "inputs": {
        name: BATCH_MAJOR[name] for name in ("input", "first", "lengths", "mask", "h_0", "c_0")
    },
    "results": {name: BATCH_MAJOR[name] for name in DUE["results"]},
    "weights": WEIGHTS,
}
# What an option needs the convention to have: without it, a gap must say so.
NEEDS = (
    ("inputs", "lengths", Layer(lengths="given")),
    ("inputs", "mask", Layer(mask="given")),
    ("inputs", "h_0", Layer(initial_state="given")),
    ("inputs", "c_0", Layer(initial_state="given")),
    ("weights", "projection_weights", Layer(projection_size=1)),
    ("weights", "peephole_weights", Layer(cell="peepholes")),
)
AXES = [name for name in sizes(Layer(), Dimensions(1, 1, 1, 1)) if name != "group"]


def mistakes(convention: Convention, gaps: Sequence[Gap] = ()) -> Iterator[str]:
    """One line for each thing that no framework's convention can be."""
    for mistake in _mistakes(convention):
        yield f"CONVENTION.{mistake}"
    for part, name, layer in NEEDS:
        if name not in getattr(convention, part) and gap_of(layer, gaps) is None:
            option = next(one for one, value in vars(layer).items() if value != DEFAULTS[one])
            yield f"CONVENTION.{part}: without {name!r}, GAPS must have a gap for {option}"


def _mistakes(convention: Convention) -> Iterator[str]:
    if sorted(convention.gates) != sorted("ifgo"):
        yield f"gates: {convention.gates!r} is no order of i, f, g and o"
    for part, due in DUE.items():
        declared: Mapping[str, Native] = getattr(convention, part)
        may = MAY[part]
        for name in due:
            if name not in declared:
                yield f"{part}: {name!r} is missing"
        for name, native in declared.items():
            if name not in may:
                yield f"{part}: there is no {name!r}{hint(name, may)}"
            else:
                yield from (f"{part}[{name!r}]: {text}" for text in _wrong(native, part, may[name]))
    for spelling in convention.spellings:
        yield from (f"spellings[{spelling.met!r}]: {text}" for text in _misspelled(spelling))
    biases = {"bias", "input_bias", "recurrent_bias"} & convention.weights.keys()
    if biases not in ({"bias"}, {"input_bias", "recurrent_bias"}):
        yield "weights: either bias, or input_bias and recurrent_bias"


def _misspelled(spelling: Spelling) -> Iterator[str]:
    """What keeps a spelling from being read; one of a cell's weights has no direction."""
    for name in DUE["weights"]:
        if name not in spelling.weights:
            yield f"{name!r} is missing"
    cell = not any("direction" in f"{one.name} {one.axes}" for one in spelling.weights.values())
    for name, native in spelling.weights.items():
        if name not in WEIGHTS:
            yield f"there is no {name!r}{hint(name, WEIGHTS)}"
            continue
        form = replace(native, name="{direction}" + native.name) if cell else native
        yield from (f"{name!r}: {text}" for text in _wrong(form, "weights", WEIGHTS[name]))
    if spelling.gates and sorted(spelling.gates) != sorted("ifgo"):
        yield f"{spelling.gates!r} is no order of i, f, g and o"


def _wrong(native: Native, part: str, canonical: str) -> Iterator[str]:
    """What keeps the pattern of `native` from being viewed as the canonical one."""
    spelled = [axis for axis in ("layer", "direction", "gate") if f"{{{axis}}}" in native.name]
    found = [*spelled, *names(native.axes)]
    told = f"{native.name!r}, {native.axes!r}"
    for axis in found:
        if axis not in AXES:
            yield f"{told}: {axis!r} is no axis{hint(axis, AXES)} (axes: {', '.join(AXES)})"
            return
    if twice := sorted({axis for axis in found if found.count(axis) > 1}):
        yield f"{told}: {' and '.join(twice)} twice"
    want = names(canonical)
    if missing := [axis for axis in want if axis not in found]:
        yield f"{told}: without {' and '.join(missing)} (as {canonical!r} has)"
    more = {"results": {"layer", "time"}, "weights": {"layer"}}.get(part, set())
    if surplus := [axis for axis in found if axis not in want and axis not in more]:
        yield f"{told}: with {' and '.join(surplus)} (which {canonical!r} has not)"
