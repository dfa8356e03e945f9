"""A process that does not outlive the one that started it, whatever it is at.

Runs in the adapter's own interpreter too, so it imports the standard library alone.
"""

import contextlib
import os
import sys

PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def die_with(number: int) -> None:
    """Has the kernel send this process a signal as its parent dies; Linux alone can.

    Elsewhere it ends once it sees its pipe closed, for which it needs the interpreter's lock.
    """
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):  # a Python built without
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def lead_group() -> None:
    """Makes this process the leader of a group, so that whoever ends it ends its children too."""
    with contextlib.suppress(OSError, AttributeError):  # it leads one, or the system has none
        os.setsid()
