"""Text as it leaves for people: with nothing in it that a terminal, a log or a page would obey.

What an adapter, a framework, a case or a report says is data. All of it leaves by `command.tell`,
by pytest (from `conftest.py` and `conformance.session`) or as a cell of a table, and through here.
"""

import re

MAX_LINES, MAX_WIDTH = 200, 2_000  # of one text; the largest failure there is has a fifth
# "::error::" at a line's beginning orders something of the runner of a workflow; "##[error]" and
# its like do so anywhere.
_COLONS = re.compile(r"^(\s*):(?=:)")
_ORDER = re.compile(r"##(?=\w*\[)")
_MARKUP = re.compile(r"[\\`*\[\]<>|&]")


def line(text: object) -> str:
    """`text` on one line: what is not printable is spelled out, and an order is none any more."""
    said = str(text)
    if not said.isprintable():
        said = "".join(one if one.isprintable() else _spelled(one) for one in said)
    return _ORDER.sub(r"#\\#", _COLONS.sub(r"\1\\:", said))


def lines(text: object, most: int = MAX_LINES) -> str:
    """The same for each of the lines of `text`, which are neither too many nor too long."""
    said = str(text).split("\n")
    if (more := len(said) - most) > 0:
        said[most:] = [f"and {more:,} more lines"]
    return "\n".join(line(cut(one, MAX_WIDTH)) for one in said)


def cut(text: str, width: int) -> str:
    """`text`, or as much of it as `width` characters hold, with a sign that there was more."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def cell(text: object) -> str:
    """`text` in a table of Markdown, where it is no markup and ends no cell."""
    return _MARKUP.sub(r"\\\g<0>", line(text))


def _spelled(character: str) -> str:
    # As Python writes it, so that it can be told what it was; a tab is a space.
    return " " if character == "\t" else repr(character)[1:-1]
