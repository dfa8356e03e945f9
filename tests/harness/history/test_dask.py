"""``python -m conformance history --dask``: a cluster does it, also where a worker is killed."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from conformance.history.pool import REQUIREMENTS
from tests.harness.history.conftest import RUN
from tests.harness.upgrade.wheels import MAIN, Upgrades, made

THERE = importlib.util.find_spec("distributed") is not None
needs_distributed = pytest.mark.skipif(
    not THERE, reason="distributed is not installed: tox run -e dask has it"
)
WORKER = "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard"
SCHEDULER = "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"
HISTORY = "history", "frame", "--from", "1", "--to", "2.1", "--case", "plain-*"


@contextmanager
def process(upgrades: Upgrades, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a Python in the project, and end it with the test."""
    there = {"cwd": upgrades.project.root, "env": upgrades.settings, "text": True}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, *words], **there, **streams) as one:  # type: ignore[call-overload]
        try:
            yield one
        finally:
            one.kill()


@contextmanager
def cluster(upgrades: Upgrades, workers: int) -> Iterator[str]:
    """Run a scheduler and workers of one thread each; give the scheduler's address."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(process(upgrades, *SCHEDULER, "--no-dashboard"))
        assert scheduler.stderr is not None
        told = (re.search(r"Scheduler at:\s*(tcp:\S+)", line) for line in scheduler.stderr)
        address = next(found[1] for found in told if found)
        for _ in range(workers):
            stack.enter_context(process(upgrades, *WORKER, address))
        yield address


@needs_distributed
def test_killed_worker(recorded: Upgrades, tmp_path: Path) -> None:
    """Of two workers one is killed in mid-run: nothing is lost, and nothing is there twice."""
    import distributed

    upgrades = made(tmp_path)
    with ExitStack() as stack:
        address = stack.enter_context(cluster(upgrades, 2))
        client = stack.enter_context(distributed.Client(address, set_as_default=False))
        client.wait_for_workers(2, timeout=120)
        run = stack.enter_context(process(upgrades, "-c", MAIN, *HISTORY, "--dask", address))
        deadline = time.monotonic() + 120
        while not any(client.processing().values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        victim = next(worker for worker, jobs in client.processing().items() if jobs)
        os.kill(client.run(os.getpid, workers=[victim])[victim], signal.SIGKILL)
        _, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    ours, theirs = (one.project.root / "history" / "frame" for one in (upgrades, recorded))
    for release in RUN:
        assert len(re.findall(rf"^frame {release}: new", err, re.MULTILINE)) == 1
        name = f"{release}.jsonl.gz"
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    assert sorted(one.name for one in ours.iterdir()) == [f"{one}.jsonl.gz" for one in RUN]


@needs_distributed
def test_other_code(tmp_path: Path) -> None:
    """A worker whose checkout is another does nothing, and that is told."""
    upgrades, other = made(tmp_path / "ours"), made(tmp_path / "theirs")
    other.project.write("adapters/more.py", "")
    with cluster(other, 1) as address:
        done = upgrades.main(*HISTORY, "--dask", address)
    assert done.returncode == 2
    for release in RUN:
        told = f"{release}: a worker has other code: a checkout of the same is needed"
        assert done.stderr.count(told) == 1
    assert not (upgrades.project.root / "history").exists()


@needs_distributed
def test_no_scheduler(recorded: Upgrades) -> None:
    """An address at which no scheduler answers is one line."""
    done = recorded.main("history", "frame", "--from", "1", "--dask", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "--dask tcp://127.0.0.1:1: no scheduler answers: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(THERE, reason="distributed is installed")
def test_without_distributed(recorded: Upgrades) -> None:
    """Without the package one line says what to install, and nothing is done."""
    done = recorded.main("history", "frame", "--from", "1", "--dask", "tcp://127.0.0.1:1")
    told = f"distributed is not installed: pip install -r {REQUIREMENTS}"
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"--dask tcp://127.0.0.1:1: {told}"
