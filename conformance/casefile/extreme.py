"""Sizes at which layers go wrong that are right at others: the least, the large, the coinciding.

At each of them a case hides what it is there to make small, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.lstm.case import Dimensions, Layer

PROJECTION_SIZE = 6
USUAL = {
    "batch_size": 3,
    "time_steps": 5,
    "embedding_dim": 7,
    "hidden_units": 11,
    "num_layers": 1,
    "projection_size": PROJECTION_SIZE,
}


@dataclass(frozen=True)
class Extreme:
    """One class of sizes.

    sizes
        Sizes of the class, where they are not the usual ones.
    holds
        Whether a layer of these dimensions is of the class.
    looks_at
        The options that `holds` depends on.
    hides
        What is too small in it, in the words of `conformance.casefile.cover.hidden`.
    projected
        `sizes` of a layer that projects, where they are others.
    """

    sizes: Mapping[str, int]
    holds: Callable[[Layer, Dimensions], bool]
    looks_at: tuple[str, ...] = ()
    hides: frozenset[str] = frozenset()
    projected: Mapping[str, int] | None = None


def _batched(layer: Layer) -> bool:
    return layer.layout != "unbatched"


EXTREMES: dict[str, Extreme] = {
    "one_sequence": Extreme(
        {"batch_size": 1},
        lambda layer, sizes: _batched(layer) and sizes.batch_size == 1,
        ("layout",),
        hides=frozenset({"batch_size", "lengths"}),
    ),
    "one_step": Extreme(
        {"time_steps": 1},
        lambda _, sizes: sizes.time_steps == 1,
        hides=frozenset({"time_steps", "lengths", "mask"}),
    ),
    "two_steps": Extreme(
        {"time_steps": 2},
        lambda _, sizes: sizes.time_steps == 2,
        hides=frozenset({"time_steps"}),
    ),
    "one_feature": Extreme(
        {"embedding_dim": 1},
        lambda _, sizes: sizes.embedding_dim == 1,
        hides=frozenset({"embedding_dim"}),
    ),
    "one_unit": Extreme(
        {"hidden_units": 1},
        lambda layer, sizes: (layer.projection_size or sizes.hidden_units) == 1,
        ("projection_size",),
        hides=frozenset({"hidden_units"}),
        projected={"projection_size": 1},
    ),
    "many_steps": Extreme(
        {"time_steps": 67},
        lambda layer, sizes: layer.return_sequences and sizes.time_steps > 64,
        ("return_sequences",),
    ),
    "many_wide_sequences": Extreme(
        {"batch_size": 35, "hidden_units": 67},
        lambda layer, sizes: _batched(layer) and sizes.batch_size > 32 and sizes.hidden_units > 64,
        ("layout",),
    ),
    # Names of ten layers and more sort otherwise than numbers do.
    "four_wide_layers": Extreme(
        {"hidden_units": 67, "num_layers": 4},
        lambda _, sizes: (
            sizes.num_layers == 4 and sizes.hidden_units > 64 and sizes.batch_size <= 4
        ),
    ),
    "eleven_layers": Extreme(
        {"hidden_units": 13, "num_layers": 11}, lambda _, sizes: sizes.num_layers > 10
    ),
    # A weight that is square can be transposed, and an axis as long as another be taken for it.
    "input_as_gates": Extreme(
        {"embedding_dim": 44}, lambda _, sizes: sizes.embedding_dim == 4 * sizes.hidden_units > 4
    ),
    "input_as_hidden": Extreme(
        {"embedding_dim": 11}, lambda _, sizes: sizes.embedding_dim == sizes.hidden_units > 1
    ),
    "batch_as_hidden": Extreme(
        {"batch_size": 11},
        lambda layer, sizes: (
            _batched(layer)
            and layer.initial_state == "given"
            and sizes.batch_size == sizes.hidden_units > 1
        ),
        ("layout", "initial_state"),
    ),
    "batch_as_steps": Extreme(
        {"batch_size": 5},
        lambda layer, sizes: _batched(layer) and sizes.batch_size == sizes.time_steps > 1,
        ("layout",),
    ),
    "projection_as_hidden": Extreme(
        {"projection_size": 11},
        lambda layer, sizes: layer.projection_size == sizes.hidden_units > 1,
        ("projection_size",),
    ),
    # What a gradient sums over: a batch and steps beyond those of other cases.
    "long_gradients": Extreme(
        {"batch_size": 6, "time_steps": 9},
        lambda layer, sizes: layer.gradients and sizes.time_steps > 8 and sizes.batch_size > 4,
        ("gradients", "layout"),
    ),
}
