"""``python -m conformance bench``."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from conformance.bench import bench, clock
from conformance.casefile.load import load_cases
from conformance.command import Command, CommandError, count, tell
from conformance.process.framework import find, named
from conformance.session.run import Run, SelectionError, select


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--framework", action="append", default=[], help="default: all installed")
    parser.add_argument("--case", action="append", default=[], help="as pytest has it")
    parser.add_argument("--tag", action="append", default=[], help="as pytest has it")
    parser.add_argument("--repeats", type=count, default=3, help="of which medians are told (3)")
    parser.add_argument(
        "--again", action="store_true", help="instead: a second run, of what the first compiled"
    )
    parser.add_argument(
        "--scheduler", action="store_true", help="instead: seconds to hand out a run's tests"
    )


def _bench(root: Path, given: argparse.Namespace) -> int:
    for line in _lines(root, given):
        tell(line)
    return 0


def _lines(root: Path, given: argparse.Namespace) -> Iterator[str]:
    if given.scheduler:
        from conformance.bench import handout  # needs xdist

        yield from handout.table()
        return
    frameworks = tuple(one for one in find(root, named(given.framework)) if not one.missing)
    try:
        cases = select(load_cases(root), given.case, given.tag)
    except SelectionError as error:
        raise CommandError(str(error)) from error
    options = [f"--case={one}" for one in given.case] + [f"--tag={one}" for one in given.tag]
    if given.again:
        yield from bench.again(root, frameworks, options, given.repeats)
        return
    run = Run(root, frameworks, cases, (), (), timeout=120, in_process=False)
    yield from bench.table(run, options, given.repeats)
    yield clock.peer(root)


BENCH = Command("the suite's wall time over a bare loop's", _bench, _arguments)
