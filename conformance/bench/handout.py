"""How long the scheduler takes to hand out a run, by the number of its tests: on played workers."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from xdist.remote import Producer

from conformance.session.schedule import FrameworkScheduling

SIZES = (5_000, 10_000, 20_000)
FRAMEWORKS, CLAIMS, WORKERS = 20, 4, 4


@dataclass(eq=False)
class _Worker:
    """A worker that runs a test in no time."""

    queue: deque[int] = field(default_factory=deque)
    shutting_down: bool = False
    gateway: Any = field(default_factory=lambda: SimpleNamespace(id="gw"))

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        self.queue.extend(indices)

    def shutdown(self) -> None:
        self.shutting_down = True


def table() -> Iterator[str]:
    """A table: tests, seconds, and microseconds a test, which are the same where it is linear."""
    yield f"{'tests':>8}{'seconds':>10}{'µs a test':>12}"
    for size in SIZES:
        seconds = _seconds(size)
        yield f"{size:>8,}{seconds:>10.2f}{1e6 * seconds / size:>12.0f}"


def _seconds(size: int) -> float:
    labels = [f"framework{number}" for number in range(FRAMEWORKS)]
    cases = range(size // FRAMEWORKS // CLAIMS)
    tests = [
        f"t.py::test_{claim}[{label}-case-{case}]"
        for label in labels
        for case in cases
        for claim in range(CLAIMS)
    ]
    config: Any = SimpleNamespace(
        getvalue={"tx": ["popen"] * WORKERS, "loadgroup": False}.get,
        option=SimpleNamespace(loadscopereorder=True),
    )
    workers: list[Any] = [_Worker() for _ in range(WORKERS)]
    start = time.perf_counter()
    scheduler = FrameworkScheduling(config, Producer("scheduler", enabled=False), labels)
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    ran = 0
    while any(worker.queue for worker in workers):
        for worker in workers:
            if worker.queue:
                scheduler.mark_test_complete(worker, worker.queue.popleft())
                ran += 1
    if ran != len(tests):
        raise AssertionError(f"{ran} of {len(tests)} tests were handed out")
    return time.perf_counter() - start
