"""`conformance.convention.gap`: which layers lie in a gap, and which gaps say nothing."""

import pytest

from adapters.contract import ANY, Gap, Layer
from conformance.convention.gap import gap_of, holds, mistakes

LINK = "https://example.org"


def gap(options: dict, **other: object) -> Gap:
    """A gap with a reason and a link."""
    return Gap(options, **{"why": "it has none", "source": LINK, "where": "x.py:1", **other})


@pytest.mark.parametrize(
    ("options", "layer", "meets"),
    [
        ({"bias": False}, Layer(bias=False), True),
        ({"bias": False}, Layer(), False),
        ({"projection_size": ANY}, Layer(projection_size=3), True),
        ({"projection_size": ANY}, Layer(), False),
        ({"merge": ANY}, Layer(merge="sum"), True),
        ({"merge": ("sum", "mul")}, Layer(merge="ave"), False),
        ({"merge": ("sum", "mul")}, Layer(merge="mul"), True),
        ({"layers": ANY}, Layer(layers='[{"bias": false}]'), True),
        ({"bias": False}, Layer(layers='[{}, {"bias": false}]'), True),
        (
            {"bias": False, "reverse": True},
            Layer(layers='[{"reverse": true}, {"bias": false}]'),
            False,
        ),
        ({"layers": ANY, "reverse": True}, Layer(layers='[{"reverse": true}]'), False),
        ({"reverse": True, "keep_order": False}, Layer(reverse=True), True),
        ({"reverse": True, "keep_order": False}, Layer(reverse=True, keep_order=True), False),
    ],
)
def test_gap_of(options: dict, layer: Layer, meets: bool) -> None:
    """A layer lies in a gap where it has all the values that the gap names."""
    assert (gap_of(layer, [gap(options)]) is not None) == meets


@pytest.mark.parametrize(
    ("versions", "there"),
    [("", True), ("numpy<2", False), ("numpy>=2", True), ("other>=1", False)],
)
def test_holds(versions: str, there: bool) -> None:
    """A gap with versions is there in those alone."""
    assert holds(gap({"bias": False}, versions=versions), {"numpy": "2.4.6"}) == there


@pytest.mark.parametrize(
    ("options", "other", "text"),
    [
        ({}, {}, "names no option"),
        ({"layuot": "time_major"}, {}, "'layuot' is no option: did you mean 'layout'?"),
        ({"layout": "time_minor"}, {}, "no layer can meet layout: 'time_minor'"),
        ({"bias": None}, {}, "no layer can meet bias: None"),
        ({"merge": ()}, {}, "it gives no value"),
        ({"merge": ("sum", "som")}, {}, "no layer can meet merge: 'som'"),
        ({"merge": "sum", "bidirectional": False}, {}, "its options contradict each other"),
        ({"keep_order": True, "reverse": False}, {}, "its options contradict each other"),
        ({"bias": False}, {"why": " "}, "says not why"),
        ({"bias": False}, {"source": ""}, "a link is missing"),
        ({"bias": False}, {"source": "see the docs"}, "a link is missing"),
        ({"bias": False}, {"versions": "<3"}, "is no requirement"),
        ({"bias": False}, {"versions": "numpy"}, "must name versions"),
        ({"bias": False}, {"versions": "numpy<3; python_version<'4'"}, "must name versions"),
        ({"bias": False}, {"versions": "torch<3"}, "'torch' is none of PACKAGES (numpy)"),
    ],
)
def test_wrong(options: dict, other: dict, text: str) -> None:
    """A gap that no layer meets, or without reason, link or version, is told."""
    ((_, told),) = mistakes([gap(options, **other)], ["numpy"])
    assert text in told


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"reverse": True}, {"reverse": True, "keep_order": False}),
        ({"merge": ANY}, {"merge": "sum"}),
        ({"layout": ("time_major", "unbatched")}, {"layout": "unbatched"}),
        ({"merge": ANY}, {"merge": ("sum", "mul", "ave", "none")}),
        ({"bias": False}, {"bias": False}),
    ],
)
def test_covered(wide: dict, narrow: dict) -> None:
    """A gap of which every layer lies in another is told, once, with the place of that."""
    ((_, told),) = mistakes([gap(wide, where="wide.py:7"), gap(narrow)], ["numpy"])
    assert "is covered by the gap at" in told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"reverse": True}, {"bias": False}),
        ({"merge": ("sum", "mul")}, {"merge": ANY, "bias": False}),
    ],
)
def test_apart(one: dict, other: dict) -> None:
    """Gaps that share some layers, or none, are both needed."""
    assert list(mistakes([gap(one), gap(other)], ["numpy"])) == []


def test_covered_in_some_versions() -> None:
    """A gap of some versions covers none that holds in others."""
    wide, narrow = gap({"bias": False}, versions="numpy<2"), gap({"bias": False, "dropout": True})
    assert list(mistakes([wide, narrow], ["numpy"])) == []
