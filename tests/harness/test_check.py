"""The claims: verdicts and messages, word for word; and the text of a failing test."""

import dataclasses
from math import inf, nan, sqrt

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance import check, failure, measure
from conformance.check import Verdict
from conformance.observation import Observation, Raised
from tests.harness.observed import SEQUENCES, TOO_WIDE, observed, with_results

PLAIN = ("shapes", "values", "inferred_shapes", "parameters")
BROKEN = Raised("ValueError", "no such layer", "layer.py:12")


def changed(dimensions: Dimensions) -> float:
    """Return the tolerance for a case of these dimensions."""
    return measure.tolerance(dataclasses.replace(SEQUENCES, dimensions=dimensions))


@pytest.mark.parametrize("claim", PLAIN)
def test_agrees(claim: str) -> None:
    """What is right agrees, with nothing to tell."""
    assert check.CLAIMS[claim](observed()) == Verdict("agrees")


def test_claims_on_a_case() -> None:
    """A case that must run is put to every claim but the one of those that must not."""
    assert [check.claims_on(SEQUENCES), check.claims_on(TOO_WIDE)] == [PLAIN, ("rejects",)]


# What stopped the run stops every claim.


@pytest.mark.parametrize("claim", PLAIN)
def test_exception(claim: str) -> None:
    """An exception where none is due is told with type, message and place."""
    seen = observed(outcome="rejected", results=None, exception=BROKEN)
    assert check.CLAIMS[claim](seen) == Verdict(
        "rejected",
        {"exception": "ValueError"},
        "the run raised ValueError: no such layer\n  at        layer.py:12",
    )


@pytest.mark.parametrize("claim", [*PLAIN, "rejects"])
@pytest.mark.parametrize(
    ("outcome", "detail", "got"),
    [
        ("unsupported", "no such option", {}),
        ("hung", "no answer within 1 s", {}),
        ("crashed", "SIGSEGV", {"detail": "SIGSEGV"}),
    ],
)
def test_no_results(claim: str, outcome: str, detail: str, got: dict[str, str]) -> None:
    """Without results every claim has the outcome of the run, and its reason."""
    seen = observed(outcome=outcome, results=None, detail=detail)
    assert check.CLAIMS[claim](seen) == Verdict(outcome, got, f"{outcome}: {detail}")


# Shapes.


def test_shapes_differ() -> None:
    """A wrong shape is told with every axis's name and size, and what it looks like."""
    verdict = check.shapes(with_results(y=lambda results: results["y"].swapaxes(0, 1)))
    assert verdict == Verdict(
        "differs",
        {"y": [5, 2, 4]},
        "y: another shape\n"
        "  expected  (batch 2, time 5, direction*hidden 1*4=4)\n"
        "  got       (5, 2, 4)\n"
        "  looks like batch and time swapped",
    )


def test_shapes_of_many() -> None:
    """Every wrong result is told, not the first alone."""
    verdict = check.shapes(
        with_results(end_h=lambda results: results["end_h"][0], y=lambda results: results["y"][0])
    )
    assert verdict.got == {"y": [5, 4], "end_h": [2, 4]}


def test_scalar_result() -> None:
    """A result without an axis has the shape (), which is not nothing."""
    verdict = check.shapes(with_results(end_c=lambda _: np.float32(1)))
    assert verdict == Verdict(
        "differs",
        {"end_c": []},
        "end_c: another shape\n"
        "  expected  (layer*direction 1*1=1, batch 2, cell 4)\n"
        "  got       ()",
    )


def test_dtype() -> None:
    """float32 in, float32 out."""
    verdict = check.shapes(with_results(y=lambda results: results["y"].astype("float16")))
    assert verdict == Verdict(
        "differs", {"y": "float16"}, "y: another dtype\n  expected  float32\n  got       float16"
    )


