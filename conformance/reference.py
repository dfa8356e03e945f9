"""The LSTM in NumPy float64: the oracle that every framework is compared with.

The equations are those of Gers, Schmidhuber and Cummins (2000), without peepholes, in the form that
https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html prints:

    i, f, o = sigmoid(W x + b + R h + d), g = tanh(...), c' = f*c + i*g, h' = o*tanh(c')

`tests/harness/test_reference.py` checks this file by hand-worked numbers and by a second,
independent formulation; no framework takes part.
"""

import numpy as np

from conformance.case import Layer
from conformance.sample import Floats, LayerWeights, Sample


def lstm(layer: Layer, sample: Sample) -> dict[str, Floats]:
    """The canonical results of `layer` on `sample`.

    ``output`` is (batch, time, direction*hidden), or (batch, direction*hidden), the final state of
    each direction of the last layer, where the layer does not return sequences; ``h_n`` and
    ``c_n`` are (layer*direction, batch, hidden).
    """
    sequence = sample.inputs["input"]
    rows = len(sample.weights) * layer.num_directions
    hidden = sample.weights[0].recurrent_weights.shape[-1]
    zeros = np.zeros((rows, sequence.shape[0], hidden))
    h_n, c_n = (sample.inputs.get(name, zeros).copy() for name in ("h_0", "c_0"))
    for number, weights in enumerate(sample.weights):
        outputs = []
        for direction in range(layer.num_directions):
            row = number * layer.num_directions + direction
            output, h_n[row], c_n[row] = _scan(weights, direction, sequence, h_n[row], c_n[row])
            outputs.append(output)
        sequence = np.concatenate(outputs, axis=-1)
    if not layer.return_sequences:
        sequence = np.concatenate(h_n[-layer.num_directions :], axis=-1)
    return {"output": sequence, "h_n": h_n, "c_n": c_n}


def _scan(
    weights: LayerWeights, direction: int, sequence: Floats, h: Floats, c: Floats
) -> tuple[Floats, Floats, Floats]:
    """One direction of one layer over (batch, time, input), aligned with its input in time."""
    # The four gates stand side by side: (gate*cell, input), (gate*cell, hidden), (gate*cell,).
    columns = weights.input_weights.shape[-1]
    w = weights.input_weights[direction].reshape(-1, columns)
    r = weights.recurrent_weights[direction].reshape(-1, h.shape[-1])
    b = weights.bias[direction].reshape(-1)
    output = np.empty((*sequence.shape[:2], h.shape[-1]))
    steps = range(sequence.shape[1])
    for t in reversed(steps) if direction == 1 else steps:
        i, f, g, o = np.split(sequence[:, t] @ w.T + h @ r.T + b, 4, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        output[:, t] = h
    return output, h, c


def _sigmoid(x: Floats) -> Floats:
    # By tanh, which cannot overflow as exp(-x) does.
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return result
