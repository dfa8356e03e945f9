"""Observations for tests: what the right adapter gives, and the same with something changed."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from adapters.contract import Dimensions, Layer
from conformance.lstm.case import Case
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import Observation, observe

ROOT = Path(__file__).resolve().parents[2]
RIGHT = "tests.harness.adapters.right"
SEQUENCES = Case(
    id="guide-sequences",
    behaviour="guide",
    about="A worked example.",
    source="https://example.org/guide",
    where="cases/guide.yaml:7",
    layer=Layer(),
    dimensions=Dimensions(batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4),
    expect={"output": (2, 5, 4), "h_n": (1, 2, 4), "c_n": (1, 2, 4)},
)
TOO_WIDE = dataclasses.replace(
    SEQUENCES,
    id="bad-input-feature-too-wide",
    expect={},
    must_reject=True,
    feed={"input": (2, 5, 4)},
)


def observed(case: Case = SEQUENCES, **changes: Any) -> Observation:
    """Return what the right adapter does with `case`, and `changes` in place of what was seen."""
    framework = Framework("right", RIGHT, "", {"numpy": "2.4.6"})
    seen = observe(Host(framework, ROOT, timeout=30, in_process=True), case)
    return dataclasses.replace(seen, **changes)


def with_results(**changes: Any) -> Observation:
    """Return what the right adapter does, and each result that is named changed by a function."""
    seen = observed()
    assert seen.results is not None
    results = {name: np.array(array) for name, array in seen.results.items()}
    return dataclasses.replace(
        seen, results=results | {name: change(results) for name, change in changes.items()}
    )
