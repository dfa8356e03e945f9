"""Which xdist worker runs what: a framework stays on as few workers as keep all of them busy.

Importing a framework costs seconds and a case a fraction of one, so a worker first goes on with a
framework that it has, then takes one that nobody has, and joins another worker's only where enough
of it is left. xdist's own ``--dist loadgroup`` does not group under pytest 9.2
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from collections import Counter, deque
from collections.abc import Sequence
from functools import cache
from itertools import chain, count
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController

WORTH_AN_IMPORT = 8  # cases left for each worker, the newcomer among them


class FrameworkScheduling(LoadScopeScheduling):
    """Hands out one case at a time: all claims on one observation go to one worker."""

    def __init__(self, config: pytest.Config, log: Any, labels: Sequence[str]) -> None:
        """`labels` are those of the run's frameworks, with which the ids of its tests begin."""
        super().__init__(config, log)
        # "keras-jax" before "keras": the longest label that fits is meant.
        self._labels = sorted(labels, key=len, reverse=True)
        self._framework_of = cache(self._label_of)
        # The queue by framework, each piece with its place in the whole: to look over all that is
        # left at each hand-out would take the square of its length.
        self._left: dict[str, deque[tuple[int, str]]] = {}
        self._places = count()
        self._held: dict[WorkerController, set[str]] = {}  # the frameworks that each has had
        self._index: dict[str, int] = {}  # of each test in the collection

    def _label_of(self, nodeid: str) -> str:
        name = nodeid.partition("[")[2]
        return next((label for label in self._labels if name.startswith(f"{label}-")), "")

    def _split_scope(self, nodeid: str) -> str:
        # test_shapes[torch-guide-plain] and test_values[torch-guide-plain] share an observation;
        # tests of no framework share their file's fixtures.
        if self._framework_of(nodeid):
            return nodeid.partition("[")[2]
        return str(super()._split_scope(nodeid))

    def remove_node(self, node: WorkerController) -> str | None:
        """Takes back the work of a worker that is gone, and returns the test that it died of.

        That test is not handed on: xdist's own scheduler has it kill one worker after another.
        """
        workload = self.assigned_work.pop(node)
        self._held.pop(node, None)
        fatal: str | None = next(
            (name for unit in workload.values() for name, done in unit.items() if not done), None
        )
        if fatal is None:
            return None
        for scope, unit in workload.items():
            rest = {name: done for name, done in unit.items() if not done and name != fatal}
            if rest:
                self.workqueue[scope] = rest
                self._enqueue(scope)
        for other in self.nodes:
            self._reschedule(other)
        return fatal

    def mark_test_complete(
        self,
        node: WorkerController,
        item_index: int,
        duration: float = 0,  # noqa: ARG002 (xdist's)
    ) -> None:
        """Takes note of a test that ran. A piece of work that is done is no longer kept."""
        nodeid = self.registered_collections[node][item_index]
        work, scope = self.assigned_work[node], self._split_scope(nodeid)
        work[scope][nodeid] = True
        if all(work[scope].values()):
            del work[scope]
        self._reschedule(node)

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        # A worker starts a test once it knows the next one: left with a single one it would wait.
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not self._index:
            self._begin()
        framework = self._choose(node)
        if framework is None:
            node.shutdown()
            return
        _, scope = self._left[framework].popleft()
        if not self._left[framework]:
            del self._left[framework]
        self._held.setdefault(node, set()).add(framework)
        unit = self.assigned_work[node][scope] = self.workqueue.pop(scope)
        node.send_runtest_some([self._index[name] for name in unit])

    def _begin(self) -> None:
        """Takes in the collection and the queue that xdist made of it."""
        self._index = {name: place for place, name in enumerate(self.collection)}
        for scope in self.workqueue:
            self._enqueue(scope)

    def _enqueue(self, scope: str) -> None:
        framework = self._framework_of(next(iter(self.workqueue[scope])))
        self._left.setdefault(framework, deque()).append((next(self._places), scope))

    def _choose(self, node: WorkerController) -> str | None:
        """Of which framework `node` gets more; None where the rest is not worth another import."""
        owners = Counter(
            framework
            for other in self.nodes
            if not other.shutting_down
            for framework in self._held.get(other, ())
        )
        mine = {"", *self._held.get(node, ())}  # tests of no framework import none
        left = sorted(self._left, key=lambda framework: self._left[framework][0])
        most = sorted(left, key=lambda framework: -len(self._left[framework]))
        return next(
            chain(
                (framework for framework in left if framework in mine),
                (framework for framework in most if not owners[framework]),
                (
                    framework
                    for framework in most
                    if len(self._left[framework]) >= WORTH_AN_IMPORT * (owners[framework] + 1)
                ),
            ),
            None,
        )
