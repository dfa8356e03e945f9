"""Patterns: what a layout and a merge make of axes, of declared and of canonical ones alike."""

import pytest

from adapters.contract import Layer, Native
from conformance.lstm.pattern import BATCH_MAJOR, canonical, names, native

STATES = ("h_n", "c_n", "h_0", "c_0")
OUTPUT = Native("y", "batch time (direction hidden)")


@pytest.mark.parametrize("name", BATCH_MAJOR)
def test_canonical(name: str) -> None:
    """A batch-major layer has the canonical axes as they stand."""
    assert canonical(name, Layer()) == BATCH_MAJOR[name]


@pytest.mark.parametrize(
    ("layout", "sequence", "last", "state"),
    [
        (
            "time_major",
            "time batch (direction hidden)",
            "batch (direction hidden)",
            "(layer direction) batch hidden",
        ),
        ("unbatched", "time (direction hidden)", "(direction hidden)", "(layer direction) hidden"),
        (
            "extra_batch",
            "group batch time (direction hidden)",
            "group batch (direction hidden)",
            "(layer direction) group batch hidden",
        ),
    ],
)
def test_canonical_layout(layout: str, sequence: str, last: str, state: str) -> None:
    """A layout moves, drops or adds a batch axis in every tensor that has one."""
    layer = Layer(layout=layout)
    assert [canonical(name, layer) for name in ("output", "last", "h_n")] == [sequence, last, state]
    assert canonical("input", layer) == sequence.replace("(direction hidden)", "input")
    assert canonical("c_0", layer) == state.replace("hidden", "cell")


@pytest.mark.parametrize("name", [*STATES, "lengths"])
def test_time_major_states(name: str) -> None:
    """What has no time axis is the same in a time-major layer."""
    assert canonical(name, Layer(layout="time_major")) == BATCH_MAJOR[name]


@pytest.mark.parametrize(
    ("merge", "axes"),
    [
        ("concat", "batch time (direction hidden)"),
        ("none", "batch time (direction hidden)"),
        *((merge, "batch time hidden") for merge in ("sum", "mul", "ave")),
    ],
)
def test_canonical_merge(merge: str, axes: str) -> None:
    """Directions that are added, multiplied or averaged leave one in the output, others both."""
    layer = Layer(bidirectional=True, merge=merge)
    without_time = axes.replace(" time", "")
    assert (canonical("output", layer), canonical("last", layer)) == (axes, without_time)


@pytest.mark.parametrize("merge", ["sum", "mul", "ave", "none"])
@pytest.mark.parametrize("name", STATES)
def test_merged_states(name: str, merge: str) -> None:
    """No merge touches a state."""
    assert canonical(name, Layer(bidirectional=True, merge=merge)) == BATCH_MAJOR[name]


@pytest.mark.parametrize(
    ("declared", "layout", "axes"),
    [
        ("batch time input", "time_major", "time batch input"),
        ("time batch input", "time_major", "time batch input"),
        ("(batch time) input", "time_major", "(time batch) input"),
        ("batch (direction hidden)", "time_major", "batch (direction hidden)"),
        ("layer batch hidden", "unbatched", "layer hidden"),
        ("hidden batch", "extra_batch", "hidden group batch"),
        ("direction cell", "extra_batch", "direction cell"),
    ],
)
def test_native_layout(declared: str, layout: str, axes: str) -> None:
    """A declared pattern is laid out as the canonical one, wherever its axes stand."""
    form = native("h_n", Native("t", declared), Layer(layout=layout))
    assert form == Native("t", axes)


@pytest.mark.parametrize("merge", ["sum", "mul", "ave"])
def test_native_merge(merge: str) -> None:
    """A joined output has one direction's width, under its own name."""
    form = native("output", OUTPUT, Layer(bidirectional=True, merge=merge))
    assert form == Native("y", "batch time hidden")


@pytest.mark.parametrize("merge", ["sum", "mul", "ave"])
def test_native_merge_of_the_last(merge: str) -> None:
    """So has the output of the last step alone."""
    declared = Native("y", "batch (direction hidden)")
    form = native("last", declared, Layer(bidirectional=True, merge=merge))
    assert form == Native("y", "batch hidden")


def test_native_not_merged() -> None:
    """Directions that are not joined are a family of results, one for each."""
    form = native("output", OUTPUT, Layer(bidirectional=True, merge="none"))
    assert form == Native("y{direction}", "batch time hidden")


@pytest.mark.parametrize("merge", ["concat", "sum", "none"])
def test_native_on_its_own(merge: str) -> None:
    """An output that is declared for each direction on its own stays so."""
    form = Native("y{direction}", "batch time hidden")
    assert native("output", form, Layer(bidirectional=True, merge=merge)) == form


@pytest.mark.parametrize("merge", ["sum", "none"])
def test_native_state(merge: str) -> None:
    """A native state is that of both directions under any merge."""
    form = Native("h", "batch (direction hidden)")
    assert native("h_n", form, Layer(bidirectional=True, merge=merge)) == form


def test_layout_and_merge() -> None:
    """A merge and a layout go together."""
    layer = Layer(bidirectional=True, merge="sum", layout="time_major")
    assert native("output", OUTPUT, layer).axes == canonical("output", layer) == "time batch hidden"


def test_gates_stay() -> None:
    """What else is declared of a tensor is kept."""
    form = Native("t{gate}", "batch cell", gates=("a", "b", "c", "d"))
    assert native("c_n", form, Layer(layout="unbatched")).gates == form.gates


def test_names() -> None:
    """A pattern names its axes in order, those in brackets among them."""
    assert names("(layer direction) batch hidden") == ["layer", "direction", "batch", "hidden"]
