"""A file that is written: whole or not at all, behind links, and only where a file may stand."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
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


def write(path: Path, text: str) -> None:
    """Writes `text` as UTF-8. Raises as `whole` does."""
    with whole(path) as file:
        file.write(text.encode())


def _behind(path: Path) -> Path:
    return Path(os.path.realpath(path))
