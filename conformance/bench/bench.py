"""The suite's wall time over that of a bare loop of the same adapter calls, measured in one run."""

import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.casefile.load import load_cases
from conformance.lstm.sample import draw
from conformance.process.framework import Framework
from conformance.process.host import Host, request
from conformance.session.run import select

REPEATS = 3


def table(root: Path, frameworks: Sequence[Framework]) -> Iterator[str]:
    """A table: seconds of the suite, of the loop, and their ratio, medians of `REPEATS` runs."""
    yield f"{'framework':<16}{'suite s':>9}{'loop s':>9}{'ratio':>8}"
    for framework in frameworks:
        suite, loop = _measured(root, framework)
        yield f"{framework.label:<16}{suite:>9.2f}{loop:>9.2f}{suite / loop:>8.2f}"


def _measured(root: Path, framework: Framework) -> tuple[float, float]:
    host = Host(framework, root, timeout=120)
    cases = select(load_cases(root), (), ())
    asked = [request(host.convention(), case, draw(case)) for case in cases]
    host.close()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests"
        file.write_bytes(pickle.dumps(asked))
        python = [sys.executable, "-m"]
        suite = [*python, "pytest", "-q", "--framework", framework.label]
        bare = [*python, "conformance.bench.loop", framework.module, str(file)]
        times = [(_seconds(suite, root), _seconds(bare, root)) for _ in range(REPEATS)]
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def _seconds(command: Sequence[str], root: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return seconds
