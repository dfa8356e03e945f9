"""The contract: everything that the engine and the adapters share.

An adapter is one Python file that builds one framework's LSTM. It runs in a process of its own,
in an interpreter that may hold nothing but that framework and NumPy (Python 3.10 or newer), so it
imports this module, its framework, NumPy and the standard library, and nothing else. It defines:

``PACKAGES``
    Names of distributions, the framework's own first. One that is missing makes the adapter
    ``not installed``; ``"tensorflow|tensorflow-cpu"`` stands for whichever of the two is there.
``CONVENTION``
    A :class:`Convention`: the framework's names, axis orders and gate order, as data.
``unsupported(layer) -> str | None``
    Why the framework has no such layer, with a link, or None.
``run(layer, dimensions, weights, inputs) -> dict[str, Array]``
    Builds the real layer, gives it `weights` and `inputs` (both by the framework's own names) and
    returns what the framework returns, never transposed, stacked, squeezed or sliced.
``infer(layer, dimensions) -> dict[str, Shape]``
    The shapes of the same results by the framework's own shape inference, without running it.
``parameters(layer, dimensions) -> dict[str, Shape]``
    The layer's trainable parameters, read from the layer itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Array: TypeAlias = Any  # whatever numpy.asarray accepts
Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """The options of an LSTM layer, in the words of the guide."""

    bidirectional: bool = False
    bias: bool = True
    return_sequences: bool = True
    initial_state: Literal["zeros", "given"] = "zeros"

    @property
    def num_directions(self) -> int:
        """2 for a bidirectional layer, else 1."""
        return 2 if self.bidirectional else 1


@dataclass(frozen=True)
class Dimensions:
    """The sizes that a layer is built for and called with."""

    batch_size: int
    time_steps: int
    embedding_dim: int
    hidden_units: int
    num_layers: int = 1


@dataclass(frozen=True)
class Native:
    """One tensor (or one family of tensors) as the framework knows it.

    `name` is the framework's own name. ``{layer}``, ``{direction}`` and ``{gate}`` in it stand for
    a layer's number, a label from `Convention.directions` and a label from `gates`, so that one
    declaration covers a family. `axes` is an einops pattern over the names batch, time, input,
    hidden, cell, layer, direction and gate: ``"(layer direction) batch hidden"``.
    """

    name: str
    axes: str
    gates: tuple[str, ...] = ()  # labels for {gate}, in the order of Convention.gates


@dataclass(frozen=True)
class Convention:
    """How a framework names and lays out its tensors. The keys are the canonical names.

    inputs
        ``input``, ``h_0`` and ``c_0``.
    results
        ``output`` (the sequence), ``h_n`` and ``c_n``; ``last`` is what its users read as the
        output where `Layer.return_sequences` is false.
    weights
        ``input_weights``, ``recurrent_weights``, and either ``bias`` (one a gate) or
        ``input_bias`` and ``recurrent_bias`` (two a gate).
    gates
        The order of the gates along a ``gate`` axis: input ``i``, forget ``f``, candidate ``g``,
        output ``o``.
    directions
        The labels for ``{direction}``: of a one-way layer, then of a bidirectional one.
    source
        A link to the documentation that this was taken from.
    """

    inputs: Mapping[str, Native]
    results: Mapping[str, Native]
    weights: Mapping[str, Native]
    gates: str
    source: str
    directions: tuple[tuple[str], tuple[str, str]] = field(default=(("",), ("", "_reverse")))
