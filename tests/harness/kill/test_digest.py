"""The digest: what changes a result changes it, and what is said to people does not."""

from dataclasses import replace
from pathlib import Path

from conformance.kill.digest import code, digest
from conformance.kill.fault import Fault
from conformance.kill.matrix import put

ROOT = Path(__file__).resolve().parents[3]
CASES = put(ROOT)[:3]
FAULT = Fault("some", "kind", "", "", {"1": "2"})


def made(tmp_path: Path, layer: str = "x = 1\n", **given: object) -> str:
    """Return the digest of a small tree, with what is given changed."""
    (tmp_path / "conformance" / "claim").mkdir(parents=True, exist_ok=True)
    claim = tmp_path / "conformance" / "claim" / "claim.py"
    claim.write_text(str(given.get("claim", "y = 2\n")))
    (tmp_path / "layer.py").write_text(layer)
    cases, faults = given.get("cases", CASES), given.get("faults", [FAULT])
    return digest(tmp_path, tmp_path / "layer.py", cases, faults, given.get("stays", {}))


def test_same_again(tmp_path: Path) -> None:
    """The digest is the same for the same."""
    assert made(tmp_path) == made(tmp_path)


def test_what_changes_a_result(tmp_path: Path) -> None:
    """The layer, a claim, a case, a fault and why a file stays are all in it."""
    others = [
        made(tmp_path, layer="x = 3\n"),
        made(tmp_path, claim="y = 3\n"),
        made(tmp_path, cases=CASES[:2]),
        made(tmp_path, cases=[replace(CASES[0], lengths=(1,)), *CASES[1:]]),
        made(tmp_path, cases=[replace(CASES[0], tags=frozenset({"a", "b"})), *CASES[1:]]),
        made(tmp_path, faults=[replace(FAULT, changes={"1": "3"})]),
        made(tmp_path, stays={"guide": "as ever"}),
    ]
    assert len({made(tmp_path), *others}) == len(others) + 1


def test_what_people_read(tmp_path: Path) -> None:
    """Comments, docstrings, and where and why a case stands, are not."""
    told = [replace(case, about="x", where="y", source="z") for case in CASES]
    assert made(tmp_path, cases=told) == made(tmp_path)
    assert made(tmp_path, layer='"""A layer."""\nx = 1  # one\n') == made(tmp_path)


def test_code() -> None:
    """Only a text that begins a body is a docstring."""
    assert code('def f():\n    """Say."""\n    return 1\n') == code("def f():\n    return 1\n")
    assert code('x = "a"\n') != code('x = "b"\n')
    assert code('def f():\n    y = 1\n    "a"\n') != code("def f():\n    y = 1\n")
