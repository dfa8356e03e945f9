"""Expressions: the grammar, its values, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.casefile.expression import MAX_LENGTH, MAX_VALUE, NAMES, ExpressionError, evaluate

VALUES = dict(zip(NAMES, (2, 5, 3, 4, 1, 2, 7), strict=True))
GRAMMAR = "an expression has names, whole numbers, + - * // %, parentheses, max and min"
ALL_NAMES = ", ".join(NAMES)

RIGHT = {
    7: 7,
    0: 0,
    "12": 12,
    " time_steps ": 5,
    "num_directions * hidden_units": 8,
    "2 + 3 * 4": 14,
    "(2 + 3) * 4": 20,
    "time_steps - batch_size - 1": 2,
    "time_steps // batch_size": 2,
    "time_steps % embedding_dim": 2,
    "max(1, batch_size, time_steps)": 5,
    "min(hidden_units, max(embedding_dim, 9))": 4,
    "1 - 2 + 3": 2,
    "+".join(["1"] * 100): 100,
}
WRONG = {
    "num_directions * hidden_unit": (
        "unknown name 'hidden_unit' in 'num_directions * hidden_unit': did you mean 'hidden_units'?"
    ),
    "x": f"unknown name 'x' in 'x': the names are {ALL_NAMES}",
    "max": f"unknown name 'max' in 'max': the names are {ALL_NAMES}",
    "1 // (batch_size - 2)": "division by zero in '1 // (batch_size - 2)'",
    "1 % 0": "division by zero in '1 % 0'",
    "batch_size - 5": "a size cannot be negative: 'batch_size - 5' is -3",
    -1: "a size cannot be negative: '-1' is -1",
    "9999999 * 9999999": "'9999999 * 9999999' exceeds 1,000,000,000,000",
    "1000000000000 * 10 // 10": "'1000000000000 * 10 // 10' exceeds 1,000,000,000,000",
    10**13: "'10000000000000' exceeds 1,000,000,000,000",
    "1" * 201: "an expression has at most 200 characters, this one has 201",
    "": f"cannot read '': {GRAMMAR}",
    "batch_size time_steps": f"cannot read 'batch_size time_steps': {GRAMMAR}",
    "(1": f"cannot read '(1': {GRAMMAR}",
    "010": f"cannot read '010': {GRAMMAR}",
    "lambda": f"cannot read 'lambda': {GRAMMAR}",
    "-1": f"'-1' is not allowed in '-1': {GRAMMAR}",
    "1_000": f"'1_000' is not allowed in '1_000': {GRAMMAR}",
    "0x10": f"'0x10' is not allowed in '0x10': {GRAMMAR}",
    "1.5": f"'.' is not allowed in '1.5': {GRAMMAR}",
    "3 / 2": f"'3 / 2' is not allowed in '3 / 2': {GRAMMAR}",
    "2 ** 3": f"'2 ** 3' is not allowed in '2 ** 3': {GRAMMAR}",
    "True": f"'True' is not allowed in 'True': {GRAMMAR}",
    "(1, 2)": f"'(1, 2)' is not allowed in '(1, 2)': {GRAMMAR}",
    "1 if 2 else 3": f"'1 if 2 else 3' is not allowed in '1 if 2 else 3': {GRAMMAR}",
    "abs(1)": f"'abs(1)' is not allowed in 'abs(1)': {GRAMMAR}",
    "max(1)": f"'max(1)' is not allowed in 'max(1)': {GRAMMAR}",
    "max(*batch_size, 1)": f"'*batch_size' is not allowed in 'max(*batch_size, 1)': {GRAMMAR}",
    "1 # one": f"'#' is not allowed in '1 # one': {GRAMMAR}",
    "().__class__": f"'.' is not allowed in '().__class__': {GRAMMAR}",
    "\uff42atch_size": f"'\uff42' is not allowed in '\uff42atch_size': {GRAMMAR}",
    "1\n+ 1": f"'\\n' is not allowed in '1\\n+ 1': {GRAMMAR}",
}

LEAVES = st.integers(0, 20).map(str) | st.sampled_from(NAMES)
TREES = st.recursive(
    LEAVES,
    lambda part: (
        st.tuples(part, st.sampled_from(["+", "-", "*", "//", "%"]), part).map(
            "({0[0]} {0[1]} {0[2]})".format
        )
        | st.tuples(st.sampled_from(["max", "min"]), part, part).map(
            "{0[0]}({0[1]}, {0[2]})".format
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(("expression", "value"), RIGHT.items(), ids=map(repr, RIGHT))
def test_value(expression: int | str, value: int) -> None:
    """An expression has the value that arithmetic gives it."""
    assert evaluate(expression, VALUES) == value


@pytest.mark.parametrize(("expression", "message"), WRONG.items(), ids=ascii)
def test_refusal(expression: int | str, message: str) -> None:
    """What is outside the grammar, or no size, is refused in one line."""
    with pytest.raises(ExpressionError) as raised:
        evaluate(expression, VALUES)
    assert str(raised.value) == message


def test_deepest_nesting() -> None:
    """The deepest expression that the length allows is read."""
    assert evaluate("(" * 99 + "1" + ")" * 99, VALUES) == 1


@given(source=TREES.filter(lambda source: len(source) <= MAX_LENGTH))
def test_python_agrees(source: str) -> None:
    """Every expression of the grammar has the value that Python itself gives it."""
    assert value_or_none(source) == python_value_or_none(source)


@given(source=st.text() | st.text("()+-*/%,0123456789 abmx_", max_size=220))
def test_any_text(source: str) -> None:
    """Any text gives a size or an ExpressionError, never another exception."""
    value = value_or_none(source)
    assert value is None or 0 <= value <= MAX_VALUE


def value_or_none(source: str) -> int | None:
    """Return the value of `source`, or None where it is refused."""
    try:
        return evaluate(source, VALUES)
    except ExpressionError:
        return None


def python_value_or_none(source: str) -> int | None:
    """Return what Python makes of `source`, which comes from TREES alone: the oracle."""
    try:
        value: int = eval(source, {"__builtins__": {}, "max": max, "min": min, **VALUES})
    except ZeroDivisionError:
        return None
    return value if value >= 0 else None
