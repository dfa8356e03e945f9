"""``python -m conformance``: what the engine does outside pytest."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from conformance import interrupt
from conformance.bench import commands as bench
from conformance.casefile.load import CaseError
from conformance.claim import commands as claim
from conformance.command import CommandError, tell
from conformance.history import commands as history
from conformance.kill import commands as kill
from conformance.pages import commands as pages
from conformance.process import commands as process
from conformance.process.framework import FrameworkError
from conformance.report import commands as report
from conformance.upgrade import commands as upgrade
from conformance.weights import commands as weights

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "schema": report.SCHEMA,
    "cover": process.COVER,
    "coverage": process.COVERAGE,
    "interpreter": process.INTERPRETER,
    "gaps": claim.GAPS,
    "record": report.RECORD,
    "matrix": report.MATRIX,
    "margins": report.MARGINS,
    "merge": report.MERGE,
    "bench": bench.BENCH,
    "convert": weights.CONVERT,
    "weights": weights.WEIGHTS,
    "upgrade": upgrade.UPGRADE,
    "diff": upgrade.DIFF,
    "bisect": upgrade.BISECT,
    "outdated": upgrade.OUTDATED,
    "pages": pages.PAGES,
    "portable": pages.PORTABLE,
    "render": pages.RENDER,
    "history": history.HISTORY,
    "timeline": history.TIMELINE,
    "versions": upgrade.VERSIONS,
    "releases": upgrade.RELEASES,
    "badges": pages.BADGES,
    "kill": kill.KILL,
}


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run one command on the tree at `root`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    named = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.arguments(named.add_parser(name, help=command.about, description=command.about))
    given = parser.parse_args(arguments)
    try:
        with interrupt.listening():
            return COMMANDS[given.command].run(root, given)
    except (CaseError, CommandError, FrameworkError, OSError) as error:
        tell(error, error=True)
    except KeyboardInterrupt as error:
        tell(str(error) or "SIGINT", error=True)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
