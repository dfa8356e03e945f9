"""``python -m conformance pages``, ``portable``, ``render`` and ``badges``."""

import argparse
from pathlib import Path

from conformance import outfile
from conformance.command import Command, CommandError, progress, tell, write
from conformance.pages import badge, render
from conformance.pages.book import read
from conformance.pages.differences import FOLDER, differences
from conformance.pages.explorer import explorer
from conformance.pages.option import OptionError, parsed
from conformance.pages.portable import answer, portable
from conformance.report import report

MEND = "python -m conformance pages"


def made(root: Path) -> dict[Path, str]:
    """The text of every generated page by its path below `root`."""
    book = read(root)
    texts: dict[Path, str] = {}
    for part in progress((differences, portable, explorer), "pages"):
        texts |= part(book)
    return texts


def stale(root: Path, pages: dict[Path, str]) -> list[Path]:
    """Those that are not as they would be made now, and those that would not be made."""
    changed = [path for path, text in pages.items() if _held(root / path) != text]
    there = (path.relative_to(root) for path in sorted((root / FOLDER).rglob("*.md")))
    return [*changed, *(path for path in there if path not in pages)]


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")


def _pages(root: Path, given: argparse.Namespace) -> int:
    """Write the pages, or with --check tell those that are stale; return 1 where there are any."""
    pages = made(root)
    old = stale(root, pages)
    if given.check:
        if old:
            tell(*(f"{path}: stale" for path in old), f"mend: {MEND}")
        return 1 if old else 0
    for path in old:
        if path not in pages:
            (root / path).unlink()
            tell(f"{path}: removed")
    return write(root, {path: pages[path] for path in old if path in pages})


def _layer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("layer", help='as "bidirectional, lengths=given, hidden_units=7"')


def _portable(root: Path, given: argparse.Namespace) -> int:
    try:
        asked = parsed(given.layer)
    except OptionError as error:
        raise CommandError(str(error)) from error
    tell(*answer(read(root), asked))
    return 0


def _render_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report")
    parser.add_argument("--output", type=Path, help="default: beside the report, as .html")


def _render(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (a report stands alone)
    target = given.output or given.report.with_suffix(".html")
    if target.resolve() == given.report.resolve():
        raise CommandError(f"{target}: it is the report itself: name another by --output")
    outfile.write(target, render.page(*_report(given.report)))
    tell(target)
    return 0


def _badge_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report")
    parser.add_argument("folder", type=Path, help="where a file for each framework is written")


def _badges(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (a report stands alone)
    return write(given.folder, badge.badges(*_report(given.report)))


def _report(path: Path) -> tuple[report.Header, list[report.Entry]]:
    try:
        return report.read(path)
    except report.ReportError as error:
        raise CommandError(str(error)) from error


BADGES = Command(
    "a report as badges: for each framework a file that shields.io reads", _badges, _badge_arguments
)
RENDER = Command("a report as one page of HTML", _render, _render_arguments)
PORTABLE = Command("which frameworks have a layer, and agree on it", _portable, _layer)
PAGES = Command("write docs/differences and the other generated pages", _pages, _arguments)
