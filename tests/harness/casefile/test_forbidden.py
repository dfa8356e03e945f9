"""What cannot meet: told in full, as a search through every row confirms."""

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Dimensions, Layer
from conformance.casefile.extreme import EXTREMES
from conformance.casefile.factor import EXTREME, PLAIN, Space
from conformance.casefile.forbidden import Few, closed, forbidden, possible
from conformance.lstm.agreement import RULES, Rule

SMALL = Space({"a": (0, 1, 2), "b": (0, 1), "c": (0, 1), "d": (0, 1, 2)})
ROWS = [
    frozenset(SMALL.numbers[pair] for pair in row)
    for row in product(
        *([(name, value) for value in values] for name, values in SMALL.factors.items())
    )
]
fews = st.sampled_from(
    [
        frozenset(few)
        for row in ROWS
        for size in (1, 2, 3)
        for few in combinations(sorted(row), size)
    ]
)


@given(st.sets(fews, max_size=8))
def test_closed(told: set[Few]) -> None:
    """Values can meet where some row has them and nothing forbidden, and only there."""
    rows = [row for row in ROWS if not any(few <= row for few in told)]
    barred = closed(SMALL, told)
    for size in (0, 1, 2, 3, 4):
        for few in {frozenset(few) for row in ROWS for few in combinations(sorted(row), size)}:
            assert possible(few, barred) == any(few <= row for row in rows)


def number(name: str, value: object, space: Space = PLAIN) -> int:
    """Return the number of a factor's value."""
    return space.numbers[name, value]


def test_rules() -> None:
    """What a rule tells is forbidden, and what follows from two of them."""
    barred = forbidden(PLAIN, RULES)
    assert {number("reverse", True), number("bidirectional", True)} in barred
    assert not possible(frozenset({number("reverse", True), number("merge", "sum")}), barred)


def test_gap() -> None:
    """A layer that an adapter lacks is forbidden, with all that needs it."""
    rule = Rule(("reverse",), lambda layer, _: layer.reverse, "it reads forwards")
    barred = forbidden(PLAIN, [*RULES, rule])
    assert not possible(frozenset({number("keep_order", True)}), barred)
    assert possible(frozenset({number("keep_order", True)}), forbidden(PLAIN, RULES))


def test_everything_forbidden() -> None:
    """Where no row is left, nothing is possible, not even nothing."""
    barred = forbidden(PLAIN, [Rule(("bias",), lambda _layer, _: True, "there is none")])
    assert barred == {frozenset()}


def test_extreme() -> None:
    """Sizes that depend on an option are forbidden without it."""
    long = number("extreme", "long_gradients", EXTREME)
    barred = forbidden(EXTREME, RULES)
    assert {long, number("gradients", False, EXTREME)} in barred
    assert possible(frozenset({long, number("lengths", "given", EXTREME)}), barred)
    assert all(possible(frozenset({number("extreme", one, EXTREME)}), barred) for one in EXTREMES)


def test_rule_of_sizes() -> None:
    """A rule that looks at a size is put to the sizes that a row has."""

    def broken(_: Layer, dimensions: Dimensions) -> bool:
        return dimensions.num_layers > 10

    barred = forbidden(EXTREME, [Rule(("num_layers",), broken, "ten layers at most")])
    assert {number("extreme", "eleven_layers", EXTREME)} in barred
