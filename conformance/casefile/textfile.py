"""A text file, read whole: regular, of bounded size, in UTF-8."""

import codecs
import stat
from pathlib import Path

from conformance.casefile.document import Place, Problem

MAX_BYTES = 1_048_576


class TextFileError(Exception):
    """A file that cannot be read as text; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        """Take the one problem that ended the reading."""
        super().__init__(problem)
        self.problem = problem


def read(path: Path, most: int = MAX_BYTES) -> str:
    """Return the text of the file at `path`, less a byte order mark.

    Raises TextFileError: not a regular file, unreadable, larger than `most` bytes, or not UTF-8.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise TextFileError(Problem(Place(1, 1), "not a regular file"))
        if status.st_size > most:
            size = f"the file has {status.st_size:,} bytes, more than the {most:,} allowed"
            raise TextFileError(Problem(Place(1, 1), size))
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise TextFileError(Problem(Place(1, 1), reason)) from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        before = data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()
        text = f"not UTF-8: byte 0x{data[error.start]:02x}"
        raise TextFileError(Problem(Place(line, len(before) + 1), text)) from None
