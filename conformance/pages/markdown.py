"""Text as Markdown, in which nothing that was declared or recorded is markup."""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from conformance import plain

HEAD = "<!-- Written by: python -m conformance pages -->"


def text(said: object) -> str:
    """What was said, on one line, with no markup in it: in a table or beside one."""
    return plain.cell(said).replace("_", r"\_")


def code(said: object) -> str:
    """Code in a line of text or a cell of a table; a backtick in it is an apostrophe."""
    told = plain.line(said).replace("`", "'").replace("|", r"\|")
    return f"`{told}`" if told.strip() else "``"


def block(said: str, language: str = "python") -> str:
    """Lines of code; a line that would end the block is told with apostrophes."""
    lines = plain.lines(said).replace("```", "'''")
    return f"```{language}\n{lines}\n```"


def link(said: object, address: str) -> str:
    """A link, if `address` is one of the web; else what was said."""
    if not address.startswith(("https://", "http://")):
        return text(said)
    return f"[{text(said)}]({quote(address, safe='/:?#=&%+,;@!$*~.-_')})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, of cells that are Markdown already."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
