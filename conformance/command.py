"""A command of ``python -m conformance``: what a room brings, and how its files are written."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from conformance import outfile, plain

Item = TypeVar("Item")
ALL = sys.maxsize  # lines: of what a command tells, none is left out


class CommandError(Exception):
    """A command cannot do what it was asked for; the message is one line."""


@dataclass(frozen=True)
class Command:
    """One command: its line of help, its arguments, and what it does with a tree at a root.

    `run` returns the exit status.
    """

    about: str
    run: Callable[[Path, argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None


def tell(*lines: object, error: bool = False) -> None:
    """Prints lines, on stderr where they tell of an error; see `conformance.plain`."""
    for one in lines:
        print(plain.lines(one, ALL), file=sys.stderr if error else sys.stdout, flush=True)


def order(*lines: str) -> None:
    """Prints orders to the runner of a workflow, in which the caller has escaped all data."""
    print(*lines, sep="\n", flush=True)


def count(text: str) -> int:
    """A whole number from 1, as an argument of a command."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def write(root: Path, files: Mapping[Path, str]) -> int:
    """Write every generated file below `root` and print their paths; return 0.

    Raises CommandError before the first where one of them cannot be written.
    """
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if why := outfile.refusal(root / path):  # of all, before the first is written
            raise CommandError(f"{root / path}: {why}")
    for path, text in files.items():
        outfile.write(root / path, text)
        tell(root / path)
    return 0


def progress(items: Iterable[Item], doing: str, total: int | None = None) -> Iterable[Item]:
    """`items` one by one, with a bar on stderr where that is a terminal."""
    console, doing = Console(stderr=True), escape(plain.line(doing))
    return track(
        items,
        escape(plain.line(doing)),
        total,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
