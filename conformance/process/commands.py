"""``python -m conformance cover`` and ``interpreter``: what needs the adapters' declarations."""

import argparse
from pathlib import Path

from conformance.casefile import cover
from conformance.command import Command, write
from conformance.process import interpreter
from conformance.process.framework import find


def _cover(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (it has no arguments)
    return write(root, cover.files())


def _interpreter_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("adapter", metavar="NAME")
    parser.add_argument("folder", type=Path, metavar="FOLDER")


def _interpreter(root: Path, given: argparse.Namespace) -> int:
    (framework,) = find(root, [given.adapter], missing=True)
    return interpreter.create(root, framework, given.folder)


COVER = Command("write cases/coverage-*.yaml; needs covertable", _cover)
INTERPRETER = Command(
    "a virtual environment with the packages of one adapter alone",
    _interpreter,
    _interpreter_arguments,
)
