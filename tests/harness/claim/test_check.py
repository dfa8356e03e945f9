"""The claims: verdicts and messages, word for word; and the text of a failing test."""

import dataclasses
from collections.abc import Callable
from math import inf, nan
from typing import get_args

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance.casefile.form import Claim
from conformance.claim import check, measure
from conformance.claim.check import Verdict
from conformance.lstm.case import Case, Record
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import Observation, Raised, observe
from conformance.session import failure
from tests.harness.observed import ROOT, SEQUENCES, TOO_WIDE, observed, with_results

PLAIN = ("shapes", "values", "inferred_shapes", "parameters")
BROKEN = Raised("ValueError", "no such layer", "layer.py:12")


@pytest.mark.parametrize("claim", PLAIN)
def test_agrees(claim: str) -> None:
    """What is right agrees, with nothing to tell."""
    assert check.CLAIMS[claim](observed()) == Verdict("agrees")


def test_claims_on_a_case() -> None:
    """A case that must run is put to every claim but the one of those that must not."""
    assert [check.claims_on(SEQUENCES), check.claims_on(TOO_WIDE)] == [PLAIN, ("rejects",)]


@pytest.mark.parametrize(
    ("changes", "claims"),
    [
        ({"layer": Layer(gradients=True)}, (*PLAIN, "gradients")),
        ({"split": {"time": 2}}, (*PLAIN, "splits")),
        ({"repeat": {"batch_size": 3}}, (*PLAIN, "repeats")),
        ({"record": ("container",)}, (*PLAIN, "properties")),
        ({"run": False}, ("inferred_shapes", "parameters")),
    ],
    ids=["gradients", "split", "repeat", "record", "not run"],
)
def test_claims_by_key(changes: dict[str, object], claims: tuple[str, ...]) -> None:
    """A key of a case puts it to a claim of its own; one not run has no results to judge."""
    assert check.claims_on(dataclasses.replace(SEQUENCES, **changes)) == claims


