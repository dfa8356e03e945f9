"""Which xdist worker runs what: a framework stays on as few workers as keep all of them busy.

Importing a framework costs seconds and a case a fraction of one, so a worker first goes on with a
framework that it has, then takes one that nobody has, and joins another worker's only where enough
of it is left. xdist's own ``--dist loadgroup`` does not group under pytest 9.2
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from collections import Counter
from collections.abc import Sequence
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

    def _framework_of(self, nodeid: str) -> str:
        name = nodeid.partition("[")[2]
        return next((label for label in self._labels if name.startswith(f"{label}-")), "")

    def _split_scope(self, nodeid: str) -> str:
        # test_shapes[torch-guide-plain] and test_values[torch-guide-plain] share an observation.
        return nodeid.partition("[")[2] if self._framework_of(nodeid) else nodeid

    def _reschedule(self, node: WorkerController) -> None:
        if not node.shutting_down and self.workqueue and self._choose(node) is None:
            node.shutdown()
        super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = self._choose(node) or next(iter(self.workqueue))
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

    def _choose(self, node: WorkerController) -> str | None:
        """The next piece of work for `node`; None where the rest is not worth another import."""
        first: dict[str, str] = {}
        left: Counter[str] = Counter()
        for scope, unit in self.workqueue.items():
            framework = self._framework_of(next(iter(unit)))
            first.setdefault(framework, scope)
            left[framework] += 1
        owners = Counter(
            framework
            for other, units in self.assigned_work.items()
            if not other.shutting_down
            for framework in {self._framework_of(next(iter(unit))) for unit in units.values()}
        )
        mine = {self._framework_of(next(iter(u))) for u in self.assigned_work[node].values()}
        for framework in left:
            if framework in mine:
                return first[framework]
        for framework, _ in left.most_common():
            if not owners[framework]:
                return first[framework]
        for framework, count in left.most_common():
            if count >= WORTH_AN_IMPORT * (owners[framework] + 1):
                return first[framework]
        return None
