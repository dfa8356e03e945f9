"""`conformance.process.child`: what an adapter returns and says, as plain data within limits."""

import enum
import itertools
import warnings
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer, Results
from conformance.process import child
from conformance.process.raised import exception, text

REQUEST: dict[str, Any] = {
    "layer": vars(Layer()),
    "dimensions": vars(Dimensions(2, 3, 5, 4)),
    "weights": {},
    "inputs": {},
    "run": True,
    "describe": True,
    "told": ["defaults", "training"],
}
LONE = "\ud800"


def answered(**functions: Any) -> dict[str, Any]:
    """Return the parts of what an adapter of these functions answers."""
    return dict(child.answer(SimpleNamespace(**functions), REQUEST))


class Endless(Mapping[str, Any]):
    """A mapping that never ends."""

    def __getitem__(self, name: str) -> Any:
        return (1,)

    def __iter__(self) -> Iterator[str]:
        return map(str, itertools.count())

    def __len__(self) -> int:
        return 1


def told(part: Any) -> tuple[str, bool]:
    """Return the message of a part that is an exception, and whether it is the adapter's own."""
    return part["exception"]["message"], part["exception"]["own"]


@pytest.mark.parametrize(
    ("part", "name", "value", "message"),
    [
        ("results", "run", Endless(), "run returned more than the 2,000 names allowed"),
        ("results", "run", {"y" * 2_001: 1}, "run returned a name of 2,001 characters"),
        (
            "results",
            "run",
            dict.fromkeys("ab", np.broadcast_to(0.0, (2**26 + 1,))),
            "run returned more than the 1,073,741,824 bytes allowed",
        ),
        (
            "results",
            "run",
            Results({}, container="x" * 100_001),
            "Results['container'] is a text of 100,001 characters, more than allowed",
        ),
        (
            "results",
            "run",
            Results({}, container=[0] * 2_001),
            "Results['container'] has 2,001 entries, more than 2,000",
        ),
        ("results", "run", Results({}, container=Endless()), "Results['container'] returned more"),
        (
            "results",
            "run",
            Results({}, container=np.float32(1)),
            "Results['container'] is a numpy.float32, which is no plain data",
        ),
        (
            "results",
            "run",
            Results({}, container=10**5_000),
            "Results['container'] is a int, which is no plain data",
        ),
        ("inferred", "infer", {"y": (2**63,)}, "infer: y has the shape"),
        ("inferred", "infer", Endless(), "infer returned more than the 2,000 names allowed"),
        ("parameters", "parameters", Endless(), "parameters returned more than the 2,000 names"),
        ("defaults", "defaults", Endless(), "defaults returned more than the 2,000 names allowed"),
    ],
)
def test_more_than_allowed(part: str, name: str, value: Any, message: str) -> None:
    """What has no end, or more than any layer, is the adapter's own mistake."""
    functions = {"run": lambda *_: {}, name: lambda *_: value}
    said, own = told(answered(**functions)[part])
    assert (said.startswith(message), own) == (True, True)


def test_many_warnings() -> None:
    """Of many warnings a hundred are kept, each cut, and how many more there were."""

    def run(*_: Any) -> dict[str, Any]:
        for number in range(150):
            warnings.warn(f"{number} {'x' * 5_000}", stacklevel=1)
        return {}

    kept = answered(run=run)["warnings"]
    assert (len(kept), max(map(len, kept)), kept[-1]) == (101, 2_000, "and 50 more")


class Mute(Exception):  # noqa: N818 (it is what it says)
    """An exception that does not say what it is."""

    def __str__(self) -> str:
        raise RuntimeError(LONE)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (LONE, "\\ud800"),
        ("a\x00b", "a\x00b"),
        (Mute(), "<a Mute that cannot be told: RuntimeError>"),
    ],
)
def test_text(said: Any, expected: str) -> None:
    """Whatever says something of itself, it becomes text that can be sent and written."""
    assert text(said) == expected
    text(said).encode()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<T object at 0x7f3a99c0ffee>, 0xff", "<T object at 0x...>, 0xff"),
        ("no '/tmp/tmpab_12xyz/w.h5', /tmp/tmplate", "no '/tmp/tmp.../w.h5', /tmp/tmplate"),
    ],
)
def test_steady(said: str, expected: str) -> None:
    """What differs from run to run is in no message and no warning; the rest stays."""

    def run(*_: Any) -> None:
        warnings.warn(said, stacklevel=1)
        raise ValueError(said)

    parts = answered(run=run)
    assert told(parts["results"])[0] == expected
    assert parts["warnings"] == [f"UserWarning: {expected}"]


def test_exception_of_strange_names() -> None:
    """Type, message and place of an exception can be sent, whatever is in them."""
    source = "class Odd(Exception): pass\nOdd.__qualname__ = name\nraise Odd(name)"
    problem: Exception = ValueError()
    try:
        exec(compile(source, f"/{LONE}.py", "exec"), {"name": LONE * 3_000})
    except Exception as raised:
        problem = raised
    plain = exception(problem)
    assert plain["at"] == "/\\ud800.py:3"
    assert (len(plain["type"]), len(plain["message"])) == (200, 2_000)
    repr(plain).encode()


class Width(enum.IntEnum):
    """Sizes that have names."""

    FOUR = 4


def test_sizes() -> None:
    """Whatever an index is made of, a size that is sent is a plain number."""
    (sizes,) = answered(run=lambda *_: {}, infer=lambda *_: {"y": (Width.FOUR, np.int64(2))})[
        "inferred"
    ].values()
    assert [(type(one), one) for one in sizes] == [(int, 4), (int, 2)]


def test_lone_surrogates() -> None:
    """A lone surrogate in a name, a property or a warning costs no case its outcome."""

    def run(*_: Any) -> Results:
        warnings.warn(LONE, stacklevel=1)
        return Results({LONE: np.zeros(2)}, container=[LONE, {LONE: LONE}])

    parts = answered(run=run, infer=lambda *_: {LONE: (1,)})
    repr(parts).encode()
    assert parts["properties"] == {"container": ["\\ud800", {"\\ud800": "\\ud800"}]}
    assert list(parts["results"]) == list(parts["inferred"]) == ["\\ud800"]
