"""One framework: its conventions, what it has not, its pins, and its properties on record."""

from collections.abc import Iterator, Mapping

from adapters.contract import Native
from conformance.pages import grid
from conformance.pages.book import Book
from conformance.pages.markdown import HEAD, block, code, link, table, text
from conformance.pages.snippet import snippet, usual


def sheet(book: Book, name: str) -> str:
    """The page of the framework `name` as Markdown."""
    framework, convention = book.frameworks[name], book.convention(name)
    versions = [f"{package} {version}" for package, version in framework.versions.items()]
    lines = [HEAD, f"# {text(name)}", "", *_story(book.stories[name])]
    lines += [f"Pinned versions: {text(', '.join(versions) or 'none')}.", ""]
    lines += [f"Convention as {link('documented', convention.source)}. Gates:"]
    lines += [f"{code(' '.join(convention.gates))}.", ""]
    for title, forms in (
        ("Inputs", convention.inputs),
        ("Results", convention.results),
        ("Weights", convention.weights),
    ):
        lines += [f"## {title}", "", *_forms(forms)]
    if convention.loader:
        lines += ["Weights by these names are loaded with", "", block(convention.loader), ""]
    if written := snippet(book, name, usual(framework)):
        lines += ["## What its user writes", "", block(written), ""]
    lines += ["## What it has not", "", *_gaps(book, name)]
    lines += ["## Known differences", "", *_pins(book, name)]
    lines += ["## On record", "", *_records(book, name), "[All topics](../README.md)", ""]
    return "\n".join(lines)


def _story(docstring: str) -> Iterator[str]:
    """A docstring's paragraphs, with its ``code`` as code."""
    for part in docstring.split("\n\n"):
        words = " ".join(part.split()).split("``")
        yield "".join(code(one) if at % 2 else text(one) for at, one in enumerate(words))
        yield ""


def _forms(forms: Mapping[str, Native]) -> Iterator[str]:
    rows = []
    for name, form in forms.items():
        labels = ", ".join(map(code, form.gates)) if form.gates else ""
        along = f"axis {form.along}" if form.along is not None else ""
        rows.append([code(name), code(form.name), code(form.axes), labels or along])
    yield from table(["", "its own name", "axes", ""], rows)


def _gaps(book: Book, name: str) -> Iterator[str]:
    rows = [
        [
            code(", ".join(f"{one}={grid.short(value)}" for one, value in gap.options.items())),
            text(gap.why) + (" (the adapter's own gap)" if gap.own else ""),
            link("source", gap.source),
            code(gap.versions) if gap.versions else "",
        ]
        for gap in book.every_gap[name]
    ]
    yield from table(["no layer with", "why", "", "versions"], rows) if rows else ("None.", "")


def _pins(book: Book, name: str) -> Iterator[str]:
    rows = [
        [
            code(grid.where(pin)),
            ", ".join(pin.claims).replace("_", " "),
            grid.instead(pin),
            text(pin.why),
            link("source", pin.source),
            code(pin.version),
        ]
        for pin in book.deviations
        if pin.framework == name
    ]
    head = ["where", "claims", "instead", "why", "", "versions"]
    yield from table(head, rows) if rows else ("None.", "")


def _records(book: Book, name: str) -> Iterator[str]:
    ours = [one for one in book.records if one.framework == name]
    rows = [
        [
            one.name,
            code(one.cases),
            code(grid.short(one.value)),
            code(one.version),
            link("source", one.source),
        ]
        for one in ours
    ]
    yield from table(["property", "case", "seen", "versions", ""], rows) if rows else ("None.", "")
