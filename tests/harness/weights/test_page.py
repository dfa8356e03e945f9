"""`docs/weights.md`: what adapters declare is what is on the page."""

from pathlib import Path

import pytest

from conformance.weights.page import BEGIN, END, page

ROOT = Path(__file__).resolve().parents[3]


def test_current() -> None:
    """The generated part is that of the adapters of today: ``weights --page`` writes it."""
    text = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    assert page(ROOT, text) == text


def test_stale_can_be_found() -> None:
    """A page that has another part, or none, is told."""
    text = f"a\n{BEGIN}\nstale\n{END}\nb\n"
    assert page(ROOT, text) != text
    assert page(ROOT, text).endswith(f"{END}\nb\n")
    with pytest.raises(ValueError, match="declared: begin"):
        page(ROOT, "a page without a place")
