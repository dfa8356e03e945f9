"""A run that is stuck says where, while it is and where it is interrupted."""

import re
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.session.watch import Watch
from tests.harness.project import create

EVERY_MODE = pytest.mark.parametrize("options", [[], ["-n", "2"]])
STUCK = "tests/test_conformance.py::test_shapes[hangs-edge-one-step]"


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


def test_lines() -> None:
    """A test is told of when it has run for long, then when for twice as long, and not beyond."""
    clock, found = Clock(), []
    watch = Watch(clock)
    watch.pytest_runtest_logstart("a.py::test_x[one]")
    for clock.now in (9.0, 11.0, 12.0, 21.0, 23.0):
        found.append(list(watch.lines()))
    told = "running for {} s: a.py::test_x[one]; none failed so far".format
    assert found == [[], [told(11)], [], [], [told(23)]]
    watch.pytest_runtest_logfinish("a.py::test_x[one]")
    clock.now = 100.0
    assert list(watch.lines()) == []


def test_what_failed_so_far() -> None:
    """Beside what is running stands what has failed, the last few by name."""
    clock = Clock()
    watch = Watch(clock)
    for number in range(4):
        report: Any = SimpleNamespace(failed=True, nodeid=f"a.py::test_x[{number}]")
        watch.pytest_runtest_logreport(report)
    watch.pytest_runtest_logstart("a.py::test_y")
    clock.now = 10.0
    (line,) = watch.lines()
    assert line.endswith("; 4 failed so far, the last test_x[1], test_x[2], test_x[3]")


@EVERY_MODE
def test_stuck(options: list[str], tmp_path: Path) -> None:
    """The terminal names the case that a framework hangs in, before its time is up."""
    result = create(tmp_path, "hangs").run("--case-timeout", "13", *options)
    lines = [line for line in result.outlines if "running for" in line]
    assert re.fullmatch(rf"running for 1[0-3] s: {re.escape(STUCK)}; none failed so far", lines[0])
    first = next(n for n, line in enumerate(result.outlines) if " FAILURES " in line)
    assert result.outlines.index(lines[0]) < first
    assert not any("was running" in line for line in result.outlines)


@EVERY_MODE
def test_interrupted(options: list[str], tmp_path: Path) -> None:
    """Where a run is interrupted, its last lines name what was running."""
    with create(tmp_path, "hangs")._start(options, subprocess.PIPE) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "running for" in line)
        process.send_signal(signal.SIGINT)
        lines = process.stdout.read().splitlines()
    (line,) = [line for line in lines if "was running" in line]
    assert re.fullmatch(rf"was running, for \d+ s: {re.escape(STUCK)}", line)
