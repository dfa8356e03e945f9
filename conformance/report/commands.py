"""``python -m conformance schema``, ``record``, ``matrix``, ``margins`` and ``merge``."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from conformance import outfile
from conformance.casefile.known import Ground, load_records
from conformance.casefile.load import load_cases
from conformance.casefile.schema import schema_files
from conformance.casefile.suggest import hint
from conformance.command import Command, CommandError, tell, write
from conformance.process.framework import Framework, beside, find, named, shipped
from conformance.report import margin, matrix, merge, recorded, report


def schemas() -> dict[Path, str]:
    """The text of every generated schema by its path below the repository's root."""
    return {**schema_files(), **report.schema_files()}


def _schema(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (it has no arguments)
    return write(root, schemas())


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report, of all cases")
    parser.add_argument(
        "--framework",
        action="append",
        default=[],
        metavar="NAME[@INTERPRETER]",
        help="of the report's, these alone, as it names them; needed for an adapter from elsewhere "
        "(default: all that are shipped)",
    )


def _record(root: Path, given: argparse.Namespace) -> int:
    cases = load_cases(root)
    header, entries = _read(given.report)
    found = _meant(root, header, named(given.framework), given.report)
    sources = {label: one.convention.source for label, one in found.items() if one.convention}
    folders = beside(list(found.values()))
    for one in found.values():
        # Found by its dotted name, in another interpreter or machine, or where nobody may write.
        folder = folders.get(one.name)
        if "." in one.name and not (folder and os.access(folder, os.W_OK)):
            place = folder or "not on this machine"
            raise CommandError(f"{one.name}: its folder cannot be written to: {place}")
    known = load_records(root, Ground(cases, shipped(root), folders))
    try:
        files = recorded.files(header, entries, cases, known, sources, folders)
    except recorded.RecordError as error:
        raise CommandError(f"{given.report}: {error}") from error
    return write(root, files)


def _meant(
    root: Path, header: report.Header, asked: Sequence[str], path: Path
) -> dict[str, Framework]:
    """The adapters that a report is of, by its labels: those that are `asked` for.

    A report is data: what it names is looked up among the adapters of this project, by name. It is
    the user alone who names what is imported from elsewhere, or an interpreter that is started.
    """
    for label in asked:
        if label not in header.frameworks:
            text = f"it has no framework {label!r}{hint(label, header.frameworks, 'frameworks')}"
            raise CommandError(f"{path}: {text}")
    labels = asked or [name for name, one in header.frameworks.items() if not one.missing]
    found = {}
    for label in labels:
        name = label.partition("@")[0]
        if name in shipped(root):
            (found[label],) = find(root, [name], missing=True)
        elif label in asked:
            (found[label],) = find(root, [label], missing=True)
        else:
            text = f"{label!r} is no adapter of this project: name it by --framework, if it is to"
            raise CommandError(f"{path}: {text} be looked up")
    return found


def _matrix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report")


def _matrix(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (a report stands alone)
    tell(*matrix.lines(*_read(given.report)))
    return 0


def _margins_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report")


def _margins(root: Path, given: argparse.Namespace) -> int:
    _, entries = _read(given.report)
    try:
        return write(root, {Path("docs", "tolerance.svg"): margin.drawing(entries)})
    except ValueError as error:
        raise CommandError(f"{given.report}: {error}") from error


def _merge_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT", help="of one code")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")


def _merge(root: Path, given: argparse.Namespace) -> int:
    if why := outfile.refusal(given.output):
        raise CommandError(f"{given.output}: {why}")
    paths: list[Path] = given.reports
    if again := next((one for one in paths if paths.count(one) > 1), None):
        raise CommandError(f"{again}: named twice")
    reports = {str(path): _read(path) for path in paths}
    try:
        head, entries = merge.merged(reports, [case.id for case in load_cases(root)])
    except merge.MergeError as error:
        raise CommandError(str(error)) from error
    report.write(given.output, head, entries)
    tell(given.output)
    return 0


def _read(path: Path) -> tuple[report.Header, list[report.Entry]]:
    try:
        return report.read(path)
    except report.ReportError as error:
        raise CommandError(str(error)) from error


SCHEMA = Command("write the JSON Schemas of cases, deviations and report", _schema)
RECORD = Command(
    "write the properties of a report to cases/properties/, or beside an adapter from elsewhere",
    _record,
    _record_arguments,
)
MATRIX = Command("a report as a table: frameworks by behaviours", _matrix, _matrix_arguments)
MERGE = Command("join reports of parts of a run into the one of it all", _merge, _merge_arguments)
MARGINS = Command(
    "draw a report's errors as parts of their limits to docs/tolerance.svg",
    _margins,
    _margins_arguments,
)
