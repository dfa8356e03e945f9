"""The first release in which something is otherwise, and every such release between two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from conformance.command import CommandError


@dataclass(frozen=True)
class Found:
    """A change between two releases that stand next to each other, as far as they can be tried."""

    before: str
    after: str
    untried: tuple[str, ...] = ()  # releases between them that do not run


def between(known: Sequence[str], good: str, bad: str) -> list[str]:
    """The releases from `good` to `bad`, the oldest first. Raises CommandError."""
    versions = {Version(one): one for one in known}
    ends = []
    for given in (good, bad):
        try:
            ends.append(Version(given))
        except InvalidVersion as problem:
            raise CommandError(f"{given}: no version") from problem
        if ends[-1] not in versions:
            near = [versions[one] for one in sorted(versions, reverse=True) if one < ends[-1]]
            hint = f": the one before is {near[0]}" if near else ""
            raise CommandError(f"{given}: no such release{hint}")
    if ends[0] >= ends[1]:
        raise CommandError(f"--good {good} --bad {bad}: the first is to be the older one")
    return [versions[one] for one in sorted(versions) if ends[0] <= one <= ends[1]]


def first(releases: Sequence[str], changed: Callable[[str], bool | None]) -> Found:
    """The first release that has changed, if the last of `releases` has and the first has not.

    `changed` says None of a release that cannot be tried; its neighbours are tried in its place.
    """
    low, high = 0, len(releases) - 1
    silent: set[int] = set()
    while here := _middle(low, high, silent):
        verdict = changed(releases[here])
        if verdict is None:
            silent.add(here)
        elif verdict:
            high = here
        else:
            low = here
    return Found(releases[low], releases[high], tuple(releases[low + 1 : high]))


def every(
    releases: Sequence[str], alive: Callable[[str], bool], same: Callable[[str, str], bool]
) -> list[Found]:
    """Every change between neighbours; what came and went again between two is not looked for."""
    silent: set[int] = set()

    def walk(low: int, high: int) -> list[Found]:
        if same(releases[low], releases[high]):
            return []
        while here := _middle(low, high, silent):
            if alive(releases[here]):
                return [*walk(low, here), *walk(here, high)]
            silent.add(here)
        return [Found(releases[low], releases[high], tuple(releases[low + 1 : high]))]

    return walk(0, len(releases) - 1)


def _middle(low: int, high: int, silent: set[int]) -> int:
    """The place nearest to the middle that is left to try; 0 where there is none."""
    left = [place for place in range(low + 1, high) if place not in silent]
    return min(left, key=lambda place: abs(2 * place - low - high), default=0)
