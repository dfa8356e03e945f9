"""NumPy: an LSTM written by hand, with every option: the suite runs with nothing installed.

It is no framework's, and shares no line with the engine's reference. It is also the right layer
that `python -m conformance kill` makes wrong: each of `tests/harness/mutants/faults/*.yaml` changes
a line or two.

Forward, the equations are those of Gers, Schmidhuber and Cummins (2000), without peepholes:

    i, f, o = sigmoid(W x + b + R h + d), g = tanh(...), c' = f*c + i*g, h' = o*tanh(c')

or with other functions in the place of these two, and with variants of the cell: clipped, with
peepholes, coupled.
Backward, they are differentiated by hand, step by step against the order in which they were read.
Everything is computed in float64, batch-major, (batch, time, feature), and handed over in the
layer's dtype and layout. No step is written more tightly than a fault needs to find its place.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from adapters.contract import (
    CLIP,
    GROUP,
    Array,
    Cast,
    Convention,
    Dimensions,
    Layer,
    Line,
    Native,
    Results,
    Shape,
    Snippet,
    outline,
    stacked,
)

PACKAGES = ("numpy",)
OLDEST = ("numpy==1.26.4",)
PAPER = "https://doi.org/10.1162/089976600300015015"  # Gers, Schmidhuber and Cummins (2000)

CONVENTION = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("start_h", "(layer direction) batch hidden"),
        "c_0": Native("start_c", "(layer direction) batch cell"),
        "lengths": Native("lengths", "batch"),
        "mask": Native("mask", "batch time"),
        "first": Native("first", "batch time input"),
    },
    results={
        "output": Native("y", "batch time (direction hidden)"),
        "h_n": Native("end_h", "(layer direction) batch hidden"),
        "c_n": Native("end_c", "(layer direction) batch cell"),
        "last": Native("y", "batch (direction hidden)"),
    },
    weights={
        "input_weights": Native("layer{layer}{direction}.w", "input (gate cell)"),
        "recurrent_weights": Native("layer{layer}{direction}.r", "hidden (gate cell)"),
        "input_bias": Native("layer{layer}{direction}.b", "(gate cell)"),
        "recurrent_bias": Native("layer{layer}{direction}.d", "(gate cell)"),
        "projection_weights": Native("layer{layer}{direction}.p", "cell hidden"),
        "peephole_weights": Native("layer{layer}{direction}.e", "(peephole cell)"),
    },
    gates="ifgo",
    directions=(("",), (".ahead", ".back")),
    source=PAPER,
    loader="weights = dict(numpy.load(file))",
)
SNIPPET = Snippet(
    (
        "import numpy as np",
        "",
        "w = np.zeros(($embedding_dim, 4 * $hidden_units))  # of the gates i, f, g, o",
        "r = np.zeros(($hidden_units, 4 * $hidden_units))",
        Line("b, d = np.zeros((2, 4 * $hidden_units))", {"bias": True}),
        Line("b = d = 0", {"bias": False}),
        "x = np.zeros(($batch_size, $time_steps, $embedding_dim))",
    ),
    (
        "",
        "",
        "def logistic(z):",
        "    return 1 / (1 + np.exp(-z))",
        "",
        "",
        "h = c = np.zeros(($batch_size, $hidden_units))",
        "sequence = []",
        Line("for step in range($time_steps):", {"reverse": False}),
        Line("for step in reversed(range($time_steps)):", {"reverse": True}),
        "    all_four = x[:, step] @ w + b + h @ r + d",
        "    to_i, to_f, to_g, to_o = np.split(all_four, 4, axis=1)",
        "    c = logistic(to_f) * c + logistic(to_i) * np.tanh(to_g)",
        "    h = logistic(to_o) * np.tanh(c)",
        "    sequence.append(h)",
        Line("sequence.reverse()", {"keep_order": True}),
        Line("y = np.stack(sequence, axis=1)", {"return_sequences": True}),
        Line("y = h", {"return_sequences": False}),
        'results = {"y": y, "end_h": h[None], "end_c": c[None]}  # one layer, one direction',
    ),
    options=(
        "bias",
        "initial_state",
        "keep_order",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="array",
    loading=(
        "import numpy",
        'file = "lstm.npz"',
        "np.savez(file, **weights)",
        "$loader",
        Line('w, r, b, d = (weights[f"layer0.{name}"] for name in "wrbd")', {"bias": True}),
        Line('w, r = (weights[f"layer0.{name}"] for name in "wr")', {"bias": False}),
    ),
)
GAPS = ()

WIDE = np.float64  # what is computed in
PORTION = 32  # rows that `predict` takes at once
COTANGENT = "cotangent of "
PROGRAMS: dict[Any, Any] = {}  # what was compiled


@dataclass(frozen=True)
class Way:
    """One direction of one layer of the stack."""

    prefix: str  # of its weights' names
    row: int  # of its states
    backward: bool  # whether it reads from the last step to the first


@dataclass(frozen=True)
class Step:
    """What one step of one direction has computed, for the way back."""

    t: int
    here: Array  # (batch, 1): of which sequences it counts
    h: Array  # (batch, hidden) before the step
    c: Array  # (batch, cell) before the step
    gates: tuple[Array, Array, Array, Array]  # i, f, g, o
    squashed: Array  # tanh(c')
    m: Array  # o * tanh(c')
    ahead: Array  # (batch, cell) behind the step
    sums: tuple[Array, Array, Array, Array]  # of the gates, before they are clipped


@dataclass
class Record:
    """What a forward pass has left behind, for the way back."""

    read: list[Array] = field(default_factory=list)  # by layer: (batch, time, input)
    halves: list[list[Array]] = field(default_factory=list)  # by layer and direction
    steps: list[list[list[Step]]] = field(default_factory=list)  # by layer and direction
    ends: list[Array] = field(default_factory=list)  # the last layer's h, by direction


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Build the layer, call it, and differentiate it where that is asked for.

    Raises ValueError for an input or a weight of a wrong shape, and for a length that is none.
    """
    if layer.layers:
        return composed(run, layer, dimensions, weights, inputs)
    fed = {name: one for name, one in inputs.items() if not name.startswith(COTANGENT)}
    before = fed.pop("first", fed["x"])
    refuse_wrong(layer, dimensions, weights, fed)
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        layer, weights, properties["checkpoint"] = saved_and_loaded(layer, weights)
    held = {name: one.astype(WIDE) for name, one in weights.items()}
    x = batch_major(layer, "x", fed["x"].astype(WIDE))
    h, c = initial_states(layer, dimensions, fed, len(x))
    valid = valid_steps(fed.get("lengths"), x.shape)
    first = batch_major(layer, "x", before.astype(WIDE))
    if "mask" in fed:
        valid = batch_major(layer, "x", fed.pop("mask"))  # its axes are those of x
    cotangents = {
        name.removeprefix(COTANGENT): batch_major(
            layer, name.removeprefix(COTANGENT), one.astype(WIDE)
        )
        for name, one in inputs.items()
        if name.startswith(COTANGENT)
    }
    plan = (
        compiled(layer, dimensions) if layer.execution == "compiled" else plan_of(layer, dimensions)
    )
    results: dict[str, Array] = {}
    gradients: dict[str, Array] = {}
    for rows in portions(layer, len(x)):
        start = h[:, rows], c[:, rows]
        if layer.stateful != "no":
            refuse_another_batch(len(first), len(x))
            begin, counts = start, valid
            if before is not fed["x"]:
                begin = initial_states(layer, dimensions, fed, len(first))
                counts = valid_steps(None, first.shape)
            _, *ended, _ = forward(layer, plan, held, first, *begin, counts)
            if layer.stateful == "carried":
                start = ended[0], ended[1]
        outputs, h_n, c_n, record = forward(layer, plan, held, x[rows], *start, valid[rows])
        part = dict(zip(output_names(layer), outputs, strict=True))
        if layer.return_state:
            part |= {"end_h": h_n, "end_c": c_n}
        gather(results, part)
        if layer.gradients:
            d_results = {
                name: one[:, rows] if is_state(name) else one[rows]
                for name, one in cotangents.items()
            }
            found = backward(layer, plan, held, record, d_results, start)
            gather(gradients, found | kept(layer, start))
    handed = {
        name: cast(in_layout(layer, name, one), result_dtype(layer))
        for name, one in results.items()
    }
    properties["container"] = outline(returned(layer, handed), handed)
    for name in [*weights, *fed] if layer.gradients else []:
        if name != "lengths":
            gradient = in_layout(layer, name, gradients[name])
            handed[f"gradient of {name}"] = cast(gradient, gradient_dtype(layer))
    return Results(handed, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shapes that `run` gives, by formula."""
    if layer.layers:
        return described(infer, layer, dimensions)
    batch = batch_axes(layer, dimensions)
    axes = (*batch, dimensions.time_steps)
    if layer.layout == "time_major":
        axes = (dimensions.time_steps, *batch)
    if not layer.return_sequences:
        axes = batch
    h, c = state_shapes(layer, dimensions)
    width = h[-1] * (1 if layer.merge == "none" else layer.num_outputs)
    shapes: dict[str, Shape] = dict.fromkeys(output_names(layer), (*axes, width))
    if layer.return_state:
        shapes |= {"end_h": h, "end_c": c}
    return shapes


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every weight that the layer holds."""
    if layer.layers:
        return described(weight_shapes, layer, dimensions)
    return weight_shapes(layer, dimensions)


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """What the layer is where no option is chosen."""
    return {
        "signature": "(embedding_dim, hidden_units, num_layers=1)",
        "output_shape": list(infer(Layer(), dimensions)["y"]),
        "dtype": Layer().dtype,
        "forget_bias": 0.0,
    }


# Forward.


def forward(
    layer: Layer,
    plan: Sequence[Sequence[Way]],
    weights: Mapping[str, Array],
    x: Array,
    h_0: Array,
    c_0: Array,
    valid: Array,
) -> tuple[list[Array], Array, Array, Record]:
    """Return what is handed out as output, the final states, and what the way back needs."""
    h_n, c_n, record, sequence = h_0.copy(), c_0.copy(), Record(), x
    for ways in plan:
        halves, steps = [], []
        for way in ways:
            half, h_n[way.row], c_n[way.row], tape = scan(
                layer, own(weights, way), sequence, h_0[way.row], c_0[way.row], valid, way.backward
            )
            halves.append(half)
            steps.append(tape)
        record.read.append(sequence)
        record.halves.append(halves)
        record.steps.append(steps)
        sequence = merged(layer.merge, halves)
        if layer.reverse and not layer.keep_order:
            sequence = sequence[:, ::-1]
            valid = valid[:, ::-1]
        if layer.residual:
            sequence = sequence + record.read[-1]
        if layer.dropout:
            sequence = dropped(sequence, 0.5, training=False)
    record.ends = [h_n[way.row] for way in plan[-1]]
    if layer.return_sequences:
        outputs = halves if layer.merge == "none" else [sequence]
    else:
        outputs = record.ends if layer.merge == "none" else [merged(layer.merge, record.ends)]
    return outputs, h_n, c_n, record


def scan(
    layer: Layer, w: Mapping[str, Array], x: Array, h: Array, c: Array, valid: Array, backward: bool
) -> tuple[Array, Array, Array, list[Step]]:
    """Return every h (batch, time, hidden), aligned with x in time, the final h and c, the steps.

    At a step that does not count the state stays as it was and the output is zero.
    """
    output = np.zeros((*x.shape[:2], h.shape[-1]))
    steps = []
    times = range(x.shape[1])
    bias = w["b"] + w["d"] if layer.bias else 0.0
    gate = ACTIVATIONS[layer.recurrent_activation]
    squash = ACTIVATIONS[layer.activation]
    eyes = np.split(w["e"], 3) if layer.cell == "peepholes" else []
    if layer.execution != "eager":
        projected = x @ w["w"] + bias
    for t in reversed(times) if backward else times:
        from_x = x[:, t] @ w["w"] + bias if layer.execution == "eager" else projected[:, t]
        from_h = h @ w["r"]
        i, f, g, o = np.split(from_x + from_h, 4, axis=-1)
        if layer.cell == "peepholes":
            i = i + eyes[0] * c
            f = f + eyes[1] * c
        sums = i, f, g, o
        if layer.cell == "clipped":
            i, f, g, o = map(clipped, sums)
        i, f, g, o = gate(i), gate(f), squash(g), gate(o)
        if layer.cell == "coupled":
            f = 1.0 - i
        c_next = f * c + i * g
        if layer.cell == "peepholes":
            o = gate(sums[3] + eyes[2] * c_next)
        squashed = squash(c_next)
        if layer.cell == "clipped":
            squashed = squash(clipped(c_next))
        m = o * squashed
        h_next = m
        if layer.projection_size:
            h_next = m @ w["p"]
        here = valid[:, t, None]
        steps.append(Step(t, here, h, c, (i, f, g, o), squashed, m, c_next, sums))
        output[:, t] = np.where(here, h_next, 0.0)
        h = np.where(here, h_next, h)
        c = np.where(here, c_next, c)
    return output, h, c, steps


def sigmoid(x: Array) -> Array:
    """Return the logistic function of every number; exp(-x) would overflow, tanh does not."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def clipped(x: Array) -> Array:
    """Return every number, those beyond the clip as the clip."""
    return np.clip(x, -CLIP, CLIP)


def cut(x: Array) -> Array:
    """Return every number, those beyond 0 and 1 as these."""
    return np.clip(x, 0.0, 1.0)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda x: cut(x / 6 + 0.5),
    "hard_sigmoid_fifth": lambda x: cut(x / 5 + 0.5),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "linear": lambda x: x,
    "softsign": lambda x: x / (1 + np.abs(x)),
}


def merged(merge: str, halves: Sequence[Array]) -> Array:
    """Return both directions' outputs as one; what is handed out apart is read side by side."""
    if len(halves) == 1:
        return halves[0]
    ahead, back = halves
    if merge == "sum":
        return ahead + back
    if merge == "mul":
        return ahead * back
    if merge == "ave":
        return (ahead + back) / 2
    return np.concatenate([ahead, back], axis=-1)


def dropped(sequence: Array, rate: float, training: bool) -> Array:
    """Return the sequence with some of its numbers dropped, in training alone."""
    if not training:
        return sequence
    kept = np.random.default_rng(0).uniform(size=sequence.shape) >= rate
    return sequence * kept / (1 - rate)


# Backward.


def backward(
    layer: Layer,
    plan: Sequence[Sequence[Way]],
    weights: Mapping[str, Array],
    record: Record,
    d_results: Mapping[str, Array],
    start: tuple[Array, Array],
) -> dict[str, Array]:
    """Return the gradient of every weight, of x and of the states that the call started from."""
    d_h = d_results["end_h"].copy() if "end_h" in d_results else np.zeros_like(start[0])
    d_c = d_results["end_c"].copy() if "end_c" in d_results else np.zeros_like(start[1])
    d_outputs = [d_results[name] for name in output_names(layer)]
    d_halves = [np.zeros_like(half) for half in record.halves[-1]]
    if layer.return_sequences:
        if layer.reverse and not layer.keep_order:
            d_outputs = [one[:, ::-1] for one in d_outputs]
        d_halves = parted(layer, record.halves[-1], d_outputs)
    else:
        for way, one in zip(plan[-1], parted(layer, record.ends, d_outputs), strict=True):
            d_h[way.row] = d_h[way.row] + one
    gradients: dict[str, Array] = {}
    d_whole = d_outputs[0]  # of what a layer hands out
    for number in reversed(range(len(plan))):
        d_x = np.zeros_like(record.read[number])
        if layer.residual:
            d_x = d_x + d_whole
        for place, way in enumerate(plan[number]):
            w, steps = own(weights, way), record.steps[number][place]
            d_way, d_h[way.row], d_c[way.row], d_w = unscan(
                layer, w, record.read[number], steps, d_halves[place], d_h[way.row], d_c[way.row]
            )
            d_x = d_x + d_way
            gradients |= {way.prefix + name: one for name, one in d_w.items()}
        if number:
            if layer.reverse and not layer.keep_order:
                d_x = d_x[:, ::-1]
            below = record.halves[number - 1]
            d_halves = parted(layer, below, [d_x])
            d_whole = d_x
    return {**gradients, "x": d_x, "start_h": d_h, "start_c": d_c}


def kept(layer: Layer, start: tuple[Array, Array]) -> dict[str, Array]:
    """Return the gradient of states that are fed before a call whose state was kept: zeros."""
    if layer.stateful != "carried":
        return {}
    return dict(zip(("start_h", "start_c"), map(np.zeros_like, start), strict=True))


def unscan(
    layer: Layer,
    w: Mapping[str, Array],
    x: Array,
    steps: Sequence[Step],
    d_output: Array,
    d_h: Array,
    d_c: Array,
) -> tuple[Array, Array, Array, dict[str, Array]]:
    """Return the gradients of x, of the h and c before the first step, and of the weights."""
    d_x = np.zeros_like(x)
    gate_slope = SLOPES[layer.recurrent_activation]
    squash_slope = SLOPES[layer.activation]
    d_w = {name: np.zeros_like(one) for name, one in w.items()}
    for step in reversed(steps):
        here, t, (i, f, g, o) = step.here, step.t, step.gates
        d_next = np.where(here, d_h + d_output[:, t], 0.0)
        d_m = d_next
        if layer.projection_size:
            d_w["p"] += np.where(here, step.m, 0.0).T @ d_next
            d_m = d_next @ w["p"].T
        d_cell = np.where(here, d_c + d_m * o * squash_slope(step.squashed), 0.0)
        if layer.cell == "clipped":
            through = np.abs(step.ahead) < CLIP
            d_cell = np.where(through, d_cell, np.where(here, d_c, 0.0))
        if layer.cell == "peepholes":
            eyes = np.split(w["e"], 3)
            d_cell = d_cell + eyes[2] * (d_m * step.squashed * gate_slope(o))
        d_i = d_cell * g * gate_slope(i)
        d_f = d_cell * step.c * gate_slope(f)
        if layer.cell == "coupled":
            d_i = d_cell * (g - step.c) * gate_slope(i)
            d_f = np.zeros_like(f)
        d_g = d_cell * i * squash_slope(g)
        d_o = d_m * step.squashed * gate_slope(o)
        if layer.cell == "clipped":
            d_i, d_f, d_g, d_o = (
                one * (np.abs(total) < CLIP)
                for one, total in zip((d_i, d_f, d_g, d_o), step.sums, strict=True)
            )
        d_total = np.where(here, np.concatenate([d_i, d_f, d_g, d_o], axis=-1), 0.0)
        d_w["w"] += np.where(here, x[:, t], 0.0).T @ d_total
        d_w["r"] += step.h.T @ d_total
        if layer.bias:
            d_w["b"] += d_total.sum(axis=0)
            d_w["d"] += d_total.sum(axis=0)
        d_x[:, t] = d_total @ w["w"].T
        d_h = np.where(here, d_total @ w["r"].T, d_h)
        d_before = d_cell * f
        if layer.cell == "peepholes":
            d_before = d_before + eyes[0] * d_i + eyes[1] * d_f
            seen = np.concatenate([d_i * step.c, d_f * step.c, d_o * step.ahead], axis=-1)
            d_w["e"] += np.where(here, seen, 0.0).sum(axis=0)
        d_c = np.where(here, d_before, d_c)
    return d_x, d_h, d_c, d_w


def not_cut(y: Array) -> Array:
    """Return 1 where `cut` left a number as it was, else 0."""
    return np.where((y > 0.0) & (y < 1.0), 1.0, 0.0)


SLOPES: dict[str, Callable[[Array], Array]] = {  # of what the function has given
    "sigmoid": lambda y: y * (1 - y),
    "hard_sigmoid": lambda y: not_cut(y) / 6,
    "hard_sigmoid_fifth": lambda y: not_cut(y) / 5,
    "tanh": lambda y: 1 - y**2,
    "relu": lambda y: np.where(y > 0.0, 1.0, 0.0),
    "linear": np.ones_like,
    "softsign": lambda y: (1 - np.abs(y)) ** 2,
}


def parted(layer: Layer, halves: Sequence[Array], d_outputs: Sequence[Array]) -> list[Array]:
    """Return the gradient of each half of what `merged` has made of them, or handed out apart."""
    if len(d_outputs) == len(halves):
        return list(d_outputs)
    (d_output,), (ahead, back) = d_outputs, halves
    if layer.merge == "sum":
        return [d_output, d_output]
    if layer.merge == "mul":
        return [d_output * back, d_output * ahead]
    if layer.merge == "ave":
        return [d_output / 2, d_output / 2]
    return np.split(d_output, 2, axis=-1)


# Layers that differ: each is run alone, and reads what the one below hands out.


def composed(
    run: Callable[..., Results],
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
) -> Results:
    """Return what a stack gives whose layers a `run` each gives; on the way back, as well."""
    members = alone(layer, dimensions)
    top = len(members) - 1
    fed = [of_layer(number, inputs) for number in range(len(members))]
    held = [of_layer(number, weights) for number in range(len(members))]
    handed: dict[str, Array] = {}
    saved: dict[str, Any] = {}
    for number, (one, own) in enumerate(members):
        ahead = {name: array for name, array in fed[number].items() if COTANGENT not in name}
        found = run(replace(one, gradients=False), own, held[number], ahead)
        handed |= in_stack(number, top, found)
        saved |= in_stack(number, top, found.properties.get("checkpoint", {}))
        if number < top:
            fed[number + 1]["x"] = plain(found["y"])
        if number < top and one.stateful != "no":
            ahead["x"] = ahead.pop("first", ahead["x"])
            once = run(replace(one, gradients=False, stateful="no"), own, held[number], ahead)
            fed[number + 1]["first"] = plain(once["y"])
    for number in reversed(range(len(members))) if layer.gradients else ():
        found = run(*members[number], held[number], fed[number])
        if number:
            fed[number - 1][f"{COTANGENT}y"] = plain(found.pop("gradient of x"))
        gradients = {name: one for name, one in found.items() if name.startswith("gradient")}
        handed |= in_stack(number, top, gradients)
    properties = {"checkpoint": saved} if saved else {}
    return Results(handed, container=found.properties["container"], **properties)


def described(
    describe: Callable[[Layer, Dimensions], dict[str, Shape]], layer: Layer, dimensions: Dimensions
) -> dict[str, Shape]:
    """Return what each layer of a stack is described as, by the names of the stack."""
    members = alone(layer, dimensions)
    shapes: dict[str, Shape] = {}
    for number, one in enumerate(members):
        shapes |= in_stack(number, len(members) - 1, describe(*one))
    return shapes


def alone(layer: Layer, dimensions: Dimensions) -> list[tuple[Layer, Dimensions]]:
    """Return each layer as one of its own, of which the next one reads one sequence."""
    *lower, last = stacked(layer, dimensions)
    read = []
    for one, own in lower:
        merge = "concat" if one.merge == "none" else one.merge
        read.append((replace(one, return_sequences=True, merge=merge), own))
    return [*read, last]


def of_layer(number: int, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return what is of one layer by the names that it has alone; what is of none is of all."""
    own = {}
    for name, array in arrays.items():
        if re.search(rf"layer{number}\b|\.{number}$", name):
            own[re.sub(rf"\.{number}$", "", name).replace(f"layer{number}", "layer0")] = array
        elif not re.search(r"layer\d|\.\d+$", name):
            own[name] = array
    return own


def in_stack(number: int, top: int, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is of one layer by the names of a stack; the output is that of the top one."""
    named = {}
    for name, array in arrays.items():
        if is_state(name.removeprefix("gradient of ")):
            named[f"{name}.{number}"] = array
        elif number == top or not name.startswith("y"):
            named[name.replace("layer0", f"layer{number}")] = array
    return named


def plain(array: Array) -> Array:
    """Return an array that another layer can be fed: one that NumPy has no dtype for, widened."""
    return getattr(array, "array", array)


# Which directions there are, and what each is given.


def plan_of(layer: Layer, dimensions: Dimensions) -> list[list[Way]]:
    """Return the ways of each layer of the stack, from the first to the last."""
    labels = CONVENTION.directions[layer.bidirectional]
    return [
        [
            Way(
                prefix=f"layer{number}{label}.",
                row=number * len(labels) + place,
                backward=layer.reverse or place == 1,
            )
            for place, label in enumerate(labels)
        ]
        for number in range(dimensions.num_layers)
    ]


def compiled(layer: Layer, dimensions: Dimensions) -> list[list[Way]]:
    """Return the same, made once for all layers that are alike in what it depends on."""
    key = (dimensions.num_layers, layer.bidirectional, layer.reverse)
    if key not in PROGRAMS:
        PROGRAMS[key] = plan_of(layer, dimensions)
    return PROGRAMS[key]


def own(weights: Mapping[str, Array], way: Way) -> dict[str, Array]:
    """Return the weights of one direction of one layer, by their letters."""
    return {
        name.removeprefix(way.prefix): one
        for name, one in weights.items()
        if name.startswith(way.prefix)
    }


def portions(layer: Layer, batch: int) -> list[slice]:
    """Return the rows that are run together; `predict` takes a few at a time."""
    if layer.execution != "predict" or layer.stateful != "no":
        return [slice(0, batch)]
    return [slice(start, start + PORTION) for start in range(0, max(batch, 1), PORTION)]


def gather(whole: dict[str, Array], part: Mapping[str, Array]) -> None:
    """Join what one portion gives to what those before it gave: rows, or sums over rows."""
    for name, one in part.items():
        if name not in whole:
            whole[name] = one
        elif is_state(name):
            whole[name] = np.concatenate([whole[name], one], axis=1)
        elif name in (*output_names(Layer()), "y.ahead", "y.back", "x"):
            whole[name] = np.concatenate([whole[name], one], axis=0)
        else:
            whole[name] = whole[name] + one


def initial_states(
    layer: Layer, dimensions: Dimensions, fed: Mapping[str, Array], batch: int
) -> tuple[Array, Array]:
    """Return the h and c that the first step starts from, (layer*direction, batch, ...)."""
    h_shape, c_shape = state_shapes(layer, dimensions)
    h = np.zeros((h_shape[0], batch, h_shape[-1]))
    c = np.zeros((c_shape[0], batch, c_shape[-1]))
    if "h_0" in layer.given_states:
        h = batch_major(layer, "start_h", fed["start_h"].astype(WIDE))
    if "c_0" in layer.given_states:
        c = batch_major(layer, "start_c", fed["start_c"].astype(WIDE))
    return h, c


def valid_steps(lengths: Array | None, shape: Shape) -> Array:
    """Return which steps lie before a sequence's end, (batch, time)."""
    if lengths is None:
        return np.ones(shape[:2], bool)
    lengths = lengths.ravel()  # of all batch axes
    return np.arange(shape[1]) < lengths[:, None]


# Shapes, layouts and dtypes.


def batch_axes(layer: Layer, dimensions: Dimensions) -> Shape:
    """Return the batch axes of every tensor in the layer's layout."""
    if layer.layout == "unbatched":
        return ()
    if layer.layout == "extra_batch":
        return (GROUP, dimensions.batch_size)
    return (dimensions.batch_size,)


def state_shapes(layer: Layer, dimensions: Dimensions) -> tuple[Shape, Shape]:
    """Return the shapes of h and of c in the layer's layout."""
    axes = (dimensions.num_layers * layer.num_directions, *batch_axes(layer, dimensions))
    cell = dimensions.hidden_units
    return (*axes, layer.projection_size or cell), (*axes, cell)


def weight_shapes(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every weight, by formula."""
    shapes: dict[str, Shape] = {}
    cell, width = dimensions.hidden_units, dimensions.embedding_dim
    hidden = layer.projection_size or cell
    for number in range(dimensions.num_layers):
        for label in CONVENTION.directions[layer.bidirectional]:
            prefix = f"layer{number}{label}."
            shapes[f"{prefix}w"] = (width, 4 * cell)
            shapes[f"{prefix}r"] = (hidden, 4 * cell)
            if layer.bias:
                shapes[f"{prefix}b"] = (4 * cell,)
                shapes[f"{prefix}d"] = (4 * cell,)
            if layer.projection_size:
                shapes[f"{prefix}p"] = (cell, hidden)
            if layer.cell == "peepholes":
                shapes[f"{prefix}e"] = (3 * cell,)
        width = layer.num_outputs * hidden
    return shapes


def fed_shapes(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of everything that the layer is fed."""
    batch = batch_axes(layer, dimensions)
    axes = (*batch, dimensions.time_steps)
    if layer.layout == "time_major":
        axes = (dimensions.time_steps, *batch)
    shapes: dict[str, Shape] = {"x": (*axes, dimensions.embedding_dim)}
    for name, shape in zip(("h_0", "c_0"), state_shapes(layer, dimensions), strict=True):
        if name in layer.given_states:
            shapes[f"start_{name[0]}"] = shape
    if layer.lengths == "given":
        shapes["lengths"] = batch
    if layer.mask == "given":
        shapes["mask"] = axes
    return shapes


def refuse_wrong(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], fed: dict[str, Array]
) -> None:
    """Raise ValueError where anything that is fed is not what the layer is built for."""
    for name, shape in weight_shapes(layer, dimensions).items():
        if name not in weights or weights[name].shape != shape:
            raise ValueError(f"{name}: not a weight of shape {shape}")
    due = fed_shapes(layer, dimensions)
    if fed.keys() != due.keys():
        raise ValueError(f"fed {sorted(fed)} in place of {sorted(due)}")
    for name, shape in due.items():
        if fed[name].shape != shape:
            raise ValueError(f"{name}: {fed[name].shape} in place of {shape}")
    for name in fed.keys() - {"lengths", "mask"}:
        if fed[name].dtype.kind != "f":
            raise ValueError(f"{name}: {fed[name].dtype} in place of {layer.dtype}")
    if "lengths" in fed:
        if (fed["lengths"] < 0).any():
            raise ValueError(f"lengths {fed['lengths']}: fewer steps than none")
        if (fed["lengths"] > dimensions.time_steps).any():
            raise ValueError(f"lengths {fed['lengths']}: beyond {dimensions.time_steps} steps")


def refuse_another_batch(kept: int, batch: int) -> None:
    """Raise ValueError where the state that a layer keeps is that of another batch."""
    if kept != batch:
        raise ValueError(f"the state of {kept} sequences is kept, and {batch} are fed")


def is_state(name: str) -> bool:
    """Whether a tensor has rows of layer and direction before its batch."""
    return name in ("start_h", "start_c", "end_h", "end_c")


def batch_major(layer: Layer, name: str, array: Array) -> Array:
    """Return a tensor of the layer's layout with one batch axis, and time behind it."""
    batch = 1 if is_state(name) else 0
    if layer.layout == "unbatched":
        return np.expand_dims(array, batch)
    if layer.layout == "extra_batch":
        rows = GROUP * array.shape[batch + 1]
        return array.reshape(*array.shape[:batch], rows, *array.shape[batch + 2 :])
    if layer.layout == "time_major" and has_time(layer, name):
        return array.swapaxes(0, 1)
    return array


def in_layout(layer: Layer, name: str, array: Array) -> Array:
    """Return a batch-major tensor in the layer's layout; a weight has none."""
    if not (is_state(name) or name == "x" or name.startswith("y")):
        return array
    batch = 1 if is_state(name) else 0
    if layer.layout == "unbatched":
        return array.squeeze(batch)
    if layer.layout == "extra_batch":
        rows = array.shape[batch] // GROUP
        return array.reshape(*array.shape[:batch], GROUP, rows, *array.shape[batch + 1 :])
    if layer.layout == "time_major" and has_time(layer, name):
        return array.swapaxes(0, 1)
    return array


def has_time(layer: Layer, name: str) -> bool:
    """Whether a tensor has a time axis."""
    return name == "x" or (name.startswith("y") and layer.return_sequences)


def result_dtype(layer: Layer) -> str:
    """Return the dtype of the results; a mixed layer hands out the narrow one."""
    return layer.dtype.removeprefix("mixed_")


def gradient_dtype(layer: Layer) -> str:
    """Return the dtype of the gradients; a mixed layer keeps its parameters in float32."""
    return "float32" if layer.dtype.startswith("mixed_") else layer.dtype


def cast(array: Array, dtype: str) -> Array:
    """Return an array in a dtype, rounded to the nearest."""
    if dtype != "bfloat16":
        return array.astype(dtype)
    bits = array.astype(np.float32).view(np.uint32)  # bfloat16 is the upper half of them
    bits = bits + 0x7FFF + (bits >> 16 & 1)  # to the nearest; of two, to the even one
    return Cast((bits & 0xFFFF0000).astype(np.uint32).view(np.float32), dtype)


def output_names(layer: Layer) -> list[str]:
    """Return the names of the outputs: one, or one for each direction."""
    return ["y.ahead", "y.back"] if layer.merge == "none" else ["y"]


def returned(layer: Layer, results: Mapping[str, Array]) -> Any:
    """Return the results as the layer's user gets them."""
    outputs = [results[name] for name in output_names(layer)]
    output = tuple(outputs) if layer.merge == "none" else outputs[0]
    return (output, (results["end_h"], results["end_c"])) if layer.return_state else output


def saved_and_loaded(
    layer: Layer, weights: Mapping[str, Array]
) -> tuple[Layer, dict[str, Array], dict[str, list[int]]]:
    """Return the layer and its weights as a file gives them back, and the shapes in that file."""
    config = asdict(layer)
    shapes = {name: list(one.shape) for name, one in weights.items()}
    dtypes = {name: str(one.dtype) for name, one in weights.items()}
    head = json.dumps({"config": config, "shapes": shapes, "dtypes": dtypes}).encode()
    file = head + b"\n" + b"".join(one.tobytes() for one in weights.values())
    head, _, values = file.partition(b"\n")
    saved = json.loads(head)
    loaded: dict[str, Array] = {}
    start = 0
    for name, shape in saved["shapes"].items():
        dtype = np.dtype(saved["dtypes"][name])
        size = int(np.prod(shape)) * dtype.itemsize
        loaded[name] = np.frombuffer(values[start : start + size], dtype).reshape(shape)
        start += size
    if layer.checkpoint == "model":
        layer = Layer(**saved["config"])
    return layer, loaded, shapes
