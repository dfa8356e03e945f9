"""The pages of ``docs/history/``: for each framework on record, which release changed what."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance import plain
from conformance.history.chronicle import Chapter, chronicle
from conformance.history.timeline import drawing
from conformance.upgrade.change import TITLES, Severity
from conformance.upgrade.told import sections

DOCS = Path("docs", "history")
MADE = "<!-- Made by `python -m conformance timeline` from history/. -->"


def files(folder: Path) -> dict[Path, str]:
    """Every page and drawing by its path below the repository's root. Raises KeptError."""
    names = sorted(one.name for one in folder.glob("[!.]*") if one.is_dir())
    found = {name: chronicle(folder, name) for name in names}
    books = {name: chapters for name, chapters in found.items() if chapters}
    made = {DOCS / "README.md": "\n".join(_contents(books)) + "\n"}
    for name, chapters in books.items():
        made[DOCS / f"{name}.md"] = "\n".join(_page(name, chapters)) + "\n"
        made[DOCS / f"{name}.svg"] = drawing(name, chapters)
    return made


def _contents(books: Mapping[str, Sequence[Chapter]]) -> Iterator[str]:
    yield from (MADE, "# What each release changed", "")
    yield "As observed, by framework; [history.md](../history.md) says how."
    yield from ("", "| framework | releases on record | findings |", "|---|---|---|")
    for name, chapters in books.items():
        ends = " to ".join(dict.fromkeys(chapters[end].about.release for end in (0, -1)))
        counted = _counted(_sum(chapters)) or "nothing changed"
        row = f"[{plain.cell(name)}]({name}.md)", f"{len(chapters)}, {plain.cell(ends)}", counted
        yield f"| {' | '.join(row)} |"


def _page(name: str, chapters: Sequence[Chapter]) -> Iterator[str]:
    about = chapters[-1].about
    yield from (MADE, f"# {plain.cell(name)}: what each release changed", "")
    yield f"![A column for each release, a box in it for each finding]({name}.svg)"
    yield ""
    yield "Each release against the last one before it that runs. Cases: " + "; ".join(
        dict.fromkeys(plain.cell(one.about.cases) for one in chapters)
    )
    yield (
        f"(those that the adapter declares not to have are not put), on {about.machine}, Python "
        + (", ".join(dict.fromkeys(one.about.python for one in chapters)) + ".")
    )
    yield from ("", "| release | cases | changed | installed beside it in another version |")
    yield "|---|---|---|---|"
    for one in chapters:
        yield f"| {' | '.join(_row(one))} |"
    for one in reversed(chapters):
        if one.told is not None and one.account is not None and one.account.findings:
            yield f"\n## {plain.cell(one.about.release)}\n"
            yield f"Against {plain.cell(one.before)}, {one.account.compared} cases."
            yield from sections(one.told, one.account)


def _row(one: Chapter) -> Iterator[str]:
    yield plain.cell(one.about.release)
    if one.about.silent is not None:
        yield from ("-", f"does not run: {plain.cell(one.about.silent)}", "-")
        return
    yield str(one.cases)
    yield (_counted(one.counts) or "nothing") if one.before else "the first on record"
    yield plain.cell(", ".join(one.beside)) or "-"


def _sum(chapters: Sequence[Chapter]) -> dict[Severity, int]:
    every = [severity for one in chapters for severity in one.counts]
    return {
        severity: sum(one.counts.get(severity, 0) for one in chapters)
        for severity in TITLES
        if severity in every
    }


def _counted(counts: Mapping[Severity, int]) -> str:
    return ", ".join(f"{count} {severity}" for severity, count in counts.items())
