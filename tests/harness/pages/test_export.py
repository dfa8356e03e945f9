"""`conformance.pages.export`: what the explorer knows of each case, of a small book."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract import Gap
from conformance.lstm.case import Case
from conformance.pages.export import exported
from conformance.pages.packed import packed
from tests.harness.pages.books import LINK, book, pin, record

GAP = Gap({"bidirectional": True}, why="It reads one way.", source=LINK)


def data(*pins: Any, gaps: tuple[Gap, ...] = ()) -> dict[str, Any]:
    """Return what is exported of a book with one property on record."""
    return exported(book(*pins, records=(record("(y, z)"),), gaps=gaps))


def test_cases() -> None:
    """Each case has its layer and sizes by number, what becomes of it, its id and its words."""
    told = data()
    cases = told["behaviours"]["plain"]["cases"]
    assert [one[3] for one in cases] == [
        "plain-usual",
        "plain-narrow",
        "plain-both",
        "plain-early",
        "plain-early-long",
        "plain-recorded",
    ]
    layer, sizes, kind, _, about = cases[1]
    assert [told["chosen"][one] for one in told["layers"][layer]] == [("dtype", "float16")]
    assert (sizes, kind, about) == ([2, 5, 3, 4, 1], "ran", "As it is.")


def test_ends() -> None:
    """A case agrees, or has the pins that speak of it, or the gap; what is on record is beside."""
    pins = (pin(kind={"dtype": ("float16",)}), pin(kind={"lengths": ("given",)}))
    (one,), (two,) = data(*pins, gaps=(GAP,))["cells"].values()
    assert one["ends"] == ".ABCC."
    assert one["kinds"] == [[0], 0, [1]]
    assert one["seen"] == [[5, "container", "(y, z)"]]
    assert two == {"ends": "......", "kinds": [], "seen": []}


@pytest.mark.parametrize(
    ("changed", "kind"), [({"must_reject": True}, "refused"), ({"run": False}, "inferred")]
)
def test_kind(changed: dict[str, bool], kind: str) -> None:
    """A case of wrong input is to be refused, and one that is not run is inferred."""
    known = book()
    cases: list[Case] = [replace(known.cases[0], **changed), *known.cases[1:]]
    told = exported(replace(known, cases=cases))
    assert told["behaviours"]["plain"]["cases"][0][2] == kind


def test_packs() -> None:
    """What is exported is plain data."""
    assert packed(data())["rest"]["group"] == 2
