"""Files that are nearly right: each is read, or every error in it is a line with its place."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from conformance.casefile.known import Ground, load_deviations, load_records
from conformance.casefile.load import CaseError, load_cases
from conformance.claim.check import claims_on
from conformance.process.framework import shipped
from tests.harness.edited import edited

ROOT = Path(__file__).resolve().parents[3]
CASES = tuple(case for case in load_cases(ROOT) if not case.behaviour.startswith("coverage-"))
GROUND = Ground(CASES, shipped(ROOT), {})
FEW = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def texts(folder: str, *names: str) -> list[str]:
    """Return the texts of some shipped files."""
    return [(ROOT / "cases" / folder / name).read_text(encoding="utf-8") for name in names]


def read(tmp_path: Path, name: str, text: str, load: Callable[[Path], object]) -> None:
    """Read a tree with one such file; fail where an error is no line with its place."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    lines: tuple[str, ...] = ()
    try:
        load(tmp_path)
    except CaseError as error:
        lines = error.lines
    place = re.compile(rf"{re.escape(name)}:[1-9]\d*:[1-9]\d*: \S.*")
    assert [line for line in lines if not place.fullmatch(line)] == []


@FEW
@given(text=edited(texts("", "guide.yaml", "bad-input.yaml", "streaming.yaml", "repeats.yaml")))
def test_any_case_file(tmp_path: Path, text: str) -> None:
    """A file of cases."""
    read(tmp_path, "cases/some.yaml", text, load_cases)


@FEW
@given(text=edited(texts("deviations", "mlx.yaml", "torch.yaml", "keras.yaml")))
@pytest.mark.parametrize("name", ["mlx", "torch"])
def test_any_pins(tmp_path: Path, name: str, text: str) -> None:
    """A file of pinned deviations, of its own framework or of another."""
    put = lambda _, case: claims_on(case)  # noqa: E731 (as `load_deviations` takes it)
    load = partial(load_deviations, ground=GROUND, put=put)
    read(tmp_path, f"cases/deviations/{name}.yaml", text, load)


@FEW
@given(text=edited(texts("properties", "mlx.yaml", "torch.yaml")))
def test_any_records(tmp_path: Path, text: str) -> None:
    """A file of recorded properties."""
    load = partial(load_records, ground=GROUND)
    read(tmp_path, "cases/properties/mlx.yaml", text, load)
