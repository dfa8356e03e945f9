"""Weights carry over: of every two frameworks, one runs what the other was given.

The source runs with weights of its own, the target with what ``python -m conformance convert``
makes of them, and both must give the same numbers. Ids are ``case-target-from-source``.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.contract import Layer
from conformance.__main__ import main
from conformance.convention.convention import canonical_results, native_weights, offset
from conformance.lstm import envelope
from conformance.lstm.case import Case, Dimensions
from conformance.lstm.sample import draw
from conformance.process.child import unpacked
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.session.run import RUN, Run

SIZES = {"batch_size": 2, "time_steps": 5, "embedding_dim": 3, "hidden_units": 4}
STACK = Case("stack", "convert", "", "", "", Layer(), Dimensions(**SIZES, num_layers=2))
BOTH = Case("both", "convert", "", "", "", Layer(bidirectional=True), Dimensions(**SIZES))


@dataclass(frozen=True)
class Ran:
    """What a framework made of one case."""

    weights: dict[str, Any]
    results: dict[str, Any]


def ran(host: Host, case: Case, weights: dict[str, Any] | None = None) -> Ran:
    """Run `case` with `weights`, or with those drawn for it."""
    convention, sample = host.convention(), draw(case)
    where = convention, case.layer, case.dimensions
    if weights is None:
        native = native_weights(*where, offset(convention, sample.weights, -1))
        weights = {name: one.astype(np.float32) for name, one in native.items()}
    parts = host.ask(case, sample, weights)
    assert "down" not in parts, parts["down"]
    results = {name: unpacked(one) for name, one in parts["results"].items()}
    return Ran(weights, canonical_results(*where, results))


@pytest.fixture(scope="session")
def source_ran(run: Run) -> Callable[[Framework, Case], Ran]:
    """Each source's own run, once."""

    @cache
    def own(framework: str) -> dict[str, Ran]:
        (found,) = (one for one in run.installed if one.label == framework)
        host = Host(found, run.root, run.timeout)
        try:
            return {case.id: ran(host, case) for case in (STACK, BOTH) if not found.gap(case.layer)}
        finally:
            host.close()

    return lambda framework, case: own(framework.label)[case.id]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every ordered pair of frameworks, on each layer that both have."""
    installed = metafunc.config.stash[RUN].installed
    asked = [
        pytest.param(target, source, case, id=f"{case.id}-{target.label}-from-{source.label}")
        for case in (STACK, BOTH)
        for target, source in itertools.permutations(installed, 2)
        if not target.gap(case.layer) and not source.gap(case.layer)
    ]
    metafunc.parametrize(("target", "source", "case"), asked)


def test_carried_over(
    run: Run,
    target: Framework,
    source: Framework,
    case: Case,
    source_ran: Callable[[Framework, Case], Ran],
    tmp_path: Path,
) -> None:
    """Converted weights give in the target what the source's own gave there."""
    before = source_ran(source, case)
    file, converted = tmp_path / "weights.npz", tmp_path / "converted.npz"
    np.savez(file, **before.weights)
    names = ["--from", source.name, "--to", target.name]
    assert main(["convert", *names, "--output", str(converted), str(file)], run.root) == 0
    with np.load(converted) as arrays:
        after = ran(run.host(target), case, dict(arrays))
    allowed = envelope.results(case.layer, draw(case))
    for name, array in before.results.items():
        error = np.abs(array - after.results[name])
        assert (error <= 2 * allowed[name]).all(), name  # each side may be off by as much
