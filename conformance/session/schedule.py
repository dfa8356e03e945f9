"""Which xdist worker runs what: a framework stays on as few workers as keep all of them busy.

Importing a framework costs seconds and a case a fraction of one, so a worker first goes on with a
framework that it has, then takes one that nobody has, and joins another worker's only where enough
of it is left. xdist's own ``--dist loadgroup`` does not group under pytest 9.2
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import chain
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
        self._framework_of = cache(self._label_of)  # asked of the whole queue at each hand-out

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
        fatal: str | None = next(
            (name for unit in workload.values() for name, done in unit.items() if not done), None
        )
        if fatal is None:
            return None
        for scope, unit in workload.items():
            rest = {name: done for name, done in unit.items() if not done and name != fatal}
            if rest:
                self.workqueue[scope] = rest
        for other in self.nodes:
            self._reschedule(other)
        return fatal

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        # A worker starts a test once it knows the next one: left with a single one it would wait.
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = self._choose(node)
        if scope is None:
            node.shutdown()
            return
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

    def _choose(self, node: WorkerController) -> str | None:
        """The next piece of work for `node`; None where the rest is not worth another import."""
        left: dict[str, list[str]] = {}
        for scope, unit in self.workqueue.items():
            left.setdefault(self._framework_of(next(iter(unit))), []).append(scope)
        owners = Counter(
            framework
            for other in self.nodes
            if not other.shutting_down
            for framework in self._frameworks_of(other)
        )
        mine = {"", *self._frameworks_of(node)}  # tests of no framework import none
        most = sorted(left, key=lambda framework: -len(left[framework]))
        return next(
            chain(
                (left[framework][0] for framework in left if framework in mine),
                (left[framework][0] for framework in most if not owners[framework]),
                (
                    left[framework][0]
                    for framework in most
                    if len(left[framework]) >= WORTH_AN_IMPORT * (owners[framework] + 1)
                ),
            ),
            None,
        )

    def _frameworks_of(self, node: WorkerController) -> set[str]:
        return {self._framework_of(next(iter(unit))) for unit in self.assigned_work[node].values()}
