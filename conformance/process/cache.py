"""What a framework compiles, kept between runs: a folder for each process, joined as it ends.

A framework that writes a file where others read may hand them half of one, and a process that dies
leaves a half for good. So each process works in a folder of its own, which begins with links to all
that is kept, and what it adds is kept once it has answered all that it was asked. Files are written
once and never changed: what stands in a file's name is all that it depends on.
"""

import contextlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LEFT = 24 * 3600.0  # seconds after which a folder of one process was left there by a run that died


@dataclass(frozen=True)
class Cache:
    """The folder of one process, and the one that is kept."""

    kept: Path
    own: Path

    def close(self, keep: bool) -> None:
        """Removes the process's own folder; what is new there is kept where `keep`."""
        with contextlib.suppress(FileNotFoundError):  # another run may clear pytest's cache
            if keep and (new := _names(self.own) - _names(self.kept)):
                self.kept.mkdir(parents=True, exist_ok=True)
                for name in new:
                    (self.own / name).replace(self.kept / name)  # in one step, all of it
        shutil.rmtree(self.own, ignore_errors=True)


def lend(folder: Path, key: str) -> Cache:
    """A folder for one process, in `folder`, with all that is kept under `key`."""
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    cache = Cache(folder / key, Path(tempfile.mkdtemp(prefix=".process-", dir=folder)))
    for name in _names(cache.kept):
        try:
            os.link(cache.kept / name, cache.own / name)
        except OSError:  # a file system without links
            shutil.copyfile(cache.kept / name, cache.own / name)
    return cache


def size(folder: Path) -> int:
    """The bytes that are kept in `folder`."""
    kept = (file for key in folder.glob("[!.]*") for file in key.glob("*"))
    return sum(file.stat().st_size for file in kept)


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()} if folder.is_dir() else set()


def _sweep(folder: Path) -> None:
    for left in folder.glob(".process-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left, ignore_errors=True)
