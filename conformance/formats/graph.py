"""``.onnx``: a graph of nodes, of which recurrent ones have their weights among its constants.

A file of the other kind that begins so, ``.mlmodel``, is handed on.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto says which field is which.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from conformance.formats import network, wire
from conformance.formats.saved import (
    BFLOAT16,
    FLOAT8,
    MAX_BYTES,
    Budget,
    FormatError,
    Saved,
    laid,
)

DTYPES: dict[int, Any] = {
    **{1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2"},
    **{11: "<f8", 12: "<u4", 13: "<u8", 14: "<c8", 15: "<c16", 16: BFLOAT16},
    **dict(enumerate(FLOAT8.values(), 17)),
}
CODES = {np.dtype(dtype): code for code, dtype in DTYPES.items()}
RECURRENT = {"LSTM": "WRB", "GRU": "WRB", "RNN": "WRB"}  # and the letters of inputs 1 to 3
PEEPHOLES = 7  # the input that holds them
INITIAL = 5  # the first of the two initial states
DEPTH = 20
IR, OPSET = 8, 14  # what every runtime of the last years reads
BROKEN = (ValueError, TypeError, OverflowError, IndexError, MemoryError, KeyError)


@dataclass
class _Node:
    kind: str = ""
    name: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Graph:
    nodes: list[_Node] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)


def read(file: Path) -> Saved:
    """The constants of a graph, those of recurrent nodes by node and letter. Raises FormatError."""
    if (size := file.stat().st_size) > MAX_BYTES:
        raise FormatError(f"{size:,} bytes, {MAX_BYTES:,} are allowed")
    try:
        return _saved(memoryview(file.read_bytes()))
    except FormatError as problem:
        raise FormatError(f"no graph that can be read: {problem}") from problem
    except BROKEN as problem:
        raise FormatError(f"no graph that can be read: {problem!r}") from problem


def _saved(data: memoryview) -> Saved:
    budget = Budget()
    told, graphs = {}, []
    for number, value in wire.fields(data):
        if number == network.NETWORK:
            return network.read(wire.message(value))
        if number == 7:
            graphs.append(_graph(wire.message(value), budget, 0))
        elif number == 14:
            pair = dict(wire.fields(wire.message(value)))
            told[wire.text(pair[1])] = wire.text(pair[2])
    if len(graphs) != 1:
        raise FormatError("there is no graph in it")
    arrays: dict[str, Any] = {}
    configuration: dict[str, dict[str, Any]] = {}
    constants: dict[str, Any] = {}
    nodes: list[_Node] = []
    for graph in _with_inner(graphs[0]):
        constants |= graph.constants
        nodes += graph.nodes
    counts: Counter[str] = Counter()
    folded = _Folded(constants, nodes)
    for node in nodes:
        if node.kind not in RECURRENT:
            continue
        name = node.name or f"{node.kind}_{counts[node.kind]}"
        counts[node.kind] += 1
        while name in configuration:
            name += "_again"
        options = {"class_name": node.kind, **node.options}
        for letter, source in zip("WRB", node.inputs[1:4], strict=False):
            if not source:
                continue
            array = folded.value(source)
            if array is None:
                options["unknown"] = f"{letter} ({source}) is no constant of the graph"
                continue
            arrays[f"{name}/{letter}"] = array
        given = node.inputs[INITIAL : INITIAL + 2]
        options["initial"] = [source for source in given if source]
        if len(node.inputs) > PEEPHOLES and node.inputs[PEEPHOLES]:
            options["peepholes"] = node.inputs[PEEPHOLES]
        configuration[name] = options
    for name, array in constants.items():
        if name not in folded.used:
            arrays.setdefault(name, array)
    return Saved(arrays, configuration, told)


def _with_inner(graph: _Graph) -> list[_Graph]:
    """The graph, and those that its nodes run: of a loop's body, or of one branch of two."""
    found = [graph]
    for node in graph.nodes:
        for option in node.options.values():
            if isinstance(option, _Graph):
                found += _with_inner(option)
    return found


def _graph(data: memoryview, budget: Budget, depth: int) -> _Graph:
    if depth > DEPTH:
        raise FormatError(f"more than {DEPTH} graphs in one another")
    graph = _Graph()
    for number, value in wire.fields(data):
        if number == 1:
            graph.nodes.append(_node(wire.message(value), budget, depth))
        elif number == 5:
            name, array = _tensor(wire.message(value), budget)
            graph.constants[name] = array
    for node in graph.nodes:
        if node.kind == "Constant" and isinstance(node.options.get("value"), np.ndarray):
            graph.constants.setdefault(node.outputs[0], node.options["value"])
    return graph


def _node(data: memoryview, budget: Budget, depth: int) -> _Node:
    node = _Node()
    for number, value in wire.fields(data):
        if number == 1:
            node.inputs.append(wire.text(value))
        elif number == 2:
            node.outputs.append(wire.text(value))
        elif number == 3:
            node.name = wire.text(value)
        elif number == 4:
            node.kind = wire.text(value)
        elif number == 5:
            name, option = _option(wire.message(value), budget, depth)
            node.options[name] = option
    return node


