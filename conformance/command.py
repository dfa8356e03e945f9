"""A command of ``python -m conformance``: what a room brings, and how its files are written."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from conformance import outfile

Item = TypeVar("Item")


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
        print(root / path)
    return 0


def progress(items: Iterable[Item], doing: str, total: int | None = None) -> Iterable[Item]:
    """`items` one by one, with a bar on stderr where that is a terminal."""
    console = Console(stderr=True)
    return track(
        items, doing, total, console=console, transient=True, disable=not console.is_terminal
    )
