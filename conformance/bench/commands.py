"""``python -m conformance bench``."""

import argparse
from pathlib import Path

from conformance.bench import bench
from conformance.command import Command
from conformance.process.framework import find


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--framework", action="append", default=[], help="default: all installed")


def _bench(root: Path, given: argparse.Namespace) -> int:
    frameworks = [one for one in find(root, given.framework) if not one.missing]
    for line in bench.table(root, frameworks):
        print(line, flush=True)
    return 0


BENCH = Command("the suite's wall time over a bare loop's", _bench, _arguments)
