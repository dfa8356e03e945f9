"""What the page was made of, in one line: another line means that the page is stale.

A comment, a docstring or the place of a case changes no result, and so not the line.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from conformance.kill.fault import Fault
from conformance.lstm.case import Case

# What decides what a mutant gives, and what is made of it.
CODE = (
    "adapters/contract.py",
    "conformance/claim/*.py",
    "conformance/convention/*.py",
    "conformance/kill/*.py",
    "conformance/lstm/*.py",
    "conformance/process/child.py",
    "conformance/process/host.py",
    "conformance/process/observation.py",
    "conformance/process/raised.py",
)
SAID = {"about", "source", "where"}  # of a case, for people


def digest(
    root: Path, layer: Path, cases: Iterable[Case], faults: Iterable[Fault], stays: object
) -> str:
    """The digest of the code, the right layer, the cases, the faults and why files stay."""
    paths = [path for pattern in CODE for path in sorted(root.glob(pattern))]
    made = hashlib.sha256()
    for path in [*paths, layer]:
        made.update(f"{path.name}\n{code(path.read_text(encoding='utf-8'))}\n".encode())
    for case in cases:
        made.update(f"{list(_plain(case))}\n".encode())
    for fault in faults:
        made.update(f"{fault}\n".encode())
    made.update(f"{stays}".encode())
    return made.hexdigest()


def code(source: str) -> str:
    """Source without its comments, its docstrings and its places."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _plain(value: Any) -> Iterator[Any]:
    """What a case says, in an order that is the same in every process."""
    for one in fields(value):
        held = getattr(value, one.name)
        if one.name in SAID:
            continue
        if isinstance(held, frozenset):
            held = sorted(held)
        elif isinstance(held, Mapping):
            held = sorted(held.items())
        elif is_dataclass(held):
            held = str(held)
        yield one.name, held
