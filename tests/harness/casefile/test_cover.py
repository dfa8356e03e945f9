"""Coverage: what can meet and what a case shows, counted as whoever has much time would."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from adapters.contract import Dimensions, Layer
from conformance.casefile.cover import PAIRS, SIZES, TRIPLES, Goals, barred, counts, hidden
from conformance.casefile.entry import lengths_of
from conformance.casefile.factor import PLAIN, Space
from conformance.casefile.row import layer_of
from conformance.lstm.agreement import RULES, Rule
from conformance.lstm.case import Case
from conformance.lstm.numbers import Numbers

FORWARDS = Rule(("reverse",), lambda layer, _: layer.reverse, "it reads forwards")
FEW = ("bidirectional", "reverse", "keep_order", "merge", "layout", "lengths")
SMALL = Space({name: PLAIN.factors[name] for name in FEW})


def case(row: Mapping[str, Any], **changed: Any) -> Case:
    """Return the case of a row; `changed` are fields of a case, or sizes."""
    layer, dimensions = layer_of(row)
    sizes = {name: changed.pop(name) for name in [*changed] if hasattr(dimensions, name)}
    dimensions = replace(dimensions, **sizes)
    fields = {"lengths": lengths_of(layer, dimensions)} | changed
    return Case("x", "x", "x", "x", "x", layer, dimensions, **fields)


@pytest.mark.parametrize(
    ("layer", "sizes", "lengths", "hides"),
    [
        ({}, {}, (), set()),
        ({}, {"time_steps": 2}, (), {"time_steps"}),
        ({}, {"batch_size": 1}, (), {"batch_size"}),
        ({"layout": "unbatched"}, {"batch_size": 1}, (), set()),
        ({}, {"embedding_dim": 1}, (), {"embedding_dim"}),
        ({}, {"hidden_units": 1}, (), {"hidden_units"}),
        ({"projection_size": 1}, {}, (), {"hidden_units"}),
        ({"lengths": "given"}, {}, (3, 5, 1), set()),
        ({"lengths": "given"}, {}, (5, 5, 5), {"lengths"}),
        ({"lengths": "given"}, {}, (3, 4, 1), {"lengths"}),
    ],
)
def test_hidden(
    layer: dict[str, Any], sizes: dict[str, int], lengths: tuple[int, ...], hides: set[str]
) -> None:
    """A case shows what it has with three steps, two sequences, two features, and two lengths."""
    usual = {"batch_size": 3, "time_steps": 5, "embedding_dim": 7, "hidden_units": 11}
    assert hidden(Layer(**layer), Dimensions(**{**usual, **sizes}), lengths) == hides


@pytest.mark.parametrize("goals", [PAIRS, TRIPLES])
def test_shown(goals: Goals) -> None:
    """A case that shows what it has meets each combination of its values, once."""
    row = {"bidirectional": True, "merge": "sum", "dtype": "float16", "num_layers": 2}
    told = [goals.told(goal) for goal in goals.shown_by(case(row)).tolist()]
    whole = {name: row.get(name, values[0]) for name, values in PLAIN.factors.items()}
    whole |= {"bias": True, "return_sequences": True, "return_state": True}
    expected = [dict(few) for few in combinations(whole.items(), goals.strength)]
    assert sorted(map(str, told)) == sorted(map(str, expected))


@pytest.mark.parametrize(
    "blind",
    [
        {"time_steps": 2},
        {"lengths": (5, 5, 5)},
        {"run": False},
        {"must_reject": True},
        {"numbers": Numbers(weights=(-60.0, 60.0))},
    ],
)
def test_not_shown(blind: dict[str, Any]) -> None:
    """A case that cannot show what it has, or does not run it, meets nothing."""
    row = {"lengths": "given"}
    assert len(PAIRS.shown_by(case(row)))
    assert not len(PAIRS.shown_by(case(row, **blind)))


def test_extremes_shown() -> None:
    """A case meets its classes of sizes with each of its options, and hides no more than they."""
    met = [
        SIZES.told(goal) for goal in SIZES.shown_by(case({"bias": False}, time_steps=1)).tolist()
    ]
    assert {one["extreme"] for one in met} == {"one_step"}
    assert {"extreme": "one_step", "bias": False} in met
    assert not len(SIZES.shown_by(case({}, time_steps=1, embedding_dim=1)))
    assert not len(SIZES.shown_by(case({})))


def every_row() -> Iterator[dict[str, Any]]:
    """Yield every row of the small space that contradicts neither itself nor the gap."""
    for values in product(*SMALL.factors.values()):
        row = dict(zip(SMALL.factors, values, strict=True))
        if not any(rule.broken(*layer_of(row)) for rule in (*RULES, FORWARDS)):
            yield row


@pytest.mark.parametrize("strength", [1, 2, 3])
def test_possible(strength: int) -> None:
    """What can meet is what some row has: the same as by trying every row."""
    goals = Goals(SMALL, strength)
    can = goals.possible(barred(SMALL, [FORWARDS]))
    found = {str(goals.told(goal)) for goal in can.nonzero()[0].tolist()}
    tried = {str(dict(few)) for row in every_row() for few in combinations(row.items(), strength)}
    assert found == tried


def test_counts() -> None:
    """An adapter meets what cases show that it runs: of the same cases each its own share."""
    goals = Goals(SMALL, 2)
    cases = [case({"reverse": True}), case({"bidirectional": True, "merge": "sum"})]
    counted = counts(goals, cases, {"all": [], "forwards": [FORWARDS]})
    assert {name: count.met for name, count in counted.items()} == {
        "all": 15 + 15 - 3,
        "forwards": 15,
    }


def test_missing() -> None:
    """What no case shows is told, and a case that shows it makes it met."""
    goals = Goals(Space({"bidirectional": (False, True), "merge": ("concat", "sum")}), 2)
    rows: list[dict[str, Any]] = [
        {},
        {"bidirectional": True},
        {"bidirectional": True, "merge": "sum"},
    ]
    cases = [case(row) for row in rows]
    (count,) = counts(goals, cases[:2], {"all": []}).values()
    assert [goals.told(goal) for goal in count.missing] == [rows[2]]
    assert counts(goals, cases, {"all": []})["all"].missing == ()
