"""Deliberately wrong adapters, run as any other: each mistake is caught, and by no other claim.

A table has for every mistake the claims that catch it, and what their messages say of it. A second
table has the mistakes that one file of cases catches, and no other file.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from conformance.casefile.load import load_cases
from conformance.claim.asked import asked
from conformance.claim.check import CLAIMS
from conformance.claim.property import on_record
from conformance.lstm.case import Case, Record
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import Observation, observe
from conformance.process.source import MAY, defines

ROOT = Path(__file__).resolve().parents[3]
ADAPTERS = ROOT / "tests" / "harness" / "adapters"
# A search draws cases of its own: test_search.
CASES = {case.id: case for case in load_cases(ROOT) if "search" not in case.tags}

# The behaviours that most mistakes break, run for each of them.
COMMON = {
    "bad-input",
    "bidirectional",
    "guide",
    "initial-state",
    "last-output",
    "no-bias",
    "single-layer",
    "single-sequence",
    "single-step",
    "stacked",
    "stacked-bidirectional",
}
WIDE = {"deepbench", "published"}  # layers as wide as people use, for mistakes that need one
# Files that combine all options, and so catch what other files are there for.
COVERING = {case.behaviour for case in CASES.values() if case.behaviour.startswith("coverage-")}
# ... and those that ask of each option once more, in a way of their own.
AGAIN = COVERING | {"activations", "cell-variants", "compiled", "first-call", "masks", "streaming"}
AGAIN |= {"composition", "training"}

RIGHT = ["right", "prints_to_stdout", "warns"]
WRONG = {
    "accepts_wrong_features": {
        "rejects": "fed       input (2, 5, 4)",
        "properties": "exception: not what is on record\n  expected  'ValueError'",
    },
    "accepts_wrong_states": {
        "rejects": "fed       c_0 (1, 2, 8)",
        "properties": "exception: not what is on record\n  expected  'ValueError'",
    },
    "backward_not_turned_back": {
        "values": "looks like the reverse direction not turned back in time",
    },
    "batch_and_time_swapped": {
        "shapes": "looks like batch and time swapped",
        "values": "looks like batch and time swapped",
        "inferred_shapes": "y: inference and run disagree",
    },
    "broadcasts_states": {
        "rejects": "fed       c_0 (1, 2, 1)",
        "properties": "exception: not what is on record\n  expected  'ValueError'",
    },
    "complex_results": {"shapes": "y: another dtype\n  expected  float32\n  got       complex64"},
    "direction_before_layer": {
        "values": "looks like the rows of h_n and c_n in the order direction, layer",
    },
    "float64_leaks": {
        "shapes": "end_c: another dtype\n  expected  float32\n  got       float64",
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
    "looks_up_a_missing_name": {
        "shapes": "the adapter's own mistake, which says nothing of the framework",
        "values": "the adapter's own mistake, which says nothing of the framework",
        "inferred_shapes": "the adapter's own mistake, which says nothing of the framework",
        "parameters": "the adapter's own mistake, which says nothing of the framework",
        "rejects": "the adapter's own mistake, which says nothing of the framework",
        "properties": "the adapter's own mistake, which says nothing of the framework",
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
        "parameters": "layer0.p (3, 4) is not declared; declared: layer0.w, layer0.r, ",
    },
    "parameter_transposed": {"parameters": "looks like input and gate*cell swapped"},
    "peephole": {"values": "output: other values"},
    "reads_backwards": {"values": "looks like the input reversed in time"},
    "recurrent_bias_dropped": {"values": "looks like recurrent_bias dropped"},
    "refuses_everything": {
        "shapes": "the run raised RuntimeError: no kernel",
        "values": "the run raised RuntimeError: no kernel",
        "inferred_shapes": "the run raised RuntimeError: no kernel",
        "parameters": "the run raised RuntimeError: no kernel",
        "rejects": "a refusal that proves nothing: right input, fed to the same layer, raised",
        "properties": "exception: not what is on record\n  expected  'ValueError'",
    },
    "refuses_stacks": {
        "shapes": "the run raised NotImplementedError: one layer only",
        "values": "the run raised NotImplementedError: one layer only",
        "inferred_shapes": "the run raised NotImplementedError: one layer only",
        "parameters": "the run raised NotImplementedError: one layer only",
        "rejects": "a refusal that proves nothing: right input, fed to the same layer, raised",
        "properties": "exception: not what is on record\n  expected  'ValueError'",
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
        "shapes": "mean (2, 4) is not declared; declared: y, end_h, end_c",
        "values": "values cannot be compared: mean",
        "inferred_shapes": "mean: inference and run disagree",
    },
    "upper_layers_read_forward_only": {"values": "h_n: other values"},
}
OWN = {  # the behaviour whose cases alone catch the mistake, and the claims that do
    "adds_nothing": (
        "composition",
        {
            "values": "looks like nothing added to what a residual layer hands out",
            "gradients": "gradient of x: other values",
        },
    ),
    "functions_of_the_stack": ("composition", {"values": "output: other values"}),
    "attributes_ignored": (
        "cell-variants",
        {
            "values": "looks like the gates not coupled",
            "gradients": "gradient of layer0.w: other values",
        },
    ),
    "average_not_halved": ("merge", {"values": "output: other values"}),
    "buffer_reused": (
        "repeats",
        {"repeats": "results have been changed by a later call: y"},
    ),
    "changes_its_input": ("repeats", {"repeats": "what was fed has been changed: x"}),
    "cell_clipped": ("saturation", {"values": "c_n: other values"}),
    "checkpoint_loses_bias": ("checkpoint", {"values": "looks like recurrent_bias dropped"}),
    "compiled_drops_bias": ("compiled", {"values": "looks like recurrent_bias dropped"}),
    "default_moved": ("defaults", {"properties": "defaults: not what is on record"}),
    "drifts": (
        "repeats",
        {"repeats": "other numbers, after one of other sizes: end_c, end_h, y"},
    ),
    "gradient_through_padding": (
        "training",
        {"gradients": "gradient of layer0.w: other values"},
    ),
    "hard_sigmoid_by_fifths": (
        "activations",
        {
            "values": "looks like hard_sigmoid with slope 0.2 in the place of hard_sigmoid with "
            "slope 1/6",
            "gradients": "gradient of layer0.w: other values",
        },
    ),
    "lengths_clipped": (
        "variable-lengths",
        {
            "rejects": "fed       lengths (6, 5, 3)",
            "properties": "exception: not what is on record\n  expected  'ValueError'",
        },
    ),
    "mask_taken_for_lengths": (
        "masks",
        {
            "values": "looks like the steps that count taken for the first ones",
            "gradients": "gradient of layer0.w: other values",
            "properties": "padding: not what is on record",
        },
    ),
    "mixed_results_widened": (
        "dtype",
        {"shapes": "y: another dtype\n  expected  bfloat16\n  got       float32"},
    ),
    "padding_multiplied": ("behind-end", {"values": "h_n: other values"}),
    "projects_without_output_gate": ("projection", {"values": "c_n: other values"}),
    "refuses_empty_batch": (
        "empty-axis",
        {
            "shapes": "the run raised ValueError: no sequence",
            "values": "the run raised ValueError: no sequence",
            "inferred_shapes": "the run raised ValueError: no sequence",
            "parameters": "the run raised ValueError: no sequence",
        },
    ),
    "reversed_output_turned": ("reverse", {"values": "looks like the output reversed in time"}),
    "state_baked_in": ("streaming", {"splits": "the pieces do not make up the whole"}),
    "steps_of_the_first_call": ("first-call", {"values": "output: other values"}),
    "states_in_a_list": (
        "return-state",
        {
            "properties": "container: not what is on record\n"
            "  expected  '(y, (end_h, end_c))' (here)\n"
            "  got       '(y, [end_h, end_c])'"
        },
    ),
    "time_major_output_stays": (
        "layout",
        {
            "shapes": "looks like time and batch swapped",
            "values": "looks like time and batch swapped",
            "inferred_shapes": "y: inference and run disagree",
        },
    ),
    "wide_layer_squeezes_batch": ("deepbench", {"inferred_shapes": "y: another shape"}),
    "wide_stack_counts_a_bias": ("published", {"parameters": "not the published number"}),
    "zero_steps_skipped": ("zero-steps", {"values": "h_n: other values"}),
}
SEVERAL = {  # what each of these files catches, and no other file
    "backward_starts_in_padding": (
        {"behind-end", "variable-lengths", "zero-steps"},
        {"values": "h_n: other values"},
    ),
    "stateful_forgets": (
        {"bad-input", "streaming"},
        {
            "values": "h_n: other values",
            "rejects": "fed       first, a call of {'batch_size': 3}",
            "properties": "exception: not what is on record",
        },
    ),
    "gradient_cut_at_step": (
        {"layout", "training"},
        {"gradients": "gradient of start_h: other values"},
    ),
}
ALL = {"coverage-pairs", "coverage-sizes", "coverage-triples"}
MEETING = {  # of options together, or of rare sizes, which only the covering arrays put together
    "layers_sorted_by_name": (
        {"coverage-sizes"},
        {"values": "output: other values"},
    ),
    "square_weight_transposed": (  # two directions of 8 feed 4 units as many features as gates
        {"composition", "coverage-sizes"},
        {"values": "output: other values", "gradients": "other values"},
    ),
    "three_options_meet": (
        ALL,
        {
            "values": "looks like the initial states ignored",
            "gradients": "other values",
        },
    ),
}
ALONE = {adapter: ({behaviour}, claims) for adapter, (behaviour, claims) in OWN.items()}
ALONE |= SEVERAL | MEETING
MISTAKES = WRONG | {adapter: claims for adapter, (_, claims) in ALONE.items()}
OTHERS = {  # for the tests of the process, of what is installed, and of what is not supported
    "another_device",
    "compiles",
    "computed_convention",
    "counts_floats",
    "defaults_of_arrays",
    "defaults_raise",
    "dies_on_import",
    "exits",
    "floods",
    "gap_without_link",
    "hangs",
    "holds_the_lock",
    "ignores_reverse",
    "infers_a_list",
    "infers_an_open_size",
    "infers_text",
    "killed",
    "knows_no_lengths",
    "leaks_state",
    "leaves_a_child",
    "leaves",
    "minimal",
    "missing_function",
    "no_bias_layers",
    "no_number",
    "no_packages",
    "no_program",
    "not_installed",
    "placed",
    "places_nothing",
    "raises_on_import",
    "returns_nothing",
    "segfaults",
    "strange_dtype",
    "talks_without_end",
    "wrong_pattern",
}


GATES = {"layer0.w": [2, 16], "layer0.r": [4, 16], "layer0.b": [16], "layer0.d": [16]}
STACK = {
    f"layer{number}.{way}.{part}": shape
    for number, width in enumerate([2, 14])
    for way in ("ahead", "back")
    for part, shape in {"w": [width, 28], "r": [7, 28], "b": [28], "d": [28]}.items()
}
RECORDED = {  # of the right adapter, by property and cases
    "checkpoint": {
        "checkpoint-weights": GATES,
        "checkpoint-model": GATES,
        "checkpoint-*-stacked-bidirectional": STACK,
    },
    "container": {
        "return-state-*-states": "(y, (end_h, end_c))",
        "return-state-*sequences": "y",
        "return-state-*last": "y",
    },
    "defaults": {
        "defaults-layer": {
            "signature": "(embedding_dim, hidden_units, num_layers=1)",
            "output_shape": [3, 5, 4],
            "dtype": "float32",
        },
        "defaults-wide-layer": {
            "signature": "(embedding_dim, hidden_units, num_layers=1)",
            "output_shape": [2, 3, 11],
            "dtype": "float32",
        },
    },
    "exception": {"*": "ValueError"},
    "padding": {
        "variable-lengths-[!b]*": {"forward": "zeros"},
        "variable-lengths-bidirectional": {"forward": "zeros", "backward": "zeros"},
        "behind-end-nan": {"forward": "zeros"},
        "behind-end-nan-bidirectional": {"forward": "zeros", "backward": "zeros"},
        "masks-[!b]*": {"forward": "zeros"},
        "masks-bidirectional": {"forward": "zeros", "backward": "zeros"},
    },
}
RECORDS = [
    Record("right", cases, name, "numpy", value, "https://example.org/right", "here")
    for name, values in RECORDED.items()
    for cases, value in values.items()
]


def put(adapter: str) -> list[Case]:
    """Return the cases that an adapter is put to: those that can tell what it is there for."""
    if adapter == "right" or adapter in MEETING:
        # A gradient takes the fakes one run for each weight: of the covering arrays only the
        # pairs have few enough.
        return [
            case
            for case in CASES.values()
            if not (case.layer.gradients and case.tags & {"sizes", "triples"})
        ]
    if adapter in OWN | SEVERAL:
        own = {OWN[adapter][0]} if adapter in OWN else SEVERAL[adapter][0]
        wide, left = WIDE & own, (AGAIN - own) | WIDE
        cases = [case for case in CASES.values() if case.behaviour not in left]
        # What is wrong in a wide layer alone shows without a number computed.
        return cases + [case for case in CASES.values() if case.behaviour in wide and not case.run]
    # Many of these look for states, of a layer that hands out none too.
    common = (case for case in CASES.values() if case.behaviour in COMMON)
    return [case for case in common if case.layer.return_state]


def findings(adapter: str) -> dict[tuple[str, str], str]:
    """Return the message of every claim that does not agree, by claim and case's id."""
    module = f"tests.harness.adapters.{adapter}"
    functions = tuple(name for name in MAY if defines(module, name))
    framework = Framework(adapter, module, "", functions=functions)
    host = Host(framework, ROOT, timeout=30, in_process=adapter in MISTAKES)
    found = {}
    for case in put(adapter):
        known = right(case.id) if adapter in MISTAKES else None
        alike = known is not None and known.convention == host.convention()
        observation = observe(host, case, known=known if alike else None)
        observation = replace(observation, on_record=on_record(case, RECORDS))
        for claim in asked(framework, case):
            verdict = CLAIMS[claim](observation)
            if verdict.outcome != "agrees":
                found[claim, case.id] = verdict.message
    host.close()
    return found


