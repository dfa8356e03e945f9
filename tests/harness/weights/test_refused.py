"""What is refused is told in one line, with the status 2, and leaves nothing behind."""

import pytest

from tests.harness.weights.refused import PAGE, TRIED, page, state, tried
from tests.harness.weights.test_names import CELL, drawn

ROWS = {f"{about}: {name}": make for about, few in TRIED.items() for name, make in few.items()}


@pytest.mark.parametrize("row", ROWS)
def test_refused(row: str) -> None:
    """Each is refused in a line that nothing in a terminal obeys, and nothing is written."""
    status, told = tried(ROWS[row])
    assert (status, told.count("\n")) == (2, 1)
    assert told.strip().isprintable()
    assert "Traceback" not in told


def test_tried_can_fail() -> None:
    """What is converted after all is found out."""
    with pytest.raises(AssertionError, match="something was written"):
        tried(state(drawn(CELL)))


def test_current() -> None:
    """The page has the table of today: ``python -m tests.harness.weights.refused --page``."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text
