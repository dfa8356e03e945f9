"""What is measured of an observation: its canonical results, their errors, the numbers allowed."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from conformance.convention.convention import canonical_results
from conformance.lstm.case import Case, sizes
from conformance.lstm.sample import Floats, valid_steps
from conformance.process.observation import Observation

# Half the distance from 1 to the next number, and the loosest tolerance of each dtype. Half a
# percent of float16 and four of bfloat16 are 8 roundings of a number near 1: c is kept in that
# dtype, so that it is rounded at each step, and no bound above it follows from the sizes alone.
UNITS = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
LOOSEST = {"float64": 1e-10, "float32": 1e-5, "float16": 5e-3, "bfloat16": 4e-2}


def tolerance(case: Case) -> float:
    """The largest absolute error allowed in the case's dtype.

    4 units in the last place for each square root of the terms in a gate's sum (embedding, hidden,
    two biases), once for each layer of the stack; never looser than `LOOSEST`. In float64, where
    that would be less than the reference's own rounding over many steps, it is 1e-10.
    """
    dimensions, dtype = case.dimensions, case.layer.dtype.removeprefix("mixed_")
    if dtype == "float64":
        return LOOSEST[dtype]
    terms = dimensions.embedding_dim + dimensions.hidden_units + 2
    return min(4 * UNITS[dtype] * sqrt(terms) * dimensions.num_layers, LOOSEST[dtype])


def gradient_tolerance(case: Case, expected: Floats) -> float:
    """The largest absolute error allowed of a gradient, whose sums also run over batch and time."""
    summed = case.dimensions.batch_size * case.dimensions.time_steps
    return tolerance(case) * sqrt(summed) * max(1.0, float(np.abs(expected).max(initial=0.0)))


def differences(case: Case, name: str, got: Any, expected: Floats) -> Floats:
    """The absolute error of one canonical result; none where a sequence has ended."""
    # What should be real and came complex is off by its imaginary part, too.
    kind = np.complex128 if np.iscomplexobj(got) else np.float64
    error: Floats = np.abs(np.asarray(got, kind) - expected)
    if name == "output" and case.layer.return_sequences and case.layer.lengths == "given":
        ended = ~valid_steps(case)
        error[ended.T if case.layer.layout == "time_major" else ended] = 0.0
    return error


def errors(
    case: Case, expected: Mapping[str, Floats], views: Mapping[str, Any]
) -> dict[str, float]:
    """The largest absolute error of each of the canonical `views`; NaN where there is a NaN."""
    return {
        name: float(differences(case, name, array, expected[name]).max(initial=0.0))
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
    """4C(I + H + biases) + PC for each layer and direction, from the dimensions alone."""
    layer, axes = case.layer, sizes(case.layer, case.dimensions)
    hidden, cell, biases = axes["hidden"], axes["cell"], bias_count(observation) * layer.bias
    widths = [axes["input"]] + [layer.num_outputs * hidden] * (axes["layer"] - 1)
    projection = layer.projection_size * cell
    return axes["direction"] * sum(
        4 * cell * (width + hidden + biases) + projection for width in widths
    )


def bias_count(observation: Observation) -> int:
    """How many biases a gate has, as the framework declares its weights."""
    assert observation.convention is not None
    return 2 if "recurrent_bias" in observation.convention.weights else 1
