"""A matrix of sizes, expanded to the dimension sets that it stands for."""

from dataclasses import astuple, fields
from itertools import product
from math import prod

from conformance.casefile.schema import Matrix
from conformance.lstm.case import Dimensions

MAX_SETS = 10_000

_NAMES = tuple(field.name for field in fields(Dimensions))


class MatrixError(ValueError):
    """A matrix that stands for no sets, for too many, or for one set twice. One line of text."""


def expand(matrix: Matrix) -> tuple[Dimensions, ...]:
    """Return the sets of `matrix`: the product of its sizes, less `exclude`, then `include`.

    The last dimension varies fastest. Raises MatrixError: more than 10,000 sets, none at all, the
    same set twice, or an exclusion that excludes nothing.
    """
    axes = [getattr(matrix, name) for name in _NAMES]
    include = matrix.include or ()
    count = prod(map(len, axes)) + len(include)
    if count > MAX_SETS:
        raise MatrixError(f"the matrix has {count:,} sets, more than the {MAX_SETS:,} allowed")
    combinations = [dict(zip(_NAMES, sizes, strict=True)) for sizes in product(*axes)]
    for index, exclusion in enumerate(matrix.exclude or ()):
        excluded = exclusion.model_dump(exclude_none=True)
        kept = [sizes for sizes in combinations if not excluded.items() <= sizes.items()]
        if len(kept) == len(combinations):
            raise MatrixError(f"matrix.exclude[{index}] excludes nothing")
        combinations = kept
    sets = [Dimensions(**sizes) for sizes in combinations]
    sets += [Dimensions(**included.model_dump()) for included in include]
    if not sets:
        raise MatrixError("the matrix has no sets left after exclude")
    _once(sets)
    return tuple(sets)


def label(dimensions: Dimensions) -> str:
    """Return the part of a case's id that tells the sets of a matrix apart: ``b2-t5-e3-h13-l1``."""
    # All five, always, so that a second size for one dimension renames no case.
    sizes = zip("btehl", astuple(dimensions), strict=True)
    return "-".join(f"{letter}{size}" for letter, size in sizes)


def _once(sets: list[Dimensions]) -> None:
    seen = set()
    for dimensions in sets:
        if dimensions in seen:
            raise MatrixError(f"the matrix has the set {label(dimensions)} twice")
        seen.add(dimensions)
