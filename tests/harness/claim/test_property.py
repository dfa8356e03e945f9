"""Properties: the words for what was seen, and the verdict in the light of what is on record."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance.claim import check
from conformance.claim.check import Verdict
from conformance.claim.property import on_record, padding, seen
from conformance.lstm.case import Case, Record
from conformance.process.observation import Observation, Raised
from tests.harness.observed import SEQUENCES, TOO_WIDE, observed

LENGTHS = dataclasses.replace(SEQUENCES, layer=Layer(lengths="given"), lengths=(2, 5))
SHORT = dataclasses.replace(LENGTHS, lengths=(2, 4))
BOTH = dataclasses.replace(
    LENGTHS,
    layer=Layer(lengths="given", bidirectional=True),
    dimensions=Dimensions(3, 5, 7, 4),
    lengths=(2, 5, 1),
    expect={"output": (3, 5, 8), "h_n": (2, 3, 4), "c_n": (2, 3, 4)},
)
RECORD = Record(
    framework="right",
    cases="guide-*",
    name="exception",
    version="numpy>=2",
    value="none",
    source="https://example.org/doc",
    where="cases/properties/right.yaml:7",
)
BROKEN = Raised("ValueError", "too wide", "layer.py:12")


def filled(case: Case, fill: Any, half: slice = slice(None)) -> Observation:
    """Return what the right adapter does, `fill` of a sequence's last valid step behind its end."""
    found = observed(case)
    assert found.results is not None
    y = found.results["y"].copy()
    for row, length in enumerate(case.lengths):
        y[row, length:, half] = fill(y[row, length - 1, half])
    return dataclasses.replace(found, results={**found.results, "y": y})


# Padding.


@pytest.mark.parametrize("case", [LENGTHS, SHORT], ids=["longest full", "longest short"])
@pytest.mark.parametrize(
    ("fill", "word"),
    [(np.zeros_like, "zeros"), (np.copy, "repeated"), (lambda last: last + 1, "computed")],
    ids=["zeros", "repeated", "computed"],
)
def test_padding(case: Case, fill: Any, word: str) -> None:
    """Behind a sequence's end are zeros, its last output once more, or anything else."""
    assert padding(filled(case, fill)) == {"forward": word}


def test_padding_of_each_direction() -> None:
    """Each direction's half of the output has a word of its own."""
    found = filled(BOTH, np.copy, slice(4, None))
    assert padding(found) == {"forward": "zeros", "backward": "repeated"}


HOLES = dataclasses.replace(
    SEQUENCES, layer=Layer(mask="given"), mask=((0, 1, 0, 1, 1), (1, 1, 1, 0, 0))
)


@pytest.mark.parametrize("reverse", [False, True])
def test_padding_of_holes(reverse: bool) -> None:
    """At each step that a mask leaves out the output is looked at, in the order it is emitted."""
    found = observed(dataclasses.replace(HOLES, layer=Layer(mask="given", reverse=reverse)))
    assert padding(found) == {"forward": "zeros"}
    assert found.results is not None
    y = found.results["y"].copy()
    y[0, 4 if reverse else 0] = 1
    other = dataclasses.replace(found, results={**found.results, "y": y})
    assert padding(other) == {"forward": "computed"}


def test_padding_of_holes_repeated() -> None:
    """Left out, a step has the output of the last one before that counts, or zeros before that."""
    case = dataclasses.replace(HOLES, mask=((0, 1, 0, 1, 1), (1, 1, 1, 1, 1)))
    found = observed(case)
    assert found.results is not None
    y = found.results["y"].copy()
    y[0, 2] = y[0, 1]
    assert padding(dataclasses.replace(found, results={**found.results, "y": y})) == {
        "forward": "repeated"
    }


def test_padding_of_no_number() -> None:
    """Where the last valid step is NaN already, NaN behind it repeats nothing."""
    found = filled(LENGTHS, np.copy)
    assert found.results is not None
    y = np.full_like(found.results["y"], np.nan)
    assert padding(dataclasses.replace(found, results={**found.results, "y": y})) == {
        "forward": "computed"
    }


def test_padding_in_part() -> None:
    """What is zero behind one sequence and not behind another is neither of the plain words."""
    found = filled(BOTH, np.zeros_like)
    assert found.results is not None
    found.results["y"][2, 3, 0] = 1
    assert padding(found) == {"forward": "computed", "backward": "zeros"}


