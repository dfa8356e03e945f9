"""``python -m conformance kill``."""

import argparse
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.command import Command, CommandError, progress, tell, write
from conformance.kill import page
from conformance.kill.digest import digest
from conformance.kill.fault import Fault, layer_file, load_faults, load_stays
from conformance.kill.matrix import Row, put, rows

MUTANTS = Path("tests", "harness", "mutants")


def made_of(root: Path) -> str:
    """The digest of all that the page depends on."""
    mutants = root / MUTANTS
    known = load_faults(root, mutants), load_stays(root, mutants)
    return digest(root, layer_file(root), put(root), *known)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "fault", nargs="*", metavar="GLOB", help="print of these which cases tell them, and why"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all)")


def _kill(root: Path, given: argparse.Namespace) -> int:
    """Write the page, or print the rows asked for.

    Returns 1 where the files say other than what came of a fault, or of a file of cases.
    """
    mutants = root / MUTANTS
    faults = load_faults(root, mutants)
    if given.fault:
        return _print(root, faults, given)
    made = made_of(root)
    found = list(progress(rows(root, faults, given.jobs), "mutants", len(faults)))
    cases, stays = put(root), load_stays(root, mutants)
    write(root, {page.PAGE: page.text(found, cases, stays, made)})
    lines = [*_wrong(found), *page.unexplained(found, cases, stays)]
    tell(*lines)
    return int(bool(lines))


def _wrong(found: Sequence[Row]) -> Iterator[str]:
    """Each fault of which the files say other than what came of it."""
    for row in found:
        fault, told = row.fault, f"{row.fault.id}: told by {len(row.kills)} cases"
        if fault.equivalent and row.kills:
            yield f"{told}, so it is a fault"
        if row.open and not fault.awaits:
            yield f"{told}: add cases, or say what it awaits"
        if row.told and fault.awaits:
            yield f"{told}, so it awaits none"


def _print(root: Path, faults: tuple[Fault, ...], given: argparse.Namespace) -> int:
    chosen = [one for one in faults if any(fnmatchcase(one.id, glob) for glob in given.fault)]
    if not chosen:
        raise CommandError(f"{' '.join(given.fault)}: no fault of this id")
    left = False
    for row in rows(root, chosen, min(given.jobs, len(chosen))):
        left = left or row.open
        tell(f"{row.fault.id}: {row.fault.about} Told by {len(row.kills)} cases.")
        for kill in row.kills:
            tell(f"  {kill.case}: {', '.join(kill.claims)}")
    return int(left)


KILL = Command("put the suite to wrong layers; write docs/kill-matrix.md", _kill, _arguments)
