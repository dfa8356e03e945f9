"""Deliberately wrong adapters, run as any other: each mistake is caught, and by no other claim.

A table has for every mistake the claims that catch it, and what their messages say of it.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from conformance.case import Case
from conformance.check import CLAIMS, claims_on
from conformance.framework import Framework
from conformance.host import Host
from conformance.load import load_cases
from conformance.observation import observe

ROOT = Path(__file__).resolve().parents[2]
ADAPTERS = ROOT / "tests" / "harness" / "adapters"
CASES = {case.id: case for case in load_cases(ROOT)}

RIGHT = ["right", "prints_to_stdout", "warns"]
WRONG = {
    "accepts_wrong_features": {"rejects": "fed       input (2, 5, 4)"},
    "accepts_wrong_states": {"rejects": "fed       c_0 (1, 2, 8)"},
    "backward_not_turned_back": {
        "values": "looks like the reverse direction not turned back in time",
    },
    "batch_and_time_swapped": {
        "shapes": "looks like batch and time swapped",
        "values": "looks like batch and time swapped",
        "inferred_shapes": "y: inference and run disagree",
    },
    "broadcasts_states": {"rejects": "fed       c_0 (1, 2, 1)"},
    "direction_before_layer": {
        "values": "looks like the rows of h_n and c_n in the order direction, layer",
    },
    "float64_leaks": {
        "shapes": "end_c: another dtype\n  expected  float32\n  got       float64",
        "values": "values cannot be compared: end_c: another dtype",
    },
    "forget_bias_plus_one": {"values": "looks like 1 added to the forget bias"},
    "gates_permuted": {"values": "looks like the gates taken in the order i f o g for i f g o"},
    "inference_forgets_directions": {
        "inferred_shapes": "y: inference and run disagree\n"
        "  ran       (3, 5, 8)\n"
        "  inferred  (3, 5, 4)",
    },
    "inference_raises": {"inferred_shapes": "shape inference raised NotImplementedError"},
    "initial_state_ignored": {"values": "looks like the initial states ignored"},
    "initial_states_swapped": {"values": "looks like h_0 and c_0 swapped"},
    "input_bias_dropped": {"values": "looks like input_bias dropped"},
    "last_step_is_final_state": {
        "values": "looks like the sequence's last step in the place of each direction's final "
        "state",
    },
    "last_step_only": {
        "shapes": "looks like the time axis is missing",
        "values": "looks like the time axis is missing",
        "inferred_shapes": "y: inference and run disagree",
    },
    "layers_from_the_top": {
        "values": "looks like the rows of h_n and c_n from the last layer to the first",
    },
    "missing_result": {
        "shapes": "end_c: another shape\n"
        "  expected  (layer*direction 1*1=1, batch 2, cell 4)\n"
        "  got       nothing",
        "values": "values cannot be compared: end_c",
        "inferred_shapes": "end_c: inference and run disagree\n  ran       no such result",
    },
    "not_a_number": {"values": "got       nan, off by nan"},
    "parameter_missing": {
        "parameters": "layer0.d: another shape\n"
        "  expected  (gate*cell 4*4=16)\n"
        "  got       nothing",
    },
    "parameter_surplus": {
        "parameters": "layer0.p: another shape\n"
        "  expected  nothing of this name: it is not declared\n"
        "  got       (3, 4)",
    },
    "parameter_transposed": {"parameters": "looks like input and gate*cell swapped"},
    "peephole": {"values": "output: other values"},
    "reads_backwards": {"values": "looks like the input reversed in time"},
    "recurrent_bias_dropped": {"values": "looks like recurrent_bias dropped"},
    "refuses_stacks": {
        "shapes": "the run raised NotImplementedError: one layer only",
        "values": "the run raised NotImplementedError: one layer only",
        "inferred_shapes": "the run raised NotImplementedError: one layer only",
        "parameters": "the run raised NotImplementedError: one layer only",
    },
    "sigmoid_for_tanh": {"values": "output: other values"},
    "state_batch_first": {
        "shapes": "end_h: another shape\n"
        "  expected  (layer*direction 1*1=1, batch 2, hidden 4)\n"
        "  got       (2, 1, 4)\n"
        "  looks like layer*direction and batch swapped",
        "values": "values cannot be compared: end_h",
        "inferred_shapes": "end_h: inference and run disagree",
    },
    "states_swapped": {"values": "looks like h_n and c_n swapped"},
    "undeclared_result": {
        "shapes": "mean: another shape\n"
        "  expected  nothing of this name: it is not declared\n"
        "  got       (2, 4)",
        "values": "values cannot be compared: mean",
        "inferred_shapes": "mean: inference and run disagree",
    },
    "upper_layers_read_forward_only": {"values": "h_n: other values"},
}
OTHERS = {  # for the tests of the process, of what is installed, and of what is not supported
    "dies_on_import",
    "exits",
    "hangs",
    "leaves",
    "missing_function",
    "no_bias_layers",
    "no_number",
    "no_packages",
    "not_installed",
    "raises_on_import",
    "segfaults",
    "strange_dtype",
}


@lru_cache(maxsize=len(RIGHT) + len(WRONG))
def findings(adapter: str) -> Mapping[tuple[str, str], str]:
    """Return the message of every claim that does not agree, by claim and case's id."""
    host = Host(Framework(adapter, f"tests.harness.adapters.{adapter}", ""), ROOT, timeout=30)
    found = {}
    for case in CASES.values():
        observation = observe(host, case)
        for claim in claims_on(case):
            verdict = CLAIMS[claim](observation)
            if verdict.outcome != "agrees":
                found[claim, case.id] = verdict.message
    host.close()
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("adapter", RIGHT)
def test_right(adapter: str, case: Case) -> None:
    """A right adapter passes every claim on every shipped case, whatever it writes or warns."""
    caught = {claim: text for (claim, name), text in findings(adapter).items() if name == case.id}
    assert caught == {}


@pytest.mark.parametrize(
    ("adapter", "claim", "told"),
    [
        pytest.param(adapter, claim, told, id=f"{adapter}-{claim}")
        for adapter, claims in WRONG.items()
        for claim, told in claims.items()
    ],
)
def test_caught(adapter: str, claim: str, told: str) -> None:
    """The claim that a mistake breaks fails on a shipped case, and its message says why."""
    messages = [text for (name, _), text in findings(adapter).items() if name == claim]
    assert any(told in message for message in messages), "\n\n".join(messages[:3])


@pytest.mark.parametrize("adapter", WRONG)
def test_caught_by_no_other(adapter: str) -> None:
    """A mistake fails no claim that it does not break."""
    assert {claim for claim, _ in findings(adapter)} == set(WRONG[adapter])


def test_every_claim_can_fail() -> None:
    """Each claim has a wrong adapter that it catches: a check that cannot fail is a defect."""
    assert {claim for claims in WRONG.values() for claim in claims} == set(CLAIMS)


def test_every_adapter_is_used() -> None:
    """No fake adapter lies here untested."""
    files = {path.stem for path in ADAPTERS.glob("[!_]*.py")}
    assert files == {*RIGHT, *WRONG} | OTHERS
