"""`conformance.upgrade.installer`: pip and uv come to the same, and say why where they do not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.upgrade import installer
from conformance.upgrade.installer import InstallError, create, releases, resolved
from tests.harness.upgrade.wheels import RELEASES, index


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which all releases lie."""
    return index(tmp_path_factory.mktemp("wheels") / "index")


@pytest.fixture(params=["pip", "uv"])
def alone(request: pytest.FixtureRequest, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one installer, and no index but the folder, be there."""
    settings = {"NO_INDEX": "1", "FIND_LINKS": str(wheels), "CACHE_DIR": str(wheels / "cache")}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
        monkeypatch.setenv(f"UV_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    if request.param == "pip":
        monkeypatch.setattr(installer.shutil, "which", lambda _: None)
    elif shutil.which("uv") is None:
        pytest.skip("uv is not installed")


@pytest.mark.usefixtures("alone")
def test_resolved(wheels: Path) -> None:
    """Requirements come to releases with what those require, within the constraints."""
    assert resolved(["frame==5.0"]) == {"frame": "frame==5.0", "companion": "companion==7"}
    bound = resolved(["frame==1.0", "companion"], ["companion==6"])
    assert bound == {"frame": "frame==1.0", "companion": "companion==6"}
    assert resolved(["frame==5.0"], dependencies=False) == {"frame": "frame==5.0"}
    assert resolved([str(wheels / "frame-2.0-py3-none-any.whl")]).keys() == {"frame"}


@pytest.mark.usefixtures("alone")
def test_refused() -> None:
    """A release that is not there, and two that refuse each other, are told by name."""
    with pytest.raises(InstallError, match="frame==9"):
        resolved(["frame==9"])
    with pytest.raises(InstallError, match="depends on companion==7"):
        resolved(["frame==5.0", "companion==6"])


@pytest.mark.usefixtures("alone")
def test_create(tmp_path: Path) -> None:
    """An environment has what it is given, and nothing that this requires."""
    create(tmp_path / "there", {"frame": "frame==5.0"})
    python = tmp_path / "there" / "bin" / "python"
    listed = subprocess.run(
        [
            python,
            "-c",
            "import importlib.metadata as m; print(*(d.name for d in m.distributions()))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.split() == ["frame"]


@pytest.fixture
def pip_index(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let pip's index be what a list says."""
    told: list[str] = []
    monkeypatch.setattr(installer, "_said", lambda _: "\n".join(told))
    return told


def test_releases(pip_index: list[str]) -> None:
    """Releases are those of pip's own report, the newest first."""
    pip_index += ["frame (5.0)", "Available versions: 5.0, 4.0, 1.0", "  INSTALLED: 1.0"]
    assert releases("frame") == ["5.0", "4.0", "1.0"]
    assert set(releases("frame")) <= set(RELEASES)
