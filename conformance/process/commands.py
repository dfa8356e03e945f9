"""``python -m conformance cover``, ``coverage`` and ``interpreter``: by what adapters declare."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from conformance.casefile.array import ARRAYS, case_of, made, text
from conformance.casefile.cover import Count, counts
from conformance.casefile.load import load_cases
from conformance.casefile.suggest import hint
from conformance.command import Command, CommandError, progress, tell, write
from conformance.process import interpreter
from conformance.process.framework import find, shipped
from conformance.process.pinned import lacks

FEW = 3  # of what is missing, told of each adapter where none is named


def arrays(root: Path, anew: bool = False) -> dict[Path, str]:
    """The text of each covering array by its path below `root`.

    Rows that are there and of use stay, so that their ids do; `anew` begins without them.
    """
    gaps, cases = lacks(root), load_cases(root)
    written = {array.behaviour for array in ARRAYS}
    counted = [case for case in cases if case.behaviour not in written]
    files = {}
    for array in ARRAYS:
        kept = [case for case in cases if case.behaviour == array.behaviour and not anew]
        *_, rows = progress(made(array, gaps, array.counting(counted), kept), array.behaviour)
        files[Path("cases", f"{array.behaviour}.yaml")] = text(array, rows)
        counted += [case_of(array, row) for row in rows]
    return files


def coverage(root: Path) -> dict[str, dict[str, Count]]:
    """By adapter and array, how much is met of what is to meet."""
    gaps, cases = lacks(root), load_cases(root)
    found: dict[str, dict[str, Count]] = {name: {} for name in gaps}
    for array in ARRAYS:
        for name, count in counts(array.goals, array.counting(cases), gaps).items():
            found[name][array.behaviour] = count
    return found


def table(found: Mapping[str, Mapping[str, Count]]) -> list[str]:
    """The lines of a table: adapters by arrays, each with what is met and of how much."""
    names = [array.behaviour.removeprefix("coverage-") for array in ARRAYS]
    wide = max(map(len, found))
    lines = [f"{'':{wide}}" + "".join(f"{name:>16}" for name in names)]
    for adapter, of_array in found.items():
        cells = [f"{count.met} of {count.possible}" for count in of_array.values()]
        lines.append(f"{adapter:{wide}}" + "".join(f"{cell:>16}" for cell in cells))
    return lines


def missing(found: Mapping[str, Mapping[str, Count]], most: int) -> list[str]:
    """Lines on what is met by no case, of each adapter and array `most` at the most."""
    lines = []
    for adapter, of_array in found.items():
        for array in ARRAYS:
            goals = of_array[array.behaviour].missing
            said = [told(array.goals.told(goal)) for goal in goals[:most]]
            if more := len(goals) - len(said):
                said.append(f"and {more:,} more: python -m conformance coverage {adapter}")
            lines += [f"{adapter}: {array.behaviour}: {one}" for one in said]
    return lines


def told(values: Mapping[str, object]) -> str:
    """Values by the names of their options, in a line."""
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def _cover_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--anew", action="store_true", help="without the rows that are there")


def _cover(root: Path, given: argparse.Namespace) -> int:
    return write(root, arrays(root, given.anew))


def _coverage_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "adapter", nargs="*", metavar="NAME", help="of these alone, and all they miss"
    )


def _coverage(root: Path, given: argparse.Namespace) -> int:
    """Print the table and then what is missing; return 1 where anything is."""
    known = shipped(root)
    if unknown := [name for name in given.adapter if name not in known]:
        raise CommandError(f"{unknown[0]}: no such adapter{hint(unknown[0], known)}")
    found = coverage(root)
    found = {name: found[name] for name in given.adapter or found}
    left = missing(found, sys.maxsize if given.adapter else FEW)
    tell(*table(found), *left)
    return 1 if left else 0


def _interpreter_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("adapter", metavar="NAME")
    parser.add_argument("folder", type=Path, metavar="FOLDER")


def _interpreter(root: Path, given: argparse.Namespace) -> int:
    (framework,) = find(root, [given.adapter], missing=True)
    if given.folder.exists() and not given.folder.is_dir():
        raise CommandError(f"{given.folder}: there is a file of this name")
    return interpreter.create(root, framework, given.folder)


COVER = Command("write cases/coverage-*.yaml for what the adapters have", _cover, _cover_arguments)
COVERAGE = Command(
    "which pairs, triples and extreme sizes each adapter meets", _coverage, _coverage_arguments
)
INTERPRETER = Command(
    "a virtual environment with the packages of one adapter alone",
    _interpreter,
    _interpreter_arguments,
)
