"""Snippets: what an adapter says that its user would write runs, and gives what the adapter saw.

Each framework's snippets run in a process of its own, which has nothing of this project in it.
"""

import pickle
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.casefile.form import ON_DEMAND
from conformance.convention.convention import (
    canonical_results,
    native_inputs,
    native_weights,
    offset,
)
from conformance.lstm import envelope
from conformance.lstm.case import Case
from conformance.lstm.reference import lstm
from conformance.lstm.sample import Sample, draw
from conformance.pages.book import read
from conformance.pages.option import Asked
from conformance.pages.snippet import numbered, snippet
from conformance.process.framework import Framework, find
from conformance.process.host import Host
from conformance.process.observation import observe

ROOT = Path(__file__).resolve().parent.parent
BOOK = read(ROOT)
INSTALLED = {one.name: one for one in find(ROOT, []) if not one.missing}
# Small ones that have each option, and most pairs of what a snippet speaks of.
BEHAVIOURS = (
    "bidirectional",
    "guide",
    "initial-state",
    "last-output",
    "layout",
    "merge",
    "no-bias",
    "projection",
    "return-state",
    "reverse",
    "stacked-bidirectional",
    "variable-lengths",
)
FEW = 4
SECONDS = 120  # for one snippet: those that compile take long on a busy machine
RUN = """\
import pickle, runpy, sys
import numpy as np
def plain(one):
    one = one.detach() if hasattr(one, "detach") else one
    return np.asarray(one.numpy() if hasattr(one, "numpy") else one)
ended = []
for path, given in pickle.load(sys.stdin.buffer):
    results = runpy.run_path(path, given)["results"]
    ended.append({name: plain(one) for name, one in results.items()})
    with open(sys.argv[1], "wb") as file:
        pickle.dump(ended, file)
"""


def ran(framework: Framework, codes: list[tuple[str, dict[str, Any]]], folder: Path) -> list[Any]:
    """Return the results of each of `codes`, run in one process with the names that it is given.

    Each is a file, as its user has it, in a folder where it may write.
    """
    file = folder / "results"
    files = []
    for number, (code, given) in enumerate(codes):
        path = folder / f"snippet_{number}.py"
        path.write_text(code, encoding="utf-8")
        files.append((str(path), given))
    ended = subprocess.run(
        [framework.interpreter or sys.executable, "-c", RUN, str(file)],
        input=pickle.dumps(files),
        cwd=folder,
        capture_output=True,
        timeout=SECONDS * len(codes),
    )
    results = pickle.loads(file.read_bytes()) if file.exists() else []
    told = ended.stderr.decode(errors="replace")[-2000:]
    assert len(results) == len(codes), f"{codes[len(results)][0]}\n{told}"
    return results


def chosen(name: str) -> list[Case]:
    """Return a case for each layer that a framework agrees on and its snippet speaks of.

    Of a framework that is put to few of the small ones, others are taken as well.
    """
    found: dict[object, Case] = {}
    for case in sorted(BOOK.cases, key=lambda one: one.behaviour not in BEHAVIOURS):
        if case.behaviour not in BEHAVIOURS and len(found) >= FEW:
            break
        if case.run and not case.tags & ON_DEMAND and case.id in BOOK.put[name]:
            asked = Asked(case.layer, case.dimensions)
            right = case.id not in BOOK.pinned[name] and not case.must_reject
            if right and snippet(BOOK, name, asked):
                found.setdefault((case.layer, case.dimensions.num_layers > 1), case)
    return list(found.values())


def zeroed(case: Case) -> Sample:
    """Return a case's numbers as a snippet has them: of states zeros, and all lengths full."""
    sample, time = draw(case), case.dimensions.time_steps
    inputs = {
        name: np.full_like(array, time if name == "lengths" else 0) if name != "input" else array
        for name, array in sample.inputs.items()
    }
    return replace(sample, inputs=inputs)


@pytest.mark.parametrize("name", sorted(BOOK.snippets.keys() & INSTALLED.keys()))
def test_snippets(name: str, tmp_path: Path) -> None:
    """Every snippet gives results of the names and shapes that the adapter observed."""
    cases = chosen(name)
    assert len(cases) > 1
    codes = [snippet(BOOK, name, Asked(case.layer, case.dimensions)) for case in cases]
    given = ran(INSTALLED[name], [(code, {}) for code in codes], tmp_path)
    with closing(Host(INSTALLED[name], ROOT, 120)) as host:
        for case, code, results in zip(cases, codes, given, strict=True):
            observation = observe(host, case)
            assert observation.results is not None, observation.detail
            seen = {key: one.shape for key, one in observation.results.items()}
            shapes = {key: results[key].shape for key in seen if key in results}
            assert shapes == seen, f"{case.id}\n{code}"


@pytest.mark.parametrize("name", sorted(BOOK.snippets.keys() & INSTALLED.keys()))
def test_numbers(name: str, tmp_path: Path) -> None:
    """With weights loaded by the convention's own lines, the numbers are the reference's."""
    cases, codes = chosen(name), []
    convention = BOOK.convention(name)
    for case in cases:
        where, sample = (convention, case.layer, case.dimensions), zeroed(case)
        weights = native_weights(*where, offset(convention, sample.weights, -1))
        inputs = native_inputs(*where, {"input": sample.inputs["input"]})
        (array,) = (one.astype(np.float32) for one in inputs.values())
        weights = {key: one.astype(np.float32) for key, one in weights.items()}
        code = numbered(BOOK, name, Asked(case.layer, case.dimensions))
        codes.append((code, {"array": array, "weights": weights}))
    given = ran(INSTALLED[name], codes, tmp_path)
    for case, (code, _), results in zip(cases, codes, given, strict=True):
        sample = zeroed(case)
        right = lstm(case.layer, sample)
        got = canonical_results(convention, case.layer, case.dimensions, results)
        assert "output" in got, f"{case.id}\n{code}"
        limits = envelope.results(case.layer, sample)
        for key, array in got.items():
            error = np.abs(array - right[key])
            assert (error <= limits[key]).all(), f"{case.id}: {key} off by {error.max()}\n{code}"
