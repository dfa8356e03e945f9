"""Which LSTMs of a state are meant, and how each is read: one answer, or a question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from conformance.casefile.suggest import hint
from conformance.lstm.sample import LayerWeights
from conformance.weights.spelled import MOMENTS, Found, Misfit

WORDS = re.compile(r"gru|lstm|rnn|weight_[ih]h|quant|packed")
FEW = 16  # whole numbers that are axes, shapes and the like
FEW = 8  # numbers, of which less is no weight
NAMED = 8  # of what a state lacks or has too much


class ConvertError(ValueError):
    """A state that is none of the source's, or has no counterpart in the target. One line."""


@dataclass(frozen=True)
class Chosen:
    """One LSTM of a state, the frameworks that spell it so, and what is to be known of it."""

    found: Found
    frameworks: tuple[str, ...]
    places: tuple[str, ...]  # where it lies, by each spelling
    also: tuple[str, ...] = ()  # names of the state that hold the same once more
    called: tuple[str, ...] = ()  # in its model's description

    @property
    def where(self) -> str:
        """Its name: where it lies in its model."""
        return self.found.where


def listed(words: Sequence[str]) -> str:
    """The words with commas; of many, the first and how many more there are."""
    more = [f"and {len(words) - NAMED:,} more"] if len(words) > NAMED else []
    return ", ".join([*words[:NAMED], *more])


def settled(found: Sequence[Found]) -> list[Chosen]:
    """Each LSTM once, whoever spells it so.

    Raises ConvertError where two spellings read the same arrays as two layers that differ.
    """
    by_names: dict[frozenset[str], list[Found]] = {}
    for one in found:
        by_names.setdefault(frozenset(one.names.values()), []).append(one)
    once: list[Chosen] = []
    for few in by_names.values():
        sure = [one for one in few if one.spelled.sure] or few
        for differing in sure[1:]:
            if not _same(sure[0], differing):
                raise ConvertError(_question(sure[0], differing))
        names = dict.fromkeys(name for one in sure for name in one.spelled.frameworks)
        places = tuple(dict.fromkeys(one.where for one in sure))
        where = next(filter(None, places), "")
        once.append(Chosen(replace(sure[0], where=where), tuple(names), places))
    merged = _twice(once)
    claimed: dict[str, Chosen] = {}
    for each in merged:
        for name in each.found.names.values():
            if name in claimed:
                raise ConvertError(_question(claimed[name].found, each.found))
            claimed[name] = each
    return _named_apart(merged)


def _twice(once: Sequence[Chosen]) -> list[Chosen]:
    """Without those that hold at the same place what another holds: names differ, numbers do not.

    Raises ConvertError where the numbers do.
    """
    kept: list[Chosen] = []
    for one in once:
        beside = [
            number
            for number, other in enumerate(kept)
            if set(other.places) & set(one.places)
            and (other.found.layer, other.found.dimensions)
            == (one.found.layer, one.found.dimensions)
        ]
        if not beside:
            kept.append(one)
            continue
        other = kept[beside[0]]
        names, more = (tuple(each.found.names.values()) for each in (other, one))
        if not _equal(other.found.stack, one.found.stack):
            text = f"{names[0]} and {more[0]} are the same weight and differ"
            raise ConvertError(f"{one.where or 'the layer'}: {text}")
        both = tuple(name for name in other.frameworks if name in one.frameworks)
        kept[beside[0]] = replace(
            other, frameworks=both or other.frameworks, also=(*other.also, *more)
        )
    return kept


def _named_apart(chosen: Sequence[Chosen]) -> list[Chosen]:
    """With a number where two would bear one name."""
    apart, seen = [], dict[str, int]()
    for one in chosen:
        seen[one.where] = count = seen.get(one.where, 0) + 1
        where = one.where if count == 1 else f"{one.where}#{count}"
        apart.append(replace(one, found=replace(one.found, where=where)))
    return apart


