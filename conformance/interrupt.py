"""SIGTERM and SIGHUP end a run as Ctrl-C does: what was seen is written, what is open closed."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


def listen() -> tuple[signal.Signals, ...]:
    """Has both raise KeyboardInterrupt, once; returns those that do. `deafen` undoes it.

    One that is ignored, as under nohup, or that somebody else has a use for, stays as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        return ()
    ours = tuple(one for one in ENDING if signal.getsignal(one) is signal.SIG_DFL)

    def interrupt(number: int, _: FrameType | None) -> None:
        for one in ours:  # the second would cut short what the first has begun
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    for one in ours:
        signal.signal(one, interrupt)
    return ours


def deafen(heard: tuple[signal.Signals, ...]) -> None:
    """Gives the signals their usual meaning again."""
    for one in heard:
        signal.signal(one, signal.SIG_DFL)


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """The same for as long as a block lasts."""
    heard = listen()
    try:
        yield
    finally:
        deafen(heard)
