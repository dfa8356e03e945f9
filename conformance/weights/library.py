"""What ``python -m conformance convert`` and ``weights`` do, as calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from adapters.contract import Convention, Layer
from conformance.formats import file, sequence
from conformance.formats.checkpoint import PLACE
from conformance.formats.saved import Saved
from conformance.process.framework import Framework, find, shipped
from conformance.weights import standard
from conformance.weights.beside import Beside
from conformance.weights.chosen import (
    Chosen,
    ConvertError,
    likely,
    listed,
    picked,
    settled,
)
from conformance.weights.conversion import converted, dtype_of, prefixes, stacked, told_numbers
from conformance.weights.flat import parted
from conformance.weights.flat import sizes as flat_sizes
from conformance.weights.numbered import NAMES, named, numbers
from conformance.weights.spelled import Found, Misfit, search, spellings

ROOT = Path(__file__).resolve().parents[2]
GRAPH = "graph"  # the form of a file that says what is computed
GATES = "the gates by sigmoid, the candidate and the cell's output by tanh"


@dataclass(frozen=True)
class Layered:
    """One LSTM that was converted: how it was read, and what stands before its new names."""

    found: Found
    frameworks: tuple[str, ...]
    prefix: str
    names: tuple[str, ...]  # the new ones


@dataclass(frozen=True)
class Conversion:
    """Weights by the target's own names, and what is to be known of them.

    arrays
        By name, in the dtype that came: of one LSTM as the target's adapter names them, of several
        each behind its place in the model; last what is kept of the rest. Shapes are those that
        the target's adapter declares: ``(4 * hidden, input)`` for a torch-like weight.
    layers
        The LSTMs, in the order of the state.
    told
        What the file did not say and what was presumed, by key: goes into the output's metadata.
    notes
        Lines about single layers: numbers that are none, options that the weights do not hold.
    target
        The adapter, as it was asked for.
    """

    arrays: Mapping[str, Any]
    layers: tuple[Layered, ...]
    told: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())
    target: str = ""


@dataclass(frozen=True)
class Listing:
    """The LSTMs of a state, what has the names of one and is none, and the rest."""

    chosen: tuple[Chosen, ...]
    misfits: tuple[Misfit, ...]
    hints: tuple[str, ...]
    others: int  # arrays that are no LSTM's
    refused: Mapping[str, str] = field(default_factory=dict)  # by where it lies: why not converted


def find_layers(
    state: "Mapping[str, Any] | str | PathLike[str]", source: str | None = None
) -> Listing:
    """Every LSTM of a state, or of a file or folder that holds one.

    `source` is an adapter's name; without one, every adapter's spellings are tried. Raises
    ConvertError where names can be read in two ways, FormatError where the file cannot be.
    """
    saved = _saved(state, source, ROOT)
    saved, other = _by_number(saved, source, ROOT)
    chosen, misfits = _settled(saved, source, ROOT)
    misfits = [*misfits, *other]
    taken = {name for one in chosen for name in (*one.found.names.values(), *one.also)}
    odd = {name for one in misfits for name in one.names}
    refused = dict(_refused(chosen, saved))
    told = " ".join(refused.values())  # which names what lies beside a layer
    rest = {
        name: one
        for name, one in saved.arrays.items()
        if name not in taken and name not in odd and name not in told
    }
    # Of a place that is told of already there is nothing to guess.
    where = (*(one.where for one in misfits), *(one.where for one in chosen))
    places = {one.replace("/", ".") or "it" for one in where}
    hints = [one for one in likely(rest) if one.partition(":")[0] not in places]
    others = len(saved.arrays) - len(taken)
    return Listing(tuple(chosen), tuple(misfits), tuple(hints), others, refused)


def _refused(chosen: Sequence[Chosen], saved: Saved) -> Iterator[tuple[str, str]]:
    """Where each LSTM lies that is not converted, and why not."""
    taken = {name for one in chosen for name in (*one.found.names.values(), *one.also)}
    beside = Beside(saved.arrays, taken)
    for one in chosen:
        why = list(dict.fromkeys(standard.refusals(one.found, saved.configuration)))
        try:
            dtype_of(one.found)
        except ConvertError as error:
            yield one.where, str(error)
            continue
        # What a graph's node reads is all that there is of it.
        if saved.form != GRAPH and (more := beside.of(one.found)):
            why.append(f"beside its weights it has {listed(more)}")
        if why:
            told = "; ".join(why)
            yield one.where, f"{one.where or 'the layer'} is not the standard LSTM: {told}"


def convert(
    state: "Mapping[str, Any] | str | PathLike[str]",
    target: str,
    source: str | None = None,
    *,
    layers: Sequence[str] = (),
    prefix: str = "",
    stack: bool = False,
    split_bias: bool = False,
    keep_rest: bool = False,
    flat: str = "",
    root: Path = ROOT,
) -> Conversion:
    """The LSTMs of `state`, as `target` names and lays them out. No framework is needed.

    `state` maps names to arrays, as the source framework hands them out, or is a file or folder
    that `conformance.formats.file.read` reads. `target` and `source` are names of adapters;
    without a source the names must tell it. `layers` names some of the LSTMs, `prefix` is what
    stands before all names that count; `stack` makes one LSTM of several; `split_bias` makes two
    halves of one bias where the target has two; `keep_rest` hands out all other arrays as well;
    `flat`, ``"3,4,2,1"``, says input, hidden units, layers and directions of a state that is one
    vector, as `source` keeps it.

    Raises ConvertError where there is no such LSTM, or none of the same numbers in the target;
    FormatError where a file cannot be read, `FrameworkError` for an unknown adapter.
    """
    saved = given = _saved(state, source, root)
    if prefix:
        saved = behind(saved, prefix)
    if flat:
        saved = unrolled(saved, source, flat, root)
    saved, other = _by_number(saved, source, root, layers)
    chosen, misfits = _settled(saved, source, root)
    misfits = [*misfits, *other]
    hints = likely(saved.arrays) if not chosen and not misfits else []
    if hints:
        raise ConvertError(f"no LSTM in it: {'; '.join(hints[:3])}")
    few = picked(chosen, misfits, layers, list(saved.arrays))
    aim = framework(root, target)
    assert aim.convention is not None
    refused = dict(_refused(chosen, saved))
    for one in few:
        if why := refused.get(one.where):
            raise ConvertError(why)
    meant = [stacked([one.found for one in few])] if stack else [one.found for one in few]
    before = prefixes([one.where for one in meant], aim.convention)
    arrays: dict[str, Any] = {}
    done = []
    for found, own, chose in zip(meant, before, few, strict=False):
        made = made_of(found, aim, split_bias)
        names = tuple(own + name for name in made)
        arrays |= dict(zip(names, made.values(), strict=True))
        done.append(Layered(found, chose.frameworks, own, names))
    if keep_rest:
        taken = {name for one in few for name in (*one.found.names.values(), *one.also)}
        rest = {name: one for name, one in saved.arrays.items() if name not in taken}
        if both := sorted(rest.keys() & arrays.keys()):
            raise ConvertError(f"{both[0]}: the rest of the state has a name of a converted weight")
        arrays |= rest
    notes = [
        f"{one.where or 'the layer'}: {line}"
        for one in few
        for line in (*told_numbers(one.found), *standard.notes(one.found, saved.configuration))
    ]
    notes += [
        f"{one.where or 'the layer'}: its weights are in the state twice, with the same numbers"
        for one in few
        if one.also
    ]
    known = all(standard.of(one.found, saved.configuration) for one in few)
    told = presumed(few, aim, known)
    if PLACE in saved.told:
        told = {PLACE: saved.told[PLACE], **told}
    if NAMES in saved.told and NAMES not in given.told:
        told = {"names": saved.told[NAMES], **told}
    return Conversion(arrays, tuple(done), told, tuple(dict.fromkeys(notes)), target)


def made_of(found: Found, aim: Framework, split_bias: bool = False) -> dict[str, Any]:
    """An LSTM's weights by the names of a framework's adapter. Raises ConvertError."""
    assert aim.convention is not None
    # Where every layer has a bias, one without has zeros.
    always = not found.layer.bias and aim.gap(Layer(bias=False)) is not None
    return converted(found, aim.convention, split_bias, always)


def presumed(few: Sequence[Chosen], aim: Framework, known: bool) -> dict[str, str]:
    """What is presumed of the source, and what holds for the output, by key."""
    assert aim.convention is not None
    source = few[0].found.spelled.convention
    return {
        "read as": ", ".join(few[0].frameworks),
        "activations": GATES
        + (", as the file says" if known else ", presumed: weights do not say"),
        "gates read": gates(source),
        "forget offset read": f"{source.forget_offset:g}, added at run time",
        "layout read": layout(source),
        "written for": aim.name,
        "gates": gates(aim.convention),
        "forget offset": f"{aim.convention.forget_offset:g}, added at run time",
        "layout": layout(aim.convention),
    }


def gates(convention: Convention) -> str:
    """The order of the gates, in letters: input, forget, candidate, output."""
    return " ".join(convention.gates)


def layout(convention: Convention) -> str:
    """Each weight's axes."""
    return "; ".join(f"{name} ({form.axes})" for name, form in convention.weights.items())


