"""The numbers that are fed: the same for ever, held exactly, and made as a case says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance.lstm import reference
from conformance.lstm.case import Case, Shape
from conformance.lstm.numbers import Behind, Numbers, Span
from conformance.lstm.sample import GRID, Floats, Sample, draw, emitted_steps, valid_steps
from tests.harness.observed import SEQUENCES

LENGTHS = (2, 5, 3)
ENDING = replace(
    SEQUENCES,
    layer=Layer(lengths="given", initial_state="given"),
    dimensions=Dimensions(3, 5, 2, 4),
    lengths=LENGTHS,
)


def test_drawn_for_ever() -> None:
    """An id's numbers never change: here the first of each tensor, in steps of 2**-20."""
    sample = draw(replace(SEQUENCES, layer=Layer(initial_state="given")))
    first = [sample.weights[0].input_weights, sample.weights[0].bias, *sample.inputs.values()]
    steps = [int(array.flat[0] * GRID["float32"]) for array in first]
    assert steps == [-317903, -392870, 578638, -574921, 34275]


def arrays(sample: Sample) -> list[Floats]:
    """Return all numbers that a framework is given, sums of two biases and those less 1 too."""
    weights = [
        array
        for one in sample.weights
        for array in (one.input_weights, one.recurrent_weights, one.input_bias, one.recurrent_bias)
    ]
    sums = [one.bias for one in sample.weights]
    return [*weights, *sums, *(one - 1 for one in sums), *sample.inputs.values()]


@pytest.mark.parametrize("span", [(-1.0, 1.0), (-60.0, 60.0), (3.0, 5.5), (-1e4, -1e3)])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "mixed_bfloat16"])
def test_held_exactly(dtype: Any, span: Span) -> None:
    """The dtype holds every number, each sum of two biases, and, up to tens, that less 1."""
    narrow = dtype.removeprefix("mixed_")
    numbers = Numbers(weights=span if max(map(abs, span)) < 100 else None, input=span, states=span)
    layer = Layer(dtype=dtype, initial_state="given")
    sample = draw(replace(SEQUENCES, layer=layer, numbers=numbers))
    for array in arrays(sample):
        wide = array.astype(np.float32 if narrow == "bfloat16" else narrow)
        assert (wide == array).all()
        assert narrow != "bfloat16" or not (wide.view(np.uint32) & 0xFFFF).any()


@pytest.mark.parametrize("name", ["weights", "input", "states"])
def test_span(name: str) -> None:
    """The numbers that a span is for lie in it, at both ends, and the others are as ever."""
    numbers = Numbers(**{name: (40.0, 60.0)})
    sample = draw(replace(SEQUENCES, layer=Layer(initial_state="given"), numbers=numbers))
    found: Mapping[str, Floats] = {
        "weights": sample.weights[0].input_weights,
        "input": sample.inputs["input"],
        "states": sample.inputs["c_0"],
    }
    ends = {one: (array.min(), array.max()) for one, array in found.items()}
    low, high = ends.pop(name)
    assert 40 <= low < 46 < 54 < high <= 60
    assert all(-1 <= low < high <= 1 for low, high in ends.values())


@pytest.mark.parametrize(
    ("layout", "batch"),
    [("batch_major", 3), ("time_major", 3), ("unbatched", 1), ("extra_batch", 3)],
)
def test_zero_steps(layout: Any, batch: int) -> None:
    """Steps are zero on the axis of time, wherever it stands, and no other number is."""
    case = replace(ENDING, layer=Layer(layout=layout), dimensions=Dimensions(batch, 5, 2, 4))
    sequence = draw(replace(case, numbers=Numbers(zero_steps=(0, 3)))).inputs["input"]
    time = 0 if layout == "time_major" else sequence.ndim - 2
    others = tuple(axis for axis in range(sequence.ndim) if axis != time)
    assert (sequence == 0).all(axis=others).tolist() == [True, False, False, True, False]
    assert (sequence != 0).all(axis=others).tolist() == [False, True, True, False, True]


FILLS = {"large": 2.0**100, "inf": np.inf, "nan": np.nan}


@pytest.mark.parametrize(
    ("dtype", "large"),
    [("float16", 2.0**13), ("mixed_float16", 2.0**13), ("mixed_bfloat16", 2.0**100)],
)
def test_large_in_a_dtype(dtype: Any, large: float) -> None:
    """Large is what the dtype that computes can hold."""
    case = replace(ENDING, layer=replace(ENDING.layer, dtype=dtype))
    fed = draw(replace(case, numbers=Numbers(behind="large"))).inputs["input"]
    assert (np.abs(fed[~valid_steps(case)]) == large).all()


@pytest.mark.parametrize("behind", FILLS)
@pytest.mark.parametrize("layout", ["batch_major", "time_major"])
def test_behind(behind: Behind, layout: Any) -> None:
    """What stands behind ends is of one kind and both signs; what stands before them stays."""
    case = replace(ENDING, layer=replace(ENDING.layer, layout=layout))
    plain, filled = (
        draw(replace(case, numbers=Numbers(behind=one))).inputs["input"]
        for one in ("drawn", behind)
    )
    valid = valid_steps(case)
    assert (plain[valid] == filled[valid]).all()
    assert np.array_equal(np.abs(filled[~valid]), np.full((5, 2), FILLS[behind]), equal_nan=True)
    assert behind == "nan" or {-1, 1} == set(np.sign(filled[~valid]).ravel())


