"""A command of ``python -m conformance``: what a room brings, and how its files are written."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

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


def write(root: Path, files: Mapping[Path, str]) -> int:
    """Write every generated file below `root` and print their paths; return 0."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        print(target)
    return 0


def progress(items: Iterable[Item], doing: str, total: int | None = None) -> Iterable[Item]:
    """`items` one by one, with a bar on stderr where that is a terminal."""
    console = Console(stderr=True)
    return track(
        items, doing, total, console=console, transient=True, disable=not console.is_terminal
    )
