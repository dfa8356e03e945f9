"""An entry of a case file, resolved to cases: its layer, its dimension sets, its shapes."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from adapters.contract import Shape
from conformance.case import Case, Dimensions, Layer
from conformance.distinct import coincidences
from conformance.document import Document, Path, Problem
from conformance.expand import MatrixError, expand, label
from conformance.expression import ExpressionError, evaluate
from conformance.schema import CaseEntry, CaseFile, Expect, Feed

_RESULTS = ("output", "h_n", "c_n")


def resolve(
    file: CaseFile, entry: CaseEntry, path: Path, document: Document, where: str
) -> tuple[list[Case], list[Problem]]:
    """Return the cases of the entry at `path` of `file`, and what is wrong with it.

    Of a matrix, only the first set that has problems is told: the others have the same ones.
    """
    place = document.values[path]
    given = file.layer.model_dump(exclude_unset=True) | entry.layer.model_dump(exclude_unset=True)
    layer = Layer(**given)
    tags = frozenset(file.tags + entry.tags)
    try:
        sets = _sets(entry)
    except MatrixError as error:
        return [], [Problem(document.keys[(*path, "matrix")], str(error))]
    told = [Problem(place, text) for text in _indistinct(layer, sets, tags)]
    cases = []
    for suffix, dimensions in sets.items():
        names = {**asdict(dimensions), "num_directions": layer.num_directions}
        feed: dict[str, Shape] = {}
        expect: dict[str, Shape] = {}
        if entry.feed is not None:
            feed, problems = _shapes(entry.feed, (*path, "feed"), document, names)
            problems += _not_wrong(feed, layer, dimensions, (*path, "feed"), document)
        else:
            expect, problems = _expected(file, entry, path, document, names)
        if problems:
            return [], told + problems
        cases.append(
            Case(
                id=f"{file.behaviour}-{entry.id}{suffix}",
                behaviour=file.behaviour,
                about=entry.about or file.about,
                source=file.source,
                where=f"{where}:{place.line}",
                layer=layer,
                dimensions=dimensions,
                expect=expect,
                feed=feed,
                tags=tags,
            )
        )
    return cases, told


def _sets(entry: CaseEntry) -> dict[str, Dimensions]:
    """Return the dimension sets by the end of the case's id."""
    if entry.matrix is not None:
        return {f"-{label(dimensions)}": dimensions for dimensions in expand(entry.matrix)}
    assert entry.dimensions is not None  # CaseEntry.agree
    return {"": Dimensions(**entry.dimensions.model_dump())}


def _indistinct(
    layer: Layer, sets: Mapping[str, Dimensions], tags: frozenset[str]
) -> Iterator[str]:
    found = {suffix: coincidences(layer, dimensions) for suffix, dimensions in sets.items()}
    bad = next((suffix for suffix, texts in found.items() if texts), None)
    if "degenerate" in tags:
        if bad is None:
            yield "tagged degenerate, but every axis is distinct: remove the tag"
    elif bad is not None:
        for text in found[bad]:
            of_set = f"{bad.removeprefix('-')}: " if bad else ""
            yield f"{of_set}{text} or tag the case degenerate"


def _expected(
    file: CaseFile, entry: CaseEntry, path: Path, document: Document, names: Mapping[str, int]
) -> tuple[dict[str, Shape], list[Problem]]:
    """Return the shape of each result, by the file's law and by the entry."""
    assert isinstance(entry.expect, Expect)  # CaseEntry.agree
    law, problems = _shapes(file.expect, ("expect",), document, names)
    literal, own_problems = _shapes(entry.expect, (*path, "expect"), document, names)
    if problems := problems + own_problems:
        return {}, problems
    for name in law.keys() & literal.keys():
        if law[name] != literal[name]:
            text = f"{name}: the law gives {law[name]}, the literal says {literal[name]}"
            problems.append(Problem(document.keys[(*path, "expect", name)], text))
    expect = law | literal
    if missing := [name for name in _RESULTS if name not in expect]:
        text = f"no shape for {' and '.join(missing)}: a case needs output, h_n and c_n"
        problems.append(Problem(document.values[path], text))
        return {}, problems
    return {name: expect[name] for name in _RESULTS}, problems


def _shapes(
    shapes: Expect | Feed, path: Path, document: Document, names: Mapping[str, int]
) -> tuple[dict[str, Shape], list[Problem]]:
    """Return the shapes under `path` with every expression evaluated."""
    found: dict[str, Shape] = {}
    problems = []
    for name, extents in shapes.model_dump(exclude_none=True).items():
        sizes = []
        for axis, extent in enumerate(extents):
            try:
                sizes.append(evaluate(extent, names))
            except ExpressionError as error:
                problems.append(Problem(document.values[(*path, name, axis)], str(error)))
        found[name] = tuple(sizes)
    return found, problems


def _not_wrong(
    feed: Mapping[str, Shape], layer: Layer, dimensions: Dimensions, path: Path, document: Document
) -> Iterator[Problem]:
    """Return what the layer would not reject, or would not take at all."""
    states = dimensions.num_layers * layer.num_directions
    state = (states, dimensions.batch_size, dimensions.hidden_units)
    inputs = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    right = {"input": inputs, "h_0": state, "c_0": state}
    for name, shape in feed.items():
        place = document.keys[(*path, name)]
        if shape == right[name]:
            yield Problem(place, f"feed.{name}: {shape} is right, so nothing is there to reject")
        if name != "input" and layer.initial_state == "zeros":
            text = f"feed.{name}: a layer that starts from zeros takes no {name}"
            yield Problem(place, f"{text}: set layer.initial_state to given")
