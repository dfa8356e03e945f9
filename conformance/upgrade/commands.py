"""``python -m conformance diff``."""

import argparse
from pathlib import Path

from conformance.command import Command, CommandError
from conformance.report import report
from conformance.upgrade.comparison import Comparison, comparison
from conformance.upgrade.pair import PairError, Side
from conformance.upgrade.told import FORMATS


def _format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def _tell(compared: Comparison, form: str) -> int:
    """Print a comparison, and return the status that it has."""
    print(*FORMATS[form](compared), sep="\n")
    return compared.status


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="A.jsonl", help="of pytest --report")
    parser.add_argument("after", type=Path, metavar="B.jsonl", help="of pytest --report")
    _format(parser)


def _diff(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (reports stand alone)
    try:
        compared = comparison(_side(given.before), _side(given.after))
    except PairError as error:
        raise CommandError(str(error)) from error
    return _tell(compared, given.format)


def _side(path: Path) -> Side:
    try:
        header, entries = report.read(path)
    except ValueError as error:
        line = str(error).replace("\n", " ")[:200]
        raise CommandError(f"{path}: no report that can be read: {line}") from error
    return Side(str(path), header, entries)


DIFF = Command(
    "what changed from one report to another: 0 nothing breaking, 1 breaking, 2 not comparable",
    _diff,
    _diff_arguments,
)
