"""`conformance.report.fingerprint`: what is alike has one, and what is not has another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adapters.contract import Layer
from conformance.lstm.numbers import Numbers
from conformance.lstm.sample import draw
from conformance.report import fingerprint, report
from conformance.report.fingerprint import of_case, of_numbers, of_sample, packed, unpacked
from tests.harness.observed import SEQUENCES, observed

NUMBERS = np.array([[1.5, -2.0, np.nan]], np.float32)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "guide-other"},
        {"layer": Layer(bidirectional=True)},
        {"dimensions": replace(SEQUENCES.dimensions, time_steps=6)},
        {"must_reject": True, "feed": {"input": (2, 5, 4)}},
        {"lengths": (5, 3)},
        {"mask": ((1, 0, 1, 1, 1),) * 2},
        {"first": {"time_steps": 3}},
        {"must_reject": True, "integers": True},
        {"run": False},
        {"split": {"time": 2}},
        {"repeat": {"batch_size": 3}},
        {"numbers": Numbers(weights=(-60.0, 60.0))},
    ],
    ids=lambda change: "-".join(change),
)
def test_other_case(change: dict[str, Any]) -> None:
    """A case that asks for something else, or feeds other numbers, has another fingerprint."""
    assert of_case(replace(SEQUENCES, **change)) != of_case(SEQUENCES)


@pytest.mark.parametrize(
    "change",
    [
        {"about": "In other words."},
        {"where": "cases/other.yaml:3"},
        {"source": "https://example.org/moved"},
        {"tags": frozenset({"nightly"})},
        {"expect": {}},
    ],
    ids=lambda change: "-".join(change),
)
def test_same_case(change: dict[str, Any]) -> None:
    """Where a case stands, and what is said of it, is no part of what it asks."""
    assert of_case(replace(SEQUENCES, **change)) == of_case(SEQUENCES)


def test_meaning_lasts() -> None:
    """The fingerprint is the same from one version of the engine to the next."""
    assert of_case(SEQUENCES) == "0394930143327b91"


def test_default_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option with its default adds nothing: the next new one changes no case of today."""
    before = of_case(SEQUENCES)
    monkeypatch.setattr(fingerprint, "fields", lambda _: ())
    assert of_case(SEQUENCES) == before


def test_numbers() -> None:
    """One bit makes another fingerprint; the order in memory makes none."""
    other = NUMBERS.copy()
    other[0, 0] = np.nextafter(other[0, 0], 2, dtype=np.float32)
    assert of_numbers(other) != of_numbers(NUMBERS)
    assert of_numbers(np.asfortranarray(NUMBERS)) == of_numbers(NUMBERS)
    assert of_numbers(NUMBERS.astype(">f4")) == of_numbers(NUMBERS)


def test_sample() -> None:
    """What is fed has a fingerprint: that of other numbers is another."""
    assert of_sample(draw(SEQUENCES)) == of_sample(draw(SEQUENCES))
    assert of_sample(draw(replace(SEQUENCES, id="x"))) != of_sample(draw(SEQUENCES))


def test_packed() -> None:
    """A few numbers travel as text, and come out bit for bit; many do not travel."""
    text = packed(NUMBERS)
    assert text is not None
    np.testing.assert_array_equal(unpacked(text, (1, 3), "float32"), NUMBERS)
    assert packed(np.zeros(fingerprint.FEW + 1)) is None


def test_numbers_that_do_not_fit() -> None:
    """Numbers that do not fill their shape are refused."""
    text = packed(NUMBERS)
    assert text is not None
    with pytest.raises(ValueError, match="reshape"):
        unpacked(text, (2, 3), "float32")


def test_report_has_them() -> None:
    """A line of the report has the case's, the sample's, and each result's numbers."""
    seen = observed()
    entry = report.entry(seen)
    assert (entry.meaning, entry.fed) == (of_case(SEQUENCES), of_sample(draw(SEQUENCES)))
    assert seen.results is not None
    for name, tensor in (entry.native or {}).items():
        assert tensor.digest == of_numbers(seen.results[name])
        assert tensor.numbers == packed(seen.results[name])
