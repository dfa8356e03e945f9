"""The template of an adapter, and adapters from elsewhere, as their author would run them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "docs" / "template.py"


def conformance(*options: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the suite; `path` is a folder that is importable as if it were installed."""
    code = f"import sys; sys.path.append({str(path)!r}); import pytest; sys.exit(pytest.main())"
    command = [sys.executable, "-c", code, *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_size() -> None:
    """A framework with a cell needs no more than 110 lines."""
    assert len(TEMPLATE.read_text("utf-8").splitlines()) <= 110


@pytest.mark.parametrize("glob", ["guide-*", "stacked-*", "initial-state-*", "streaming-time*"])
def test_template_runs(glob: str) -> None:
    """The template agrees as it stands."""
    result = conformance(
        "-q", "-p", "no:cacheprovider", "--framework", "docs.template", "--case", glob
    )
    assert result.returncode == 0, result.stdout
    assert " passed" in result.stdout


def test_adapter_from_elsewhere(tmp_path: Path) -> None:
    """An adapter in a package outside this project runs under its dotted name."""
    package = tmp_path / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "my_adapter.py").write_bytes(TEMPLATE.read_bytes())
    options = "--framework", "my_package.my_adapter", "--case", "guide-*"
    result = conformance("-q", "-p", "no:cacheprovider", "--in-process", *options, path=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
