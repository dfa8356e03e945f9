"""Shapes in the words of a case's own axes, so that one change is told alike in every case."""

from conformance.lstm.case import Dimensions, Layer, Shape, sizes
from conformance.report.report import Entry


def told(shape: Shape, entry: Entry) -> str:
    """``(batch, time, direction*hidden)``; a size that no axis has stays a number."""
    names = _names(entry)
    return "(" + ", ".join(names.get(size, str(size)) for size in shape) + ")"


def pair(before: Shape, after: Shape, entry: Entry) -> tuple[str, str]:
    """Both shapes in words; where the axes are the same in another order, that order."""
    known = len(set(before)) == len(before)
    if known and sorted(before) == sorted(after):
        order = [before.index(size) for size in after]
        return f"axes {list(range(len(before)))}", f"axes {order}"
    return told(before, entry), told(after, entry)


def _names(entry: Entry) -> dict[int, str]:
    known = {key: one for key, one in entry.layer.items() if key in Layer.__dataclass_fields__}
    axis = sizes(Layer(**known), Dimensions(**entry.dimensions))
    products = {
        "4*hidden": 4 * axis["cell"],
        "layer*direction": axis["layer"] * axis["direction"],
        "direction*hidden": axis["direction"] * axis["hidden"],
    }
    single = {name: axis[name] for name in ("cell", "hidden", "input", "time", "batch")}
    return {size: name for name, size in (products | single).items()} | {1: "1", 0: "0"}
