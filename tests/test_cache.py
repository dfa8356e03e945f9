"""What a framework compiles is kept between runs, and nothing that is observed changes by it.

For each installed framework whose adapter keeps what is compiled. Ids are ``framework``.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
import pytest

from conformance.casefile.load import load_cases
from conformance.claim.asked import asked
from conformance.claim.check import CLAIMS
from conformance.lstm.case import Case
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import Observation, observe
from conformance.session.run import Run, select

GLOBS = ("guide-*", "stacked-bidirectional-three-layers", "training-*", "dtype-*", "bad-input-*")

Seen: TypeAlias = dict[str, Observation]
Rounds: TypeAlias = Callable[[Framework], tuple[Seen, Seen, Seen, list[set[str]]]]


@pytest.fixture(scope="session")
def rounds(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Rounds:
    """Each framework run without a folder, with an empty one, and with what the second run kept.

    Beside what was seen, the files that were there after each of the last two.
    """
    cases = select(load_cases(run.root), GLOBS, ())

    @cache
    def rounds(label: str) -> tuple[Seen, Seen, Seen, list[set[str]]]:
        (framework,) = (one for one in run.installed if one.label == label)
        folder = tmp_path_factory.mktemp("compilations")
        put = [case for case in cases if asked(framework, case)]
        seen, files = [], []
        for kept in (None, folder, folder):
            seen.append(_observed(Host(framework, run.root, run.timeout, False, kept), put))
            files.append({file.name for file in folder.glob("*/*")})
        return seen[0], seen[1], seen[2], files[1:]

    return lambda framework: rounds(framework.label)


def _observed(host: Host, cases: Sequence[Case]) -> Seen:
    try:
        return {case.id: observe(host, case) for case in cases}
    finally:
        host.close()


def test_second_run_compiles_nothing(keeping: Framework, rounds: Rounds) -> None:
    """The first run keeps its programs, and the second finds each that it needs."""
    first, second = rounds(keeping)[3]
    assert first
    assert second == first


@pytest.mark.parametrize("number", [1, 2], ids=["kept", "found"])
def test_outcomes_are_the_same(keeping: Framework, number: int, rounds: Rounds) -> None:
    """Outcomes, verdicts, warnings and every number are those of a run that keeps nothing."""
    told = rounds(keeping)
    plain, cached = told[0], (told[1], told[2])[number - 1]
    assert [_told(one) for one in cached.values()] == [_told(one) for one in plain.values()]
    for name, one in plain.items():
        for result, array in {**(one.results or {}), **one.gradients}.items():
            other = {**(cached[name].results or {}), **cached[name].gradients}[result]
            np.testing.assert_array_equal(other, array, err_msg=f"{name}: {result}")


def _told(seen: Observation) -> object:
    verdicts = {claim: CLAIMS[claim](seen) for claim in asked(seen.framework, seen.case)}
    return seen.case.id, seen.outcome, seen.exception, seen.warnings, verdicts
