"""`conformance.upgrade.compare`: each thing that can change is seen, and is as severe as it is."""

from typing import Any

import numpy as np
import pytest

from conformance.report.fingerprint import of_numbers, packed, unpacked
from conformance.report.report import Entry, Refusal
from conformance.upgrade.compare import behind, compared, hidden, numberless
from conformance.upgrade.pair import Pair
from tests.harness.upgrade.sides import changed, entry, pair

# An adapter after the right one, what is asked of both, and what is told first.
SEEN: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("batch_and_time_swapped", {}, ("breaking", "shape", "axes [1, 0, 2]")),
    ("last_step_only", {}, ("breaking", "shape", "(batch, hidden)")),
    ("missing_result", {}, ("breaking", "names", "-")),
    ("undeclared_result", {}, ("breaking", "names", "mean")),
    ("float64_leaks", {}, ("breaking", "dtype", "float64")),
    ("peephole", {}, ("breaking", "values", "beyond the tolerance of the reference")),
    ("not_a_number", {}, ("breaking", "values", "beyond the tolerance of the reference")),
    ("states_swapped", {}, ("breaking", "values", "beyond the tolerance of the reference")),
    ("parameter_missing", {}, ("breaking", "parameters", "-")),
    ("parameter_transposed", {}, ("breaking", "parameters", "axes [1, 0]")),
    ("inference_forgets_directions", {"bidirectional": True, "batch_size": 3},
     ("breaking", "inference", "(batch, time, hidden)")),
    ("states_in_a_list", {}, ("breaking", "container", "container: (y, [end_h, end_c])")),
    ("refuses_everything", {},
     ("breaking", "outcome", "raises RuntimeError: no kernel for this processor")),
    ("looks_up_a_missing_name", {},
     ("breaking", "outcome", "the adapter itself raises KeyError: 'layer_0/h'")),
    ("knows_no_lengths", {"lengths": "given"},
     ("breaking", "outcome", "not there: every sequence is full: https://example.org/lengths")),
    ("accepts_wrong_features", {"asked": "wrong"}, ("input", "outcome", "accepted")),
    ("refuses_everything", {"asked": "wrong"},
     ("breaking", "right input", "refused: RuntimeError")),
    ("warns", {}, ("warning", "warning", "DeprecationWarning: old style")),
    ("gradient_cut_at_step", {"gradients": True},
     ("breaking", "gradients", "beyond the tolerance of the reference")),
]  # fmt: skip


@pytest.mark.parametrize(("adapter", "asked", "told"), SEEN)
def test_seen(adapter: str, asked: dict[str, Any], told: tuple[str, str, str]) -> None:
    """A fake that takes the place of the right one is found out, for what it is."""
    first = compared(pair(adapter, **asked))[0]
    assert (first.severity, first.kind, first.after) == told


@pytest.mark.parametrize(
    ("adapter", "asked", "told"),
    [
        ("peephole", {}, ("fixed", "values", "within the tolerance of the reference")),
        ("batch_and_time_swapped", {}, ("fixed", "shape", "axes [1, 0, 2]")),
        ("parameter_missing", {}, ("fixed", "parameters", "layer*.d")),
        ("refuses_everything", {}, ("fixed", "outcome", "runs")),
        ("inference_raises", {}, ("fixed", "inference", "gives shapes")),
        ("knows_no_lengths", {"lengths": "given"}, ("input", "outcome", "runs")),
        ("gradient_cut_at_step", {"gradients": True}, ("fixed", "gradients",
         "within the tolerance of the reference")),
    ],
)  # fmt: skip
def test_mended(adapter: str, asked: dict[str, Any], told: tuple[str, str, str]) -> None:
    """What was not as it has to be, and now is, is fixed."""
    first = compared(pair("right", before=adapter, **asked))[0]
    assert (first.severity, first.kind, first.after) == told


@pytest.mark.parametrize("asked", ["", "wrong"])
def test_same(asked: str) -> None:
    """The same on both sides is no change."""
    assert compared(pair("right", asked)) == []


def numbered(change: Any) -> Entry:
    """Return the right entry with other numbers in `y`; its errors are what they were."""
    one = entry()
    assert one.native is not None
    y = one.native["y"]
    array = change(unpacked(y.numbers or "", y.shape, y.dtype))
    other = y.model_copy(update={"digest": of_numbers(array), "numbers": packed(array)})
    return one.model_copy(update={"native": {**one.native, "y": other}})


def test_bits() -> None:
    """Other bits of the same numbers are told apart from other numbers."""
    after = numbered(lambda y: np.nextafter(y, np.float32(1)))
    (one,) = compared(Pair(entry(), after))
    assert (one.severity, one.kind, one.names) == ("bits", "bits", ("y",))


def test_numbers_apart() -> None:
    """Numbers beyond the tolerance from each other break, where the reference has none as well."""
    (one,) = compared(Pair(entry(), numbered(lambda y: y + np.float32(1e-3))))
    assert (one.severity, one.kind) == ("breaking", "values")
    assert one.exact == ("y: off by 1.00e-03 from each other, allowed 2.81e-07",)


def test_same_nan() -> None:
    """A NaN that stays one is no difference."""
    nan = numbered(lambda y: y * np.float32(np.nan))
    assert compared(Pair(nan, nan)) == []


