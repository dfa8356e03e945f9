"""Plain data in few characters: what stands in it more than once is told once.

A text that begins with ``@`` is a reference: ``@12`` stands for the entry 12 of ``shared``, in
which later entries refer to earlier ones; a text that begins so of its own has one ``@`` more. The
page undoes it, in ``unpacked.js``.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

LEAST = 8  # characters of what is worth a reference


def packed(data: Any) -> dict[str, Any]:
    """`data`, of dicts, lists, texts, numbers, booleans and None, as ``shared`` and ``rest``."""
    counts: Counter[str] = Counter()
    _count(data, counts)
    shared: list[Any] = []
    known: dict[str, str] = {}
    return {"rest": _told(data, counts, shared, known), "shared": shared}


def _count(one: Any, counts: Counter[str]) -> None:
    """How often each part is met; what is in a part that was met before is not met again."""
    key = _key(one)
    counts[key] += 1
    if counts[key] == 1:
        for part in _parts(one):
            _count(part, counts)


def _told(one: Any, counts: Counter[str], shared: list[Any], known: dict[str, str]) -> Any:
    key = _key(one)
    if key in known:
        return known[key]
    told: Any = one
    if isinstance(one, str):
        told = f"@{one}" if one.startswith("@") else one
    elif isinstance(one, Mapping):
        told = {name: _told(part, counts, shared, known) for name, part in one.items()}
    elif isinstance(one, list | tuple):
        told = [_told(part, counts, shared, known) for part in one]
    if counts[key] > 1 and len(key) >= LEAST and isinstance(one, str | Mapping | list | tuple):
        known[key] = f"@{len(shared)}"
        shared.append(told)
        return known[key]
    return told


def _parts(one: Any) -> list[Any]:
    if isinstance(one, Mapping):
        return list(one.values())
    return list(one) if isinstance(one, list | tuple) else []


def _key(one: Any) -> str:
    return json.dumps(one, separators=(",", ":"))
