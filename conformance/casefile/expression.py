"""An expression: a size as an integer or as arithmetic over the names of a case's dimensions.

The grammar is the one that JAX's symbolic shapes read: names and integers joined by ``+ - *``,
``//`` and ``%``, parentheses, ``max`` and ``min``. Nothing is ever executed: Python's parser gives
a tree, and a walk over the few nodes that the grammar has gives the value.
"""

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping

from conformance.casefile.suggest import hint

NAMES = (
    "batch_size",
    "time_steps",
    "embedding_dim",
    "hidden_units",
    "num_layers",
    "num_directions",
    "projection_size",
)
MAX_LENGTH = 200  # characters; also bounds how deep the tree, and so the walk over it, can be
MAX_VALUE = 10**12  # of every step, so that no intermediate value can grow without bound

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[[list[int]], int]] = {"max": max, "min": min}
_GRAMMAR = "an expression has names, whole numbers, + - * // %, parentheses, max and min"
# Python would read more than the grammar here: 1_000, 0x10, comments, look-alikes of ASCII letters.
_FOREIGN = re.compile(r"[^A-Za-z0-9_ +\-*/%(),]|(?<![A-Za-z0-9_])[0-9]+[A-Za-z_]\w*")


class ExpressionError(ValueError):
    """An expression that cannot be read, or whose value is no size. Its text is one line."""


def evaluate(expression: int | str, names: Mapping[str, int]) -> int:
    """Return the value of `expression`, at least 0; `names` gives the value of each name.

    Raises ExpressionError: not in the grammar, an unknown name, a division by zero, a negative
    value, or a step above 10**12.
    """
    source = str(expression)
    try:
        tree = ast.Constant(expression) if isinstance(expression, int) else parse(source, names)
        value = _value(tree, names)
    except ZeroDivisionError:
        raise ExpressionError(f"division by zero in {source!r}") from None
    except OverflowError:
        raise ExpressionError(f"{source!r} exceeds {MAX_VALUE:,}") from None
    if value < 0:
        raise ExpressionError(f"a size cannot be negative: {source!r} is {value}")
    return value


def parse(expression: str, names: Collection[str] = NAMES) -> ast.expr:
    """`expression` as a tree that holds nothing but the grammar's nodes and `names`.

    Raises ExpressionError: too long, not in the grammar, or an unknown name.
    """
    if len(expression) > MAX_LENGTH:
        found = f"this one has {len(expression):,}"
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters, {found}")
    if foreign := _FOREIGN.search(expression):
        raise _not_allowed(foreign[0], expression)
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        raise ExpressionError(f"cannot read {expression!r}: {_GRAMMAR}") from None
    _check(tree, expression.strip(), names)
    return tree


def _check(node: ast.expr, source: str, names: Collection[str]) -> None:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            pass
        case ast.Name(id=name) if name in names:
            pass
        case ast.Name(id=name):
            raise ExpressionError(_unknown(name, source, names))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left, source, names)
            _check(right, source, names)
        case ast.Call(func=ast.Name(id="max" | "min"), args=[_, _, *_] as values, keywords=[]):
            for value in values:
                _check(value, source, names)
        case _:
            raise _not_allowed(source[node.col_offset : node.end_col_offset], source)


def _value(node: ast.expr, names: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(value)):
            pass
        case ast.Name(id=name):
            value = names[name]
        case ast.BinOp(left=left, op=op, right=right):
            value = _OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            value = _FUNCTIONS[function]([_value(argument, names) for argument in arguments])
        case _:
            raise AssertionError(f"parse let {type(node).__name__} through")
    if abs(value) > MAX_VALUE:
        raise OverflowError
    return value


def _not_allowed(part: str, source: str) -> ExpressionError:
    return ExpressionError(f"{part!r} is not allowed in {source!r}: {_GRAMMAR}")


def _unknown(name: str, source: str, names: Collection[str]) -> str:
    return f"unknown name {name!r} in {source!r}{hint(name, names, 'names')}"