@lru_cache(maxsize=len(CASES))
def right(case: str) -> Observation:
    """Return what a right adapter does with a case: the numbers are drawn and expected once."""
    framework = Framework("right", "tests.harness.adapters.right", "")
    return observe(Host(framework, ROOT, timeout=30, in_process=True), CASES[case])


@pytest.mark.parametrize("adapter", RIGHT)
def test_right(adapter: str) -> None:
    """A right adapter passes every claim on every shipped case, whatever it writes or warns."""
    assert findings(adapter) == {}


@pytest.mark.parametrize("adapter", MISTAKES)
def test_caught(adapter: str) -> None:
    """The claims that a mistake breaks fail on a shipped case and say why; no other claim fails.

    What is there to be caught by certain files of cases is caught by each of them, and by no other.
    """
    found = findings(adapter)
    for claim, told in MISTAKES[adapter].items():
        messages = [text for (name, _), text in found.items() if name == claim]
        assert any(told in message for message in messages), "\n\n".join(messages[:3])
    assert {claim for claim, _ in found} == set(MISTAKES[adapter])
    if adapter in ALONE:
        assert {CASES[case].behaviour for _, case in found} == ALONE[adapter][0]


def test_every_file_catches_something() -> None:
    """Each file of cases is one of the common ones, or has a mistake that it alone catches."""
    files = {case.behaviour for case in CASES.values()} - COVERING
    assert files == COMMON | {behaviour for behaviour, _ in OWN.values()}


def test_every_claim_can_fail() -> None:
    """Each claim has a wrong adapter that it catches: a check that cannot fail is a defect."""
    caught = {claim for claims in MISTAKES.values() for claim in claims}
    assert caught | {"survives"} == set(CLAIMS)  # which test_search makes fail


def test_every_adapter_is_used() -> None:
    """No fake adapter lies here untested."""
    files = {path.stem for path in ADAPTERS.glob("[!_]*.py")}
    assert files == {*RIGHT, *MISTAKES} | OTHERS
