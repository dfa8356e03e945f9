"""Adapters from elsewhere: the folder in which what is known of one lies."""

from pathlib import Path

import pytest

from conformance.process.framework import Framework, beside, find

ROOT = Path(__file__).resolve().parents[3]


def other(name: str, file: Path | str = "", interpreter: str = "/bin/python") -> Framework:
    """Return an adapter that its interpreter finds in `file`."""
    return Framework(f"{name}@{interpreter}", name, interpreter, file=str(file))


def test_beside_its_own_file(tmp_path: Path) -> None:
    """The folder is that of the file which the adapter's own interpreter finds, by its name."""
    (tmp_path / "fake.py").touch()
    assert beside([other("box.fake", tmp_path / "fake.py")]) == {"box.fake": tmp_path}


def test_file_is_probed() -> None:
    """The file of an adapter is told with what it declares."""
    (framework,) = find(ROOT, ["tests.harness.adapters.right"])
    assert framework.file == str(ROOT / "tests/harness/adapters/right.py")


def test_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose file is not on this machine is looked for here; without it nothing is known."""
    framework = other("box.fake", "/nowhere/box/fake.py", "ssh=far")
    assert beside([framework]) == {}
    (tmp_path / "box").mkdir()
    for name in ("__init__.py", "fake.py"):
        (tmp_path / "box" / name).touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert beside([framework]) == {"box.fake": tmp_path / "box"}


def test_of_this_project(tmp_path: Path) -> None:
    """An adapter of this project has its files in ``cases/``."""
    (tmp_path / "fake.py").touch()
    assert beside([other("fake", tmp_path / "fake.py")]) == {}


def test_first_of_two(tmp_path: Path) -> None:
    """Of one adapter in two interpreters, the first that was asked for says what is known."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "fake.py").touch()
    both = [other("box.fake", tmp_path / name / "fake.py", name) for name in ("b", "a")]
    assert beside(both) == {"box.fake": tmp_path / "b"}
