"""`conformance.pages.markdown`: what is declared or recorded is no markup."""

import pytest

from conformance.pages.markdown import block, code, link, table, text
from tests.harness.pages.books import EVIL


def test_text() -> None:
    """Text has no tag, cell, link or emphasis in it."""
    told = text(EVIL + "_a_")
    assert told.startswith(r"\</script\>\<img src=x onerror=alert(1)\> \| \`x\` \[a\]")
    assert told.endswith(r"\_a\_")


def test_code() -> None:
    """Code ends neither its span nor its cell."""
    assert code("a`b|c") == r"`a'b\|c`"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//example.org", "file:///x"])
def test_no_link(address: str) -> None:
    """What is no address of the web is no link."""
    assert link("source", address) == "source"


def test_link() -> None:
    """An address cannot end its link."""
    assert link("a", "https://example.org/(x)<y>") == "[a](https://example.org/%28x%29%3Cy%3E)"


def test_block() -> None:
    """Code cannot end its block."""
    assert block("a\n```\nb") == "```python\na\n'''\nb\n```"


def test_table() -> None:
    """A table has its head, its rows, and an empty line behind it."""
    assert list(table(["a", "b"], [["1", "2"]])) == ["| a | b |", "|---|---|", "| 1 | 2 |", ""]
