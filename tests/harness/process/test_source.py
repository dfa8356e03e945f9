"""`conformance.process.source`: what an adapter declares, read without an import."""

from pathlib import Path

import pytest

from conformance.process import source

BASE = """\
from adapters.contract import ANY, Convention, Gap, Native

PACKAGES = ("numpy",)
CONVENTION = Convention(
    inputs={"input": Native("x", "batch time input")},
    results={},
    weights={},
    gates="ifgo",
    source="https://example.org",
)
"""
RUN = "def run(layer, dimensions, weights, inputs):\n    return {}\n"


@pytest.fixture
def probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what a source, put into a module of its own, is read as."""
    monkeypatch.syspath_prepend(tmp_path)
    source._definitions.cache_clear()

    def read(text: str) -> dict:
        (tmp_path / "an_adapter.py").write_text(text)
        return source.probe("an_adapter")

    yield read
    source._definitions.cache_clear()


@pytest.mark.parametrize(
    "lines",
    [
        "run, infer = print, print",
        "[run, *others], infer = [print], print",
        "(run := print)\ninfer = run",
        "if True:\n    run = infer = print\nelse:\n    run = infer = None",
        "try:\n    from elsewhere import run, infer\nexcept ImportError:\n    run = infer = None",
        "from elsewhere import fast as run\ninfer: object = run",
        "for run in (print,):\n    infer = run",
        "with open('x') as run:\n    infer = run",
        "class run:\n    pass\nasync def infer():\n    pass",
        "match 1:\n    case 1:\n        run = infer = print",
    ],
)
def test_defined(probed, lines: str) -> None:
    """A function counts as defined however the top level of the module binds its name."""
    found = probed(BASE + lines)
    assert "error" not in found, found
    assert found["functions"] == ["infer"]


@pytest.mark.parametrize(
    "lines",
    [
        "infer: object",
        "infer = None",
        "def other():\n    infer = 1",
        "print('infer')",
        "from functools import cache",
        "x = [infer for infer in ()]",
    ],
)
def test_undefined(probed, lines: str) -> None:
    """A name that is annotated alone, is None, or is another scope's, is no function."""
    assert probed(BASE + RUN + lines)["functions"] == []


def test_star_import(probed, tmp_path: Path) -> None:
    """What comes by ``import *`` is looked up in the module that it comes from."""
    (tmp_path / "shared_by_two.py").write_text("def infer():\n    pass\ndef _hidden():\n    pass\n")
    assert probed(BASE + RUN + "from shared_by_two import *")["functions"] == ["infer"]


def test_values_side_by_side(probed) -> None:
    """Each name of an assignment to several has its own part of the value."""
    text = BASE.replace('PACKAGES = ("numpy",)', 'PACKAGES, OTHER = ("numpy",), 1')
    assert probed(text + RUN)["packages"] == ["numpy"]


def test_gaps(probed, tmp_path: Path) -> None:
    """Gaps are read with the line at which each stands, wherever it comes from."""
    (tmp_path / "gaps_of_two.py").write_text(
        "from adapters.contract import Gap\n"
        "SHARED = (\n    Gap({'bias': False}, why='a', source='https://example.org/a'),\n)\n"
    )
    lines = (
        "from gaps_of_two import SHARED as THEIRS\n"
        "GAPS = (\n    *THEIRS,\n"
        "    Gap({'reverse': ANY}, 'b', 'https://example.org/b', versions='numpy<9'),\n)\n"
    )
    found = probed(BASE + RUN + lines)["gaps"]
    start = (BASE + RUN).count("\n")
    assert [gap["where"] for gap in found] == [
        f"{tmp_path / 'gaps_of_two.py'}:3",
        f"{tmp_path / 'an_adapter.py'}:{start + 4}",
    ]
    assert [gap["options"] for gap in found] == [{"bias": False}, {"reverse": "*"}]
    assert [gap["versions"] for gap in found] == ["", "numpy<9"]


def test_no_gaps(probed) -> None:
    """An adapter that declares none has none."""
    assert probed(BASE + RUN)["gaps"] == []


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("GAPS = {'bias': 'why'}", "GAPS is a tuple of Gap"),
        ("GAPS = ('bias',)", "GAPS is a tuple of Gap"),
        ("GAPS = tuple(sorted(undefined()))", "GAPS"),
        ("GAPS = ()\nGAPS += (1,)", "in one assignment"),
        ("if True:\n    GAPS = ()", "in one assignment"),
        ("GAPS = (Gap({'bias': False}, 'why'),)", "source"),
        ("def unsupported(layer):\n    return None", "unsupported() is asked no more"),
    ],
)
def test_no_declaration(probed, lines: str, error: str) -> None:
    """What cannot be read as gaps is one line with the file."""
    found = probed(BASE + RUN + lines)["error"]
    assert "an_adapter.py: " in found
    assert error in found
    assert "\n" not in found
