"""The limit of an error: no right layer is beyond it, and one with a few bits fewer is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance.claim.measure import part_of
from conformance.lstm import envelope, gradient, reference
from conformance.lstm.case import Case
from conformance.lstm.layout import batch_major, in_layout
from conformance.lstm.numbers import Numbers
from conformance.lstm.sample import Floats, Sample, draw
from tests.harness.narrow import BITS, ORDERS, Order, changed, cut, narrowed, results
from tests.harness.observed import SEQUENCES

SEQUENCES_EACH = 20  # draws of the input and the states that share their weights
SMALL = Numbers()
TRAINED = Numbers(weights=(-61.0, 61.0), states=(-5.0, 5.0))


def cases(
    dtype: str, numbers: Numbers, draws: int, steps: int = 5, **options: Any
) -> Iterator[tuple[Case, Sample]]:
    """Yield so many draws, `SEQUENCES_EACH` of them at once, each with its numbers."""
    layer = Layer(dtype=dtype, initial_state="given", **options)  # type: ignore[arg-type]
    sizes = Dimensions(SEQUENCES_EACH, steps, 2, 4)
    for number in range(draws // SEQUENCES_EACH):
        named = replace(SEQUENCES, id=f"draw-{dtype}-{number}", layer=layer)
        case = replace(named, dimensions=sizes, numbers=numbers)
        yield case, draw(case)


def worst(case: Case, sample: Sample, bits: int, order: Order) -> Floats:
    """Return the largest part of its limit that an error is, for each sequence of the batch."""
    right, allowed = reference.lstm(case.layer, sample), envelope.results(case.layer, sample)
    came = results(case.layer, sample, bits, order)
    found = []
    for name, limit in allowed.items():
        part = part_of(np.abs(came[name] - right[name]), limit)
        rows = part if name == "output" else part.swapaxes(0, 1)
        found.append(rows.reshape(SEQUENCES_EACH, -1).max(axis=1))
    return np.asarray(np.max(found, axis=0))


@pytest.mark.parametrize("numbers", [SMALL, TRAINED], ids=["small", "trained"])
@pytest.mark.parametrize("dtype", BITS)
def test_right_layers(dtype: str, numbers: Numbers) -> None:
    """Of 1,000 draws no right layer has an error beyond its limit, in whichever order it sums."""
    drawn = cases(dtype, numbers, 1_000)
    parts = [
        worst(case, sample, BITS[dtype], ORDERS[number % len(ORDERS)])
        for number, (case, sample) in enumerate(drawn)
    ]
    assert np.size(parts) == 1_000
    assert np.max(parts) <= 1


def _few_large(weights: Floats) -> Floats:
    """As training leaves them: most below 1, a few up to 61."""
    return np.rint(61 * (weights / 61) ** 5 * 2**14) / 2**14


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_trained_sequences(dtype: str) -> None:
    """Nor of a trained layer's 160 steps, over which errors grow to hundreds of units and more."""
    units = []
    for case, sample in cases(dtype, TRAINED, 2 * SEQUENCES_EACH, steps=160):
        trained = changed(sample, _few_large)
        assert worst(case, trained, BITS[dtype], "ahead").max() <= 1
        limit = envelope.results(case.layer, trained)["output"]
        units.append(limit.max() * 2 ** BITS[dtype])
    assert max(units) > 200


# The oracle of float64 has errors of its own, which the limit allows for.
FEWER = {"float32": 2, "float64": 3, "float16": 2, "bfloat16": 2}


@pytest.mark.parametrize("order", ["ahead", "wide"])
@pytest.mark.parametrize(("dtype", "fewer"), FEWER.items())
def test_wrong_layers(dtype: str, fewer: int, order: Order) -> None:
    """Every case of twenty sequences shows a layer of two bits fewer, or of three in float64."""
    drawn = cases(dtype, SMALL, 10 * SEQUENCES_EACH)
    parts = [worst(case, sample, BITS[dtype] - fewer, order).max() for case, sample in drawn]
    assert np.min(parts) > 1


