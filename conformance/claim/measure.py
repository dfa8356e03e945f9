"""What is measured of an observation: its canonical results, their errors, and the margin left."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapters.contract import stacked
from conformance.convention.convention import canonical_results
from conformance.lstm.case import Case, sizes
from conformance.lstm.sample import Floats, emitted_steps
from conformance.process.observation import Observation


def differences(case: Case, name: str, got: Any, expected: Floats) -> Floats:
    """The absolute error of one canonical result; none at a step that does not count."""
    # What should be real and came complex is off by its imaginary part, too.
    kind = np.complex128 if np.iscomplexobj(got) else np.float64
    error: Floats = np.abs(np.asarray(got, kind) - expected)
    layer = case.layer
    if name == "output" and layer.return_sequences and "given" in (layer.lengths, layer.mask):
        error[~emitted_steps(case)] = 0.0
    return error


def errors(
    case: Case, expected: Mapping[str, Floats], views: Mapping[str, Any]
) -> dict[str, float]:
    """The largest absolute error of each of the canonical `views`; NaN where there is a NaN."""
    return {
        name: float(differences(case, name, array, expected[name]).max(initial=0.0))
        for name, array in views.items()
    }


def part_of(error: Floats, allowed: Floats) -> Floats:
    """Each error as a part of the largest that is allowed there; NaN where there is a NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0.0, 0.0, error / allowed)


def margins(observation: Observation, views: Mapping[str, Any]) -> dict[str, float]:
    """The largest part that an error is of what is allowed, of each canonical result and gradient.

    Gradients of another shape have none. NaN where there is a NaN.
    """
    case, limits = observation.case, observation.allowed
    found = {
        name: part_of(differences(case, name, array, observation.expected[name]), limits[name])
        for name, array in views.items()
    }
    for name, want in observation.expected_gradients.items():
        came = observation.gradients.get(name)
        if came is not None and came.shape == want.shape:
            found[name] = part_of(np.abs(came - want), observation.allowed_gradients[name])
    return {name: float(parts.max(initial=0.0)) for name, parts in found.items()}


def canonical(observation: Observation) -> dict[str, Any]:
    """The results in canonical axis order. Expects results that meet `shapes`."""
    assert observation.convention is not None
    assert observation.results is not None
    case = observation.case
    return canonical_results(
        observation.convention, case.layer, case.dimensions, observation.results
    )


def parameter_count(case: Case, observation: Observation) -> int:
    """4C(I + H + biases) + PC, with peepholes 3C more, for each layer and direction."""
    count = 0
    for layer, own in stacked(case.layer, case.dimensions):
        axes, biases = sizes(layer, own), bias_count(observation) * layer.bias
        hidden, cell = axes["hidden"], axes["cell"]
        each = 4 * cell * (axes["input"] + hidden + biases) + layer.projection_size * cell
        count += axes["direction"] * (each + 3 * cell * (layer.cell == "peepholes"))
    return count


def bias_count(observation: Observation) -> int:
    """How many biases a gate has, as the framework declares its weights."""
    assert observation.convention is not None
    return 2 if "recurrent_bias" in observation.convention.weights else 1
