"""One outcome against another: what was seen, and what is pinned."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from conformance.lstm.case import Instead


def among(seen: Instead, pinned: Sequence[Instead]) -> bool:
    """Whether what was seen is one of the pinned outcomes."""
    return any(same(seen, one) for one in pinned)


def same(seen: Instead, pinned: Instead) -> bool:
    """Whether every name that was seen has its pinned value, and no pinned name was not seen.

    A pinned name may be a glob: ``layers.*.carry_c`` is that tensor of however many layers.
    """
    if seen.outcome != pinned.outcome:
        return False
    of = {name: [glob for glob in pinned.got if fnmatchcase(name, glob)] for name in seen.got}
    told = all(
        globs and all(pinned.got[glob] == seen.got[name] for glob in globs)
        for name, globs in of.items()
    )
    return told and {glob for globs in of.values() for glob in globs} == set(pinned.got)