def test_numbers_that_are_not_kept() -> None:
    """Of many numbers the errors tell: as near to the reference on both sides is near enough."""
    one = numbered(lambda y: y + np.float32(1e-3))
    assert one.native is not None
    bare = one.native["y"].model_copy(update={"numbers": None})
    after = one.model_copy(update={"native": {**one.native, "y": bare}})
    assert [change.severity for change in compared(Pair(entry(), after))] == ["bits"]


def test_both_off() -> None:
    """Numbers that were wrong, and are now wrong in another way, have changed."""
    before, after = entry("peephole"), entry("sigmoid_for_tanh")
    assert [one.severity for one in compared(Pair(before, after))] == ["breaking"]


def test_exception() -> None:
    """Another type of exception is a changed property; other numbers in its message are none."""
    before = entry(asked="wrong")
    assert before.exception is not None
    for update, changes in (
        ({"type": "TypeError"}, ["property"]),
        ({"message": before.exception.message.replace("4", "77")}, []),
        ({"message": "quite another text"}, ["property"]),
    ):
        raised = before.exception.model_copy(update=update)
        after = before.model_copy(update={"exception": raised})
        assert [one.severity for one in compared(Pair(before, after))] == changes


def test_crash() -> None:
    """What was refused and now crashes is breaking, and the other way round is fixed."""
    rejected = entry(asked="wrong")
    crashed = rejected.model_copy(
        update={"outcome": "crashed", "detail": "SIGSEGV", "exception": None}
    )
    assert [one.severity for one in compared(Pair(rejected, crashed))] == ["breaking"]
    assert [one.severity for one in compared(Pair(crashed, rejected))] == ["fixed"]


@pytest.mark.parametrize(
    ("properties", "severity"),
    [
        ({"container": "(y, end_h, end_c)"}, ["breaking"]),
        ({"padding": {"forward": "zeros"}}, []),  # nothing to compare it with
        ({"container": None}, []),
    ],
)
def test_properties(properties: dict[str, Any], severity: list[str]) -> None:
    """Only what both sides speak of is compared."""
    assert [one.severity for one in compared(changed(properties=properties))] == severity


def test_defaults() -> None:
    """A default is told by its place in plain data; layers' numbers are left out."""
    before = entry().model_copy(update={"properties": {"defaults": {"a": {"x0": 1, "x1": 1}}}})
    after = entry().model_copy(update={"properties": {"defaults": {"a": {"x0": 2}}}})
    found = {(one.before, one.after) for one in compared(Pair(before, after))}
    assert found == {
        ("defaults.a.x*: 1", "defaults.a.x*: 2"),
        ("defaults.a.x*: 1", "defaults.a.x*: gone"),
    }


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("float32", "float64", "breaking"),
        ("float32", "TypeError", "breaking"),
        ("TypeError", "float32", "input"),
        ("TypeError", "ValueError", "property"),
    ],
)
def test_promoted(old: str, new: str, severity: str) -> None:
    """What an input of another dtype comes to breaks where it was no refusal."""
    sides = [{"defaults": {"promotes": {"bfloat16": one}}} for one in (old, new)]
    before, after = (entry().model_copy(update={"properties": one}) for one in sides)
    (one,) = compared(Pair(before, after))
    assert (one.severity, one.names) == (severity, ("defaults.promotes.bfloat16",))


def test_warning_gone() -> None:
    """A warning that is gone is told, and is no new one."""
    (one,) = compared(pair("right", before="warns"))
    assert (one.severity, one.after) == ("property", "no warning")


def test_warning_reworded() -> None:
    """A warning that goes on in other words is no new one."""
    start = "UserWarning: float64 is not there, and it is cut to float32. "
    before, after = (
        entry().model_copy(update={"warnings": (start + end,)})
        for end in ("Old link.", "New link.")
    )
    (one,) = compared(Pair(before, after))
    assert (one.severity, one.after) == ("property", start + "New link.")


def test_hidden() -> None:
    """Nothing is concluded from an adapter's own mistake before, or from what neither was asked."""
    broken = entry("looks_up_a_missing_name")
    absent = entry("knows_no_lengths", lengths="given")
    assert hidden(Pair(broken, entry())) == "the adapter itself failed before"
    assert hidden(Pair(absent, absent)) == "not asked for on either side"
    assert compared(Pair(broken, entry())) == []
    wrong = Pair(entry(asked="wrong"), entry("looks_up_a_missing_name", "wrong"))
    assert hidden(wrong) == "the adapter itself failed after"


def test_behind() -> None:
    """A rejection on one side hides what the other has."""
    assert behind(pair("refuses_everything")) == "rejected after"
    assert behind(pair("right", before="refuses_everything")) == "rejected before"
    assert behind(pair("right")) == behind(pair("right", "wrong")) == ""


def test_numberless() -> None:
    """Numbers are compared where the same were fed, and where there is a hash of them."""
    assert numberless(pair("right")) == ""
    assert numberless(changed(fed="another")) == "other numbers were fed"
    assert numberless(changed(fed=None)).startswith("a report from before")
    after = numbered(lambda y: y + np.float32(1e-3)).model_copy(update={"fed": "another"})
    assert compared(Pair(entry(), after)) == []


def test_loud_hides_no_quiet() -> None:
    """What a rejected call had told before is compared all the same."""
    refusal = Refusal(type="ValueError", message="no")
    after = {"outcome": "rejected", "native": None, "exception": refusal, "parameters": {}}
    kinds = [one.kind for one in compared(changed(**after))]
    assert kinds == ["parameters", "outcome"]
