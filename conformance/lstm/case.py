"""A case: one layer, one set of dimensions, and what must come out. Frozen values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import GROUP, Dimensions, Layer, Shape, stacked
from conformance.lstm.numbers import Numbers

__all__ = ["Case", "Deviation", "Dimensions", "Instead", "Layer", "Record", "Shape", "sizes"]


@dataclass(frozen=True)
class Case:
    """One case as read from a line of ``cases/*.yaml``.

    `expect` maps ``output`` to (batch, time, direction*hidden), or to (batch, direction*hidden)
    where the layer does not return sequences, ``h_n`` to (layer*direction, batch, hidden) and
    ``c_n`` to (layer*direction, batch, cell). Where the case must be rejected, the inputs that
    `feed` names, or the lowest layer's weights, have those shapes (in canonical axis order) in
    place of right ones, or a length of `lengths` is one that no sequence can have, or the `first`
    call was of another batch.
    """

    id: str  # "behaviour-case": a permanent address
    behaviour: str
    about: str
    source: str
    where: str  # "cases/bidirectional.yaml:9"
    layer: Layer
    dimensions: Dimensions
    expect: Mapping[str, Shape] = field(default_factory=dict)
    must_reject: bool = False
    feed: Mapping[str, Shape] = field(default_factory=dict)
    integers: bool = False  # in the input, which must be rejected
    lengths: tuple[int, ...] = ()  # of each sequence of the batch, where `Layer.lengths` is given
    # Of each sequence and step, 1 where it counts, where `Layer.mask` is given.
    mask: tuple[tuple[int, ...], ...] = ()
    run: bool = True  # False: by shape inference alone
    split: Mapping[str, int] = field(default_factory=dict)  # {"time": 2}: also run in two pieces
    # {"time_steps": 3}: the layer, or the program, is called before at these sizes
    first: Mapping[str, int] = field(default_factory=dict)
    # {"batch_size": 3}: also run again, after a call in which these sizes are others
    repeat: Mapping[str, int] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)  # how those that are fed are made
    record: tuple[str, ...] = ()  # properties that are compared with those on record
    parameters: Mapping[str, int] = field(default_factory=dict)  # published counts, by biases
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Instead:
    """What happens in place of what a claim demands; `got` is exact, as in `Verdict.got`."""

    outcome: str
    got: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Deviation:
    """One known difference, pinned in ``cases/deviations/<framework>.yaml``.

    Which cases it speaks of, `conformance.lstm.kind.speaks_of` says; `version` is a requirement as
    in PEP 508, ``"keras>=3.15,<4"``, matched against the versions that the adapter runs on.
    """

    framework: str
    cases: str  # globs over case ids, with a space between two
    claims: tuple[str, ...]
    version: str
    outcomes: tuple[Instead, ...]  # the exact one; several where it is unsteady which comes
    why: str
    source: str
    where: str  # "cases/deviations/keras.yaml:4"
    kind: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # of options and sizes
    device: str = ""  # on which it was seen; empty where it does not depend on that
    spoils: bool = False  # whether it harms its process, which is then of use to no other case

    @property
    def unsteady(self) -> bool:
        """Whether what happens is one of several outcomes."""
        return len(self.outcomes) > 1


@dataclass(frozen=True)
class Record:
    """One line of ``cases/properties/<framework>.yaml``."""

    framework: str
    cases: str  # a glob over case ids
    name: str
    version: str
    value: Any
    source: str
    where: str


def sizes(layer: Layer, dimensions: Dimensions) -> dict[str, int]:
    """The size of every axis that a pattern may name, by the axis's name.

    Of a stack whose layers differ, ``hidden``, ``cell`` and ``direction`` are those of the last
    layer; ``every_hidden`` and ``every_cell`` count the units of all directions of all layers.
    """
    members = stacked(layer, dimensions) if layer.layers else []
    last, own = members[-1] if members else (layer, dimensions)
    found = {
        "group": GROUP,
        "batch": dimensions.batch_size,
        "time": dimensions.time_steps,
        "input": dimensions.embedding_dim,
        "hidden": last.projection_size or own.hidden_units,
        "cell": own.hidden_units,
        "layer": dimensions.num_layers,
        "direction": last.num_directions,
        "gate": 4,
        "peephole": 3,
    }
    if members:
        found["every_cell"] = sum(one.num_directions * own.hidden_units for one, own in members)
        found["every_hidden"] = sum(
            one.num_directions * (one.projection_size or own.hidden_units) for one, own in members
        )
    return found
