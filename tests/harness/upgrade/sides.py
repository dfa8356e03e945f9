"""Sides of an upgrade for tests: one fake before, another after, as versions of one framework."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from adapters.contract import Dimensions, Layer
from conformance.lstm.case import Case
from conformance.process.framework import find
from conformance.report import report
from conformance.report.report import Entry
from conformance.session.run import Run
from conformance.upgrade.observer import observed
from conformance.upgrade.pair import Pair, Side
from tests.harness.observed import SEQUENCES, TOO_WIDE

ROOT = Path(__file__).resolve().parents[3]
NAME = "fake"
VERSIONS = {"before": "1.0", "after": "2.0"}


def case(identity: str = "guide-sequences", **options: Any) -> Case:
    """Return a case of a layer with `options`; sizes go by their own names."""
    sizes = {
        name: options.pop(name) for name in list(options) if name in vars(SEQUENCES.dimensions)
    }
    layer = Layer(**options)
    dimensions = replace(SEQUENCES.dimensions, **sizes)
    lengths = (5, 3) if layer.lengths == "given" else ()
    expect = _expected(layer, dimensions)
    return replace(
        SEQUENCES, id=identity, layer=layer, dimensions=dimensions, lengths=lengths, expect=expect
    )


def _expected(layer: Layer, sizes: Dimensions) -> dict[str, tuple[int, ...]]:
    width = layer.num_outputs * sizes.hidden_units
    states = (sizes.num_layers * layer.num_directions, sizes.batch_size, sizes.hidden_units)
    output = (sizes.batch_size, sizes.time_steps, width)
    return {"output": output, "h_n": states, "c_n": states}


WRONG = replace(TOO_WIDE, id="bad-input-feature-too-wide")


@cache
def entry(adapter: str = "right", asked: str = "", **options: Any) -> Entry:
    """Return what an adapter of the harness does, as an entry of the framework `NAME`."""
    (found,) = find(ROOT, [f"tests.harness.adapters.{adapter}"])
    framework = replace(found, label=NAME)
    put = WRONG if asked == "wrong" else case(asked or "guide-sequences", **options)
    run = Run(ROOT, (framework,), (put,), (), (), timeout=30, in_process=True)
    ((one,),) = observed([run])
    return one


def pair(adapter: str, asked: str = "", before: str = "right", **options: Any) -> Pair:
    """Return the right adapter before, and another after."""
    return Pair(entry(before, asked, **options), entry(adapter, asked, **options))


def changed(**update: Any) -> Pair:
    """Return the right adapter on both sides, with something else in the entry after."""
    return Pair(entry(), entry().model_copy(update=update))


def side(when: str, *entries: Entry, label: str = NAME, complete: bool = True) -> Side:
    """Return one side with its entries, of version 1.0 before and 2.0 after."""
    header = report.Header(
        complete=complete,
        created="2026-01-01T00:00:00Z",
        python="3.11.1",
        platform="here",
        frameworks={
            label: report.Installed(
                module="x",
                interpreter="",
                versions={NAME: VERSIONS[when], "numpy": "2.4.6"},
                missing=(),
            )
        },
    )
    return Side(f"{when}.jsonl", header, entries)