def framework(root: Path, name: str) -> Framework:
    """The adapter of that name, installed or not. Raises FrameworkError."""
    (found,) = find(root, [name], missing=True)
    return found


def behind(saved: Saved, prefix: str) -> Saved:
    """What bears a prefix, without it. Raises ConvertError where nothing does."""
    own = {
        name[len(prefix) :]: one for name, one in saved.arrays.items() if name.startswith(prefix)
    }
    if not own:
        text = ", ".join(list(saved.arrays)[:8]) or "there is none"
        raise ConvertError(f"no array whose name begins with {prefix!r}: {text}")
    options = {name.removeprefix(prefix): one for name, one in saved.configuration.items()}
    return Saved(own, options, saved.told)


def unrolled(saved: Saved, source: str | None, sizes: str, root: Path) -> Saved:
    """A state that is one vector as weights by name. Raises ConvertError."""
    convention = framework(root, source).convention if source else None
    if convention is None or not convention.flat:
        raise ConvertError("--flat: --from names no adapter that keeps all weights in one vector")
    if len(saved.arrays) != 1:
        raise ConvertError(f"--flat: one vector is due, and there are {len(saved.arrays):,} arrays")
    (vector,) = saved.arrays.values()
    return Saved(parted(vector, convention, *flat_sizes(sizes)))


