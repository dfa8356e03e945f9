"""A mutant: the right layer with one fault, as a module that is imported as any other adapter."""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.kill.fault import Fault


def mutated(source: str, fault: Fault) -> str:
    """The source of the right layer with the changes of `fault`."""
    for right, wrong in fault.changes.items():
        source = source.replace(right, wrong)
    return source


def touched(source: str, fault: Fault) -> frozenset[int] | None:
    """The lines of the right layer whose statements `fault` changes.

    A case that runs none of them gives what the right layer gives. None where that cannot be said:
    a statement that is run by the import, or the head of a function, may change any case.
    """
    lines: set[int] = set()
    blocks = list(_blocks(ast.parse(source)))
    for right in fault.changes:
        first = source[: source.index(right)].count("\n") + 1
        text = source[source.index(right) :][: len(right)].rstrip()
        for line in range(first, first + text.count("\n") + 1):
            around = [block for block in blocks if line in block]
            if not around:
                return None
            innermost = min(around, key=len)
            lines.update(innermost)
    return frozenset(lines)


def _blocks(tree: ast.Module) -> Iterator[range]:
    """The lines of every statement within a function; of a compound one, those of its head."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for node in (inner for part in function.body for inner in ast.walk(part)):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
                body = getattr(node, "body", None)
                end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
                yield range(node.lineno, max(node.lineno, end) + 1)


@contextmanager
def importable(folder: Path, name: str, source: str) -> Iterator[str]:
    """The name by which `source` can be imported, from a file of its own in `folder`."""
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield name
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)
