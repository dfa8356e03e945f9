"""The pages of ``docs/differences/``: one a topic, one a framework, and where to begin."""

from pathlib import Path

from conformance.pages.book import Book
from conformance.pages.markdown import HEAD
from conformance.pages.sheet import sheet
from conformance.pages.topic import TOPICS

FOLDER = Path("docs", "differences")


def differences(book: Book) -> dict[Path, str]:
    """The text of every page by its path below the root."""
    pages = {FOLDER / f"{topic.name}.md": topic.page(book) for topic in TOPICS}
    pages |= {FOLDER / "frameworks" / f"{name}.md": sheet(book, name) for name in book.frameworks}
    return {FOLDER / "README.md": _index(book), **pages}


def _index(book: Book) -> str:
    topics = [f"- [{one.title}]({one.name}.md): {one.about}" for one in TOPICS]
    names = ", ".join(f"[{name}](frameworks/{name}.md)" for name in book.frameworks)
    return "\n".join(
        (
            HEAD,
            "# How the frameworks differ",
            "",
            "Made from what the adapters declare and from what is on record of the versions in",
            "[constraints.txt](../../constraints.txt), never from memory: a test fails for a",
            "stale page. What holds everywhere: [the portable subset](../portable.md).",
            "",
            "## By topic",
            "",
            *topics,
            "",
            "## By framework",
            "",
            names + ".",
            "",
        )
    )