def _saved(
    state: "Mapping[str, Any] | str | PathLike[str]", source: str | None, root: Path
) -> Saved:
    if isinstance(state, Saved):
        return state
    if isinstance(state, Mapping):
        if wrong := [name for name in state if not isinstance(name, str)]:
            raise ConvertError(f"names are text, not {type(wrong[0]).__name__}")
        return Saved({name: np.asarray(one) for name, one in state.items()})
    return file.read(Path(state), framework(root, source).interpreter if source else "")


def _by_number(
    saved: Saved, source: str | None, root: Path, layers: Sequence[str] = ()
) -> tuple[Saved, list[Misfit]]:
    """A state whose arrays have no names, with names for what is an LSTM by its order."""
    if not numbers(saved.arrays):
        return saved, []
    frameworks = find(root, [source] if source else shipped(root), missing=True)
    few = [one.convention for one in frameworks if one.convention and one.convention.sequence]
    # A file of a form that only some frameworks write is one of theirs.
    own = [one for one in few if any(kind.form == saved.form for kind in one.files)]
    if saved.form == sequence.FORM and own:
        few = own
    unlike = {repr((one.weights, one.gates)): one for one in few}
    return named(saved, list(unlike.values()), layers)


def _settled(saved: Saved, source: str | None, root: Path) -> tuple[list[Chosen], list[Misfit]]:
    names = (source,) if source else tuple(shipped(root))
    found, misfits = search(_spellings(root, names), saved.arrays)
    chosen = [_likeliest(one, saved.form, root) for one in settled(found)]
    return [replace(one, called=_called(one, saved)) for one in chosen], misfits


def _called(one: Chosen, saved: Saved) -> tuple[str, ...]:
    """What a layer is called in its model's description, which its place need not tell."""
    names = [options.get("name") for options in standard.of(one.found, saved.configuration)]
    named = (name for name in names if isinstance(name, str) and name not in one.where.split("/"))
    return tuple(dict.fromkeys(named))


def _likeliest(one: Chosen, form: str, root: Path) -> Chosen:
    """With those frameworks first whose users keep weights in files of that form."""
    first = _keepers(root, form) if form else frozenset()
    names = sorted(one.frameworks, key=lambda name: name not in first)
    return replace(one, frameworks=tuple(names))


@cache
def _keepers(root: Path, form: str) -> frozenset[str]:
    return frozenset(
        name
        for name, convention in _conventions(root, tuple(shipped(root))).items()
        if any(kind.form == form for kind in convention.files)
    )


@cache
def _spellings(root: Path, names: tuple[str, ...]) -> Any:
    return spellings(_conventions(root, names))


@cache
def _conventions(root: Path, names: tuple[str, ...]) -> Mapping[str, Convention]:
    frameworks = find(root, names, missing=True)
    return {one.name: one.convention for one in frameworks if one.convention}
