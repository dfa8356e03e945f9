"""What runs beside the framework, in the adapter's own process.

`conformance.process.host` sends this file's source to the interpreter that has the framework, so it
imports NumPy and the standard library, and, once the path is set, the adapter and its contract.
Answers are plain dicts, lists, strings, numbers and bytes: all that execnet carries.
"""

import ast
import dataclasses
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import numpy as np

DUE = ("CONVENTION", "unsupported", "run")  # what every adapter defines
Message = dict[str, Any]
Packed = tuple[str, list[int], bytes]  # dtype, shape, values


def find(module: str) -> str | None:
    """The file of an adapter, found without importing it or the packages that it lies in."""
    package, *rest = module.split(".")
    try:
        spec: ModuleSpec | None = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        package = f"{package}.{part}"
        spec = PathFinder.find_spec(package, spec.submodule_search_locations)
    return spec.origin if spec else None


def probe(module: str) -> Message:
    """What an adapter declares and would run on, read without importing adapter or framework.

    ``{"file", "versions": {distribution: version}, "missing": [name], "convention"}``, or
    ``{"error": line}`` where there is no such adapter or it does not declare what it must.
    """
    file = find(module)
    if file is None:
        return {"error": f"there is no adapter {module!r} on the path"}
    try:
        defined = set(_definitions(module))
        if "PACKAGES" not in defined:
            return {"error": f"{file}: an adapter declares PACKAGES = (distribution, ...)"}
        if lacking := [name for name in DUE if name not in defined]:
            return {"error": f"{file}: an adapter defines {', '.join(lacking)}"}
        packages = declared(module, "PACKAGES")
        programs = declared(module, "PROGRAMS") if "PROGRAMS" in defined else ()
        convention = dataclasses.asdict(declared(module, "CONVENTION"))
    except (OSError, SyntaxError, TypeError, ValueError) as problem:
        return {"error": f"{file}: {problem}"}
    versions, missing = {}, [name for name in programs if shutil.which(name) is None]
    for package in packages:
        names = package.split("|")
        version = next(filter(None, map(_version, names)), None)
        if version is None:
            missing.append(" or ".join(names))
        else:
            versions[names[0]] = version
    return {"file": file, "versions": versions, "missing": missing, "convention": convention}


