"""`conformance.claim.asked`: what a framework is not put to, and why."""

import dataclasses

import pytest

from adapters.contract import Gap, Layer, Native
from conformance.claim.asked import absence, asked, unasked
from conformance.lstm.case import Case
from conformance.process.framework import Framework
from tests.harness.adapters.right import CONVENTION
from tests.harness.observed import SEQUENCES, TOO_WIDE

GAP = Gap({"bias": False}, "every cell has one", "https://example.org/bias", where="x.py:7")
APART = dataclasses.replace(
    CONVENTION,
    inputs={**CONVENTION.inputs, "h_0": Native("h{layer}{direction}", "batch hidden")},
)


def framework(**changes: object) -> Framework:
    """A framework with one gap."""
    facts = {"versions": {"numpy": "2.4.6"}, "convention": CONVENTION, "gaps": (GAP,)}
    return Framework("fake", "fake", "", **{**facts, **changes})


def case(**changes: object) -> Case:
    """The plainest case, and what is changed of it."""
    return dataclasses.replace(SEQUENCES, **changes)


NO_BIAS = case(layer=Layer(bias=False))
STATE = dataclasses.replace(TOO_WIDE, layer=Layer(initial_state="given"), feed={"h_0": (3, 2, 4)})


def test_gap() -> None:
    """A case in a gap has the gap's reason, link and place, and no claim is put."""
    found = absence(framework(), NO_BIAS)
    assert str(found) == "every cell has one: https://example.org/bias"
    assert found is not None
    assert (found.own, found.where) == (False, "x.py:7")
    assert asked(framework(), NO_BIAS) == ()


def test_gap_of_other_versions() -> None:
    """A gap that the installed version does not have keeps nothing from being asked."""
    old = dataclasses.replace(GAP, versions="numpy<2")
    assert absence(framework(gaps=(old,)), NO_BIAS) is None


def test_no_gap() -> None:
    """What lies in no gap is put to every claim on it."""
    claims = ("shapes", "values", "inferred_shapes", "parameters")
    assert asked(framework(), SEQUENCES) == claims


def test_unfed_weights() -> None:
    """Weights of a wrong shape are put where they lie alone, and not beside right ones."""
    wide = dataclasses.replace(TOO_WIDE, feed={"input_weights": (1, 4, 5, 3)})
    assert absence(framework(), wide) is None
    both = {"input_weights": "input (gate cell)", "recurrent_weights": "hidden (gate cell)"}
    joined = {
        name: Native("layer{layer}{direction}.w", axes, along=0) for name, axes in both.items()
    }
    one = dataclasses.replace(CONVENTION, weights={**CONVENTION.weights, **joined})
    found = absence(framework(convention=one), wide)
    assert found is not None
    assert found.why == "layer0.w: (3, 20) and (4, 16) have no tensor in common"


def test_one_call_alone() -> None:
    """An adapter that calls a layer once is not put to a case with a call before."""
    twice = case(first={"time_steps": 3})
    assert absence(framework(), twice) is None
    inputs = {name: one for name, one in CONVENTION.inputs.items() if name != "first"}
    found = absence(framework(convention=dataclasses.replace(CONVENTION, inputs=inputs)), twice)
    assert found is not None
    assert (found.what, found.why, found.own) == ("first", "the adapter makes one call", True)


def test_unfed() -> None:
    """What the framework's own tensors cannot carry is not put, with the reason."""
    assert absence(framework(), STATE) is None
    found = absence(framework(convention=APART), STATE)
    assert found is not None
    assert "a tensor of its own, which carry no h_0 of 3 x 2 x 4" in found.why
    assert found.source == CONVENTION.source


@pytest.mark.parametrize(
    ("functions", "claims"),
    [
        (("infer", "parameters"), []),
        (("parameters",), ["inferred_shapes"]),
        ((), ["inferred_shapes", "parameters"]),
    ],
)
def test_claims(functions: tuple[str, ...], claims: list[str]) -> None:
    """A claim whose function the adapter does not define is not put, and says which."""
    found = unasked(framework(functions=functions), SEQUENCES)
    assert list(found) == claims
    assert all("the adapter has no " in one.why for one in found.values())


def test_defaults() -> None:
    """Properties are not put where the only one is that of a missing function."""
    alone, beside = case(record=("defaults",)), case(record=("defaults", "container"))
    assert "properties" in unasked(framework(functions=()), alone)
    assert "properties" not in unasked(framework(functions=()), beside)
    assert "properties" not in unasked(framework(functions=("defaults",)), alone)


def test_splits() -> None:
    """A case is not split over time where nobody can give the second piece its state."""
    gap = dataclasses.replace(GAP, options={"initial_state": "given"})
    there = framework(gaps=(gap,))
    assert "splits" not in asked(there, case(split={"time": 2}))
    assert "splits" in asked(there, case(split={"batch": 1}))
