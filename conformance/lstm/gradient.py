"""The derivative of the LSTM by hand, in NumPy float64: the oracle of every framework's gradients.

Backpropagation through time of the equations of `conformance.lstm.reference`. With m = o*tanh(c')
and h' = P m (or m, where nothing is projected), the cotangents of h' and c' go back through a step
as

    dm = P^T dh',    do = dm*tanh(c'),    dc' += dm*o*(1 - tanh(c')^2)
    di = dc'*g,      df = dc'*c,          dg = dc'*i,      dc = dc'*f

then through the gates, by sigmoid' = s*(1 - s) and tanh' = 1 - t^2, to W, x, R, h and the biases;
another function has its own derivative, `conformance.lstm.activation`. Peepholes take the
cotangents of the sums of i and f back to c as well, and that of o to c'; in a coupled cell di is
less by df, which reaches nothing else; what was clipped passes nothing on.
At a step that does not count the state stays as it is, and so do the cotangents that go back; what
stands there reaches nothing, whatever it is.
`tests/harness/test_gradient.py` checks this file by hand-worked numbers and by complex steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from einops import einsum

from adapters.contract import CLIP
from conformance.lstm.activation import ACTIVATIONS
from conformance.lstm.case import Layer
from conformance.lstm.layout import batch_major, in_layout
from conformance.lstm.row import joined, parted, states
from conformance.lstm.sample import Flags, Floats, LayerWeights, Sample, counted, turned


@dataclass(frozen=True)
class WeightGradients:
    """The gradients of the weights of one layer of the stack, the gates in the order i, f, g, o."""

    input_weights: Floats  # (direction, gate, cell, input)
    recurrent_weights: Floats  # (direction, gate, cell, hidden)
    input_bias: Floats  # (direction, gate, cell)
    recurrent_bias: Floats  # (direction, gate, cell)
    bias: Floats  # (direction, gate, cell): that of the sum, and so that of either bias
    projection_weights: Floats | None = None  # (direction, hidden, cell), where h is projected
    peephole_weights: Floats | None = None  # (direction, peephole, cell), in the order i, f, o


@dataclass(frozen=True)
class _Tape:
    """What one direction of one layer has computed, in the order in which it read the steps."""

    reads: slice  # the steps of the input, in that order
    emits: slice  # the same of the output
    x: Floats  # (batch, time, input)
    h: Floats  # (batch, time + 1, hidden): before the first step and after each
    c: Floats  # (batch, time + 1, cell): before the first step and after each
    gates: Floats  # (gate, batch, time, cell)
    whole: Flags  # (gate, batch, time, cell): whether the gate's sum was not clipped
    valid: Flags  # (batch, time): whether the step is one of its sequence's

    @property
    def output(self) -> Floats:
        """(batch, time, hidden): the h of every step, in the order in which it is handed out."""
        return self.h[:, 1:][:, self.emits]


def gradients(
    layer: Layer, sample: Sample, cotangents: Mapping[str, Floats]
) -> tuple[dict[str, Floats], tuple[WeightGradients, ...]]:
    """The gradients of ``input``, ``h_0`` and ``c_0`` by name, and of each layer's weights.

    Differentiated is the sum of all results times their cotangents, of which any may be left out:
    ``sequence`` (batch, time, direction*hidden) of the output as it is handed out, ``last`` (batch,
    direction*hidden) of the last layer's final state, both joined as `Layer.merge` says; ``h_n``
    (layer*direction, batch, hidden); ``c_n`` (layer*direction, batch, cell); all of them, and the
    gradients, in the layout of `layer`. The state that a stateful layer keeps is a constant of its
    next call: differentiated is the last call alone. Raises ValueError for a cotangent of another
    name.
    """
    if unknown := sorted(cotangents.keys() - {"sequence", "last", "h_n", "c_n"}):
        raise ValueError(f"cotangents of {unknown}, which no result is")
    given = {name: batch_major(layer, name, array) for name, array in cotangents.items()}
    inputs = {name: batch_major(layer, name, array) for name, array in sample.inputs.items()}
    sequence = inputs["input"]
    last = layer.at(-1)
    h_0, c_0 = states(layer, sample.weights, inputs)
    if layer.stateful == "carried":
        before = {**inputs, "input": inputs.get("first", sequence)}
        first = _stack(layer, sample.weights, before, h_0, c_0)
        kept = [tape for tapes in first for tape in tapes]
        h_0, c_0 = ([getattr(tape, name)[:, -1] for tape in kept] for name in ("h", "c"))
    stack = _stack(layer, sample.weights, inputs, h_0, c_0)
    d_h, d_c = (
        parted(layer, given[name], [row.shape[-1] for row in rows])
        if name in given
        else [np.zeros_like(row) for row in rows]
        for name, rows in (("h_n", h_0), ("c_n", c_0))
    )
    if "last" in given:
        ends = _parted(last, [tape.h[:, -1] for tape in stack[-1]], given["last"])
        for row, d_end in enumerate(ends, start=len(d_h) - len(ends)):
            d_h[row] = d_h[row] + d_end
    whole = _joined(last, [tape.output for tape in stack[-1]])
    d_sequence = np.zeros_like(whole)
    if "sequence" in given:
        valid = _valid(inputs)
        if sum(turned(layer.at(number)) for number in range(len(sample.weights))) % 2:
            valid = valid[:, ::-1]
        d_sequence = np.where(valid[:, :, None], given["sequence"], 0.0)
    found, row = [], len(d_h)
    for number in reversed(range(len(stack))):
        own, weights, tapes = layer.at(number), sample.weights[number], stack[number]
        d_ways = _parted(own, [tape.output for tape in tapes], d_sequence)
        d_sequence = d_sequence if own.residual else np.zeros(())
        parts: list[dict[str, Floats]] = []
        row -= len(tapes)
        for w, tape in enumerate(tapes):
            r = row + w
            d_x, d_h[r], d_c[r], part = _backward(own, weights, w, tape, d_ways[w], d_h[r], d_c[r])
            d_sequence = d_sequence + d_x
            parts.append(part)
        found.append(WeightGradients(**{n: np.stack([one[n] for one in parts]) for n in parts[0]}))
    if layer.stateful == "carried":
        d_h, d_c = list(map(np.zeros_like, d_h)), list(map(np.zeros_like, d_c))
    of_inputs = {"input": d_sequence, "h_0": joined(layer, d_h), "c_0": joined(layer, d_c)}
    of_inputs = {name: in_layout(layer, name, array) for name, array in of_inputs.items()}
    return of_inputs, tuple(reversed(found))


def _stack(
    layer: Layer,
    stack: Sequence[LayerWeights],
    inputs: Mapping[str, Floats],
    h_0: Sequence[Floats],
    c_0: Sequence[Floats],
) -> list[list[_Tape]]:
    """What every direction of every layer computes, from each row's own states (batch, ...)."""
    sequence, valid, row, every = inputs["input"], _valid(inputs), 0, []
    for number, weights in enumerate(stack):
        own, tapes = layer.at(number), []
        for way in range(own.num_directions):
            tapes.append(_forward(own, weights, way, sequence, h_0[row], c_0[row], valid))
            row += 1
        whole = _joined(own, [tape.output for tape in tapes])
        sequence = whole + sequence if own.residual else whole
        if turned(own):
            valid = valid[:, ::-1]
        every.append(tapes)
    return every