def declared(module: str, name: str) -> Any:
    """The value of `name` in a module, which is not imported.

    It may be made of literals, other such names and the contract. Raises ValueError, with the
    line, where it needs more than that.
    """
    if module.partition(".")[0] in sys.stdlib_module_names or module == "adapters.contract":
        return getattr(importlib.import_module(module), name)
    node = _definitions(module).get(name)
    if isinstance(node, ast.ImportFrom) and node.module:
        source = next(one.name for one in node.names if (one.asname or one.name) == name)
        return declared(node.module, source)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        raise ValueError(f"{name} is read without an import: it must be made of literals")
    used = {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
    known = {one: declared(module, one) for one in used if one in _definitions(module)}
    try:
        return eval(compile(ast.Expression(node.value), module, "eval"), known)
    except Exception as problem:
        raise ValueError(f"line {node.lineno}: {name}: {problem}") from problem


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    """What the top level of a module's source defines, by name."""
    file = find(module)
    if file is None:
        raise ValueError(f"there is no module {module!r} on the path")
    defined: dict[str, ast.stmt] = {}
    for node in ast.parse(Path(file).read_text(encoding="utf-8"), file).body:
        if isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
        elif isinstance(node, ast.AnnAssign):
            names = [ast.unparse(node.target)]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [one.asname or one.name for one in node.names]
        else:
            names = []
        defined |= dict.fromkeys(names, node)
    return defined


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def load(module: str) -> tuple[Any, Message]:
    """The adapter, imported, and its convention as plain data, or ``{"exception": ...}``."""
    try:
        adapter = importlib.import_module(module)
        if missing := [name for name in DUE if not hasattr(adapter, name)]:
            raise AttributeError(f"{adapter.__file__}: an adapter defines {', '.join(missing)}")
        plain = dataclasses.asdict(adapter.CONVENTION)
    except Exception as problem:
        return None, {"exception": _exception(problem)}
    return adapter, {"convention": plain}


def answer(adapter: Any, request: Message) -> Iterator[tuple[str, Any]]:
    """What the adapter does with one case, part by part, so that a crash loses no earlier part.

    Yields ``unsupported`` alone, or ``inferred``, ``parameters``, ``results`` (each a value or
    ``{"exception": ...}``), ``properties``, then ``warnings`` and ``seconds``. A request without
    ``describe`` asks for the results alone, one without ``run`` for no results.
    """
    from adapters.contract import Dimensions, Layer  # not before the path is set

    layer, dimensions = Layer(**request["layer"]), Dimensions(**request["dimensions"])
    weights, inputs = (
        {name: unpacked(one) for name, one in request[part].items()}
        for part in ("weights", "inputs")
    )
    seconds: dict[str, float] = {}

    def timed(part: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        try:
            return call()
        except Exception as problem:
            return {"exception": _exception(problem)}
        finally:
            seconds[part] = time.perf_counter() - start

    reason = timed("unsupported", lambda: adapter.unsupported(layer))
    if reason is not None:
        yield "unsupported", reason
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if request["describe"]:
            for part, name in (("inferred", "infer"), ("parameters", "parameters")):
                if describe := getattr(adapter, name, None):
                    yield part, timed(part, partial(_described, describe, layer, dimensions))
        if request["run"]:
            yield from _ran(timed, lambda: adapter.run(layer, dimensions, weights, inputs))
        if request["defaults"] and (defaults := getattr(adapter, "defaults", None)):
            yield "properties", {"defaults": timed("defaults", lambda: defaults(dimensions))}
    yield "warnings", sorted({f"{one.category.__name__}: {one.message}" for one in caught})
    yield "seconds", seconds


def _ran(timed: Callable[..., Any], run: Callable[[], Any]) -> Iterator[tuple[str, Any]]:
    """The results, and what the adapter recorded beside them."""
    properties: Message = {}

    def results() -> Message:
        returned = run()
        properties.update(getattr(returned, "properties", {}))
        return {str(name): packed(value) for name, value in returned.items()}

    yield "results", timed("results", results)
    yield "properties", properties


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
        raise TypeError(f"a result of dtype {array.dtype}, which NumPy alone does not have")
    return str(array.dtype), list(array.shape), array.tobytes()


def unpacked(data: Packed) -> Any:
    """The array of `packed`; float32 where NumPy has no such dtype."""
    dtype, shape, raw = data
    dtype = "float32" if dtype == "bfloat16" else dtype
    # A bytearray makes the array writable: some frameworks warn about read-only memory.
    return np.frombuffer(bytearray(raw), dtype).reshape(shape)


def _described(describe: Callable[..., Any], *asked: Any) -> dict[str, list[int]]:
    shapes = describe(*asked)
    return {str(name): [int(size) for size in shape] for name, shape in shapes.items()}


def _exception(problem: Exception) -> Message:
    kind = type(problem)
    frames = traceback.extract_tb(problem.__traceback__)
    return {
        "type": kind.__qualname__,
        "message": str(problem)[:2000],
        "at": f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "",
    }


def serve(channel: Any) -> None:
    """Answers requests until the channel closes; stdout and stderr go to the file named first."""
    setup = channel.receive()
    if setup["output"]:
        sink = os.open(setup["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.close(sink)
    sys.path[:0] = setup["path"]
    if "probe" in setup:
        channel.send([probe(module) for module in setup["probe"]])
        return
    adapter, loaded = load(setup["adapter"])
    channel.send(loaded)
    # Nothing is kept, so None ends the process without the framework's own clean-up.
    while (request := channel.receive()) is not None:
        for part in answer(adapter, request):
            channel.send(part)
        channel.send(("done", None))
    os._exit(0)


if __name__ == "__channelexec__":
    serve(channel)  # type: ignore[name-defined]  # noqa: F821 (execnet defines it)