def test_claims_can_be_pinned() -> None:
    """A file of deviations knows the claims of the suite, and no others."""
    assert get_args(Claim) == tuple(check.CLAIMS)


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
        ("broken", "no such option", {}),
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
    """The error most beyond its limit is told with its place, both numbers and the limit."""
    seen = spoilt(0.25)
    expected = seen.expected["output"][1, 2, 3]
    limit = seen.allowed["output"][1, 2, 3]
    got = seen.results["y"][1, 2, 3] if seen.results else nan
    assert check.values(seen) == Verdict(
        "differs",
        {"output": "value"},
        "output: other values; the worst is at [1, 2, 3] of (2, 5, 4)\n"
        f"  expected  {expected:.9f} within {limit:.2e}\n"
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
    """An error within the limit of its number agrees, and one beyond it does not."""
    seen = observed()
    right, place = seen.expected["output"].copy(), (1, 2, 3)
    right[place] += part * seen.allowed["output"][place]
    results = {**(seen.results or {}), "y": right}
    verdict = check.values(dataclasses.replace(seen, results=_float32(results)))
    assert verdict.outcome == outcome


def test_values_need_shapes() -> None:
    """Values of a wrong shape are not compared, and the shape is told."""
    verdict = check.values(with_results(y=lambda results: results["y"][0]))
    assert (verdict.outcome, verdict.got) == ("differs", {"y": "shape"})
    assert verdict.message.startswith("values cannot be compared: y: another shape\n  expected")


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


@pytest.mark.parametrize("counts", [(144, 128), (128, 144)], ids=["one bias", "two biases"])
def test_published_count(counts: tuple[int, int]) -> None:
    """A published number of parameters is that of as many biases as the framework has."""
    case = published(*counts)
    verdict = check.parameters(observed(case))
    assert verdict.outcome == ("agrees" if counts[1] == 144 else "differs")


def test_published_count_differs() -> None:
    """Another number than the published one is told, though it is the law's."""
    assert check.parameters(observed(published(128, 145))) == Verdict(
        "differs",
        {"count": 144},
        "not the published number\n  expected  145\n  got       144",
    )


def published(one_bias: int, two_biases: int) -> Case:
    """Return a case with published numbers of parameters."""
    counts = {"one_bias": one_bias, "two_biases": two_biases}
    return dataclasses.replace(SEQUENCES, parameters=counts)


# Results that were not asked for.

STATELESS = dataclasses.replace(
    SEQUENCES, layer=Layer(return_state=False), expect={"output": (2, 5, 4)}
)


def unasked(end_h: np.ndarray) -> Observation:
    """Return what a framework gives that hands out h, asked or not."""
    seen = observed(STATELESS)
    return dataclasses.replace(seen, results={**(seen.results or {}), "end_h": end_h})


@pytest.mark.parametrize("claim", ["shapes", "values"])
def test_unasked(claim: str) -> None:
    """A state may come although it was not asked for."""
    seen = unasked(np.zeros((1, 2, 4), np.float32))
    assert check.CLAIMS[claim](seen) == Verdict("agrees")


def test_unasked_shape() -> None:
    """A state that was not asked for still has its shape."""
    assert check.shapes(unasked(np.zeros((2, 4), np.float32))) == Verdict(
        "differs",
        {"end_h": [2, 4]},
        "end_h: another shape\n"
        "  expected  (layer*direction 1*1=1, batch 2, hidden 4)\n"
        "  got       (2, 4)\n"
        "  looks like the layer*direction axis is missing",
    )


def test_asked() -> None:
    """A state that was asked for must come."""
    seen = observed()
    results = {name: one for name, one in (seen.results or {}).items() if name != "end_h"}
    verdict = check.shapes(dataclasses.replace(seen, results=results))
    assert verdict.got == {"end_h": None}


# Gradients.

DIFFERENTIATED = dataclasses.replace(SEQUENCES, layer=Layer(gradients=True))
OF_X = "gradient of x"


def with_gradients(**changes: np.ndarray | None) -> Observation:
    """Return what the right adapter does, and gradients by name put in or taken out."""
    seen = observed(DIFFERENTIATED)
    gradients = {**seen.gradients, **{f"gradient of {name}": one for name, one in changes.items()}}
    return dataclasses.replace(
        seen, gradients={name: one for name, one in gradients.items() if one is not None}
    )


@pytest.mark.parametrize("claim", [*PLAIN, "gradients"])
def test_gradients_agree(claim: str) -> None:
    """Right gradients agree, and are in no other claim's way."""
    assert check.CLAIMS[claim](with_gradients()) == Verdict("agrees")


def test_gradient_missing() -> None:
    """A gradient that did not come is told."""
    assert check.gradients(with_gradients(x=None)) == Verdict(
        "differs",
        {OF_X: None},
        f"{OF_X}: another shape\n  expected  (2, 5, 3)\n  got       nothing",
    )


def test_gradient_misshapen() -> None:
    """A gradient of another shape than its tensor's is told."""
    verdict = check.gradients(with_gradients(x=np.zeros((5, 2, 3), np.float32)))
    assert verdict == Verdict(
        "differs",
        {OF_X: [5, 2, 3]},
        f"{OF_X}: another shape\n  expected  (2, 5, 3)\n  got       (5, 2, 3)",
    )


def test_gradient_surplus() -> None:
    """A gradient of what is no tensor of the layer is told."""
    assert check.gradients(with_gradients(z=np.zeros(2, np.float32))) == Verdict(
        "differs",
        {"gradient of z": [2]},
        "gradient of z: another shape\n"
        "  expected  nothing: there is no such tensor\n"
        "  got       (2,)",
    )


@pytest.mark.parametrize("number", [0.25, nan])
def test_gradient_value(number: float) -> None:
    """A wrong number in a gradient is told with its place."""
    array = with_gradients().gradients[OF_X].copy()
    array[1, 2, 0] += number
    verdict = check.gradients(with_gradients(x=array))
    place = "other values; the worst is at [1, 2, 0] of (2, 5, 3)\n"
    assert (verdict.outcome, verdict.got) == ("differs", {OF_X: "value"})
    assert verdict.message.startswith(f"{OF_X}: {place}")


def test_gradient_dtype() -> None:
    """A gradient has the dtype of the tensor that it is of."""
    array = with_gradients().gradients[OF_X].astype(np.float64)
    assert check.gradients(with_gradients(x=array)) == Verdict(
        "differs",
        {OF_X: "float64"},
        f"{OF_X}: another dtype\n  expected  float32\n  got       float64",
    )


def test_gradients_need_shapes() -> None:
    """Gradients of results of a wrong shape are not compared."""
    seen = with_gradients()
    results = {**(seen.results or {}), "y": np.zeros((2, 4), np.float32)}
    verdict = check.gradients(dataclasses.replace(seen, results=results))
    assert (verdict.outcome, verdict.got) == ("differs", {"y": "shape"})


# Repeats.

REPEATED = dataclasses.replace(SEQUENCES, repeat={"batch_size": 3, "time_steps": 7})


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_repeats_agree(dtype: str) -> None:
    """A call that gives the same again agrees, whatever its dtype."""
    case = dataclasses.replace(REPEATED, layer=Layer(dtype=dtype))
    assert check.repeats(observed(case)) == Verdict("agrees")


def again(**changes: object) -> Verdict:
    """Return the verdict on the right adapter, its second call changed."""
    seen = observed(REPEATED)
    return check.repeats(
        dataclasses.replace(seen, repeated=dataclasses.replace(seen.repeated, **changes))
    )


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"fed": ("x",)}, {"fed": ["x"]}),
        ({"first": ("end_h", "y")}, {"first": ["end_h", "y"]}),
        ({"fed": ("x",), "first": ("y",)}, {"fed": ["x"], "first": ["y"]}),
    ],
)
def test_repeats_changed(changes: dict[str, object], got: dict[str, list[str]]) -> None:
    """What was fed and what came first are told by name where they are no longer the same."""
    verdict = again(**changes)
    assert (verdict.outcome, verdict.got) == ("differs", got)


