"""Weights carry over: of every two frameworks, one runs what the other was given.

The source runs with weights of its own, the target with what ``python -m conformance convert``
makes of them, and both must give the same numbers. Ids are ``target-from-source-case``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.contract import Layer
from conformance.__main__ import main
from conformance.claim.measure import tolerance
from conformance.convention.convention import canonical_results, native_weights, offset
from conformance.lstm.case import Case, Dimensions
from conformance.lstm.sample import draw
from conformance.process.child import unpacked
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.session.run import Run

SIZES = {"batch_size": 2, "time_steps": 5, "embedding_dim": 3, "hidden_units": 4}
STACK = Case("stack", "convert", "", "", "", Layer(), Dimensions(**SIZES, num_layers=2))
BOTH = Case("both", "convert", "", "", "", Layer(bidirectional=True), Dimensions(**SIZES))


@dataclass(frozen=True)
class Ran:
    """What a framework made of one case; a reason where it has no such layer."""

    weights: dict[str, Any]
    results: dict[str, Any]
    unsupported: str = ""


def ran(host: Host, case: Case, weights: dict[str, Any] | None = None) -> Ran:
    """Run `case` with `weights`, or with those drawn for it."""
    convention, sample = host.convention(), draw(case)
    where = convention, case.layer, case.dimensions
    if weights is None:
        native = native_weights(*where, offset(convention, sample.weights, -1))
        weights = {name: one.astype(np.float32) for name, one in native.items()}
    parts = host.ask(case, sample, weights)
    if "unsupported" in parts:
        return Ran({}, {}, parts["unsupported"])
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
            return {case.id: ran(host, case) for case in (STACK, BOTH)}
        finally:
            host.close()

    return lambda framework, case: own(framework.label)[case.id]


@pytest.mark.parametrize("case", [STACK, BOTH], ids=lambda case: case.id)
def test_carried_over(
    run: Run,
    pair: tuple[Framework, Framework],
    case: Case,
    source_ran: Callable[[Framework, Case], Ran],
    tmp_path: Path,
) -> None:
    """Converted weights give in the target what the source's own gave there."""
    target, source = pair
    before = source_ran(source, case)
    if before.unsupported:
        pytest.skip(f"{source.label}: {before.unsupported}")
    file, converted = tmp_path / "weights.npz", tmp_path / "converted.npz"
    np.savez(file, **before.weights)
    names = ["--from", source.name, "--to", target.name]
    assert main(["convert", *names, "--output", str(converted), str(file)], run.root) == 0
    with np.load(converted) as arrays:
        after = ran(run.host(target), case, dict(arrays))
    if after.unsupported:
        pytest.skip(f"{target.label}: {after.unsupported}")
    for name, array in before.results.items():
        error = np.abs(array - after.results[name]).max()
        assert error <= 2 * tolerance(case), name  # each side may be off by as much
