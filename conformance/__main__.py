"""``python -m conformance``: what the engine does outside pytest."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance import bench, cover, report
from conformance.framework import FrameworkError, find
from conformance.schema import schema_files

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run one command on the tree at `root`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("schema", help="write the JSON Schemas of cases, deviations and report")
    commands.add_parser("cover", help="write cases/coverage-*.yaml; needs covertable")
    timed = commands.add_parser("bench", help="the suite's wall time over a bare loop's")
    timed.add_argument("--framework", action="append", default=[], help="default: all installed")
    given = parser.parse_args(arguments)
    if given.command == "schema":
        return write(root, schemas())
    if given.command == "cover":
        return write(root, cover.files())
    try:
        frameworks = [one for one in find(root, given.framework) if not one.missing]
    except FrameworkError as error:
        print(error, file=sys.stderr)
        return 2
    for line in bench.table(root, frameworks):
        print(line, flush=True)
    return 0


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