def test_repeats_other_numbers() -> None:
    """One bit of one number, a result that is gone and a new one are all other results."""
    results = dict(observed(REPEATED).repeated.results)  # type: ignore[union-attr]
    del results["end_c"]
    results["y"] = np.nextafter(results["y"], 2, dtype=results["y"].dtype)
    assert again(results={**results, "new": results["y"]}).got == {"again": ["end_c", "new", "y"]}


def test_repeats_of_no_number() -> None:
    """What is no number is the same again."""
    seen = observed(REPEATED)
    results = {name: one * nan for name, one in (seen.results or {}).items()}
    repeated = dataclasses.replace(seen.repeated, results=results)
    seen = dataclasses.replace(seen, results=results, repeated=repeated)
    assert check.repeats(seen) == Verdict("agrees")


def test_repeats_raised() -> None:
    """An exception of the second call is told as that of any call."""
    seen = dataclasses.replace(observed(REPEATED), repeated=BROKEN)
    verdict = check.repeats(seen)
    assert (verdict.outcome, verdict.got) == ("rejected", {"exception": "ValueError"})
    assert "a call of other sizes and the same call again raised ValueError" in verdict.message


def test_repeats_without_a_second_call() -> None:
    """Nothing to judge is a mistake of the adapter's, and no agreement."""
    seen = dataclasses.replace(observed(REPEATED), repeated=None)
    assert check.repeats(seen).outcome == "broken"


# Splits.

IN_TIME = dataclasses.replace(SEQUENCES, split={"time": 2})
IN_BATCH = dataclasses.replace(SEQUENCES, split={"batch": 1})


def second(case: Case, **changes: object) -> Observation:
    """Return what the right adapter does with a split case, its second piece changed."""
    seen = observed(case)
    first, last = seen.pieces
    return dataclasses.replace(seen, pieces=(first, dataclasses.replace(last, **changes)))


@pytest.mark.parametrize("states", ["zeros", "given"])
@pytest.mark.parametrize("case", [IN_TIME, IN_BATCH], ids=["time", "batch"])
def test_splits_agree(case: Case, states: str) -> None:
    """Pieces that make up the whole agree, from zeros and from given states."""
    case = dataclasses.replace(case, layer=Layer(initial_state=states))
    assert check.splits(observed(case)) == Verdict("agrees")


@pytest.mark.parametrize("case", [IN_TIME, IN_BATCH], ids=["time", "batch"])
@pytest.mark.parametrize(("name", "result"), [("y", "output"), ("end_h", "h_n"), ("end_c", "c_n")])
def test_split_off(case: Case, name: str, result: str) -> None:
    """A piece that is off in one result is told with the cut and that result."""
    results = dict(observed(case).pieces[1].results or {})
    verdict = check.splits(second(case, results=results | {name: results[name] + 1}))
    ((axis, cut),) = case.split.items()
    told = f"cut along {axis} at {cut}, the pieces do not make up the whole\n{result}: other values"
    assert (verdict.outcome, verdict.got) == ("differs", {result: "value"})
    assert verdict.message.startswith(told)


