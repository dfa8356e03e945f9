"""Which tensors there are, in which shape and dtype: results, gradients, inferred ones, weights."""

from collections.abc import Iterator, Mapping

from conformance.lstm.case import Shape
from conformance.report.report import Entry, Refusal
from conformance.upgrade import axes
from conformance.upgrade.change import Change, Kind, Severity, family, plain_message

Shapes = Mapping[str, Shape]


def changes(before: Entry, after: Entry) -> Iterator[Change]:
    """What changed in names, shapes and dtypes."""
    yield from _described("parameters", before, after, before.parameters, after.parameters)
    yield from _described("inference", before, after, before.inferred, after.inferred)
    if before.native is None or after.native is None:
        return
    severity = _severity(before, after, "shapes")
    old = {name: tensor.shape for name, tensor in before.native.items()}
    new = {name: tensor.shape for name, tensor in after.native.items()}
    yield from named("names", old, new, severity)
    yield from shaped("shape", old, new, before, severity)
    for name in (name for name in old if name in new):
        one, two = before.native[name].dtype, after.native[name].dtype
        if one != two:
            yield Change(severity, "dtype", one, two, (name,))


def named(
    kind: Kind, old: Mapping[str, object], new: Mapping[str, object], severity: Severity
) -> Iterator[Change]:
    """Names that are gone or new."""
    gone, come = ([n for n in a if n not in b] for a, b in ((old, new), (new, old)))
    if gone or come:
        one, two = (", ".join(dict.fromkeys(map(family, names))) or "-" for names in (gone, come))
        yield Change(severity, kind, one, two, tuple(gone or come))


def shaped(
    kind: Kind, old: Shapes, new: Shapes, entry: Entry, severity: Severity
) -> Iterator[Change]:
    """Shapes that are others on the other side."""
    for name, shape in old.items():
        other = new.get(name, shape)
        if tuple(other) != tuple(shape):
            words = axes.pair(tuple(shape), tuple(other), entry)
            exact = (f"{name}: {tuple(shape)}, now {tuple(other)}",)
            yield Change(severity, kind, *words, (name,), exact)


def _described(
    kind: Kind,
    before: Entry,
    after: Entry,
    old: Shapes | Refusal | None,
    new: Shapes | Refusal | None,
) -> Iterator[Change]:
    """What a layer says of its own weights, or of the shapes to come."""
    if old is None or new is None:  # not asked for, or the process went down before
        return
    claim = {"parameters": "parameters", "inference": "inferred_shapes"}[kind]
    severity = _severity(before, after, claim)
    if isinstance(old, Refusal) or isinstance(new, Refusal):
        one, two = _raised(old), _raised(new)
        if one != two:
            yield Change("breaking" if isinstance(new, Refusal) else "fixed", kind, one, two)
        return
    yield from named(kind, old, new, severity)
    yield from shaped(kind, old, new, before, severity)


def _raised(one: Shapes | Refusal) -> str:
    return (
        f"raises {one.type}: {plain_message(one.message)}"
        if isinstance(one, Refusal)
        else "gives shapes"
    )


def _severity(before: Entry, after: Entry, claim: str) -> Severity:
    """What was not as it has to be, and now is, is mended; of wrong input nothing is right."""
    if "rejects" in before.claims:
        return "property"
    old, new = before.claims.get(claim), after.claims.get(claim)
    mended = old and new and old.outcome == "differs" and new.outcome == "agrees"
    return "fixed" if mended else "breaking"
