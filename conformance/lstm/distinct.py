"""Distinct axes: sizes that let a test see which axis is which."""

from dataclasses import replace

from adapters.contract import GROUP, stacked
from conformance.lstm.case import Dimensions, Layer


def coincidences(layer: Layer, dimensions: Dimensions) -> tuple[str, ...]:
    """Return what stops the sizes of a case from telling its axes apart; empty where nothing does.

    With equal sizes two axes can be swapped unseen, and an axis of size 1 can be broadcast unseen.
    Layers that differ are looked at one by one; the width of what feeds one is no axis of results.
    """
    if layer.layers:
        return tuple(
            f"layers[{number}]: {text}"
            for number, (one, own) in enumerate(stacked(layer, dimensions))
            for text in coincidences(one, replace(own, embedding_dim=dimensions.embedding_dim))
        )
    axes = {
        "batch_size": dimensions.batch_size,
        "time_steps": dimensions.time_steps,
        "embedding_dim": dimensions.embedding_dim,
        "hidden_units": dimensions.hidden_units,
    }
    if layer.layout == "unbatched":
        del axes["batch_size"]
    if layer.layout == "extra_batch":
        axes["group"] = GROUP
    if layer.projection_size:
        axes["projection_size"] = layer.projection_size
    found = [
        f"{name} is {size}, so a lost or broadcast axis would go unseen: change it"
        for name, size in axes.items()
        if size < 2
    ]
    # layer*direction may be 1: a one-layer, one-way LSTM has no other value, and asking for more
    # would make the plainest case of all degenerate. It still must differ from every other axis.
    axes["layer*direction"] = dimensions.num_layers * layer.num_directions
    for size in sorted(set(axes.values()) - {0, 1}):
        names = [name for name, other in axes.items() if other == size]
        if len(names) > 1:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            equal = f"{listed} are {'all' if names[2:] else 'both'} {size}"
            found.append(f"{equal}, so a swap of them would go unseen: change one")
    return tuple(found)
