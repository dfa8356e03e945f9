"""What tests of the history share: the releases of one framework, on record."""

from pathlib import Path

import pytest

from conformance.history.shelf import put
from conformance.report import kept
from tests.harness.report.test_kept import record
from tests.harness.upgrade.sides import entry
from tests.harness.upgrade.wheels import Upgrades, made

RUN = ("1.0", "1.1", "2.0", "2.1")  # on these the adapter runs; on 3.0 and 4.0 it does not
DOES = ("right", "right", "batch_and_time_swapped", "batch_and_time_swapped")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Upgrades:
    """Return a project with 2.0 and 2.1 on record, and then 1.0 and 1.1."""
    upgrades = made(tmp_path_factory.mktemp("recorded"))
    words = ("history", "frame", "--case", "plain-*", "--to", "2.1")
    words += ("--environments", str(upgrades.environments))
    done = upgrades.main(*words, "--from", "2", "--jobs", "2")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    done = upgrades.main(*words, "--from", "1")
    assert done.returncode == 0, done.stderr
    assert "4 releases, of which 2 are on record" in done.stderr
    return upgrades


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Return the folder of the same releases, recorded without an installer."""
    for release, does in zip(RUN, DOES, strict=True):
        put(tmp_path / "history", record(release, entry(does), entry(asked="guide-other")))
    return tmp_path / "history"


def path_of(folder: Path, release: str) -> Path:
    """Return where a release of `shelf` is."""
    return kept.path_of(folder, "fake", release)
