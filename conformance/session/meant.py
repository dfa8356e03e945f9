"""What somebody may have meant who asked for cases of which there are none."""

from collections.abc import Iterable, Sequence

from conformance.casefile.suggest import hint
from conformance.lstm.case import Case

SOME = 3  # ids that a hint names


def case_hint(glob: str, cases: Sequence[Case]) -> str:
    """What to ask for in place of a glob that fits no id, as the end of a sentence; or nothing."""
    names = {case.id: case.id.removeprefix(f"{case.behaviour}-") for case in cases}
    behaviours = list(dict.fromkeys(case.behaviour for case in cases))
    if glob in behaviours:
        return f": {glob!r} is a behaviour, its cases are '{glob}-*'"
    if any(mark in glob for mark in "*?["):
        ends = dict.fromkeys(f"*-{name}" for name in names.values())
        return hint(glob.lower(), [f"{name}-*" for name in behaviours] + list(ends))
    if alike := [one for one, name in names.items() if glob == name]:
        return f": did you mean {_some(alike)}?"
    behaviour = max((one for one in behaviours if glob.startswith(f"{one}-")), key=len, default="")
    if behaviour:
        name = glob.removeprefix(f"{behaviour}-")
        own = [one for one in names if one.startswith(f"{behaviour}-")]
        if close := hint(glob, own, cutoff=0.85):
            return close
        if others := [one for one in names if names[one] == name]:
            return f": did you mean {_some(others)}?"
        return hint(glob, own) or f": the cases of {behaviour} are {_some(own)}"
    return hint(glob.lower(), names)


def tag_hint(tag: str, cases: Iterable[Case], known: Sequence[str]) -> str:
    """What to ask for in place of a tag that no case has."""
    if any(tag == case.behaviour for case in cases):
        return f": {tag!r} is a behaviour: --case '{tag}-*'"
    return hint(tag.lower(), known, "tags")


def _some(ids: Sequence[str]) -> str:
    named = " or ".join(map(repr, ids[:SOME]))
    return f"{named} or another of {len(ids)}" if len(ids) > SOME else named
