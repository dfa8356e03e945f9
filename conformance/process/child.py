"""What runs beside the framework, in the adapter's own process.

`START` is sent to the interpreter that has the framework; it finds the rest of it in the checkout.
What is imported here, and what that imports, is NumPy, the standard library and the contract.
Answers are plain dicts, lists, strings, numbers and bytes: all that execnet carries.
"""

import contextlib
import dataclasses
import importlib
import operator
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from adapters.contract import Dimensions, Layer
from conformance.process import parent, raised
from conformance.process.raised import steady, text
from conformance.process.source import DUE, probe

START = """
import sys
setup = channel.receive()
sys.path[:0] = setup["path"]
from conformance.process import child
child.serve(channel, setup)
"""
MAX_NAMES = 2_000  # of results, shapes or properties: the deepest stack has a tenth of that
MAX_WARNINGS = 100  # of one case, each once
MAX_TEXT = 2_000  # characters of one name or warning
MAX_PROPERTY = 100_000  # of a text among properties
MAX_BYTES = 2**30  # of all results of one call
Message = dict[str, Any]
Packed = tuple[str, list[int], bytes]  # dtype, shape, values


def load(module: str, cache: str = "", device: str = "cpu") -> tuple[Any, Message]:
    """The adapter, imported, and its convention as plain data, or ``{"exception": ...}``.

    `cache` is a folder for what its framework compiles; one that keeps nothing has no use for it.
    Beside the convention stands whether it is ``placed`` on `device`.
    """
    try:
        adapter = importlib.import_module(module)
        if missing := [name for name in DUE if not hasattr(adapter, name)]:
            raise AttributeError(f"{adapter.__file__}: an adapter defines {', '.join(missing)}")
        plain = dataclasses.asdict(adapter.CONVENTION)
        placed = adapter.place(device) if hasattr(adapter, "place") else device == "cpu"
        if cache and hasattr(adapter, "keep_compilations"):
            adapter.keep_compilations(cache)
    except Exception as problem:
        return None, {"exception": raised.exception(problem)}
    return adapter, {"convention": plain, "placed": bool(placed)}


class Watched(Layer):
    """A layer that knows which of its options were read."""

    def __getattribute__(self, name: str) -> Any:
        """Note the option, and hand it out."""
        if name in Layer.__dataclass_fields__:
            object.__getattribute__(self, "__dict__").setdefault("read", set()).add(name)
        return object.__getattribute__(self, name)

    # Those of a dataclass read all options: a cache by layer would count as interest in each.
    def __hash__(self) -> int:
        return hash(self._values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Watched) and self._values() == other._values()

    def _values(self) -> tuple[Any, ...]:
        return tuple(object.__getattribute__(self, name) for name in Layer.__dataclass_fields__)


