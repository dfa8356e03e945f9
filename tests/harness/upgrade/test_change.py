"""`conformance.upgrade.change`: equal changes are one; what every run has anew is left out."""

import pytest

from conformance.upgrade.change import Change, family, joined, plain_message


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        ("/tmp/x.py:3: got (2, 5) at 0x7f3a", "<path>: got (<n>) at <address>"),
        ("expected (3,), got -1.5e-3", "expected (<n>), got <n>"),
        (r"C:\users\x\y.py is missing", "<path> is missing"),
        ("layer_0 of float32", "layer_0 of float32"),
        ("layer_0 has tensor_274", "layer_0 has tensor_<n>"),
        ("in call():\n\n\x1b[1mgot 4\x1b[0m\nmore", "in call(): got <n>"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("input/output error", "input/output error"),
    ],
)
def test_plain_message(message: str, plain: str) -> None:
    """Numbers, paths and addresses are taken out; names, types and links stay."""
    assert plain_message(message) == plain


def test_other_message() -> None:
    """Another message stays another one."""
    assert plain_message("expected 3 axes") != plain_message("expected 3 sizes")


def test_family() -> None:
    """Tensors of different layers are of one family."""
    assert family("layer_0/state_h") == family("layer_12/state_h") != family("layer_0/state_c")
    assert family("promotes.bfloat16") == "promotes.bfloat16"


def test_joined() -> None:
    """The same change of two tensors is one about both; another change is another one."""
    first = Change("breaking", "dtype", "float32", "float64", ("h",), ("h: x",))
    second = Change("breaking", "dtype", "float32", "float64", ("c", "h"), ("c: y",))
    other = Change("breaking", "dtype", "float32", "float16", ("y",))
    both = Change("breaking", "dtype", "float32", "float64", ("h", "c"), ("h: x", "c: y"))
    assert joined([first, other, second]) == [both, other]
