"""`conformance.upgrade.signature`: arguments that moved, came or went."""

import pytest

from conformance.upgrade.signature import arguments, is_signature, moved

OLD = "(units, bias=True, *, name=None)"


@pytest.mark.parametrize(
    ("new", "changes"),
    [
        (OLD, []),
        ("(units, bias=False, *, name=None)", [("breaking", "argument bias = False")]),
        ("(units, *, name=None)", [("breaking", "gone")]),
        (
            "(units, bias=True, axis=-1, *, name=None)",
            [("property", "an argument that may be left out")],
        ),
        ("(units, bias=True, *, axis, name=None)", [("breaking", "an argument that is needed")]),
        (
            "(units, axis=-1, bias=True, *, name=None)",
            [("breaking", "in another place"), ("property", "an argument that may be left out")],
        ),
        ("(units, *, bias=True, name=None)", [("breaking", "by name alone")]),
        (
            "(units, bias=True, *, name=None, **more)",
            [("property", "an argument that may be left out")],
        ),
    ],
)
def test_moved(new: str, changes: list[tuple[str, str]]) -> None:
    """What breaks a call is breaking; an argument that may be left out is not."""
    assert [(one.severity, one.after) for one in moved(OLD, new)] == changes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(a=<function x.y.tanh>)", "(a=<function tanh>)"),
        ("(a, **more)", "(a, b=1, **more)"),
    ],
)
def test_nothing_moved(old: str, new: str) -> None:
    """A function whose module moved is the same, and what takes the rest has no place."""
    assert [one.severity for one in moved(old, new) if one.severity == "breaking"] == []
    assert list(moved("(a=<function x.tanh>)", "(a=<function x.relu>)"))


def test_arguments() -> None:
    """Commas and equals signs in defaults separate nothing."""
    found = arguments("(a, f=<function g(x, y)>, *rest, d={'x': (1, 2)}, **more)")
    assert list(found) == ["a", "f", "*rest", "d", "**more"]
    assert (found["f"].default, found["d"].default) == ("<function g(x, y)>", "{'x': (1, 2)}")
    assert (found["f"].place, found["d"].place) == (1, None)


def test_is_signature() -> None:
    """Text that only stands in brackets is none."""
    assert is_signature("(a, b=1)")
    assert not is_signature("(output, (h_n, c_n))")
    assert not is_signature([1])
