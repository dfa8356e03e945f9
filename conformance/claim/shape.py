"""Claims about shapes: of the results, as the framework infers them, and of the parameters."""

from math import prod

from conformance.claim.measure import (
    bias_count,
    canonical,
    parameter_count,
)
from conformance.claim.verdict import (
    Verdict,
    absent,
    another,
    compare,
    judged,
    plain,
    refused,
    stopped,
)
from conformance.convention.convention import (
    parameter_laws,
    result_laws,
    unasked_laws,
)
from conformance.lstm.case import sizes
from conformance.lstm.law import Law
from conformance.lstm.pattern import canonical as canonical_pattern
from conformance.process.observation import Observation, Raised


def shapes(observation: Observation) -> Verdict:
    """Every native result has its declared shape, and so has the canonical view the case's own."""
    if ended := stopped(observation):
        return ended
    case, results = observation.case, observation.results or {}
    assert observation.convention is not None
    where = observation.convention, case.layer, case.dimensions
    laws, unasked = result_laws(*where), unasked_laws(*where)
    laws |= {name: law for name, law in unasked.items() if name in results}
    got, lines = compare(laws, {name: array.shape for name, array in results.items()})
    expected = case.layer.dtype.removeprefix("mixed_")
    for name in results:
        if (dtype := observation.dtype(name)) != expected:
            got.setdefault(name, dtype)
            lines.append(another(name, "dtype", expected, dtype))
    if not lines:
        for name, array in canonical(observation).items():
            if array.shape != case.expect.get(name, array.shape):  # a piece expects none
                got[name] = list(array.shape)
                last = name == "output" and not case.layer.return_sequences
                pattern = canonical_pattern("last" if last else name, case.layer)
                axes = Law(pattern, sizes(case.layer, case.dimensions))
                lines.append(
                    f"{name}: another canonical shape than the case expects\n"
                    f"  expected  {case.expect[name]}, the axes being {axes}\n"
                    f"  got       {array.shape}"
                )
    return judged(got, lines)


def inferred_shapes(observation: Observation) -> Verdict:
    """The framework's own shape inference gives the shapes that running it gave.

    Where the case is not run, it gives the declared ones.
    """
    if ended := stopped(observation):
        return ended
    if observation.inferred is None:
        return absent("inferred shape")
    if isinstance(observation.inferred, Raised):
        return refused(observation.inferred, "shape inference")
    if not observation.case.run:
        case = observation.case
        assert observation.convention is not None
        laws = result_laws(observation.convention, case.layer, case.dimensions)
        return judged(*compare(laws, dict(observation.inferred or {})))
    ran = {name: tuple(array.shape) for name, array in (observation.results or {}).items()}
    inferred = dict(observation.inferred or {})
    got, lines = {}, []
    for name in sorted(ran.keys() | inferred.keys()):
        if ran.get(name) != inferred.get(name):
            got[name] = plain(inferred.get(name))
            lines.append(
                f"{name}: inference and run disagree\n"
                f"  ran       {ran.get(name, 'no such result')}\n"
                f"  inferred  {inferred.get(name, 'no such result')}"
            )
    return judged(got, lines)


def parameters(observation: Observation) -> Verdict:
    """The layer's own parameters have the declared names and shapes, and the count is the law's."""
    if ended := stopped(observation):
        return ended
    if observation.parameters is None:
        return absent("parameters")
    if isinstance(observation.parameters, Raised):
        return refused(observation.parameters, "listing the parameters")
    case, held = observation.case, dict(observation.parameters or {})
    assert observation.convention is not None
    laws = parameter_laws(observation.convention, case.layer, case.dimensions)
    got, lines = compare(laws, held)
    count, law = sum(map(prod, held.values())), parameter_count(case, observation)
    if count != law:
        got["count"] = count
        lines.append(f"another number of parameters\n  expected  {law}\n  got       {count}")
    if case.parameters:
        published = case.parameters[("one_bias", "two_biases")[bias_count(observation) - 1]]
        if count != published:
            got["count"] = count
            lines.append(f"not the published number\n  expected  {published}\n  got       {count}")
    return judged(got, lines)


def misshapen(observation: Observation) -> Verdict | None:
    """The verdict on any claim about numbers where shapes or dtypes are not as they must be."""
    verdict = shapes(observation)
    # Another dtype alone, which `got` has as a name, keeps no number from being compared.
    if all(isinstance(seen_as, str) for seen_as in verdict.got.values()):
        return None
    lines = ["values cannot be compared: " + verdict.message]
    return judged(dict.fromkeys(verdict.got, "shape"), lines)
