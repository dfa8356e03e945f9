"""`conformance.upgrade.canary`: whether an adapter runs at all, and whose fault it is if not."""

from contextlib import closing
from dataclasses import replace

import pytest

from conformance.process.framework import find
from conformance.upgrade.canary import Canary, canaries, sung
from conformance.upgrade.observer import opened
from tests.harness.observed import TOO_WIDE
from tests.harness.upgrade.sides import ROOT, case


def heard(adapter: str, interpreter: str = "", **sizes: int) -> Canary | None:
    """Return what came of a case on an adapter of the harness."""
    (framework,) = find(ROOT, [f"tests.harness.adapters.{adapter}"])
    framework = replace(framework, interpreter=interpreter)
    with closing(opened(ROOT, framework, [case(**sizes)], timeout=20)) as run:
        return sung(run, "after")


@pytest.mark.parametrize(
    ("adapter", "outcome", "fault"),
    [
        ("refuses_everything", "raises RuntimeError: no kernel", "it refuses by itself"),
        ("looks_up_a_missing_name", "raises KeyError", "the adapter's fault: it uses what"),
        ("exits", "crashed: exit code 3", "the framework's fault: its process ended"),
    ],
)
def test_silent(adapter: str, outcome: str, fault: str) -> None:
    """A case that does not run says how that ended, and whose fault it looks like."""
    found = heard(adapter, time_steps=1)
    assert found is not None
    assert (found.side, outcome in found.outcome, fault in found.fault) == ("after", True, True), (
        found
    )


def test_no_process() -> None:
    """A process that does not come up is the environment's fault, and no framework's."""
    found = heard("right", "/nowhere/python")
    assert found is not None
    assert found.fault.startswith("the process did not come up")


def test_alive() -> None:
    """An adapter on which a case runs is alive."""
    assert heard("right") is None


def test_canaries() -> None:
    """The guide's cases come first; where there is no guide, those of right input do."""
    wide, other = (
        replace(TOO_WIDE, behaviour="bad-input"),
        replace(case("plain-x"), behaviour="plain"),
    )
    guide = [case(f"guide-{n}") for n in range(5)]
    assert canaries([wide, other, *guide]) == guide[:3]
    assert canaries([wide, other]) == [other]