@pytest.mark.parametrize("behind", FILLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_behind_reaches_nothing(behind: Behind, bidirectional: bool) -> None:
    """The reference's results are the same whatever stands behind the ends."""
    case = replace(ENDING, layer=replace(ENDING.layer, bidirectional=bidirectional))
    plain, filled = (
        reference.lstm(case.layer, draw(replace(case, numbers=Numbers(behind=one))))
        for one in ("drawn", behind)
    )
    assert all((plain[name] == filled[name]).all() for name in plain)


@pytest.mark.parametrize(
    ("layout", "shape", "steps"),
    [
        ("batch_major", (6,), (6, 5)),
        ("time_major", (6,), (5, 6)),
        ("extra_batch", (2, 3), (2, 3, 5)),
        ("unbatched", (), (5,)),
    ],
)
def test_lengths_in_layout(layout: Any, shape: Shape, steps: Shape) -> None:
    """Lengths have the batch axes of the layout, and say which steps of its input are valid."""
    lengths = (2,) if layout == "unbatched" else (2, 5, 3, 1, 4, 5)
    layer = Layer(lengths="given", layout=layout)
    dimensions = Dimensions(len(lengths) // (2 if layout == "extra_batch" else 1), 5, 2, 4)
    case = replace(ENDING, layer=layer, dimensions=dimensions, lengths=lengths)
    fed = draw(replace(case, numbers=Numbers(behind="nan"))).inputs
    assert fed["lengths"].shape == shape
    assert fed["lengths"].ravel().tolist() == list(lengths)
    assert valid_steps(case).shape == steps
    assert (~np.isnan(fed["input"]).any(axis=-1) == valid_steps(case)).all()
    assert valid_steps(case).sum() == sum(lengths)


@pytest.mark.parametrize("layout", ["batch_major", "time_major", "extra_batch", "unbatched"])
def test_mask_in_layout(layout: Any) -> None:
    """A mask has the axes of the input but for its features, and says which of its steps count."""
    rows = 1 if layout == "unbatched" else 6
    layer, mask = Layer(mask="given", layout=layout), ((0, 1, 0, 1, 1), (1, 1, 0, 0, 1)) * 3
    dimensions = Dimensions(rows // (2 if layout == "extra_batch" else 1), 5, 2, 4)
    case = replace(ENDING, layer=layer, dimensions=dimensions, lengths=(), mask=mask[:rows])
    fed = draw(replace(case, numbers=Numbers(behind="nan"))).inputs
    assert fed["mask"].shape == fed["input"].shape[:-1]
    assert (fed["mask"] == valid_steps(case)).all()
    assert (~np.isnan(fed["input"]).any(axis=-1) == fed["mask"]).all()
    assert fed["mask"].sum() == 3 * rows


@pytest.mark.parametrize(("layers", "turns"), [(1, True), (2, False), (3, True)])
def test_emitted_steps(layers: int, turns: bool) -> None:
    """Each layer that is reversed and not turned back hands out its steps in the other order."""
    layer = Layer(mask="given", reverse=True)
    dimensions, mask = Dimensions(2, 3, 4, 5, layers), ((0, 1, 1), (1, 1, 0))
    case = replace(ENDING, layer=layer, dimensions=dimensions, lengths=(), mask=mask)
    assert np.array_equal(emitted_steps(case), valid_steps(case)[:, :: -1 if turns else 1])
    aligned = replace(case, layer=replace(layer, keep_order=True))
    assert np.array_equal(emitted_steps(aligned), valid_steps(case))


def test_wrong_mask() -> None:
    """A mask that must be refused has the shape that the case says; the right one is kept."""
    layer, mask = Layer(mask="given"), ((0, 1, 1), (1, 1, 0))
    case = replace(ENDING, layer=layer, dimensions=Dimensions(2, 3, 4, 5), lengths=(), mask=mask)
    fed = draw(replace(case, feed={"mask": (2, 2)}, must_reject=True)).inputs["mask"]
    assert fed.tolist() == [[False, True], [True, True]]


@pytest.mark.parametrize("name", ["input_weights", "recurrent_weights"])
def test_wrong_weights(name: str) -> None:
    """Of the lowest layer the weights have the shape that the case says; all else is as it was."""
    case = replace(ENDING, dimensions=replace(ENDING.dimensions, num_layers=2), must_reject=True)
    right, wrong = draw(case), draw(replace(case, feed={name: (1, 4, 9, 8)}))
    assert getattr(wrong.weights[0], name).shape == (1, 4, 9, 8)
    for one, other in zip(right.weights, wrong.weights, strict=True):
        for part in {"input_weights", "recurrent_weights", "input_bias"} - {name}:
            assert np.array_equal(getattr(one, part), getattr(other, part))
    assert np.array_equal(right.inputs["input"], wrong.inputs["input"])


def test_integers() -> None:
    """Whole numbers of several values are fed as such, and the states are not."""
    fed = draw(replace(ENDING, integers=True, must_reject=True)).inputs
    assert (fed["input"].dtype, fed["h_0"].dtype) == (np.int32, np.float64)
    assert len(np.unique(fed["input"])) > 4


def test_behind_is_met_without_lengths() -> None:
    """Read as steps, NaN behind the ends is in the final states: there it can be seen."""
    case: Case = replace(ENDING, numbers=Numbers(behind="nan"))
    sample = draw(case)
    fed = {name: array for name, array in sample.inputs.items() if name != "lengths"}
    results = reference.lstm(Layer(initial_state="given"), replace(sample, inputs=fed))
    assert np.isnan(results["h_n"]).any(axis=(0, 2)).tolist() == [True, False, True]