def _option(data: memoryview, budget: Budget, depth: int) -> tuple[str, Any]:
    name = ""
    found: Any = None
    lists: list[Any] = []
    for number, value in wire.fields(data):
        if number == 1:
            name = wire.text(value)
        elif number == 2:
            found = wire.real(value)
        elif number == 3:
            found = wire.whole(value)
        elif number == 4:
            found = wire.text(value)
        elif number == 5:
            _, found = _tensor(wire.message(value), budget)
        elif number == 6:
            found = _graph(wire.message(value), budget, depth + 1)
        elif number == 7:
            packed = wire.message(value)
            lists += np.frombuffer(packed, "<f4").tolist()
        elif number == 8:
            lists += wire.numbers(value)
        elif number == 9:
            lists.append(wire.text(value))
    return name, lists if lists else found


def _tensor(data: memoryview, budget: Budget) -> tuple[str, Any]:
    shape: list[int] = []
    code, name, raw = 0, "", None
    parts: list[Any] = []
    elsewhere = False
    for number, value in wire.fields(data):
        if number == 1:
            shape += wire.numbers(value)
        elif number == 2:
            code = wire.whole(value)
        elif number == 8:
            name = wire.text(value)
        elif number == 9:
            raw = bytes(wire.message(value))
        elif number in (4, 10):
            kind = "<f4" if number == 4 else "<f8"
            parts += np.frombuffer(wire.message(value), kind).tolist()
        elif number in (5, 7, 11):
            parts += wire.numbers(value)
        elif number == 14:
            elsewhere = wire.whole(value) == 1
    if elsewhere:
        raise FormatError(f"{name}: its numbers lie in another file")
    if code not in DTYPES:  # text, or numbers of eight bits or fewer: their bytes stand for them
        data_ = raw or b""
        budget.take(name, (len(data_),), np.dtype("u1"))
        return name, np.frombuffer(data_, "u1")
    dtype = np.dtype(DTYPES[code])
    due = budget.take(name, tuple(shape), dtype)
    if raw is not None:
        return name, laid(name, raw, dtype, tuple(shape))
    if len(parts) != math.prod(shape):
        raise FormatError(f"{name}: {tuple(shape)} is not {len(parts):,} numbers")
    if code == 10 or dtype.kind == "V":  # as the bits of each
        return name, np.array(parts, f"<u{dtype.itemsize}").view(dtype).reshape(shape)
    if dtype.kind == "c":
        raise FormatError(f"{name}: complex numbers, {due:,} bytes")
    return name, np.array(parts, dtype).reshape(shape)


class _Folded:
    """What nodes make of constants alone, as exporters leave it in the graph."""

    def __init__(self, constants: Mapping[str, Any], nodes: list[_Node]) -> None:
        self._constants = dict(constants)
        self.used: set[str] = set()  # of the constants, those of which a value was made
        self._made_by = {name: node for node in nodes for name in node.outputs}

    def value(self, name: str, depth: int = 0) -> Any:
        """The array of that name, or None where it depends on more than constants."""
        if name in self._constants:
            self.used.add(name)
            return self._constants[name]
        node = self._made_by.get(name)
        if node is None or node.kind not in FOLDED or depth > DEPTH or len(node.inputs) > 1_000:
            return None
        given = [self.value(one, depth + 1) if one else None for one in node.inputs]
        if not given or given[0] is None:
            return None
        try:
            made = np.asarray(FOLDED[node.kind](node.options, *given))
        except BROKEN:
            return None
        if made.nbytes > MAX_BYTES:
            return None
        self._constants[name] = made
        return made


def _axes(options: Mapping[str, Any], given: tuple[Any, ...]) -> tuple[int, ...]:
    found = options.get("axes", given[0] if given else ())
    return tuple(int(one) for one in np.ravel(found))


def _sliced(options: Mapping[str, Any], array: Any, *given: Any) -> Any:
    starts, ends = (
        (options["starts"], options["ends"]) if "starts" in options else (given[0], given[1])
    )
    axes = options.get("axes", given[2] if len(given) > 2 else range(len(np.ravel(starts))))
    steps = given[3] if len(given) > 3 else [1] * len(np.ravel(starts))
    at = [slice(None)] * array.ndim
    ranges = zip(np.ravel(axes), np.ravel(starts), np.ravel(ends), np.ravel(steps), strict=True)
    for axis, start, end, step in ranges:
        at[int(axis)] = slice(int(start), int(end), int(step))
    return array[tuple(at)]


