"""``python -m conformance schema``, ``record`` and ``matrix``."""

import argparse
import os
from pathlib import Path

from pydantic import ValidationError

from conformance.casefile.known import Ground, load_records
from conformance.casefile.load import load_cases
from conformance.casefile.schema import schema_files
from conformance.command import Command, CommandError, write
from conformance.process.framework import beside, find, shipped
from conformance.report import matrix, recorded, report


def schemas() -> dict[Path, str]:
    """The text of every generated schema by its path below the repository's root."""
    return {**schema_files(), **report.schema_files()}


def _schema(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (it has no arguments)
    return write(root, schemas())


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report, of all cases")


def _record(root: Path, given: argparse.Namespace) -> int:
    cases = load_cases(root)
    header, entries = _read(given.report)
    found = find(root, list(header.frameworks))
    sources = {one.label: one.convention.source for one in found if one.convention}
    folders = beside(found)
    for one in found:
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


def _matrix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, help="of pytest --report")


def _matrix(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (a report stands alone)
    print(*matrix.lines(*_read(given.report)), sep="\n")
    return 0


def _read(path: Path) -> tuple[report.Header, list[report.Entry]]:
    try:
        return report.read(path)
    except ValidationError as error:
        raise CommandError(f"{path}: no report: {error.errors()[0]['msg']}") from error


SCHEMA = Command("write the JSON Schemas of cases, deviations and report", _schema)
RECORD = Command(
    "write the properties of a report to cases/properties/, or beside an adapter from elsewhere",
    _record,
    _record_arguments,
)
MATRIX = Command("a report as a table: frameworks by behaviours", _matrix, _matrix_arguments)