def _valid(inputs: Mapping[str, Floats]) -> Flags:
    """(batch, time): whether each step of the input counts."""
    valid = counted(inputs)
    return np.ones(inputs["input"].shape[:2], bool) if valid is None else valid


def _forward(
    layer: Layer,
    weights: LayerWeights,
    way: int,
    sequence: Floats,
    h_0: Floats,
    c_0: Floats,
    valid: Flags,
) -> _Tape:
    """One direction of one layer over (batch, time, input), of which some steps are valid."""
    w, r, p = weights.input_weights[way], weights.recurrent_weights[way], weights.projection_weights
    reads = slice(None, None, -1 if layer.reverse or way == 1 else 1)
    emits = reads if layer.keep_order or way == 1 else slice(None)
    valid = valid[:, reads]
    x = np.where(valid[:, :, None], sequence[:, reads], 0.0)
    h, c = (np.repeat(state[:, None], x.shape[1] + 1, axis=1) for state in (h_0, c_0))
    gates = einsum(x, w, "batch time input, gate cell input -> gate batch time cell")
    gates += weights.bias[way][:, None, None]
    whole = np.ones(gates.shape, bool)
    gate, squash = ACTIVATIONS[layer.recurrent_activation].of, ACTIVATIONS[layer.activation].of
    peepholes = _peepholes(layer, weights, way)
    for t in range(x.shape[1]):
        gates[:, :, t] += einsum(h[:, t], r, "batch hidden, gate cell hidden -> gate batch cell")
        if peepholes is not None:
            gates[:2, :, t] += peepholes[:2, None] * c[:, t]
        if layer.cell == "clipped":
            whole[:, :, t] = np.abs(gates[:, :, t]) < CLIP
            gates[:, :, t] = _clipped(gates[:, :, t])
        gates[:2, :, t], gates[2, :, t] = gate(gates[:2, :, t]), squash(gates[2, :, t])
        if layer.cell == "coupled":
            gates[1, :, t] = 1 - gates[0, :, t]
        i, f, g, o = gates[:, :, t]
        c[:, t + 1] = np.where(valid[:, t, None], f * c[:, t] + i * g, c[:, t])
        if peepholes is not None:
            o += peepholes[2] * c[:, t + 1]
        o[...] = gate(o)
        m = o * squash(_seen(layer, c[:, t + 1]))
        h[:, t + 1] = np.where(valid[:, t, None], m if p is None else m @ p[way].T, h[:, t])
    return _Tape(reads, emits, x, h, c, gates, whole, valid)


