"""`conformance.claim.tried`: a gap that is none is found."""

import dataclasses
from collections.abc import Iterator

import pytest

from adapters.contract import ANY, Gap
from conformance.claim.tried import tried
from conformance.convention.gap import ONE, layers
from conformance.lstm.agreement import contradictions
from conformance.process.framework import Framework, find
from conformance.process.host import Host
from tests.harness.observed import ROOT

LINK = "https://example.org"
NEEDS_OTHERS = [{"merge": ANY}, {"keep_order": True}, {"layout": "unbatched", "bias": False}]


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """The process of a fake adapter."""
    opened = Host(fake(request.param), ROOT, timeout=30)
    yield opened
    opened.close()


def fake(name: str) -> Framework:
    """A fake adapter."""
    (framework,) = find(ROOT, [f"tests.harness.adapters.{name}"])
    return framework


@pytest.mark.parametrize("options", NEEDS_OTHERS)
def test_layers(options: dict) -> None:
    """A layer in a gap has what its options need beside them, and contradicts nothing."""
    gap = Gap(options, "why", LINK)
    first = next(layers(gap))
    assert not any(contradictions(first, ONE))


@pytest.mark.parametrize("host", ["right"], indirect=True)
@pytest.mark.parametrize("options", [{"bias": False}, *NEEDS_OTHERS])
def test_agreed(host: Host, options: dict) -> None:
    """A gap that the adapter runs, rightly, is told to be none."""
    found = tried(host, Gap(options, "why", LINK), ())
    assert (found.agreed, found.told) == (
        True,
        "ran and agreed: no gap, or an option that the adapter takes for another",
    )


@pytest.mark.parametrize("host", ["ignores_reverse"], indirect=True)
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"reverse": True, "keep_order": False}, "differs: values"),
        ({"keep_order": True, "reverse": True}, "differs: values"),
    ],
)
def test_differs(host: Host, options: dict, told: str) -> None:
    """A gap in which the adapter gives something else is one, and says what came."""
    found = tried(host, Gap(options, "why", LINK), ())
    assert not found.agreed
    assert found.told.startswith(told)


@pytest.mark.parametrize("host", ["right"], indirect=True)
def test_never_looked_at(host: Host) -> None:
    """Agreement on an option that the adapter does not read proves nothing."""
    found = tried(host, Gap({"execution": "predict"}, "why", LINK), ())
    assert found == dataclasses.replace(
        found, agreed=False, told="agreed, but the adapter never looks at execution"
    )


@pytest.mark.parametrize("host", ["knows_no_lengths"], indirect=True)
def test_not_carried(host: Host) -> None:
    """What the convention has no tensor for cannot be tried, and says so."""
    found = tried(host, Gap({"lengths": "given"}, "why", LINK), ())
    assert not found.agreed
    assert found.told == (
        "not to be tried: the convention does not carry it: the framework takes no lengths"
    )


@pytest.mark.parametrize("host", ["refuses_stacks"], indirect=True)
def test_refused(host: Host) -> None:
    """A refusal is what a gap should come to."""
    found = tried(host, Gap({"bias": False}, "why", LINK), ())
    assert (found.agreed, found.told.split(": the run")[0]) == (False, "rejected: shapes")
