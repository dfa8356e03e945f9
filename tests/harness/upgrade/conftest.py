"""What tests of upgrades share: one project, whose environments are made once."""

import pytest

from tests.harness.upgrade.wheels import Upgrades, made


@pytest.fixture(scope="session")
def upgrades(tmp_path_factory: pytest.TempPathFactory) -> Upgrades:
    """Return the project."""
    return made(tmp_path_factory.mktemp("upgrades"))
