"""THE suite: one function a claim, each put to every framework on every case.

What each claim demands stands in `conformance.claim`; ids are ``framework-behaviour-case``.
"""

from collections.abc import Callable

from conformance.claim import conduct, shape, value
from conformance.claim.verdict import Verdict
from conformance.process.observation import Observation

Judge = Callable[[Verdict], None]


def test_shapes(observation: Observation, judge: Judge) -> None:
    """Every result has its declared native shape, and the case's shape in canonical order."""
    judge(shape.shapes(observation))


def test_values(observation: Observation, judge: Judge) -> None:
    """Fed the same weights and inputs, the framework gives the float64 reference's numbers."""
    judge(value.values(observation))


def test_inferred_shapes(observation: Observation, judge: Judge) -> None:
    """The framework's own shape inference gives the shapes that running it gave."""
    judge(shape.inferred_shapes(observation))


def test_parameters(observation: Observation, judge: Judge) -> None:
    """The layer's own parameters have the declared names and shapes, and the law's count."""
    judge(shape.parameters(observation))


def test_gradients(observation: Observation, judge: Judge) -> None:
    """The gradient of every input and weight is that of the hand-derived backward pass."""
    judge(value.gradients(observation))


def test_splits(observation: Observation, judge: Judge) -> None:
    """Run in two pieces, over time from the carried state, the layer gives the same numbers."""
    judge(value.splits(observation))


def test_repeats(observation: Observation, judge: Judge) -> None:
    """Called again after a call of other sizes, it gives the same numbers, and changed none."""
    judge(conduct.repeats(observation))


def test_properties(observation: Observation, judge: Judge) -> None:
    """Containers, padding, exceptions and defaults are what is on record of this version."""
    judge(conduct.properties(observation))


def test_survives(observation: Observation, judge: Judge) -> None:
    """Of a hundred layers drawn at random, none fails a claim, but for what is pinned."""
    judge(conduct.survives(observation))


def test_rejects(observation: Observation, judge: Judge) -> None:
    """Input that the layer was not built for is refused with a clean exception."""
    judge(conduct.rejects(observation))