@pytest.mark.parametrize("layout", ["time_major", "unbatched", "extra_batch"])
def test_layouts(layout: Any) -> None:
    """Limits have the axes of the results, and are those of the same layer batch-major."""
    batch = 1 if layout == "unbatched" else 3
    sizes = Dimensions(batch, 5, 2, 4)
    layer = Layer(layout=layout, bidirectional=True, initial_state="given")
    sample = draw(replace(SEQUENCES, layer=layer, dimensions=sizes))
    flat = {name: batch_major(layer, name, one) for name, one in sample.inputs.items()}
    expected = envelope.results(replace(layer, layout="batch_major"), replace(sample, inputs=flat))
    for name, limit in envelope.results(layer, sample).items():
        axes = "sequence" if name == "output" else name
        assert (limit == in_layout(layer, axes, expected[name])).all()


@pytest.mark.parametrize("dtype", BITS)
def test_proportional(dtype: Any) -> None:
    """For the same small numbers limits are as wide as the dtype's unit, and have its oracle's."""
    numbers = draw(replace(SEQUENCES, layer=Layer(dtype="bfloat16")))
    limits = {
        one: envelope.results(Layer(dtype=one), numbers)["c_n"].mean() for one in ("float32", dtype)
    }
    units = limits[dtype] / limits["float32"] / 2.0 ** (BITS["float32"] - BITS[dtype])
    assert 0.5 < units < 2


@pytest.mark.parametrize("narrow", ["bfloat16", "float16"])
def test_mixed(narrow: str) -> None:
    """A mixed dtype has the limits of the narrow one, in which it computes."""
    sample = draw(replace(SEQUENCES, layer=Layer(dtype=narrow)))  # type: ignore[arg-type]
    wanted, limits = (
        envelope.results(Layer(dtype=one), sample)  # type: ignore[arg-type]
        for one in (narrow, f"mixed_{narrow}")
    )
    assert all((limits[name] == limit).all() for name, limit in wanted.items())


@pytest.mark.parametrize("lengths", ["full", "given"])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_small_products(lengths: Any, return_sequences: bool) -> None:
    """What is merged is rounded too: a product in float16 is off by its least number's half."""
    layer = Layer(
        bidirectional=True,
        merge="mul",
        dtype="float16",
        lengths=lengths,
        return_sequences=return_sequences,
    )
    ends = (5, 2) if lengths == "given" else ()
    case = replace(SEQUENCES, layer=layer, dimensions=Dimensions(2, 5, 3, 4), lengths=ends)
    case = replace(case, numbers=Numbers(weights=(-0.01, 0.01)))
    limit = envelope.results(layer, draw(case))["output"]
    assert (limit[0] >= 2.0**-25).all()


def test_projected_from_zeros() -> None:
    """Zeros are initial states as wide as the projection and as the cell."""
    layer = Layer(projection_size=2)
    sample = draw(replace(SEQUENCES, layer=layer, dimensions=Dimensions(2, 5, 3, 4)))
    limits = envelope.results(layer, sample)
    assert {name: one.shape[-1] for name, one in limits.items()} == {
        "output": 2,
        "h_n": 2,
        "c_n": 4,
    }
    assert all(limit.all() for limit in limits.values())


def test_repeated() -> None:
    """A case's limits are the same at each call."""
    sample = draw(SEQUENCES)
    first, second = (envelope.results(Layer(), sample) for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)


def test_many_sequences() -> None:
    """Of a large batch some sequences are computed, and the others have twice the largest limit."""
    sizes = Dimensions(5_000, 5, 2, 4)
    limit = envelope.results(Layer(), draw(replace(SEQUENCES, dimensions=sizes)))["output"]
    computed = envelope.WORK // (envelope.RUNS * 5 * 16)
    assert (limit[computed:] == 2 * limit[:computed].max()).all()
    assert (limit[:computed] < limit[computed:].max()).all()