def _backward(
    layer: Layer,
    weights: LayerWeights,
    way: int,
    tape: _Tape,
    d_output: Floats,
    d_h: Floats,
    d_c: Floats,
) -> tuple[Floats, Floats, Floats, dict[str, Floats]]:
    """The gradients of the input, of the initial h and c, and of one direction's weights."""
    w, r, p = weights.input_weights[way], weights.recurrent_weights[way], weights.projection_weights
    gate, squash = ACTIVATIONS[layer.recurrent_activation].slope, ACTIVATIONS[layer.activation]
    peepholes = _peepholes(layer, weights, way)
    d_every_h, d_z = d_output[:, tape.emits].copy(), np.empty_like(tape.gates)
    for t in reversed(range(tape.x.shape[1])):
        (i, f, g, o), squashed = tape.gates[:, :, t], squash.of(_seen(layer, tape.c[:, t + 1]))
        valid, d_later_h, d_later_c = tape.valid[:, t, None], d_h, d_c
        d_h = d_every_h[:, t] = np.where(valid, d_every_h[:, t] + d_h, 0.0)
        d_m = d_h if p is None else d_h @ p[way]
        d_seen = d_m * o * squash.slope(squashed)
        if layer.cell == "clipped":
            d_seen = np.where(np.abs(tape.c[:, t + 1]) < CLIP, d_seen, 0.0)
        d_c = np.where(valid, d_c, 0.0) + d_seen
        d_z[3, :, t] = d_m * squashed * gate(o)
        if peepholes is not None:
            d_c = d_c + d_z[3, :, t] * peepholes[2]
        d_i, d_f, d_g = d_c * g, d_c * tape.c[:, t], d_c * i
        if layer.cell == "coupled":
            d_i, d_f = d_i - d_f, np.zeros_like(d_f)
        d_z[:3, :, t] = d_i * gate(i), d_f * gate(f), d_g * squash.slope(g)
        if layer.cell == "clipped":
            d_z[:, :, t] = np.where(tape.whole[:, :, t], d_z[:, :, t], 0.0)
        d_h = einsum(d_z[:, :, t], r, "gate batch cell, gate cell hidden -> batch hidden")
        d_c = d_c * f
        if peepholes is not None:
            d_c = d_c + (d_z[:2, :, t] * peepholes[:2, None]).sum(axis=0)
        d_h, d_c = np.where(valid, d_h, d_later_h), np.where(valid, d_c, d_later_c)
    d_x = einsum(d_z, w, "gate batch time cell, gate cell input -> batch time input")
    d_w = einsum(d_z, tape.x, "gate batch time cell, batch time input -> gate cell input")
    d_r = einsum(d_z, tape.h[:, :-1], "gate batch time cell, batch time hidden -> gate cell hidden")
    found = {"input_weights": d_w, "recurrent_weights": d_r}
    found |= dict.fromkeys(("bias", "input_bias", "recurrent_bias"), d_z.sum(axis=(1, 2)))
    if peepholes is not None:
        before, behind = tape.c[:, :-1], tape.c[:, 1:]
        seen = zip(d_z[[0, 1, 3]], (before, before, behind), strict=True)
        found["peephole_weights"] = np.stack([(one * c).sum(axis=(0, 1)) for one, c in seen])
    if p is not None:
        m = tape.gates[3] * squash.of(_seen(layer, tape.c[:, 1:]))
        d_p = einsum(d_every_h, m, "batch time hidden, batch time cell -> hidden cell")
        found["projection_weights"] = d_p
    return d_x[:, tape.reads], d_h, d_c, found


def _peepholes(layer: Layer, weights: LayerWeights, way: int) -> Floats | None:
    """Those of one direction, (peephole, cell), where the layer has them."""
    if layer.cell != "peepholes" or weights.peephole_weights is None:
        return None
    found: Floats = weights.peephole_weights[way]
    return found


def _seen(layer: Layer, c: Floats) -> Floats:
    """What of c goes into its function."""
    return _clipped(c) if layer.cell == "clipped" else c


def _clipped(x: Floats) -> Floats:
    found: Floats = np.minimum(np.maximum(x, -CLIP), CLIP)
    return found


def _joined(layer: Layer, parts: Sequence[Floats]) -> Floats:
    if layer.num_outputs == layer.num_directions:
        return np.concatenate(parts, axis=-1)
    whole: Floats = np.prod(parts, axis=0) if layer.merge == "mul" else np.sum(parts, axis=0)
    return whole / 2 if layer.merge == "ave" else whole


def _parted(layer: Layer, parts: Sequence[Floats], d_joined: Floats) -> list[Floats]:
    """The cotangents of the parts that `_joined` has joined."""
    if layer.num_outputs == layer.num_directions:
        return np.split(d_joined, len(parts), axis=-1)
    if layer.merge == "mul":
        return [d_joined * other for other in reversed(parts)]
    return [d_joined / 2 if layer.merge == "ave" else d_joined] * 2
