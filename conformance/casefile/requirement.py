"""A range of versions, as a requirement of one distribution: ``keras>=3.15,<4``."""

from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.casefile.document import quoted


class RequirementError(Exception):
    """A text that is no range of versions which any version meets; the message says why."""


def check(text: str) -> None:
    """Raise RequirementError unless `text` names a distribution and versions that there can be."""
    told = quoted(text)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise RequirementError(
            f"expected a requirement like 'name>=1.2,<2', got the text {told}"
        ) from None
    more = {"a link": requirement.url, "extras": requirement.extras, "a marker": requirement.marker}
    if found := [name for name, value in more.items() if value]:
        raise RequirementError(f"{told} has {found[0]}: expected a name and its versions alone")
    if not requirement.specifier:
        raise RequirementError(f"{told} names no versions: write them out, 'name>=1.2,<2'")
    if requirement.specifier.is_unsatisfiable():
        raise RequirementError(f"no version meets {told}")


@cache
def overlap(one: str, other: str) -> bool:
    """Whether both can hold at once: those of two distributions can, as each moves by itself."""
    first, second = Requirement(one), Requirement(other)
    if canonicalize_name(first.name) != canonicalize_name(second.name):
        return True
    return not (first.specifier & second.specifier).is_unsatisfiable()