def test_parted() -> None:
    """Trajectories that a rounding parts are no longer compared: any of their numbers may come."""
    case = replace(SEQUENCES, dimensions=Dimensions(2, 60, 3, 8), numbers=TRAINED)
    case = replace(case, layer=Layer(dtype="bfloat16", initial_state="given"))
    limit = envelope.results(case.layer, draw(case))["output"]
    assert len(np.unique(limit)) == len(limit)
    assert limit.min() > 1


@pytest.mark.parametrize(
    ("changes", "name"), [({"time_steps": 0}, "h_n"), ({"batch_size": 0}, "output")]
)
def test_empty(changes: dict[str, int], name: str) -> None:
    """Where nothing is computed nothing may be off."""
    sizes = replace(SEQUENCES.dimensions, **changes)
    limit = envelope.results(Layer(), draw(replace(SEQUENCES, dimensions=sizes)))[name]
    assert not limit.any()


def test_no_error_behind_the_end() -> None:
    """What stands behind a sequence's end, NaN too, is in no limit."""
    layer = Layer(lengths="given", bidirectional=True)
    sizes, numbers = Dimensions(3, 5, 2, 4), Numbers(behind="nan")
    case = replace(SEQUENCES, layer=layer, dimensions=sizes, lengths=(2, 5, 3), numbers=numbers)
    limits = envelope.results(layer, draw(case))
    assert all(np.isfinite(limit).all() for limit in limits.values())
    assert not limits["output"][0, 2:].any()


SUM = {"sequence": np.ones((20, 5, 4)), "h_n": np.ones((1, 20, 4)), "c_n": np.ones((1, 20, 4))}


def differentiated(sample: Sample) -> dict[str, Any]:
    """Return the gradients of the sum of all results by the input and by two of the weights."""
    inputs, weights = gradient.gradients(Layer(initial_state="given"), sample, SUM)
    of = weights[0]
    return {"input": inputs["input"], "w": of.input_weights, "r": of.recurrent_weights}


@pytest.mark.parametrize(("fewer", "agrees"), [(0, True), (3, False)])
@pytest.mark.parametrize("dtype", BITS)
def test_gradients(dtype: str, fewer: int, agrees: bool) -> None:
    """Of 100 draws no right gradient is beyond its limit, and with three bits fewer each is."""
    parts = []
    for _, sample in cases(dtype, SMALL, 100):
        right = differentiated(sample)
        allowed = envelope.gradients(dtype, sample, right, differentiated)
        came = differentiated(narrowed(sample, BITS[dtype] - fewer, "wide"))
        error = {
            name: np.abs(cut(one, BITS[dtype] - fewer) - right[name]) for name, one in came.items()
        }
        parts.append(max(part_of(error[name], allowed[name]).max() for name in right))
    assert max(parts) <= 1 if agrees else min(parts) > 1


@pytest.mark.parametrize("option", ["lengths", "mask"])
def test_many_that_end(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """So it is where sequences end early, or have steps left out."""
    layer = Layer(**{option: "given"})
    case = replace(SEQUENCES, layer=layer, dimensions=Dimensions(6, 5, 3, 4))
    ends = (5, 2, 4, 5, 1, 3)
    mask = tuple(tuple(int(step < end) for step in range(5)) for end in ends)
    case = replace(case, **{option: mask if option == "mask" else ends})
    sample = draw(case)
    whole = envelope.results(layer, sample)
    monkeypatch.setattr(envelope, "WORK", envelope.RUNS * 5 * 16 * 2)  # two sequences' gates
    for name, limit in envelope.results(layer, sample).items():
        axis = 0 if name == "output" else 1
        assert limit.shape == whole[name].shape
        computed, others = np.split(limit, [2], axis=axis)
        assert (others == 2 * computed.max()).all()
