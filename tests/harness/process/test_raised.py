"""`conformance.process.raised`: whose an exception is."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from conformance.process.raised import exception, text

FRAMEWORK = """\
def __getattr__(name):
    raise AttributeError(f"module 'frame' has no attribute {name!r}")


def lstm(x, units=4):
    if x != 3:
        raise ValueError("expected ndim=3")
    return x


def lookup(x):
    return {}[x]
"""
ADAPTER = """\
import array
import decimal

import frame


def refuses(x):
    return frame.lstm(2)


def refuses_with_its_own_lookup(x):
    return frame.lookup(x)


def checks(x):
    if x != 3:
        raise ValueError("built for another input")


def in_c(x):
    return array.array("i", [1]).remove(7)


def sets(x):
    decimal.Context().prec = -1


def gets(x):
    view = memoryview(b"x")
    view.release()
    return view.nbytes


def writes(x):
    view = memoryview(bytearray(b"x"))
    view[0] = 300


def computes(x):
    return 1 % 0


def key(x):
    return {"input": 1}["layer_0/h"]


def place(x):
    return [1][3]


def gone(x):
    return frame.enable_x64(True)


def imports(x):
    from frame import enable_x64


def missing(x):
    import no_such_module


def signature(x):
    return frame.lstm(3, width=4)


def unpacks(x):
    a, b, c = (1, 2)


def too_short(x):
    return dict(zip("ab", [1], strict=True))


def unknown(x):
    return undefined


def asserts(x):
    assert x == 3
"""


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that calls a framework, each in a file of its own."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "frame.py").write_text(FRAMEWORK)
    file = tmp_path / "calls_frame.py"
    file.write_text(ADAPTER)
    spec = importlib.util.spec_from_file_location("calls_frame", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    import sys

    sys.modules.pop("frame", None)


def seen(adapter: ModuleType, name: str) -> dict:
    """What is made of the exception that a function of the adapter ends with."""
    try:
        getattr(adapter, name)(2)
    except Exception as problem:
        return exception(problem, adapter)
    raise AssertionError(f"{name} raised nothing")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("refuses", "ValueError"),
        ("refuses_with_its_own_lookup", "KeyError"),
        ("checks", "ValueError"),
        ("in_c", "ValueError"),
        ("computes", "ZeroDivisionError"),
        ("sets", "ValueError"),
        ("gets", "ValueError"),
        ("writes", "ValueError"),
    ],
)
def test_of_the_framework(adapter: ModuleType, name: str, kind: str) -> None:
    """What comes out of a call, or is raised by a statement, is a refusal."""
    found = seen(adapter, name)
    assert (found["type"], found["own"]) == (kind, False)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("key", "KeyError"),
        ("place", "IndexError"),
        ("gone", "AttributeError"),
        ("imports", "ImportError"),
        ("missing", "ModuleNotFoundError"),
        ("signature", "TypeError"),
        ("unpacks", "ValueError"),
        ("too_short", "ValueError"),
        ("unknown", "NameError"),
        ("asserts", "AssertionError"),
    ],
)
def test_of_the_adapter(adapter: ModuleType, name: str, kind: str) -> None:
    """What Python raises on the adapter's own lines says nothing of its framework."""
    found = seen(adapter, name)
    assert (found["type"], found["own"]) == (kind, True)


def test_text() -> None:
    """A lone surrogate, which no encoding has, is spelled out."""
    assert text("a\ud800b") == "a\\ud800b"