def _same(one: Found, other: Found) -> bool:
    if (one.layer, one.dimensions) != (other.layer, other.dimensions):
        return False
    return _equal(one.stack, other.stack)


def _equal(one: Sequence[LayerWeights], other: Sequence[LayerWeights]) -> bool:
    return all(
        np.array_equal(first, second, equal_nan=True)
        for mine, theirs in zip(one, other, strict=True)
        for first, second in zip(vars(mine).values(), vars(theirs).values(), strict=True)
        if first is not None
    )


def _question(one: Found, other: Found) -> str:
    told = [
        f"{each.spelled.frameworks[0]} ({each.spelled.met or 'as its adapter names it'}, "
        f"gates {each.spelled.convention.gates}: {each})"
        for each in (one, other)
    ]
    return f"{one.where or 'the layer'} can be read as {told[0]} or as {told[1]}: say --from"


def picked(
    chosen: Sequence[Chosen], misfits: Sequence[Misfit], layers: Sequence[str], names: Sequence[str]
) -> list[Chosen]:
    """Those that are asked for: by name, by a glob, or all that are surely LSTMs.

    Raises ConvertError where there is none.
    """
    if layers:
        wanted = []
        for asked in layers:
            some = [
                one
                for one in chosen
                if asked in (one.where, *one.called) or fnmatchcase(one.where, asked)
            ]
            if not some:
                known = [name for one in chosen for name in (one.where, *one.called)]
                odd = next((one.why for one in misfits if one.where == asked), "")
                why = f": {odd}" if odd else hint(asked, known) or f" (there is {listed(known)})"
                raise ConvertError(f"no LSTM {asked!r}{why}")
            wanted += [one for one in some if one not in wanted]
        return wanted
    sure = [one for one in chosen if one.found.spelled.sure]
    if sure:
        return sure
    if chosen:
        one = chosen[0]
        sizes = one.found.dimensions
        wide = sizes.embedding_dim + sizes.hidden_units
        text = f"{one.where} may be an LSTM ({one.found}), or a dense layer of {wide} to"
        raise ConvertError(f"{text} {4 * sizes.hidden_units}: name it with --layer if it is one")
    raise ConvertError(nothing(misfits, names))


def nothing(misfits: Sequence[Misfit], names: Sequence[str]) -> str:
    """What a state is that has no LSTM."""
    if misfits:
        told = [f"{one.where or 'it'} is {one.why}" for one in misfits]
        return f"no LSTM in it: {listed(list(dict.fromkeys(told)))}"
    if len(names) == 1:
        return f"no LSTM in it, but {names[0]}: of one vector with all weights say --flat"
    return f"no LSTM in it, by names that an adapter declares: {listed(names) or 'it is empty'}"


def likely(arrays: Mapping[str, Any]) -> list[str]:
    """What arrays that no spelling knows look like, by their names and shapes."""
    folders: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        if MOMENTS.search(name):
            continue
        way = name.replace("/", ".").split(".")
        words = [number for number, part in enumerate(way) if WORDS.search(part.lower())]
        if words:
            depth = words[0] + 1 if words[0] + 1 < len(way) else words[0]
            folders.setdefault(".".join(way[:depth]), {})[".".join(way[depth:])] = array
    told = []
    for folder, whole in folders.items():
        held = {name: one for name, one in whole.items() if np.size(one) >= FEW}
        if not held:
            continue  # axes, shapes and the like
        shown = ", ".join(f"{name} {np.shape(one)}" for name, one in list(held.items())[:4])
        text = f"{folder} {shown}".lower()
        if any(one.dtype.kind in "iu" and one.size > FEW for one in held.values()):
            kind = "quantized, whole numbers with scales"
        elif "gru" in text:
            kind = "a GRU, by its name"
        elif "lstm" in text:
            kind = "an LSTM by its name, under names of no adapter's"
        else:
            kind = "a recurrent layer by its name"
        told.append(f"{folder or 'it'}: {kind} ({shown})")
    return told
