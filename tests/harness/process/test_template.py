"""The template of an adapter, and adapters from elsewhere, as their author would run them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "docs" / "template.py"


SUITE = "from pytest import main"
COMMANDS = "from conformance.__main__ import main"


def conformance(
    *options: str, path: Path | None = None, tool: str = SUITE
) -> subprocess.CompletedProcess[str]:
    """Run the suite; `path` is a folder that is importable as if it were installed."""
    code = f"import sys; sys.path.append({str(path)!r}); {tool}; sys.exit(main())"
    command = [sys.executable, "-c", code, *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_size() -> None:
    """A framework with a cell needs no more than 112 lines."""
    assert len(TEMPLATE.read_text("utf-8").splitlines()) <= 112


@pytest.mark.parametrize("glob", ["guide-*", "stacked-*", "initial-state-*", "streaming-time*"])
def test_template_runs(glob: str) -> None:
    """The template agrees as it stands."""
    result = conformance(
        "-q", "-p", "no:cacheprovider", "--framework", "docs.template", "--case", glob
    )
    assert result.returncode == 0, result.stdout
    assert " passed" in result.stdout


NAME = "my_package.my_adapter"


def package(folder: Path, adapter: Path) -> Path:
    """Make a package in `folder` with one adapter, and return the package's own folder."""
    made = folder / "my_package"
    made.mkdir()
    (made / "__init__.py").touch()
    (made / "my_adapter.py").write_bytes(adapter.read_bytes())
    return made


def elsewhere(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the suite on the adapter of the package in `path`."""
    asked = "-q", "-p", "no:cacheprovider", "--in-process", "--framework", NAME
    return conformance(*asked, *options, path=path)


def test_adapter_from_elsewhere(tmp_path: Path) -> None:
    """An adapter in a package outside this project runs under its dotted name."""
    package(tmp_path, TEMPLATE)
    result = elsewhere(tmp_path, "--case", "guide-*")
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout


def test_records_from_elsewhere(tmp_path: Path) -> None:
    """What is seen of such an adapter is put on record beside it, and held against it from then."""
    folder = package(tmp_path, TEMPLATE)
    cases = "--case", "return-state-*", "-k", "test_properties"
    report = tmp_path / "report.jsonl"
    first = elsewhere(tmp_path, *cases, f"--report={report}")
    assert "4 failed" in first.stdout
    asked = "record", str(report), "--framework", NAME
    written = conformance(*asked, path=tmp_path, tool=COMMANDS)
    file = folder / "my_adapter.properties.yaml"
    assert written.stdout == f"{file}\n", written.stderr
    second = elsewhere(tmp_path, *cases)
    assert "4 passed" in second.stdout, second.stdout + second.stderr
    file.write_text(file.read_text("utf-8").replace("output", "outputs"), "utf-8")
    third = elsewhere(tmp_path, *cases)
    assert f" ({file}:7)" in third.stdout


PINS = """\
framework: my_package.my_adapter
deviations:
  - cases: guide-sequences
    claim: shapes
    version: numpy>=1
    outcome: differs
    got: {y: [5, 2, 4]}
    why: Time stands first.
    source: https://example.org/pin
"""


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        (PINS, "1 xfailed"),
        (PINS.replace("[5, 2, 4]", "[5, 2]"), "/my_adapter.deviations.yaml:3 is no longer what"),
        (PINS.replace("sequences", "sequence"), "/my_adapter.deviations.yaml:3:12: cases: 'guide-"),
    ],
    ids=["right", "stale", "dead"],
)
def test_pins_from_elsewhere(tmp_path: Path, pins: str, told: str) -> None:
    """Such an adapter's pins lie beside it, and are as strict as those of this project."""
    folder = package(tmp_path, ROOT / "tests/harness/adapters/batch_and_time_swapped.py")
    (folder / "my_adapter.deviations.yaml").write_text(pins, "utf-8")
    result = elsewhere(tmp_path, "--case", "guide-sequences", "-k", "test_shapes")
    assert told in result.stdout + result.stderr
