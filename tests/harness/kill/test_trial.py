"""Trials: which cases and claims tell a mutant, and that nothing else is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from conformance.command import CommandError
from conformance.kill.fault import Fault, layer_file, load_faults
from conformance.kill.ground import Ground
from conformance.kill.matrix import put
from conformance.kill.mutant import importable, mutated, touched
from conformance.kill.trial import Kill, killed, same
from conformance.process.observation import Raised

ROOT = Path(__file__).resolve().parents[3]
MUTANTS = ROOT / "tests" / "harness" / "mutants"
SOURCE = layer_file(ROOT).read_text(encoding="utf-8")
FAULTS = {fault.id: fault for fault in load_faults(ROOT, MUTANTS)}
Trial = Callable[..., tuple[Kill, ...]]
RIGHT = "adapters.numpy"
FILES = {"guide", "initial-state", "variable-lengths", "bad-input", "checkpoint", "training"}


@cache
def ground() -> Ground:
    """The right layer on a few files of cases, and what of the sizes has as many layers as ten."""
    rare = "coverage-sizes"
    cases = [
        case
        for case in put(ROOT)
        if case.behaviour in FILES or (case.behaviour == rare and case.dimensions.num_layers > 10)
    ]
    return Ground(ROOT, RIGHT, cases)


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """Return what tells a fault, of the lines that it touches or of all."""
    with ExitStack() as opened:

        def put_to(fault: Fault, everywhere: bool = False) -> tuple[Kill, ...]:
            name = f"mutant_{fault.id.replace('-', '_')}{everywhere * '_everywhere'}"
            module = opened.enter_context(importable(tmp_path, name, mutated(SOURCE, fault)))
            lines = None if everywhere else touched(SOURCE, fault)
            return killed(ground(), module, lines)

        yield put_to


def test_told(trial: Trial) -> None:
    """A fault is told by the cases that can show it, by the claims that it breaks, and no other."""
    kills = trial(FAULTS["initial-hidden-state-ignored"])
    assert {kill.behaviour for kill in kills} == {"initial-state", "variable-lengths", "training"}
    by_case = {kill.case: kill.claims for kill in kills}
    assert by_case["initial-state-single-layer"] == ("values",)
    assert by_case["training-initial-state"] == ("values", "gradients")


def test_nothing_is_told_of_what_is_no_fault(trial: Trial) -> None:
    """A change that no result can show is told by no case."""
    assert trial(FAULTS["sigmoid-by-exp"]) == ()


def test_on_demand(trial: Trial) -> None:
    """Cases that run on demand are tried where the default run does not tell a fault."""
    kills = trial(FAULTS["layers-sorted-by-name"])
    assert kills
    assert all(kill.on_demand for kill in kills)


@pytest.mark.parametrize(
    "fault",
    [
        "lengths-ignored",
        "checkpoint-loses-the-input-bias",
        "cotangent-of-the-final-cell-state-ignored",
        "states-broadcast",
    ],
)
def test_cases_that_do_not_reach_the_change(trial: Trial, fault: str) -> None:
    """What is told is the same whether or not cases that run no changed line are left out."""
    assert trial(FAULTS[fault]) == trial(FAULTS[fault], everywhere=True)


def test_a_right_layer_that_is_wrong(tmp_path: Path) -> None:
    """Mutants are held against a right layer alone."""
    wrong = mutated(SOURCE, FAULTS["biases-doubled"])
    with importable(tmp_path, "wrong_layer", wrong) as module, pytest.raises(CommandError) as error:
        Ground(ROOT, module, ground().cases).known(on_demand=False)
    assert "the right layer: values on " in str(error.value)


def test_same() -> None:
    """Observations are alike to the last bit, but for what differs from run to run."""
    known = ground().known(on_demand=False)
    right = next(one.right for one in known if one.case.behaviour == "guide")
    other = replace(right, seconds={}, warnings=("w",), before=("b",))
    assert same(right, other)
    assert not same(right, replace(right, outcome="rejected"))
    results = {name: one.copy() for name, one in right.results.items()}
    assert same(right, replace(right, results=results))
    results["y"][..., 0] += 1e-7
    assert not same(right, replace(right, results=results))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (np.zeros(2), np.zeros(2), True),
        (np.zeros(2), -np.zeros(2), False),
        (np.zeros(2), np.zeros(2, np.float32), False),
        (np.zeros((1, 2)), np.zeros((2, 1)), False),
        (np.array([np.nan]), np.array([np.nan]), True),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": [1]}, {"a": [1], "b": 2}, False),
        ((1, 2), (1,), False),
        (Raised("E", "m", "x.py:1"), Raised("E", "other", "y.py:2"), True),
        (Raised("E", "m", "x.py:1"), Raised("F", "m", "x.py:1"), False),
        (Raised("E", "m", ""), Raised("E", "m", "", own=True), False),
        (None, Raised("E", "m", ""), False),
    ],
)
def test_same_parts(one: object, other: object, alike: bool) -> None:
    """Arrays by their bits, exceptions by their type and whose they are."""
    assert same(one, other) is alike
