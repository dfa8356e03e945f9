"""The part of ``docs/weights.md`` that follows from what adapters declare."""

from collections.abc import Iterator
from pathlib import Path

from adapters.contract import Convention, File, Layer, Native
from conformance.plain import cell
from conformance.process.framework import find, shipped

BEGIN, END = "<!-- declared: begin -->", "<!-- declared: end -->"
ARRAYS = ".npz"


def page(root: Path, text: str) -> str:
    """The page `text` with its generated part as it follows from the adapters of today.

    Raises ValueError where it has no place for that.
    """
    before, found, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"no {BEGIN} and {END}")
    declared = "\n".join(_told(root))
    return f"{before}{BEGIN}\n\n{declared}\n{END}{after}"


def _told(root: Path) -> Iterator[str]:
    few: dict[str, tuple[list[str], Convention, bool]] = {}
    for one in find(root, shipped(root), missing=True):
        assert one.convention is not None
        key = repr(
            (
                one.convention.weights,
                one.convention.spellings,
                one.convention.files,
                one.convention.sequence,
            )
        )
        never = one.gap(Layer(bias=False)) is not None
        few.setdefault(key, ([], one.convention, never))[0].append(one.name)
    for names, convention, never in few.values():
        yield f"### {', '.join(names)}"
        yield ""
        biases = "one" if "bias" in convention.weights else "two"
        always = ", and no layer is without" if never else ""
        yield f"Gates {' '.join(convention.gates)}; {biases} bias a gate{always}; " + (
            f"the forget gate's has {convention.forget_offset:g} added at run time."
            if convention.forget_offset
            else "nothing is added to the forget gate's at run time."
        )
        yield ""
        yield "| met in | weight | name | axes |"
        yield "|---|---|---|---|"
        yield from _rows("the adapter's own layers", convention.weights)
        for spelling in convention.spellings:
            told = spelling.met + ("" if spelling.sure else " (asked for: `--layer`)")
            yield from _rows(told, spelling.weights)
        yield ""
        ways = " / ".join(f"`{one or '(nothing)'}`" for one in convention.directions[1])
        yield f"`{{direction}}` of a two-way layer: {ways}. [Source]({convention.source})"
        yield ""
        for kind in convention.files:
            yield from _kind(kind)
        if convention.sequence:
            told = "are read by their order and shapes, each layer and direction as one"
            yield f"Arrays in a list without names, as of `{convention.sequence}`, {told}."
            yield ""
        yield "```text"
        yield from convention.loader.splitlines()
        yield "```"
        yield ""


def _rows(met: str, weights: "dict[str, Native] | object") -> Iterator[str]:
    assert isinstance(weights, dict)
    for name, form in weights.items():
        parts = [met, name.replace("_", " "), f"`{form.name}`", f"`{form.axes}`"]
        yield "| " + " | ".join([cell(met), parts[1], parts[2], parts[3]]) + " |"


def _kind(kind: File) -> Iterator[str]:
    yield f"`{kind.suffix}`: saved by `{kind.save}`, read by `{kind.load}`."
    yield ""
