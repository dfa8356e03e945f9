"""Which test is running, told while it runs for long: a run that is stuck says where.

A pytest plugin of the process that has the terminal; xdist hands on what its workers begin and end.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Event, Thread

import pytest

from conformance import plain

LONG = 10.0  # seconds until a test is told of, and again whenever it has run for twice as long
LOOK = 1.0  # seconds between two looks
FEW = 3  # failures that are named


class Watch:
    """Keeps what is running, and since when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is in seconds."""
        self._clock = clock
        self._began: dict[str, float] = {}
        self._due: dict[str, float] = {}  # seconds after which each is told of
        self._failed: list[str] = []
        self._ended = Event()

    def lines(self) -> Iterator[str]:
        """A line for each test that has run for so long that it is to be told of now."""
        for test, began in list(self._began.items()):
            spent = self._clock() - began
            if spent >= self._due.get(test, LONG):
                self._due[test] = 2 * max(spent, LONG)
                yield f"running for {spent:.0f} s: {plain.line(test)}; {_so_far(self._failed)}"

    def left(self) -> list[str]:
        """A line for each test that is running now."""
        now = self._clock()
        return [
            f"was running, for {now - began:.0f} s: {plain.line(test)}"
            for test, began in self._began.items()
        ]

    def start(self, descriptor: int) -> None:
        """Looks every second, and writes to a copy of `descriptor`, which no test captures."""
        out = os.dup(descriptor)

        def look() -> None:
            while not self._ended.wait(LOOK):
                for line in self.lines():
                    with suppress(OSError):
                        os.write(out, f"\n{line}\n".encode("utf-8", "backslashreplace"))
            os.close(out)

        Thread(target=look, daemon=True).start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Keeps when a test began."""
        self._began[nodeid] = self._clock()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps what failed."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Forgets a test that has ended."""
        self._began.pop(nodeid, None)
        self._due.pop(nodeid, None)

    def pytest_unconfigure(self) -> None:
        """Ends the thread."""
        self._ended.set()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Names what was running where the run was interrupted."""
        for line in self.left():
            terminalreporter.write_line(line, red=True)


def _so_far(failed: Sequence[str]) -> str:
    if not failed:
        return "none failed so far"
    last = ", ".join(plain.line(test.rpartition("::")[2]) for test in failed[-FEW:])
    more = ", the last " if len(failed) > FEW else ": "
    return f"{len(failed)} failed so far{more}{last}"
