"""A file that is written: whole or not at all, behind links, and only where a file may stand."""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO


class OutfileError(OSError):
    """A path to which no file can be written; the message is one line."""


def refusal(path: Path) -> str | None:
    """Why no file can be written to `path`, so that it is told before the work; None where it can.

    What stands there, behind whatever links, is a regular file or nothing.
    """
    if not path.name:
        return "it names no file"
    target = _behind(path)
    try:
        if not stat.S_ISREG(target.stat().st_mode):
            return "not a regular file"
        if not os.access(target, os.W_OK):
            return "it may not be written to"
    except FileNotFoundError:
        pass
    except OSError as error:
        return error.strerror
    if not target.parent.is_dir():
        return "there is no such directory"
    return None if os.access(target.parent, os.W_OK) else "its directory may not be written to"


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once all is written; else what was there stays.

    Raises OutfileError where `refusal` has a reason, OSError where the disk is full.
    """
    if why := refusal(path):
        raise OutfileError(f"{path}: {why}")
    target = _behind(path)
    # Beside it, so that it takes its place in one step, under a name that nobody can foresee and
    # put a link at; no temporary file, which nobody but its owner could read.
    draft = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # some disks say only now that they are full
        with contextlib.suppress(FileNotFoundError):
            draft.chmod(stat.S_IMODE(target.stat().st_mode))
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def folder(path: Path, own: Callable[[Path], bool]) -> Iterator[Path]:
    """A folder, not there yet, that takes the place of `path` once all is written into it.

    What was there stays else. Raises OutfileError where `path` is a file, or a folder that is not
    empty and not `own`: nobody's folder is lost.
    """
    target = _behind(path)
    if why := folder_refusal(target, own):
        raise OutfileError(f"{path}: {why}")
    draft = target.with_name(f".{secrets.token_hex(8)}.part")
    before = draft.with_suffix(".before")
    try:
        yield draft
        if target.exists():
            target.rename(before)
        draft.rename(target)
    except BaseException:
        if before.exists() and not target.exists():
            before.rename(target)
        shutil.rmtree(draft, ignore_errors=True)
        raise
    shutil.rmtree(before, ignore_errors=True)


def folder_refusal(path: Path, own: Callable[[Path], bool]) -> str | None:
    """Why no folder can take the place of `path`; None where it can."""
    if not path.name:
        return "it names no folder"
    target = _behind(path)
    if not target.parent.is_dir():
        return "there is no such directory"
    if not os.access(target.parent, os.W_OK):
        return "its directory may not be written to"
    if target.is_dir():
        return None if own(target) or not any(target.iterdir()) else "a folder of other files"
    return "not a directory" if target.exists() else None


def write(path: Path, text: str) -> None:
    """Writes `text` as UTF-8. Raises as `whole` does."""
    with whole(path) as file:
        file.write(text.encode())


def _behind(path: Path) -> Path:
    return Path(os.path.realpath(path))