def test_padding_cut() -> None:
    """A time axis that ends with the longest sequence is cut."""
    found = observed(SHORT)
    assert found.results is not None
    results = {**found.results, "y": found.results["y"][:, :4]}
    assert padding(dataclasses.replace(found, results=results)) == {"both": "cut"}


def test_padding_of_time_major() -> None:
    """In a time-major layer a sequence ends along the first axis."""
    case = dataclasses.replace(LENGTHS, layer=Layer(lengths="given", layout="time_major"))
    assert padding(observed(case)) == {"forward": "zeros"}


def test_no_padding() -> None:
    """Without results there is nothing to see."""
    assert padding(observed(LENGTHS, outcome="rejected", results=None, exception=BROKEN)) is None


# What is seen.


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (observed(), "none"),
        (observed(TOO_WIDE), "ValueError"),
        (observed(outcome="rejected", exception=Raised("TypeError", "", "")), "TypeError"),
    ],
    ids=["taken", "refused", "refused with another"],
)
def test_exception(found: Observation, word: str) -> None:
    """An exception is seen by its type; where the input is taken there is none."""
    assert seen(recording(found, "exception")) == {"exception": word}


def test_properties_of_the_adapter() -> None:
    """What an adapter records is seen as it is, and what it does not record as nothing."""
    found = recording(observed(properties={"container": "y", "checkpoint": {}}), "container")
    assert seen(found) == {"container": "y"}
    assert seen(recording(found, "defaults")) == {}


def test_nothing_recorded() -> None:
    """Of a case that records nothing no property is looked at."""
    assert seen(observed()) == {}


def recording(found: Observation, *names: str) -> Observation:
    """Return the observation of a case that records these properties."""
    return dataclasses.replace(found, case=dataclasses.replace(found.case, record=names))


# On record.


def test_on_record() -> None:
    """A record speaks of its property in the cases that its glob matches."""
    case = dataclasses.replace(SEQUENCES, record=("exception", "padding"))
    others = (
        dataclasses.replace(RECORD, cases="bad-*"),
        dataclasses.replace(RECORD, name="defaults"),
    )
    assert on_record(case, [RECORD, *others]) == {"exception": [RECORD], "padding": []}


def judged(*records: Record, found: Observation | None = None) -> Verdict:
    """Return the verdict on the exception that guide-sequences meets."""
    found = recording(found or observed(), "exception")
    return check.properties(dataclasses.replace(found, on_record={"exception": records}))


def test_equal() -> None:
    """What is on record agrees."""
    assert judged(RECORD) == Verdict("agrees")


def test_not_on_record() -> None:
    """What nothing is on record of is told, to be put there."""
    assert judged() == Verdict(
        "differs",
        {"exception": "none"},
        "exception: not what is on record\n  expected  nothing\n  got       'none'",
    )


def test_other() -> None:
    """What is not as recorded is told with the record's place."""
    assert judged(dataclasses.replace(RECORD, value="ValueError")) == Verdict(
        "differs",
        {"exception": "none"},
        "exception: not what is on record\n"
        "  expected  'ValueError' (cases/properties/right.yaml:7)\n"
        "  got       'none'",
    )


def test_two_records() -> None:
    """Two records of one property are told, also where both are right: one would go unseen."""
    other = dataclasses.replace(RECORD, where="cases/properties/right.yaml:9")
    assert judged(RECORD, other) == Verdict(
        "differs",
        {"exception": "none"},
        "exception: not what is on record\n"
        "  expected  'none' (cases/properties/right.yaml:7)"
        " and 'none' (cases/properties/right.yaml:9)\n"
        "  got       'none'",
    )


@pytest.mark.parametrize("outcome", ["crashed", "hung", "broken"])
def test_stopped(outcome: str) -> None:
    """A run that came to nothing has no properties."""
    verdict = judged(RECORD, found=observed(outcome=outcome, results=None, detail="why"))
    assert (verdict.outcome, verdict.message) == (outcome, f"{outcome}: why")


def test_refusal_is_a_property() -> None:
    """A clean refusal does not stop this claim: which exception it is may be on record."""
    found = observed(outcome="rejected", results=None, exception=BROKEN)
    assert judged(dataclasses.replace(RECORD, value="ValueError"), found=found) == Verdict("agrees")
