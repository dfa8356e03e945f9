"""`conformance.process.interpreter`; what adapters declare is pinned and installed somewhere."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conformance.process.framework import find, shipped
from conformance.process.interpreter import packages
from conformance.process.source import declared

ROOT = Path(__file__).resolve().parents[3]
ADAPTERS = shipped(ROOT)


def named(*files: str) -> set[str]:
    """Return the distributions that requirement files name."""
    lines = [line for file in files for line in (ROOT / file).read_text("utf-8").splitlines()]
    texts = [line.partition("#")[0].strip() for line in lines]
    return {Requirement(text).name for text in texts if text and not text.startswith("-")}


@pytest.mark.parametrize("name", ADAPTERS)
def test_declared_packages_are_pinned(name: str) -> None:
    """Each package of an adapter has a version in constraints.txt."""
    (framework,) = find(ROOT, [name], missing=True)
    wanted = packages(declared(framework.module, "PACKAGES"), read("constraints.txt"))
    assert set(wanted) <= named("constraints.txt")


@pytest.mark.parametrize("name", ADAPTERS)
def test_tox_environment(name: str) -> None:
    """Each adapter has a tox environment of its own."""
    sections = re.findall(r"^\[testenv:\{?(.*?)\}?\]$", read("tox.ini"), re.MULTILINE)
    assert name in ",".join(sections).split(",")


def test_alternatives() -> None:
    """Of alternatives the one is installed that is pinned for this platform, else the first."""
    pins = "a==1; python_version < '3'  # never here\nb==2\n# c==1\n"
    assert packages(["a|b", "d|e", "c"], pins) == ["b", "d", "c"]


def read(file: str) -> str:
    """Return the text of a file of the project."""
    return (ROOT / file).read_text("utf-8")