def test_canonical_shape() -> None:
    """The canonical view must have the shape that the case states, whatever the convention says."""
    case = dataclasses.replace(SEQUENCES, expect={**SEQUENCES.expect, "h_n": (2, 2, 4)})
    assert check.shapes(observed(case)) == Verdict(
        "differs",
        {"h_n": [1, 2, 4]},
        "h_n: another canonical shape than the case expects\n"
        "  expected  (2, 2, 4), the axes being (layer*direction 1*1=1, batch 2, hidden 4)\n"
        "  got       (1, 2, 4)",
    )


# Values.


def spoilt(number: float) -> Observation:
    """Return an observation whose output has `number` added in one place."""

    def spoil(results: dict[str, np.ndarray]) -> np.ndarray:
        results["y"][1, 2, 3] += number
        return results["y"]

    return with_results(y=spoil)


def test_values_differ() -> None:
    """The largest error is told with its place, both numbers and the tolerance."""
    seen = spoilt(0.25)
    expected = seen.expected["output"][1, 2, 3]
    got = seen.results["y"][1, 2, 3] if seen.results else nan
    assert check.values(seen) == Verdict(
        "differs",
        {"output": "value"},
        "output: other values; the largest error is at [1, 2, 3] of (2, 5, 4)\n"
        f"  expected  {expected:.9f} within 7.15e-07\n"
        f"  got       {got:.9f}, off by 2.50e-01",
    )


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_not_finite(number: float) -> None:
    """A NaN or an infinity is no right value, and is told before any finite error."""
    verdict = check.values(spoilt(number))
    assert (verdict.outcome, verdict.got) == ("differs", {"output": "value"})
    assert f"[1, 2, 3] of (2, 5, 4)\n  expected  {spoilt(0).expected['output'][1, 2, 3]:.9f}" in (
        verdict.message
    )


@pytest.mark.parametrize(("part", "outcome"), [(0.9, "agrees"), (1.1, "differs")])
def test_tolerance_is_the_limit(part: float, outcome: str) -> None:
    """An error within the tolerance agrees and one beyond it does not."""
    seen = observed()
    right = seen.expected["output"]
    results = {**(seen.results or {}), "y": right + part * measure.tolerance(SEQUENCES)}
    verdict = check.values(dataclasses.replace(seen, results=_float32(results)))
    assert verdict.outcome == outcome


def test_values_need_shapes() -> None:
    """Values of a wrong shape are not compared, and the shape is told."""
    verdict = check.values(with_results(y=lambda results: results["y"][0]))
    assert (verdict.outcome, verdict.got) == ("differs", {"y": "shape"})
    assert verdict.message.startswith("values cannot be compared: y: another shape\n  expected")


def test_tolerance() -> None:
    """4 * 2**-24 for each square root of embedding + hidden + 2: here of 7 + 7 + 2 = 16 terms."""
    assert changed(Dimensions(2, 5, 7, 7)) == 4 * 2**-24 * 4


def test_tolerance_of_a_stack() -> None:
    """A stack has that tolerance once for each layer."""
    assert changed(Dimensions(2, 5, 7, 7, 3)) == 3 * changed(Dimensions(2, 5, 7, 7))


def test_tolerance_is_bounded() -> None:
    """No tolerance is looser than 1e-5."""
    wide = 10_000
    assert 4 * 2**-24 * sqrt(wide) > 1e-5
    assert changed(Dimensions(2, 5, wide, 7)) == 1e-5


# Inference.


def test_inference_differs() -> None:
    """Where inference and run disagree, both are told."""
    seen = observed()
    shapes = {**dict(seen.inferred or {}), "y": (2, 5, 8)}  # type: ignore[arg-type]
    assert check.inferred_shapes(dataclasses.replace(seen, inferred=shapes)) == Verdict(
        "differs",
        {"y": [2, 5, 8]},
        "y: inference and run disagree\n  ran       (2, 5, 4)\n  inferred  (2, 5, 8)",
    )


