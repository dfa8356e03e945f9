"""Runs that more than one file of tests looks at."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.harness.project import Seen, create

Mixed = Callable[..., Seen]

PINS = """\
framework: batch-and-time-swapped
deviations:
  - cases: plain-*
    claim: shapes
    version: numpy>=1
    outcome: differs
    got: {y: [3, 2, 4]}
    why: Time stands first.
    source: https://example.org/pin
"""


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    """Return what runs, with the given options and once, a project in which all can be seen.

    One framework is right, one fails and is pinned in part, one has a gap, one is not installed.
    """
    adapters = "right", "batch_and_time_swapped", "no_bias_layers", "not_installed"

    @cache
    def run(*options: str) -> Seen:
        project = create(tmp_path_factory.mktemp("mixed"), *adapters)
        project.write("cases/deviations/batch-and-time-swapped.yaml", PINS)
        return project.observe(*options)

    return run
