"""An entry of a case file, resolved to cases: its layer, its dimension sets, its shapes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from random import Random

from adapters.contract import GROUP, Shape
from conformance.casefile.document import Document, Path, Problem
from conformance.casefile.expand import MatrixError, expand, label
from conformance.casefile.expression import ExpressionError, evaluate
from conformance.casefile.schema import CaseEntry, CaseFile, Expect, Feed
from conformance.lstm.agreement import contradictions
from conformance.lstm.case import Case, Dimensions, Layer
from conformance.lstm.distinct import coincidences
from conformance.lstm.numbers import Numbers
from conformance.lstm.pattern import STATES
from conformance.lstm.result import result_shapes
from conformance.lstm.sample import input_shapes, weight_shapes

_RESULTS = ("output", "h_n", "c_n")
FLOAT16_MAX = 65504.0


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
    if entry.lengths is not None:
        layer = replace(layer, lengths="given")
    if entry.mask is not None:
        layer = replace(layer, mask="given")
    if entry.layers is not None:
        own = [one.model_dump(exclude_unset=True) for one in entry.layers]
        layer = replace(layer, layers=json.dumps(own))
    told = [Problem(place, text) for text in _indistinct(layer, sets, tags)]
    told += [Problem(place, text) for text in _contradictions(layer, sets)]
    if layer.layers and not any(json.loads(layer.layers)):
        text = "layers: none of them has anything of its own, so leave it out"
        told.append(Problem(place, text))
    cases = []
    for suffix, dimensions in sets.items():
        identity = f"{file.behaviour}-{entry.id}{suffix}"
        names = names_of(layer, dimensions)
        feed: dict[str, Shape] = {}
        expect: dict[str, Shape] = {}
        lengths = entry.lengths or lengths_of(layer, dimensions)
        rejected = entry.expect == "rejected"
        if entry.feed is not None:
            feed, problems = _shapes(entry.feed, (*path, "feed"), document, names)
            if entry.feed.integers and "input" in feed:
                problems.append(Problem(place, "feed: integers are of an input of a right shape"))
            problems += _not_wrong(feed, layer, dimensions, (*path, "feed"), document)
        elif not rejected:
            right = {} if told else result_shapes(layer, dimensions)
            expect, problems = _expected(file, entry, path, document, names, layer, right)
        else:
            problems = []
        problems += [Problem(place, text) for text in _unfit(entry, layer, dimensions, lengths)]
        if problems:
            return [], told + problems
        cases.append(
            Case(
                id=identity,
                behaviour=file.behaviour,
                about=entry.about or file.about,
                source=file.source,
                where=f"{where}:{place.line}",
                layer=layer,
                dimensions=dimensions,
                expect=expect,
                must_reject=rejected,
                feed=feed,
                integers=entry.feed is not None and entry.feed.integers is True,
                lengths=lengths,
                mask=entry.mask or mask_of(identity, layer, dimensions),
                run=entry.run,
                split=entry.split.model_dump(exclude_none=True) if entry.split else {},
                first=entry.first.model_dump(exclude_none=True) if entry.first else {},
                repeat=entry.repeat.model_dump(exclude_none=True) if entry.repeat else {},
                numbers=_numbers(entry),
                record=entry.record,
                parameters=entry.parameters.model_dump() if entry.parameters else {},
                tags=tags,
            )
        )
    return cases, told


def _contradictions(layer: Layer, sets: Mapping[str, Dimensions]) -> Iterator[str]:
    """Return what the layer contradicts, once for all sets."""
    found = (tuple(contradictions(layer, dimensions)) for dimensions in sets.values())
    yield from next(filter(None, found), ())


def names_of(layer: Layer, dimensions: Dimensions) -> dict[str, int]:
    """The names that an expression may have, each with its value: see `expression.NAMES`."""
    directions = layer.num_directions
    return asdict(dimensions) | {
        "num_directions": directions,
        "projection_size": layer.projection_size,
    }


def lengths_of(layer: Layer, dimensions: Dimensions) -> tuple[int, ...]:
    """Return a length for each sequence where the layer is given lengths, unsorted.

    The first ends early, where there are steps to end before, and the second does not.
    """
    if layer.lengths == "full":
        return ()
    time = dimensions.time_steps
    some = (max(time - 2, 1), time, 1, max(time - 3, 1))
    return tuple(some[row % 4] for row in range(_sequences(layer, dimensions)))


def mask_of(identity: str, layer: Layer, dimensions: Dimensions) -> tuple[tuple[int, ...], ...]:
    """Return which steps count where the layer is given a mask, drawn from the case's id.

    Of every three sequences, one begins late, one has a hole and one ends early, as far as there
    are steps for that. Some step of each counts.
    """
    if layer.mask == "none":
        return ()
    random, time = Random(identity), dimensions.time_steps
    # By step: what is set last holds where there are few of them.
    late, holed, early = {0: 0, -1: 1}, {time // 2: 0, 0: 1, -1: 1}, {-1: 0, 0: 1}
    rows = []
    for row in range(_sequences(layer, dimensions)):
        steps = [random.randrange(2) for _ in range(time)]
        for step, counts in (late, holed, early)[row % 3].items() if time else ():
            steps[step] = counts
        rows.append(tuple(steps))
    return tuple(rows)


def _sequences(layer: Layer, dimensions: Dimensions) -> int:
    """How many sequences there are in all batch axes."""
    return dimensions.batch_size * (GROUP if layer.layout == "extra_batch" else 1)


def _unfit(
    entry: CaseEntry, layer: Layer, dimensions: Dimensions, lengths: tuple[int, ...]
) -> Iterator[str]:
    """Return where lengths, mask, split, record and run do not fit the layer or each other."""
    batch, time = dimensions.batch_size, dimensions.time_steps
    wrong = [f"{length} is not from 0 to {time}" for length in lengths if not 0 <= length <= time]
    due = _sequences(layer, dimensions)
    if lengths and len(lengths) != due:
        wrong.insert(0, f"{len(lengths)} for a batch of {due}")
    # Where a batch has two axes, or none, so few or so many have no shape of their own.
    shapeless = len(lengths) != due and layer.layout in ("unbatched", "extra_batch")
    if entry.expect != "rejected" or (lengths and shapeless):
        yield from (f"lengths: {text}" for text in wrong[:1])
    elif entry.feed is None and entry.first is None and not wrong:
        yield "lengths: all are right, so nothing is there to reject"
    yield from _unfit_mask(entry, due, time)
    chosen = [name for name, value in vars(layer).items() if value != getattr(Layer, name)]
    if "defaults" in entry.record and (chosen or dimensions.num_layers != 1):
        told = ", ".join(chosen) or "num_layers"
        yield f"record: defaults are those of one layer with no option chosen, and not of {told}"
    partly = bool(lengths) or layer.mask == "given"
    if "padding" in entry.record and not (partly and layer.return_sequences):
        yield "record: padding is seen where sequences of given lengths, or masked, are returned"
    if "checkpoint" in entry.record and layer.checkpoint == "none":
        yield "record: checkpoint is seen where the layer is saved: set layer.checkpoint"
    if ("exception" in entry.record) != (entry.expect == "rejected") and entry.record:
        yield "record: exception is seen, and nothing else, where input must be rejected"
    if entry.first is not None:
        first = entry.first.model_dump(exclude_none=True)
        yield from _unfit_first(entry, layer, dimensions, first)
    yield from _unfit_numbers(entry, layer, dimensions, lengths)
    if not entry.run and (entry.split or entry.repeat or entry.record or layer.gradients):
        yield "run: without a run there is nothing to split, repeat, record or differentiate"
    if entry.repeat is not None:
        yield from _unrepeated(entry, layer, dimensions, entry.repeat.model_dump(exclude_none=True))
    if entry.split is None:
        return
    if layer.layers:
        yield "split: a case is split whose layers are alike"
    if entry.expect == "rejected" or layer.stateful != "no":
        yield "split: a case is split that must run, and whose state its caller carries"
    if layer.layout != "batch_major" or partly or not layer.return_state:
        yield "split: a case is split that is batch-major, full and returns its states"
    if entry.split.time and (layer.bidirectional or layer.reverse or not layer.return_sequences):
        yield "split: a layer that reads from the end cannot go on from its start"
    if (entry.split.time or -1) >= time or (entry.split.batch or -1) >= batch:
        yield "split: the second piece is empty"


def _unfit_mask(entry: CaseEntry, due: int, time: int) -> Iterator[str]:
    """Return where a mask that is given has other axes than the input: `feed` has wrong ones."""
    mask = entry.mask or ()
    if mask and len(mask) != due:
        yield f"mask: {len(mask)} rows for a batch of {due}"
    elif wrong := [row for row in mask if len(row) != time]:
        yield f"mask: {len(wrong[0])} in a row for {time} steps"


def _unfit_first(
    entry: CaseEntry, layer: Layer, dimensions: Dimensions, others: Mapping[str, int]
) -> Iterator[str]:
    """Return where the first of two calls is none, is no other, or cannot be right or wrong."""
    first = replace(dimensions, **others)
    wrong = layer.stateful != "no" and first.batch_size != dimensions.batch_size
    if first == dimensions:
        yield "first: these are the case's own sizes"
    if layer.stateful != "no" and (layer.mask == "given" or layer.lengths == "given"):
        yield "first: of a stateful layer all steps of both calls count: give no lengths, no mask"
    if entry.expect == "rejected" and not entry.feed and not wrong:
        yield "first: what is called before is right, so nothing is there to reject"
    if wrong and entry.expect != "rejected":
        yield "first: a stateful layer is of one batch: expect rejected"
    if first.batch_size != dimensions.batch_size and layer.given_states:
        yield "first: the given states are those of one batch"


def _unrepeated(
    entry: CaseEntry, layer: Layer, dimensions: Dimensions, others: Mapping[str, int]
) -> Iterator[str]:
    """Return where the call between two that are the same is none, or is no other."""
    if entry.expect == "rejected":
        yield "repeat: what is refused gives nothing that a second call could give again"
    if replace(dimensions, **others) == dimensions:
        yield "repeat: these are the case's own sizes"
    for text in contradictions(layer, replace(dimensions, **others)):
        yield f"repeat: {text}"


def _numbers(entry: CaseEntry) -> Numbers:
    return Numbers(**entry.numbers.model_dump(exclude_none=True)) if entry.numbers else Numbers()


def _unfit_numbers(
    entry: CaseEntry, layer: Layer, dimensions: Dimensions, lengths: tuple[int, ...]
) -> Iterator[str]:
    """Return where the numbers to be fed do not fit the layer, or reach nothing in it."""
    numbers, time = _numbers(entry), dimensions.time_steps
    if numbers.usual:
        return
    if entry.expect == "rejected" or not entry.run:
        yield "numbers: what they are is seen where the case must run"
    if numbers.states != Numbers.states and layer.initial_state == "zeros":
        yield "numbers: a layer that starts from zeros is given no states"
    ended = min(lengths, default=time) < time
    if numbers.behind != Numbers.behind and not (ended or layer.mask == "given"):
        yield "numbers: behind needs lengths, and one that ends before the last step, or a mask"
    if late := [step for step in numbers.zero_steps if step >= time]:
        yield f"numbers: zero_steps has {late[0]}, and the steps are 0 to {time - 1}"
    if layer.dtype.removeprefix("mixed_") == "float16":
        for name, most in numbers.reach(dimensions.hidden_units).items():
            if most > FLOAT16_MAX:
                yield f"numbers: {name} of {most:g}, where float16 ends at {FLOAT16_MAX:g}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
    file: CaseFile,
    entry: CaseEntry,
    path: Path,
    document: Document,
    names: Mapping[str, int],
    layer: Layer,
    right: Mapping[str, Shape],
) -> tuple[dict[str, Shape], list[Problem]]:
    """Return the shape of each result, by the file's law and by the entry.

    Each must be the one in `right`, which its options and sizes give; it is empty where they are
    wrong themselves.
    """
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
    due = _RESULTS if layer.return_state else _RESULTS[:1]
    expect = {name: shape for name, shape in expect.items() if name in due}
    if missing := [name for name in due if name not in expect]:
        text = f"no shape for {' and '.join(missing)}: a case needs {_listed(due)}"
        problems.append(Problem(document.values[path], text))
        return {}, problems
    for name in due:
        if expect[name] != right.get(name, expect[name]):
            # No framework need be blamed for what can be told of the file.
            text = f"{name}: this layer gives {right[name]}, not {expect[name]}"
            at = (*path, "expect", name) if name in literal else ("expect", name)
            problems.append(Problem(document.keys[at], text))
    return {name: expect[name] for name in due}, problems


def _shapes(
    shapes: Expect | Feed, path: Path, document: Document, names: Mapping[str, int]
) -> tuple[dict[str, Shape], list[Problem]]:
    """Return the shapes under `path` with every expression evaluated."""
    found: dict[str, Shape] = {}
    problems = []
    for name, extents in shapes.model_dump(exclude_none=True, exclude={"integers"}).items():
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
    given = replace(layer, initial_state="given", mask="given")
    weights = weight_shapes(layer, dimensions)
    right = input_shapes(given, dimensions) | weights
    for name, shape in feed.items():
        place = document.keys[(*path, name)]
        if name in weights and (len(shape) != 4 or shape[:2] != right[name][:2]):
            text = f"feed.{name}: {shape} has not the axes ({right[name][0]}, 4, cell, width)"
            yield Problem(place, text)
        if shape == right[name]:
            yield Problem(place, f"feed.{name}: {shape} is right, so nothing is there to reject")
        if name == "mask" and layer.mask == "none":
            yield Problem(place, "feed.mask: a layer takes none: set layer.mask to given")
        if name in STATES and layer.layers:
            yield Problem(place, f"feed.{name}: layers that differ have no {name} of one shape")
        elif name in STATES and name not in layer.given_states:
            start = "zeros" if layer.initial_state == "zeros" else f"{layer.initial_state} alone"
            text = f"feed.{name}: a layer that starts from {start} takes no {name}"
            yield Problem(place, f"{text}: set layer.initial_state to given")