def test_inference_lacks_one() -> None:
    """A result that inference does not know is told."""
    seen = observed(inferred={"y": (2, 5, 4), "end_h": (1, 2, 4)})
    assert check.inferred_shapes(seen) == Verdict(
        "differs",
        {"end_c": None},
        "end_c: inference and run disagree\n  ran       (1, 2, 4)\n  inferred  no such result",
    )


def test_inference_raises() -> None:
    """An inference that raises is a rejection of that claim."""
    assert check.inferred_shapes(observed(inferred=BROKEN)) == Verdict(
        "rejected",
        {"exception": "ValueError"},
        "shape inference raised ValueError: no such layer\n  at        layer.py:12",
    )


# Parameters.


def test_parameter_count() -> None:
    """4H(I + H + 2) for two biases a gate: 4*4*(3 + 4 + 2) = 144."""
    assert measure.parameter_count(SEQUENCES, observed()) == 144


def test_parameter_count_of_a_stack() -> None:
    """Two directions, two layers, no bias: 2*4*4*(3 + 4) + 2*4*4*(2*4 + 4) = 224 + 384."""
    case = dataclasses.replace(
        SEQUENCES, layer=Layer(bidirectional=True, bias=False), dimensions=Dimensions(2, 5, 3, 4, 2)
    )
    assert measure.parameter_count(case, observed()) == 608


def test_parameters_differ() -> None:
    """A wrong parameter is told with its axes, and the count where it is another."""
    held = {"layer0.w": (3, 16), "layer0.r": (4, 16), "layer0.b": (16,), "layer0.d": (4,)}
    assert check.parameters(observed(parameters=held)) == Verdict(
        "differs",
        {"layer0.d": [4], "count": 132},
        "layer0.d: another shape\n"
        "  expected  (gate*cell 4*4=16)\n"
        "  got       (4,)\n"
        "  looks like gate*cell without the factor gate (4)\n"
        "another number of parameters\n"
        "  expected  144\n"
        "  got       132",
    )


def test_parameters_raise() -> None:
    """Parameters that cannot be listed are a rejection of that claim."""
    verdict = check.parameters(observed(parameters=BROKEN))
    assert verdict.message.startswith("listing the parameters raised ValueError: no such layer\n")


# Rejection.


def test_rejected() -> None:
    """A clean exception is what bad input must meet."""
    assert check.rejects(observed(TOO_WIDE)) == Verdict("agrees")


def test_accepted() -> None:
    """Bad input that is taken is told with what was fed and what came of it."""
    seen = observed(TOO_WIDE, outcome="ran", exception=None, results=observed().results)
    assert check.rejects(seen) == Verdict(
        "differs",
        {"y": [2, 5, 4], "end_h": [1, 2, 4], "end_c": [1, 2, 4]},
        "accepted in silence: it should have been refused with an exception\n"
        "  fed       input (2, 5, 4)\n"
        "  built for Dimensions(batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4, "
        "num_layers=1)\n"
        "  got       y (2, 5, 4), end_h (1, 2, 4), end_c (1, 2, 4)",
    )


# The text of a failing test.


def test_failure() -> None:
    """A failing test says what, where it stands, after which source, and how to run it again."""
    nodeid = "tests/test_conformance.py::test_shapes[right-guide-sequences]"
    text = failure.text(observed(), "shapes", "y: another shape", nodeid)
    assert text == (
        "right on guide-sequences: shapes\n"
        "y: another shape\n"
        "  case       cases/guide.yaml:7 (A worked example.)\n"
        "  source     https://example.org/guide\n"
        "  convention https://example.org/right\n"
        "  framework  right (numpy 2.4.6)\n"
        f"  rerun      pytest --framework right '{nodeid}'"
    )


def test_failure_without_a_convention() -> None:
    """An adapter that was never loaded has no convention to name."""
    text = failure.text(observed(convention=None), "shapes", "crashed", "x")
    assert "convention" not in text


def _float32(results: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.astype(np.float32) for name, array in results.items()}
