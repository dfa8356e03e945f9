"""A search for a layer that a framework gets wrong: Hypothesis draws and shrinks, we judge.

What is found is told as an entry of a case file, ready to paste, so that it becomes a case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from conformance.casefile.entry import lengths_of, mask_of
from conformance.casefile.factor import OPTIONS
from conformance.casefile.row import entry_lines, expected, identity
from conformance.claim import check
from conformance.claim.verdict import Verdict
from conformance.lstm.agreement import contradictions
from conformance.lstm.case import Case, Deviation, Dimensions, Layer
from conformance.process.observation import Observation

RESTARTS = 30  # of a process that what is drawn kills, and nothing explains
EXAMPLES = 100  # draws; each takes a compiling framework about a second
SIZES = ("batch_size", "time_steps", "embedding_dim", "num_layers")
LARGEST = 6  # of each of them
OTHERS = 4  # options at most that are not as ever: with more, nearly no framework has them all


@dataclass(frozen=True)
class Search:
    """What a search came to."""

    ran: int  # draws that the framework has
    case: Case | None = None  # the smallest one that fails a claim
    claim: str = ""
    message: str = ""

    @property
    def entry(self) -> str:
        """The case found, as an entry of a case file."""
        assert self.case is not None
        return "\n".join(entry_lines(self.case.layer, self.case.dimensions))


def search(
    observe: Callable[[Case], Observation],
    start: Case,
    asked: Callable[[Case], Sequence[str]],
    deviations: Sequence[Deviation],
    examples: int = EXAMPLES,
    begin: int | None = None,
    explained: Callable[[Case], object] = lambda _: None,
    spent: Callable[[], bool] = lambda: False,
) -> Search:
    """Look for a case that fails a claim, beginning with the layer of `start`.

    `asked` gives the claims that the framework is put to, none for what it does not have. Draws
    differ from run to run unless `begin`, a seed, is given. A failure with the outcome of a
    pinned one, elsewhere, is taken for known, and `explained` is told of its case. Once `spent`
    says so, nothing more is put, and the smallest case found is the result. Raises
    ModuleNotFoundError without hypothesis.
    """
    from hypothesis import HealthCheck, given, seed, settings  # needed for a search alone
    from hypothesis import strategies as st
    from hypothesis.errors import Flaky

    ran = 0
    smallest: list[Search] = []
    options = {name: _usual_first(name, values) for name, values in OPTIONS.items()}

    class Found(Exception):  # noqa: N818 (what is searched for)
        pass

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(data=st.data())
    def attempt(data: Any) -> None:
        size = {name: data.draw(st.integers(1, LARGEST), label=name) for name in SIZES}
        names = st.lists(st.sampled_from(sorted(options)), max_size=OTHERS, unique=True)
        changed = {
            name: data.draw(st.sampled_from(options[name]), label=name)
            for name in data.draw(names, label="options")
        }
        case = drawn(start, changed, size)
        claims = () if case is None else asked(case)
        if case is None or not claims:
            return
        if failing := remembered(case) if spent() else tried(case, claims):
            smallest[:] = [failing]
            raise Found

    def tried(case: Case, claims: Sequence[str]) -> Search | None:
        """What fails on `case`, if anything does that nobody knows."""
        nonlocal ran
        observation = observe(case)
        ran += 1
        for claim in claims:
            verdict = check.CLAIMS[claim](observation)
            if verdict.outcome != "agrees" and not _known(claim, verdict, deviations):
                return Search(ran, case, claim, verdict.message)
        explained(case)
        return None

    def remembered(case: Case) -> Search | None:
        """What failed on `case`, if it is the smallest found."""
        return next((one for one in smallest if one.case == case), None)

    try:
        (attempt if begin is None else seed(begin)(attempt))()
    except (Found, Flaky):  # where it does not fail each time, what was found is told all the same
        return replace(smallest[0], ran=ran)
    return Search(ran)


def drawn(start: Case, changed: dict[str, Any], size: dict[str, int]) -> Case | None:
    """The case of some options and sizes; None where they contradict each other."""
    # An option brings along the one that it needs, or it would nearly never be drawn.
    if changed.get("merge", "concat") != "concat":
        changed = {**changed, "bidirectional": True}
    if changed.get("keep_order"):
        changed = {**changed, "reverse": True}
    layer = replace(start.layer, **changed)
    if layer.layout == "unbatched":
        size = {**size, "batch_size": 1}
    hidden = LARGEST + 1 if layer.projection_size else 4
    dimensions = Dimensions(hidden_units=hidden, **size)
    if any(contradictions(layer, dimensions)):
        return None
    name = f"search-{identity(layer, dimensions)}"
    return replace(
        start,
        id=name,
        layer=layer,
        dimensions=dimensions,
        expect={name: tuple(shape) for name, shape in expected(layer, dimensions).items()},
        lengths=lengths_of(layer, dimensions),
        mask=mask_of(name, layer, dimensions),
        tags=frozenset({"degenerate"}),
    )


def _usual_first(name: str, values: Sequence[Any]) -> list[Any]:
    """`values` with the default first: Hypothesis shrinks towards it."""
    usual = next(option.default for option in fields(Layer) if option.name == name)
    return sorted(values, key=lambda value: value != usual)


def _known(claim: str, verdict: Verdict, deviations: Sequence[Deviation]) -> bool:
    """Whether a pin has this outcome, with the same words or shapes under whatever names."""
    seen = {str(value) for value in verdict.got.values()}
    return any(
        claim in pin.claims
        and verdict.outcome == one.outcome
        and seen == {str(value) for value in one.got.values()}
        for pin in deviations
        for one in pin.outcomes
    )
