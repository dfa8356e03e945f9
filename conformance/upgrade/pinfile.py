"""A file of pins, such as constraints.txt: which release of each package a Python is to have."""

from collections.abc import Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def pins(text: str, where: Mapping[str, str] | None = None) -> dict[str, str]:
    """The version of each package that is pinned for this Python and system, by canonical name.

    `where` gives markers of another, ``{"python_version": "3.12"}``. Raises ValueError for a line
    that is no requirement.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        wanted = line.partition("#")[0].strip()
        if not wanted:
            continue
        try:
            requirement = Requirement(wanted)
            here = requirement.marker is None or requirement.marker.evaluate(dict(where or {}))
        except (InvalidRequirement, LookupError) as problem:  # or a marker names what is not there
            raise ValueError(f"line {number}: no requirement: {wanted}") from problem
        versions = [one.version for one in requirement.specifier if one.operator == "=="]
        if here and versions:
            found[canonicalize_name(requirement.name)] = versions[0]
    return found