def test_split_rejected() -> None:
    """A piece that is refused is told as any exception."""
    seen = second(IN_TIME, outcome="rejected", results=None, exception=BROKEN)
    assert check.splits(seen) == Verdict(
        "rejected",
        {"exception": "ValueError"},
        "the run raised ValueError: no such layer\n  at        layer.py:12",
    )


def test_split_stops() -> None:
    """Where the first piece is not complete there is no second one, and that is told."""
    seen = observed(IN_TIME)
    piece = dataclasses.replace(seen.pieces[0], outcome="hung", results=None, detail="no answer")
    verdict = check.splits(dataclasses.replace(seen, pieces=(piece,)))
    assert verdict == Verdict("hung", {}, "hung: no answer")


def test_split_misshapen() -> None:
    """A piece of another shape than its own sizes give is told with its number."""
    results = dict(observed(IN_TIME).pieces[1].results or {})
    seen = second(IN_TIME, results=results | {"y": results["y"][:, :1]})
    verdict = check.splits(seen)
    assert (verdict.outcome, verdict.got) == ("differs", {"piece 1": "shape"})
    assert verdict.message.startswith("values cannot be compared: y: another shape\n")


# By shape inference alone.

NOT_RUN = dataclasses.replace(SEQUENCES, run=False)


@pytest.mark.parametrize("claim", ["inferred_shapes", "parameters"])
def test_not_run(claim: str) -> None:
    """A case that is not run is judged by what is inferred and listed."""
    assert check.CLAIMS[claim](observed(NOT_RUN)) == Verdict("agrees")


def test_not_run_differs() -> None:
    """Where nothing is run, inference is held to the declared shapes."""
    inferred = {"y": (2, 5, 4), "end_h": (1, 2, 4), "end_c": (2, 1, 4)}
    verdict = check.inferred_shapes(observed(NOT_RUN, inferred=inferred))
    assert (verdict.outcome, verdict.got) == ("differs", {"end_c": [2, 1, 4]})


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


def test_accepted_lengths() -> None:
    """Lengths that no sequence can have are told where they are taken."""
    layer = Layer(lengths="given")
    case = dataclasses.replace(SEQUENCES, layer=layer, lengths=(0, 5), expect={}, must_reject=True)
    seen = observed(case, outcome="ran", exception=None, results=observed().results)
    assert "  fed       lengths (0, 5)\n" in check.rejects(seen).message


def test_accepted_integers() -> None:
    """Whole numbers are told where they are taken."""
    case = dataclasses.replace(SEQUENCES, integers=True, expect={}, must_reject=True)
    seen = observed(case, outcome="ran", exception=None, results=observed().results)
    assert "  fed       an input of int32\n" in check.rejects(seen).message


def test_accepted_batch() -> None:
    """A call before of another batch is told where the state that it left is taken."""
    layer = Layer(stateful="carried")
    case = dataclasses.replace(
        SEQUENCES, layer=layer, first={"batch_size": 3}, expect={}, must_reject=True
    )
    seen = observed(case, outcome="ran", exception=None, results=observed().results)
    assert "  fed       first, a call of {'batch_size': 3}\n" in check.rejects(seen).message


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


# What an adapter has nothing of.


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        (check.inferred_shapes, "inferred shape"),
        (check.parameters, "parameters"),
        (check.properties, "defaults"),
    ],
)
def test_absent(claim: Callable[[Observation], Verdict], name: str) -> None:
    """An adapter that gives nothing of what it was asked for is broken in that claim alone."""
    case = dataclasses.replace(SEQUENCES, record=("defaults",))
    framework = Framework("minimal", "tests.harness.adapters.minimal", "", {"numpy": "2.4.6"})
    found = observe(Host(framework, ROOT, timeout=30, in_process=True), case)
    verdict = claim(found)
    assert verdict == Verdict("broken", {}, f"the adapter gives no {name}, which it was asked for")
    assert check.shapes(found).outcome == check.values(found).outcome == "agrees"


def test_recorded_but_absent() -> None:
    """A property that is on record and no longer there is a difference."""
    record = Record("right", "*", "defaults", "numpy", {"dtype": "float32"}, "", "x.yaml:1")
    case = dataclasses.replace(SEQUENCES, record=("defaults",))
    found = observed(case, properties={}, on_record={"defaults": [record]})
    assert check.properties(found).outcome == "differs"
