"""The LSTM in NumPy float64: the oracle that every framework is compared with.

The equations are those of Gers, Schmidhuber and Cummins (2000), without peepholes, in the form that
https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html prints:

    i, f, o = sigmoid(W x + b + R h + d), g = tanh(...), c' = f*c + i*g, h' = o*tanh(c')

where the layer may have another function for either (`conformance.lstm.activation`). Variants of
the cell are those that https://onnx.ai/onnx/operators/onnx__LSTM.html prints: with peepholes p*c is
added to the sums of i and f, and p*c' to that of o; a coupled cell has f = 1 - i; in a clipped one
all that goes into a function is cut to ±1/2, c' on its way to h too, while c' itself is kept whole.
A residual layer adds the step that it read to the h' that it hands out, while h' itself goes on.
`tests/harness/test_reference.py` checks this file by hand-worked numbers and by a second,
independent formulation; no framework takes part.
"""

from collections.abc import Callable

import numpy as np
from threadpoolctl import ThreadpoolController

from adapters.contract import CLIP
from conformance.lstm.activation import ACTIVATIONS
from conformance.lstm.case import Layer
from conformance.lstm.layout import batch_major, in_layout
from conformance.lstm.row import joined, states
from conformance.lstm.sample import Flags, Floats, LayerWeights, Sample, counted, turned

Valid = Flags | None  # (batch, time): which steps count; None is all
# Of a step's products none is worth a second thread, and where another worker has the other core,
# two threads that wait for each other take ten times as long as one.
_BLAS = ThreadpoolController().select(user_api="blas")


def lstm(layer: Layer, sample: Sample) -> dict[str, Floats]:
    """The canonical results of `layer` on `sample`.

    ``output`` is (batch, time, direction*hidden), or (batch, direction*hidden), the final state of
    each direction of the last layer, where the layer does not return sequences; ``h_n`` is
    (layer*direction, batch, hidden), ``c_n`` (layer*direction, batch, cell). In another layout than
    batch-major they have the axes of `conformance.lstm.pattern.canonical`, and a merge other than
    concat leaves the output as wide as one direction. Of a step that does not count, as it lies
    beyond its sequence's length or is masked, the output is zero and no state moves, whatever the
    input holds there.
    """
    inputs = {name: batch_major(layer, name, array) for name, array in sample.inputs.items()}
    h, c = states(layer, sample.weights, inputs)
    x, valid = inputs["input"], counted(inputs)
    if valid is not None:
        # Nothing is computed with what is no number of the sequence's: it may be no number at all.
        x = np.where(valid[..., None], x, 0.0)
    # Where lengths are left out to see what that would give, what is not finite may be read.
    with _BLAS.limit(limits=1), np.errstate(invalid="ignore", over="ignore"):
        if layer.stateful == "carried":
            _, h, c = _stack(layer, sample.weights, inputs.get("first", x), h, c, valid)
        y, h, c = _stack(layer, sample.weights, x, h, c, valid)
    results = {"output": y, "h_n": joined(layer, h), "c_n": joined(layer, c)}
    output = "sequence" if layer.return_sequences else "last"
    return {
        name: in_layout(layer, output if name == "output" else name, array)
        for name, array in results.items()
    }


def _stack(
    layer: Layer,
    stack: tuple[LayerWeights, ...],
    sequence: Floats,
    h_0: list[Floats],
    c_0: list[Floats],
    valid: Valid,
) -> tuple[Floats, list[Floats], list[Floats]]:
    """The output, h_n and c_n of a stack on (batch, time, input); of states, each row's own."""
    h_n, c_n = list(h_0), list(c_0)
    row = 0
    for number, weights in enumerate(stack):
        own, outputs = layer.at(number), []
        for direction in range(own.num_directions):
            backward = direction == 1 or own.reverse
            output, h_n[row], c_n[row] = _scan(
                own, weights, direction, backward, sequence, h_n[row], c_n[row], valid
            )
            outputs.append(output)
            row += 1
        whole = _merged(own, outputs)
        sequence = whole + sequence if own.residual else whole
        if turned(own):
            sequence = sequence[:, ::-1]
            valid = None if valid is None else valid[:, ::-1]
    if not layer.return_sequences:
        last = layer.at(-1)
        sequence = _merged(last, h_n[-last.num_directions :])
    return sequence, h_n, c_n


def _scan(
    layer: Layer,
    weights: LayerWeights,
    direction: int,
    backward: bool,
    sequence: Floats,
    h: Floats,
    c: Floats,
    valid: Valid,
) -> tuple[Floats, Floats, Floats]:
    """One direction of one layer over (batch, time, input), aligned with its input in time."""
    # The four gates stand side by side: (gate*cell, input), (gate*cell, hidden), (gate*cell,).
    w = weights.input_weights[direction].reshape(4 * c.shape[-1], sequence.shape[-1])
    r = weights.recurrent_weights[direction].reshape(4 * c.shape[-1], h.shape[-1])
    b = weights.bias[direction].reshape(-1)
    p = None if weights.projection_weights is None else weights.projection_weights[direction]
    gate, squash = _clipping(layer, layer.recurrent_activation), _clipping(layer, layer.activation)
    peepholes = None if layer.cell != "peepholes" else weights.peephole_weights
    output = np.zeros_like(h, shape=(*sequence.shape[:2], h.shape[-1]))  # rounded, where h is
    steps = range(sequence.shape[1])
    for t in reversed(steps) if backward else steps:
        i, f, g, o = np.split(sequence[:, t] @ w.T + h @ r.T + b, 4, axis=-1)
        if peepholes is not None:
            i, f = i + peepholes[direction, 0] * c, f + peepholes[direction, 1] * c
        enters = gate(i)
        c_next = (1 - enters if layer.cell == "coupled" else gate(f)) * c + enters * squash(g)
        if peepholes is not None:
            o = o + peepholes[direction, 2] * c_next
        h_next = gate(o) * squash(c_next)
        if p is not None:
            h_next = h_next @ p.T
        output[:, t] = h_next
        if valid is not None:  # in place: what np.where makes rounds no more
            out = ~valid[:, t]
            output[out, t], h_next[out], c_next[out] = 0.0, h[out], c[out]
        h, c = h_next, c_next
    return output, h, c


def _clipping(layer: Layer, function: str) -> Callable[[Floats], Floats]:
    """The function of this name, as the layer has it."""
    of = ACTIVATIONS[function].of
    if layer.cell != "clipped":
        return of
    return lambda x: of(np.minimum(np.maximum(x, -CLIP), CLIP))


def _merged(layer: Layer, outputs: list[Floats]) -> Floats:
    """Both directions' outputs as one: (..., direction*hidden), or (..., hidden)."""
    if layer.num_outputs == layer.num_directions:
        return np.concatenate(outputs, axis=-1)
    forward, backward = outputs
    joined = {"sum": forward + backward, "mul": forward * backward}
    return joined[layer.merge] if layer.merge in joined else (forward + backward) / 2
