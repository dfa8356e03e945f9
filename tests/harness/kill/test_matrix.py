"""The matrix: what its processes find comes back, and so does why they cannot begin."""

import shutil
from pathlib import Path

import pytest

from conformance.command import CommandError
from conformance.kill.fault import layer_file, load_faults
from conformance.kill.matrix import rows
from conformance.kill.mutant import mutated

ROOT = Path(__file__).resolve().parents[3]
FAULTS = {fault.id: fault for fault in load_faults(ROOT, ROOT / "tests" / "harness" / "mutants")}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_right_layer_that_is_wrong(tmp_path: Path, jobs: int) -> None:
    """A wrong layer in place of the right one is told, by however many processes."""
    fault = FAULTS["biases-doubled"]
    layer = layer_file(tmp_path)
    layer.parent.mkdir()
    layer.write_text(mutated(layer_file(ROOT).read_text("utf-8"), fault), encoding="utf-8")
    (tmp_path / "cases").mkdir()
    shutil.copy(ROOT / "cases" / "guide.yaml", tmp_path / "cases")
    with pytest.raises(CommandError, match=r"^the right layer: values on guide-"):
        list(rows(tmp_path, [fault], jobs))
