"""What is measured of an observation: its canonical results, their errors, the numbers allowed."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from conformance.case import Case
from conformance.convention import canonical_results
from conformance.observation import Observation
from conformance.sample import Floats


def tolerance(case: Case) -> float:
    """The largest absolute error allowed in float32.

    4 units of 2**-24 for each square root of the terms in a gate's sum (embedding, hidden, two
    biases), once for each layer of the stack; never looser than 1e-5.
    """
    dimensions = case.dimensions
    terms = dimensions.embedding_dim + dimensions.hidden_units + 2
    return min(4 * 2.0**-24 * sqrt(terms) * dimensions.num_layers, 1e-5)


def errors(expected: Mapping[str, Floats], views: Mapping[str, Any]) -> dict[str, float]:
    """The largest absolute error of each of the canonical `views`; NaN where there is a NaN."""
    return {
        name: float(np.abs(array - expected[name]).max(initial=0.0))
        for name, array in views.items()
    }


def canonical(observation: Observation) -> dict[str, Any]:
    """The results in canonical axis order. Expects results that meet `shapes`."""
    assert observation.convention is not None
    assert observation.results is not None
    case = observation.case
    return canonical_results(
        observation.convention, case.layer, case.dimensions, observation.results
    )


def parameter_count(case: Case, observation: Observation) -> int:
    """4H(I + H + biases) for each layer and direction, from the dimensions alone."""
    assert observation.convention is not None
    biases = (2 if "recurrent_bias" in observation.convention.weights else 1) * case.layer.bias
    hidden, directions = case.dimensions.hidden_units, case.layer.num_directions
    widths = [case.dimensions.embedding_dim]
    widths += [directions * hidden] * (case.dimensions.num_layers - 1)
    return sum(directions * 4 * hidden * (width + hidden + biases) for width in widths)
