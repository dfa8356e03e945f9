"""The matrix: every fault with the cases and claims that tell it, found in several processes."""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from conformance.casefile.load import load_cases
from conformance.command import CommandError
from conformance.kill.fault import Fault, layer_file
from conformance.kill.ground import Ground
from conformance.kill.mutant import importable, mutated, touched
from conformance.kill.trial import ENOUGH, Kill, killed
from conformance.lstm.case import Case


@dataclass(frozen=True)
class Row:
    """One fault, and every case that tells it."""

    fault: Fault
    kills: tuple[Kill, ...]

    @property
    def told(self) -> bool:
        """Whether as many cases as are asked for tell it."""
        return len(self.kills) >= ENOUGH

    @property
    def open(self) -> bool:
        """Whether it is a fault, and too few cases tell it."""
        return not self.told and not self.fault.equivalent


def put(root: Path) -> tuple[Case, ...]:
    """The cases that mutants are put to: a search draws cases of its own."""
    return tuple(case for case in load_cases(root) if "search" not in case.tags)


def rows(root: Path, faults: Sequence[Fault], jobs: int) -> Iterator[Row]:
    """The row of each of `faults`, in their order, by so many processes.

    Raises CommandError where the layer without a fault is not right.
    """
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        where = root, Path(folder)
        if jobs == 1:
            yield from map(_Worker(*where).row, faults)
            return
        with ProcessPoolExecutor(jobs, initializer=_begin, initargs=where) as processes:
            yield from processes.map(_row, faults)


class _Worker:
    """One process with the right layer's results, to which mutants come one after another."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._source = layer_file(root).read_text(encoding="utf-8")
        self._at = partial(importable, Path(tempfile.mkdtemp(dir=folder)))
        with self._at("right", self._source) as module:
            self._ground = Ground(root, module, put(root))
            self._ground.known(on_demand=False)
        # A second thread is worth nothing to products as small as these.
        threadpool_limits(1)

    def row(self, fault: Fault) -> Row:
        """Put one mutant to the cases."""
        lines = touched(self._source, fault)
        name = f"mutant_{fault.id.replace('-', '_')}"
        with self._at("right", self._source), self._at(name, mutated(self._source, fault)):
            return Row(fault, killed(self._ground, name, lines))


# Of this process, where it is one of several; or why it has none: what an initializer raises breaks
# the pool, and no one reads it.
_worker: _Worker | CommandError = CommandError("no process has begun")


def _begin(root: Path, folder: Path) -> None:
    global _worker
    try:
        _worker = _Worker(root, folder)
    except CommandError as error:
        _worker = error


def _row(fault: Fault) -> Row:
    if isinstance(_worker, CommandError):
        raise _worker
    return _worker.row(fault)
