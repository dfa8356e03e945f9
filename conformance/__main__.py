"""``python -m conformance``: what the engine does outside pytest."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from conformance.bench import bench
from conformance.casefile import cover
from conformance.casefile.load import CaseError, load_cases, load_records
from conformance.casefile.schema import schema_files
from conformance.process import interpreter
from conformance.process.framework import FrameworkError, find
from conformance.report import matrix, recorded, report
from conformance.weights.convert import ConvertError, convert, load_state

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
    carried = commands.add_parser("convert", help="make one framework's weights another's")
    carried.add_argument("--from", dest="source", required=True, metavar="NAME", help="adapter")
    carried.add_argument("--to", dest="target", required=True, metavar="NAME", help="adapter")
    carried.add_argument("--prefix", default="", help="what stands before the names in the state")
    carried.add_argument("--output", type=Path, help="default: FILE.NAME.npz, beside FILE")
    carried.add_argument("state", type=Path, metavar="FILE", help="weights by name, as .npz")
    tabled = commands.add_parser("matrix", help="a report as a table: frameworks by behaviours")
    tabled.add_argument("report", type=Path, help="of pytest --report")
    alone = commands.add_parser(
        "interpreter", help="a virtual environment with the packages of one adapter alone"
    )
    alone.add_argument("adapter", metavar="NAME")
    alone.add_argument("folder", type=Path, metavar="FOLDER")
    timed = commands.add_parser("bench", help="the suite's wall time over a bare loop's")
    timed.add_argument("--framework", action="append", default=[], help="default: all installed")
    given = parser.parse_args(arguments)
    try:
        return _done(root, given)
    except ValidationError as error:
        print(f"{given.report}: no report: {error.errors()[0]['msg']}", file=sys.stderr)
    except (CaseError, ConvertError, FrameworkError, OSError) as error:
        print(error, file=sys.stderr)
    return 2


def _done(root: Path, given: argparse.Namespace) -> int:
    if given.command == "schema":
        return write(root, schemas())
    if given.command == "cover":
        return write(root, cover.files())
    if given.command == "record":
        return record(root, given.report)
    if given.command == "matrix":
        print(*matrix.lines(*report.read(given.report)), sep="\n")
        return 0
    if given.command == "convert":
        return carry(root, given)
    if given.command == "interpreter":
        (framework,) = find(root, [given.adapter], missing=True)
        return interpreter.create(root, framework, given.folder)
    for line in bench.table(root, [one for one in find(root, given.framework) if not one.missing]):
        print(line, flush=True)
    return 0


def carry(root: Path, given: argparse.Namespace) -> int:
    """Convert a file of weights, and print what was written and how it is loaded; return 0."""
    output = given.output or given.state.with_suffix(f".{given.target}.npz")
    source, target = (
        find(root, [name], missing=True)[0].convention for name in (given.source, given.target)
    )
    assert source is not None
    assert target is not None
    try:
        converted = convert(source, target, load_state(given.state, given.prefix))
    except ConvertError as error:
        raise ConvertError(f"{given.state}: {error}") from error
    np.savez(output, **converted)
    for name, array in converted.items():
        print(f"{name}  {array.shape}")
    print(f"written: {output}\nload with: {target.loader}")
    return 0


def record(root: Path, path: Path) -> int:
    """Put the properties of a report on record; return 0."""
    cases = load_cases(root)
    header, entries = report.read(path)
    found = find(root, list(header.frameworks))
    sources = {one.label: one.convention.source for one in found if one.convention}
    known = load_records(root, cases)
    return write(root, recorded.files(header, entries, cases, known, sources))


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
