"""``python -m conformance gaps``."""

import argparse
from contextlib import closing
from pathlib import Path

from conformance.claim.tried import tried
from conformance.command import Command, progress, tell
from conformance.convention.gap import holds
from conformance.process.framework import find, named
from conformance.process.host import Host

TIMEOUT = 120  # seconds, for a start and for each gap


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--framework", action="append", default=[], metavar="NAME", help="default: all installed"
    )


def _gaps(root: Path, given: argparse.Namespace) -> int:
    """Print what became of each gap, and how many ran and agreed."""
    agreed = 0
    for framework in find(root, named(given.framework)):
        if framework.missing:
            continue
        there = [gap for gap in framework.gaps if holds(gap, framework.versions)]
        own = sum(gap.own for gap in there)
        tell(f"{framework}: {len(there)} gaps, {own} of them the adapter's own")
        with closing(Host(framework, root, TIMEOUT)) as host:
            for gap in progress(there, framework.label):
                one = tried(host, gap, [other for other in there if other is not gap])
                agreed += one.agreed
                options = ", ".join(f"{name}={value}" for name, value in gap.options.items())
                tell(f"  {gap.where}: {options}{' (own)' * gap.own}\n    {one.told}")
    tell(f"{agreed} that ran and agreed")
    return 0


GAPS = Command(
    "try each declared gap on the installed framework: which ran, and agreed", _gaps, _arguments
)
