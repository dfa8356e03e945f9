"""What an adapter declares, read from its source: neither it nor its framework is imported.

Runs in the adapter's own interpreter too, so it imports the standard library and the contract.
"""

import ast
import dataclasses
import importlib
import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

DUE = ("CONVENTION", "run")  # what every adapter defines
# And what it may define.
MAY = ("infer", "parameters", "defaults", "training", "keep_compilations", "stages", "place")
DEVICES = ("cpu", "cuda", "mps", "tpu")


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


def probe(module: str) -> dict[str, Any]:
    """What an adapter declares and would run on, read without importing adapter or framework.

    ``{"file", "packages": [distribution], "versions": {distribution: version}, "missing": [name],
    "convention", "gaps", "functions": [name], "devices": [name]}``, or ``{"error": line}`` where
    there is no such adapter or it does not declare what it must.
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
        gaps = [dataclasses.asdict(gap) for gap in _gaps(module)]
        devices = _devices(module)
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
    return {
        "file": file,
        "packages": [package.split("|")[0] for package in packages],
        "versions": versions,
        "missing": missing,
        "convention": convention,
        "gaps": gaps,
        "functions": [name for name in MAY if name in defined],
        "devices": devices,
    }


def _devices(module: str) -> list[str]:
    """What an adapter runs on beside the CPU; without a declaration nothing."""
    defined = _definitions(module)
    if ("DEVICES" in defined) != ("place" in defined):
        raise ValueError("DEVICES names what place(device) takes: one needs the other")
    devices = declared(module, "DEVICES") if "DEVICES" in defined else ()
    if not isinstance(devices, tuple) or not set(devices) <= set(DEVICES[1:]):
        raise ValueError(f"DEVICES is a tuple of {', '.join(DEVICES[1:])}")
    return list(devices)


def _gaps(module: str) -> Sequence[Any]:
    """The gaps that an adapter declares; without a declaration it has none."""
    defined = _definitions(module)
    if "unsupported" in defined:
        raise ValueError("unsupported() is asked no more: declare GAPS = (Gap(...), ...)")
    gaps = declared(module, "GAPS") if "GAPS" in defined else ()
    if not isinstance(gaps, tuple) or not all(dataclasses.is_dataclass(gap) for gap in gaps):
        raise ValueError("GAPS is a tuple of Gap")
    return gaps


def defines(module: str, name: str) -> bool:
    """Whether the top level of a module's source defines `name`."""
    return name in _definitions(module)


def snippet(module: str) -> Any:
    """The SNIPPET of an adapter; None where it declares none, or its source is not here."""
    try:
        return declared(module, "SNIPPET") if defines(module, "SNIPPET") else None
    except (OSError, ValueError):
        return None


def declared(module: str, name: str) -> Any:
    """The value of `name` in a module, which is not imported.

    It may be made of literals, other such names and the contract, in one assignment. Raises
    ValueError, with the line, where it needs more than that.
    """
    if module.partition(".")[0] in sys.stdlib_module_names:
        return getattr(importlib.import_module(module), name)
    if module == "adapters.contract":
        return getattr(importlib.import_module(module), name)
    found = _definitions(module).get(name)
    if found is None:
        raise ValueError(f"{module} defines no {name}")
    node, value = found
    if isinstance(node, ast.ImportFrom) and node.module:
        source = next((one.name for one in node.names if (one.asname or one.name) == name), name)
        return declared(node.module, source)
    if value is None:
        text = "it must be made of literals, in one assignment at the top level"
        raise ValueError(f"line {node.lineno}: {name} is read without an import: {text}")
    used = {one.id for one in ast.walk(value) if isinstance(one, ast.Name)}
    known = {one: declared(module, one) for one in used if one in _definitions(module)}
    file = find(module) or module
    # A gap says where it stands, so that what is wrong with it can be told at its place.
    known |= {
        one: _located(made) for one, made in known.items() if getattr(made, "__name__", "") == "Gap"
    }
    try:
        return eval(compile(ast.Expression(value), file, "eval"), known)
    except Exception as problem:
        raise ValueError(f"line {node.lineno}: {name}: {problem}") from problem


def _located(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(*given: Any, **named: Any) -> Any:
        caller = sys._getframe(1)
        return make(*given, **named, where=f"{caller.f_code.co_filename}:{caller.f_lineno}")

    return made


Bound = tuple[str, ast.stmt, ast.expr | None]  # a name, where it is bound, and to what


@cache
def _definitions(module: str) -> dict[str, tuple[ast.stmt, ast.expr | None]]:
    """What the top level of a module's source defines, by name: the statement, and the value.

    There is no value where one cannot be read off: of a function, of a loop's target, of what is
    bound in one branch of several or changed in place.
    """
    file = find(module)
    if file is None:
        raise ValueError(f"there is no module {module!r} on the path")
    tree = ast.parse(Path(file).read_text(encoding="utf-8"), file)
    defined = {name: (node, value) for name, node, value in _bound(tree.body)}
    empty = [name for name, (_, value) in defined.items() if _is_none(value)]
    return {name: one for name, one in defined.items() if name not in empty}


def _is_none(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _bound(body: list[ast.stmt]) -> Iterator[Bound]:
    """Every name that the statements of a module bind, in their order."""
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _paired(target, node.value, node)
        elif isinstance(node, ast.AnnAssign):
            yield from _paired(node.target, node.value, node) if node.value else ()
        elif isinstance(node, ast.AugAssign):
            yield from _paired(node.target, None, node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node, None
        elif isinstance(node, ast.Import):
            yield from (
                (one.asname or one.name.partition(".")[0], node, None) for one in node.names
            )
        elif isinstance(node, ast.ImportFrom):
            names = [one.asname or one.name for one in node.names]
            if names == ["*"] and node.module:
                names = [name for name in _definitions(node.module) if not name.startswith("_")]
            yield from ((name, node, None) for name in names)
        else:
            yield from ((name, node, None) for name in _nested(node))


def _nested(node: ast.stmt) -> Iterator[str]:
    """The names that a compound statement binds: in its branches, as its targets, or by :=."""
    outside = [
        part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr | ast.withitem)
    ]
    for part in (inner for one in outside for inner in ast.walk(one)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(node, field, ()):
            branch = [part] if isinstance(part, ast.stmt) else part.body
            yield from (name for name, _, _ in _bound(branch))


def _paired(target: ast.expr, value: ast.expr | None, node: ast.stmt) -> Iterator[Bound]:
    """The names of an assignment's target, each with its part of the value where that is told."""
    if isinstance(target, ast.Name):
        yield target.id, node, value
    elif isinstance(target, ast.Starred):
        yield from _paired(target.value, None, node)
    elif isinstance(target, ast.Tuple | ast.List):
        parts: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            starred = any(isinstance(one, ast.Starred) for one in (*value.elts, *target.elts))
            parts = parts if starred else [*value.elts]
        for one, part in zip(target.elts, parts, strict=True):
            yield from _paired(one, part, node)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
