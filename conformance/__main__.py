"""``python -m conformance``: the commands of the engine."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from conformance.schema import schema_files

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run one command on the tree at `root`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("schema", help="write the JSON Schema of the case and deviation files")
    parser.parse_args(arguments)
    return write_schemas(root)


def write_schemas(root: Path) -> int:
    """Write both schemas below `root` and print their paths; return 0."""
    for path, text in schema_files().items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        print(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
