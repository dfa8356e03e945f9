"""What a user of a framework would write for a layer, of what the book has."""

from conformance.convention import snippet as written
from conformance.pages.book import Book
from conformance.pages.option import Asked, valued
from conformance.process.framework import Framework


def snippet(book: Book, name: str, asked: Asked) -> str | None:
    """The code, which runs as it stands; None where the adapter has none for such a layer."""
    found = book.snippets.get(name)
    return written.code(found, asked.layer, asked.dimensions) if found else None


def usual(framework: Framework) -> Asked:
    """The plain layer, or where that is a gap, that of the first layout that is none."""
    layouts = (Asked(), *valued("layout").values())
    return next((one for one in layouts if not framework.gap(one.layer)), Asked())


def numbered(book: Book, name: str, asked: Asked) -> str:
    """The same code, given an ``array`` for its x, and ``weights`` by the convention's names."""
    found, loader = book.snippets[name], book.convention(name).loader
    return written.numbered(found, loader, asked.layer, asked.dimensions)
