"""``python -m conformance``: what the engine does outside pytest."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance import bench, cover, recorded, report
from conformance.framework import FrameworkError, find
from conformance.load import load_cases, load_records
from conformance.schema import schema_files

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run one command on the tree at `root`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("schema", help="write the JSON Schemas of cases, deviations and report")
    commands.add_parser("cover", help="write cases/coverage-*.yaml; needs covertable")
    recorded_from = commands.add_parser(
        "record", help="write the properties of a report to cases/properties/"
    )
    recorded_from.add_argument("report", type=Path, help="of pytest --report, of all cases")
    timed = commands.add_parser("bench", help="the suite's wall time over a bare loop's")
    timed.add_argument("--framework", action="append", default=[], help="default: all installed")
    given = parser.parse_args(arguments)
    if given.command == "schema":
        return write(root, schemas())
    if given.command == "cover":
        return write(root, cover.files())
    if given.command == "record":
        return record(root, given.report)
    try:
        frameworks = [one for one in find(root, given.framework) if not one.missing]
    except FrameworkError as error:
        print(error, file=sys.stderr)
        return 2
    for line in bench.table(root, frameworks):
        print(line, flush=True)
    return 0


def record(root: Path, report: Path) -> int:
    """Put the properties of a report on record; return 0."""
    cases = load_cases(root)
    labels = json.loads(report.read_text(encoding="utf-8").partition("\n")[0])["frameworks"]
    found = find(root, list(labels))
    sources = {one.label: one.convention.source for one in found if one.convention}
    return write(root, recorded.files(report, cases, load_records(root, cases), sources))


def schemas() -> dict[Path, str]:
    """The text of every generated schema by its path below the repository's root."""
    return {**schema_files(), **report.schema_files()}


def write(root: Path, files: Mapping[Path, str]) -> int:
    """Write every generated file below `root` and print their paths; return 0."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        print(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
