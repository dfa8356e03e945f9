"""The search: what it draws, what it finds in a wrong adapter, and how it tells it."""

from contextlib import closing
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import pytest

from conformance.casefile.load import load_cases
from conformance.claim import check
from conformance.claim.asked import asked
from conformance.claim.search import Search, drawn, search
from conformance.lstm.case import Case, Deviation, Instead
from conformance.process.framework import Framework, find
from conformance.process.host import Host
from conformance.process.observation import Observation, observe

ROOT = Path(__file__).resolve().parents[3]
(START,) = (case for case in load_cases(ROOT) if "search" in case.tags)
SIZES = {"batch_size": 2, "time_steps": 3, "embedding_dim": 2, "num_layers": 1}
FOUND = "average_not_halved"
ENOUGH = 1_000  # draws, of which one or two are of what it does wrong


def searched(adapter: str, *pins: Deviation, examples: int = 200) -> Search:
    """Search for what is wrong with a fake adapter."""
    (framework,) = find(ROOT, [f"tests.harness.adapters.{adapter}"])
    host = Host(framework, ROOT, timeout=30, in_process=True)
    claims = partial(asked, framework)
    return search(partial(observe, host), START, claims, pins, examples=examples, begin=1)


@lru_cache
def found() -> Search:
    """Search in an adapter that adds the directions where it should average them."""
    return searched(FOUND, examples=ENOUGH)


@pytest.mark.parametrize("adapter", ["right", "minimal"])
def test_right_adapter(adapter: str) -> None:
    """In a right adapter nothing is found, not what it leaves out either, and most draws ran."""
    result = searched(adapter)
    assert (result.case, result.ran > 20) == (None, True)


def test_gaps_are_not_drawn() -> None:
    """What the framework does not have is never asked for: it would be a finding at once."""
    (framework,) = find(ROOT, ["tests.harness.adapters.no_bias_layers"])
    drawn: list[Case] = []

    def watched(case: Case) -> Observation:
        drawn.append(case)
        return observe(host, case)

    host = Host(framework, ROOT, timeout=30, in_process=True)
    search(watched, START, partial(asked, framework), (), examples=50, begin=1)
    assert len(drawn) > 5
    assert all(case.layer.bias for case in drawn)


def test_found() -> None:
    """A mistake in one merge is found, with the claim that fails."""
    assert found().case is not None
    assert (found().claim, found().case.layer.merge) == ("values", "ave")


def test_shrunk() -> None:
    """What is found is shrunk: every size is 1, and no option is changed without need."""
    assert found().entry.splitlines() == [
        "  - id: bidirectional-merge-ave-b1-t1-e1-h4-l1",
        "    dimensions: {batch_size: 1, time_steps: 1, embedding_dim: 1, hidden_units: 4, "
        "num_layers: 1}",
        "    layer: {bidirectional: true, merge: ave}",
        "    tags: [degenerate]",
        "    expect: {output: [1, 1, 4], h_n: [2, 1, 4], c_n: [2, 1, 4]}",
    ]


def test_pasted(tmp_path: Path) -> None:
    """Pasted into a case file it loads, as the case that was found."""
    head = "behaviour: x\nabout: A finding.\nsource: https://example.org\ncases:\n"
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.yaml").write_text(head + found().entry + "\n", encoding="utf-8")
    (case,) = load_cases(tmp_path)
    assert found().case is not None
    assert (case.layer, case.dimensions) == (found().case.layer, found().case.dimensions)
    assert case.expect == found().case.expect


def test_pinned() -> None:
    """A failure with the outcome of a pinned one is known, and not told again."""
    outcomes = Instead("hung"), Instead("differs", {"output": "value"})
    pin = Deviation("x", "*", ("values", "gradients"), "x>=1", outcomes, "", "", "")
    assert searched(FOUND, pin, examples=ENOUGH).case is None


SEGFAULT = Deviation(
    "x", "*", tuple(check.CLAIMS), "x>=1", (Instead("crashed", {"detail": "SIGSEGV"}),), "", "", ""
)


@pytest.mark.parametrize(("pins", "claim"), [((SEGFAULT,), ""), ((), "shapes")])
def test_crashes(pins: tuple[Deviation, ...], claim: str) -> None:
    """Known crashes take no restart; of others there are so many, and the finding is told."""
    (framework,) = find(ROOT, ["tests.harness.adapters.segfaults"])
    with closing(Host(framework, ROOT, timeout=30)) as host, host.apart(2):
        result = search(
            partial(observe, host),
            START,
            partial(asked, framework),
            pins,
            examples=40,
            begin=1,
            explained=lambda case: host.explained(case.id),
            spent=lambda: host.spent,
        )
        starts, spent = host._starts, host.spent
    assert (result.claim, spent) == (claim, bool(claim))
    if pins:
        assert starts > 4
        assert result.ran > 20
    else:
        assert starts <= 20
        assert result.case is not None
        assert result.message == "crashed: SIGSEGV"


def test_unsteady_failure() -> None:
    """What fails now and then is told as it was found, and ends no run."""
    (framework,) = find(ROOT, ["tests.harness.adapters.right"])
    host = Host(framework, ROOT, timeout=30, in_process=True)
    seen: set[str] = set()

    def once(case: Case) -> Observation:
        observation = observe(host, case)
        if case.id in seen:
            return observation
        seen.add(case.id)
        return replace(observation, outcome="crashed", detail="SIGSEGV", results=None)

    result = search(once, START, partial(asked, framework), (), examples=20, begin=1)
    assert (result.claim, result.message) == ("shapes", "crashed: SIGSEGV")


def test_claim() -> None:
    """The claim fails with the finding in words and as a case."""
    host = Host(Framework("x", f"tests.harness.adapters.{FOUND}", ""), ROOT, 30, in_process=True)
    message = check.survives(replace(observe(host, START), searched=found())).message
    assert message.startswith("values fails on a layer that was drawn:\n    output: other values")
    assert message.endswith(found().entry)


def test_nothing_ran() -> None:
    """A search in which no draw ran proves nothing."""
    host = Host(Framework("x", "tests.harness.adapters.right", ""), ROOT, 30, in_process=True)
    seen = replace(observe(host, START), searched=Search(ran=0))
    assert check.survives(seen).outcome == "differs"


@pytest.mark.parametrize(
    "changed",
    [
        {"merge": "sum", "reverse": True},
        {"keep_order": True, "bidirectional": True},
    ],
)
def test_contradictions_are_not_drawn(changed: dict[str, object]) -> None:
    """Options that contradict each other are no case."""
    assert drawn(START, changed, SIZES) is None


def test_drawn() -> None:
    """A drawn case has its shapes and its lengths, and begins with the start's layer."""
    case = drawn(START, {"lengths": "given"}, SIZES)
    assert isinstance(case, Case)
    assert (case.expect["output"], len(case.lengths)) == ((2, 3, 4), 2)
