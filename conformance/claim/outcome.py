"""One outcome against another: what was seen, and what is pinned."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from conformance.casefile.entry import names_of
from conformance.casefile.expression import evaluate
from conformance.lstm.case import Case, Instead


def among(seen: Instead, pinned: Sequence[Instead], case: Case) -> bool:
    """Whether what was seen of `case` is one of the pinned outcomes."""
    return any(same(seen, one, case) for one in pinned)


def same(seen: Instead, pinned: Instead, case: Case) -> bool:
    """Whether every name that was seen has its pinned value, and no pinned name was not seen.

    A pinned name may be a glob: ``layers.*.carry_c`` is that tensor of however many layers. A
    pinned shape may be a law, as in a case: ``[batch_size, -1, projection_size]``.
    """
    if seen.outcome != pinned.outcome:
        return False
    of = {name: [glob for glob in pinned.got if fnmatchcase(name, glob)] for name in seen.got}
    told = all(
        globs and all(_of(case, pinned.got[glob]) == seen.got[name] for glob in globs)
        for name, globs in of.items()
    )
    return told and {glob for globs in of.values() for glob in globs} == set(pinned.got)


def _of(case: Case, value: Any) -> Any:
    """A pinned value, with the sizes of `case` in place of their names."""
    if not isinstance(value, list):
        return value
    names = names_of(case.layer, case.dimensions)
    return [evaluate(one, names) if isinstance(one, str) else one for one in value]