FOLDED: Mapping[str, Callable[..., Any]] = {
    "Identity": lambda _, array: array,
    "Unsqueeze": lambda options, array, *given: np.expand_dims(array, _axes(options, given)),
    "Squeeze": lambda options, array, *given: np.squeeze(array, _axes(options, given) or None),
    "Transpose": lambda options, array: np.transpose(array, options.get("perm")),
    "Concat": lambda options, *arrays: np.concatenate(arrays, options["axis"]),
    "Reshape": lambda _, array, shape: array.reshape(shape),
    "Slice": _sliced,
}


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Write a graph that runs the layers whose weights the arrays are.

    Arrays named ``.../W``, ``.../R`` and ``.../B`` are one node's; of nodes that stand in one
    folder, each reads what the one before gives. Its input is ``X`` (time, batch, input), or
    ``FOLDER/X`` where there are several folders; its results are ``Y`` and each node's last states.
    """
    nodes: list[bytes] = []
    constants = [_put_tensor("merged", np.array([0, 0, -1], np.int64))]
    inputs, outputs = [], []
    owners = [name.removesuffix("/W") for name in arrays if name.endswith("/W")]
    stacks: dict[str, list[str]] = {}
    for one in owners:
        stacks.setdefault(one.rpartition("/")[0], []).append(one)
    dtypes = {np.asarray(one).dtype for one in arrays.values()}
    element = CODES.get(max(dtypes, key=lambda one: one.itemsize, default=np.dtype("f4")), 1)
    for folder, stack in stacks.items():
        before = f"{folder}/" if folder else ""
        fed = f"{before}X"
        width = np.shape(arrays[f"{stack[0]}/W"])[2]
        inputs.append(_put_value(fed, element, ("time", "batch", width)))
        for number, one in enumerate(stack):
            last = number == len(stack) - 1
            letters = [letter for letter in "WRB" if f"{one}/{letter}" in arrays]
            directions, _, hidden = np.shape(arrays[f"{one}/R"])
            given = f"{before}Y" if last else f"{one}/Y"
            states = [f"{one}/Y_h", f"{one}/Y_c"]
            options = _put_option("hidden_size", int(hidden))
            if directions == 2:
                options += _put_option("direction", "bidirectional")
            names = [fed, *(f"{one}/{letter}" for letter in letters)]
            nodes.append(_put_node("LSTM", one, names, [given, *states], options))
            outputs += [
                _put_value(name, element, (int(directions), "batch", int(hidden)))
                for name in states
            ]
            if last:
                shape = ("time", int(directions), "batch", int(hidden))
                outputs.append(_put_value(given, element, shape))
            else:
                turned, fed = f"{one}/Y_turned", f"{one}/Y_joined"
                perm = _put_option("perm", [0, 2, 1, 3])
                nodes.append(_put_node("Transpose", turned, [given], [turned], perm))
                nodes.append(_put_node("Reshape", fed, [turned, "merged"], [fed], b""))
    constants += [_put_tensor(name, np.asarray(array)) for name, array in arrays.items()]
    graph = b"".join(
        [
            *(wire.put(1, node) for node in nodes),
            wire.put(2, "lstm"),
            *(wire.put(5, one) for one in constants),
            *(wire.put(11, one) for one in inputs),
            *(wire.put(12, one) for one in outputs),
        ]
    )
    texts = [wire.put(14, wire.put(1, key) + wire.put(2, one)) for key, one in told.items()]
    opset = wire.put(8, wire.put(1, "") + wire.put(2, OPSET))
    file.write(wire.put(1, IR) + wire.put(7, graph) + opset + b"".join(texts))


def _put_tensor(name: str, array: Any) -> bytes:
    array = array if array.dtype.kind == "V" else array.astype(array.dtype.newbyteorder("<"))
    if array.dtype not in CODES:
        raise FormatError(f"{name}: the form has no {array.dtype}")
    shape = b"".join(wire.put(1, int(size)) for size in array.shape)
    data = array.tobytes()
    return shape + wire.put(2, CODES[array.dtype]) + wire.put(8, name) + wire.put(9, data)


def _put_option(name: str, value: int | str | list[int]) -> bytes:
    if isinstance(value, list):
        body = b"".join(wire.put(8, one) for one in value) + wire.put(20, 7)
    elif isinstance(value, int):
        body = wire.put(3, value) + wire.put(20, 2)
    else:
        body = wire.put(4, value) + wire.put(20, 3)
    return wire.put(5, wire.put(1, name) + body)


def _put_node(kind: str, name: str, given: list[str], made: list[str], options: bytes) -> bytes:
    ends = b"".join([*(wire.put(1, one) for one in given), *(wire.put(2, one) for one in made)])
    return ends + wire.put(3, name) + wire.put(4, kind) + options


def _put_value(name: str, element: int, shape: tuple[int | str, ...]) -> bytes:
    sizes = [wire.put(2 if isinstance(one, str) else 1, one) for one in shape]
    body = wire.put(1, element) + wire.put(2, b"".join(wire.put(1, one) for one in sizes))
    return wire.put(1, name) + wire.put(2, wire.put(1, body))