def answer(adapter: Any, request: Message) -> Iterator[tuple[str, Any]]:
    """What the adapter does with one case, part by part, so that a crash loses no earlier part.

    Yields ``inferred``, ``parameters``, ``results`` and what the adapter has ``told``, by name
    (each a value or ``{"exception": ...}``), ``properties``, ``repeated`` where the request has a
    call ``between`` (see `_repeated`), then ``warnings`` and ``seconds``. A request without
    ``describe`` asks for the results alone, one without ``run`` for no results; one with ``watch``
    also yields ``read``, the options that the adapter looked at.
    """
    watch = request.get("watch", False)
    layer = (Watched if watch else Layer)(**request["layer"])
    dimensions = Dimensions(**request["dimensions"])
    weights, inputs = _all_unpacked(request["weights"]), _all_unpacked(request["inputs"])
    seconds: dict[str, float] = {}

    def timed(part: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        try:
            return call()
        except Exception as problem:
            return {"exception": raised.exception(problem, adapter)}
        finally:
            seconds[part] = time.perf_counter() - start

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if request["describe"]:
            for part, name in (("inferred", "infer"), ("parameters", "parameters")):
                if describe := getattr(adapter, name, None):
                    yield part, timed(part, partial(_described, name, describe, layer, dimensions))
        if request["run"]:
            call = _Call(adapter, layer, dimensions, weights, inputs)
            yield from _ran(timed, call)
            if "between" in request and call.returned is not None:
                yield "repeated", timed("repeated", partial(_repeated, call, request))
        for name in request["told"]:
            if tell := getattr(adapter, name, None):
                yield name, timed(name, partial(_told, name, tell, dimensions))
    if watch:
        yield "read", sorted(layer.__dict__.get("read", ()))
    told = sorted({steady(f"{one.category.__name__}: {one.message}")[:MAX_TEXT] for one in caught})
    more = [f"and {len(told) - MAX_WARNINGS:,} more"] if len(told) > MAX_WARNINGS else []
    yield "warnings", told[:MAX_WARNINGS] + more
    yield "seconds", seconds


def _told(name: str, tell: Callable[[Dimensions], Any], dimensions: Dimensions) -> Any:
    return _plain(tell(dimensions), name)


@dataclasses.dataclass
class _Call:
    """A call of an adapter's ``run``, and what the last one returned, which is not copied."""

    adapter: Any
    layer: Layer
    dimensions: Dimensions
    weights: Mapping[str, Any]
    inputs: Mapping[str, Any]
    returned: Any = None

    def __call__(self) -> dict[str, Packed]:
        """The results, as they are now."""
        returned = self.adapter.run(self.layer, self.dimensions, self.weights, self.inputs)
        if not isinstance(returned, Mapping):
            raise TypeError(f"run returned a {_kind(returned)}, not a mapping of names to arrays")
        found = _results(returned)
        self.returned = returned
        return found


def _ran(timed: Callable[..., Any], call: _Call) -> Iterator[tuple[str, Any]]:
    """The results, and what the adapter recorded beside them."""
    properties: Message = {}

    def results() -> Message:
        found = call()
        properties.update(_plain(getattr(call.returned, "properties", {}), "Results"))
        return found

    yield "results", timed("results", results)
    yield "properties", properties


def _results(returned: Mapping[str, Any]) -> dict[str, Packed]:
    results = {}
    left = MAX_BYTES
    for name, value in _few(returned, "run"):
        results[name] = packed(value)
        left -= len(results[name][2])
        if left < 0:
            raise TypeError(f"run returned more than the {MAX_BYTES:,} bytes allowed")
    return results


def _repeated(call: _Call, request: Message) -> Message:
    """What a call gives again after another, and what no longer holds what it held.

    ``results`` are those of the second of the two same calls, ``fed`` names the weights and inputs
    that changed in either, ``first`` the results of the first that did while others were made.
    """
    first = call.returned
    before = _all_packed(first)
    other = request["between"]
    _Call(
        call.adapter,
        call.layer,
        Dimensions(**other["dimensions"]),
        _all_unpacked(other["weights"]),
        _all_unpacked(other["inputs"]),
    )()
    between = _all_packed(first)  # the same call again may put back what it has overwritten
    results = call()
    now = {**_all_packed(call.weights), **_all_packed(call.inputs)}
    fed = {**request["weights"], **request["inputs"]}
    after = _all_packed(first)
    return {
        "results": results,
        "fed": [name for name, one in fed.items() if tuple(one) != now[name]],
        "first": [name for name, one in before.items() if not one == between[name] == after[name]],
    }


def _all_packed(arrays: Mapping[str, Any]) -> dict[str, Packed]:
    return {text(name): packed(array) for name, array in arrays.items()}


def _all_unpacked(arrays: Mapping[str, Packed]) -> dict[str, Any]:
    return {name: unpacked(one) for name, one in arrays.items()}


def packed(value: Any) -> Packed:
    """An array, or whatever NumPy makes one of, as plain data.

    What NumPy has no dtype for travels as float32, which holds all of it, under its own dtype.
    """
    cast = type(value).__name__ == "Cast"  # of the adapter's contract
    array = np.asarray(value.array if cast else value)
    if cast or array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
        return "bfloat16", list(array.shape), array.tobytes()
    if array.dtype.kind not in "biufc":
        raise TypeError(f"a result of dtype {array.dtype}, which is no number")
    return str(array.dtype), list(array.shape), array.tobytes()


def unpacked(data: Packed) -> Any:
    """The array of `packed`; float32 where NumPy has no such dtype."""
    dtype, shape, raw = data
    dtype = "float32" if dtype == "bfloat16" else dtype
    # A bytearray makes the array writable: some frameworks warn about read-only memory.
    return np.frombuffer(bytearray(raw), dtype).reshape(shape)


def _described(name: str, describe: Callable[..., Any], *asked: Any) -> dict[str, list[int]]:
    shapes = describe(*asked)
    if not isinstance(shapes, Mapping):
        raise TypeError(f"{name} returned a {_kind(shapes)}, not a mapping of names to shapes")
    return {one: _sizes(f"{name}: {one}", shape) for one, shape in _few(shapes, name)}


def _few(returned: Mapping[Any, Any], name: str) -> Iterator[tuple[str, Any]]:
    """What was returned by name, as text that every encoding has. Raises TypeError beyond limits.

    A mapping may have no end, so that its length is no measure.
    """
    for number, (key, value) in enumerate(returned.items()):
        told = text(key)
        if number == MAX_NAMES:
            raise TypeError(f"{name} returned more than the {MAX_NAMES:,} names allowed")
        if len(told) > MAX_TEXT:
            raise TypeError(f"{name} returned a name of {len(told):,} characters")
        yield told, value


def _sizes(name: str, shape: Any) -> list[int]:
    sizes = None
    if not isinstance(shape, str | bytes):
        with contextlib.suppress(TypeError):
            sizes = [int(operator.index(size)) for size in shape]
    # Inference may leave a size open, and says -1: that is no mistake of the adapter's.
    if sizes is None or min(sizes, default=0) < -1 or max(sizes, default=0) >= 2**63:
        raise TypeError(f"{name} has the shape {shape!r}, which is no tuple of sizes")
    return sizes


def _plain(value: Any, name: str) -> Any:
    """`value` where it is plain data, with text that every encoding has. Raises TypeError."""
    if isinstance(value, str):
        if len(value) > MAX_PROPERTY:
            raise TypeError(f"{name} is a text of {len(value):,} characters, more than allowed")
        return text(value)
    if value is None or isinstance(value, bool | int | float):
        # What NumPy has no integer for, execnet may have none for either.
        small = not isinstance(value, int) or value.bit_length() < 64
        if type(value) in (bool, int, float, type(None)) and small:
            return value
    elif isinstance(value, Mapping):
        return {key: _plain(one, f"{name}[{key!r}]") for key, one in _few(value, name)}
    elif type(value) in (list, tuple):
        if len(value) > MAX_NAMES:
            raise TypeError(f"{name} has {len(value):,} entries, more than {MAX_NAMES:,}")
        return [_plain(one, f"{name}[{place}]") for place, one in enumerate(value)]
    raise TypeError(f"{name} is a {_kind(value)}, which is no plain data")


def _kind(value: Any) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def serve(channel: Any, setup: Message) -> None:
    """Answers requests until the channel closes; stdout and stderr go to the file of `setup`."""
    parent.lead_group()
    parent.die_with(signal.SIGKILL)
    if setup["output"]:
        sink = os.open(setup["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.close(sink)
    if "probe" in setup:
        channel.send([probe(module) for module in setup["probe"]])
        return
    adapter, loaded = load(setup["adapter"], setup["cache"], setup["device"])
    channel.send(loaded)
    # Nothing is kept, so None ends the process without the framework's own clean-up.
    while (request := channel.receive()) is not None:
        for part in answer(adapter, request):
            channel.send(part)
        channel.send(("done", None))
    os._exit(0)
