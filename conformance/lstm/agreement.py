"""Options of a layer that need or exclude each other, whatever the framework."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from adapters.contract import Dimensions, Layer, stacked


@dataclass(frozen=True)
class Rule:
    """One thing that no layer can be, by the options and dimensions that it looks at."""

    looks_at: tuple[str, ...]
    broken: Callable[[Layer, Dimensions], bool]
    text: str


RULES = (
    Rule(
        ("reverse", "bidirectional"),
        lambda layer, _: layer.reverse and layer.bidirectional,
        "reverse: a bidirectional layer reads both ways already",
    ),
    Rule(
        ("keep_order", "reverse"),
        lambda layer, _: layer.keep_order and not layer.reverse,
        "keep_order: it says how a reversed layer hands out its output, so it needs reverse",
    ),
    Rule(
        ("merge", "bidirectional"),
        lambda layer, _: layer.merge != "concat" and not layer.bidirectional,
        "merge: it joins two directions, so it needs bidirectional",
    ),
    Rule(
        ("layout", "batch_size"),
        lambda layer, dimensions: layer.layout == "unbatched" and dimensions.batch_size != 1,
        "layout: unbatched is one sequence, so it needs a batch_size of 1",
    ),
    Rule(
        ("lengths", "reverse", "keep_order", "return_sequences", "num_layers"),
        lambda layer, dimensions: (
            layer.lengths == "given"
            and layer.reverse
            and not layer.keep_order
            and (layer.return_sequences or dimensions.num_layers > 1)
        ),
        "lengths: what is emitted first of a shorter sequence is undefined; set keep_order",
    ),
    Rule(
        ("mask", "lengths"),
        lambda layer, _: layer.mask == "given" and layer.lengths == "given",
        "mask: it says which steps count, and so do lengths: give one of the two",
    ),
    Rule(
        ("residual", "return_sequences", "merge", "reverse", "keep_order"),
        lambda layer, _: (
            layer.residual
            and (
                not layer.return_sequences
                or layer.merge == "none"
                or (layer.reverse and not layer.keep_order)
            )
        ),
        "residual: it is added step by step, to one sequence that is in the order of the input",
    ),
    Rule(
        ("residual", "layers", "num_layers"),
        lambda layer, dimensions: layer.residual and not layer.layers and dimensions.num_layers > 1,
        "residual: of a stack, layers says of which",
    ),
    Rule(
        ("residual", "bidirectional", "merge", "projection_size", "embedding_dim", "hidden_units"),
        lambda layer, dimensions: (
            layer.residual
            and not layer.layers
            and dimensions.num_layers == 1
            and dimensions.embedding_dim
            != layer.num_outputs * (layer.projection_size or dimensions.hidden_units)
        ),
        "residual: what a layer is fed must be as wide as what it hands out",
    ),
    Rule(
        ("layers", "num_layers"),
        lambda layer, dimensions: bool(
            layer.layers and len(stacked(layer, dimensions)) != dimensions.num_layers
        ),
        "layers: there is one entry for each of num_layers, no more and no fewer",
    ),
)


def contradictions(layer: Layer, dimensions: Dimensions) -> Iterator[str]:
    """Say what in `layer` contradicts itself or the dimensions it is built for."""
    yield from (rule.text for rule in RULES if rule.broken(layer, dimensions))
    members = stacked(layer, dimensions) if layer.layers else []
    for number, (one, sizes) in enumerate(members):
        last = number == len(members) - 1
        one = one if last else replace(one, return_sequences=True)  # which the next one reads
        for text in contradictions(one, sizes):
            yield f"layers[{number}]: {text}"
