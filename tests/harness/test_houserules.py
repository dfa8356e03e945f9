"""The rules of the house, read from the source: which imports and which words may stand where.

Each rule is a function from source text to complaints, and each has a fake that trips it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = sorted((ROOT / "conformance").rglob("*.py"))
ADAPTERS = [
    path for path in sorted((ROOT / "adapters").glob("[!_]*.py")) if path.name != "contract.py"
]
SHARED = sorted((ROOT / "adapters").glob("_[!_]*.py"))  # by the adapters of one framework
SUITE = [ROOT / "conftest.py", ROOT / "tests" / "test_conformance.py"]
HARNESS = [
    path
    for path in sorted((ROOT / "tests" / "harness").rglob("*.py"))
    if path != Path(__file__).resolve()
]

STANDARD = frozenset(sys.stdlib_module_names)
LIBRARIES = {"distributed", "einops", "execnet", "h5py", "jinja2", "markupsafe", "ml_dtypes"}
LIBRARIES |= {"hypothesis", "msgpack", "numpy", "packaging", "pydantic", "pydantic_core", "pytest"}
LIBRARIES |= {"rich", "threadpoolctl", "xdist", "yaml"}
ENGINE_MAY = STANDARD | LIBRARIES | {"conformance"}
# The rooms of the engine, from the ground up: one imports those before it, and none behind it.
ROOMS = (
    "interrupt",
    "outfile",
    "plain",
    "command",
    "lstm",
    "casefile",
    "convention",
    "process",
    "claim",
    "report",
    "session",
    "bench",
    "formats",
    "weights",
    "upgrade",
    "history",
    "pages",
    "kill",
    "__main__",
)
# Of the room `process`, what is imported in the adapter's own interpreter.
BESIDE = ("child", "parent", "raised", "source")
# What a distribution brings along where that is not a package of its own name.
BRINGS = {
    "dm-haiku": "haiku",
    "opencv-python": "cv2",
    "opencv-python-headless": "cv2",
    "orbax-checkpoint": "orbax",  # a folder that several distributions share
    "paddlepaddle": "paddle",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-macos": "tensorflow",
}
FRAMEWORKS = re.compile(
    r"torch|pytorch|keras|tensorflow|flax|linen|nnx|jax|jaxlib|haiku|equinox|mlx|onnx(runtime)?"
    r"|paddle|mindspore|tinygrad|burn|candle|litert|tflite|opencv|ncnn",
    re.IGNORECASE,
)


STREAMS = ("sys.stdout.write", "sys.stderr.write")


def imports(source: str, top_level: bool = False) -> Iterator[str]:
    """Yield the dotted name of every import; of those at the top level alone where asked."""
    tree = ast.parse(source)
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "." * node.level
            elif node.module == "adapters":
                yield from (f"adapters.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def modules(source: str) -> Iterator[str]:
    """Yield the engine's own modules that are imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("conformance"):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith("conformance."))


def foreign(source: str, may: frozenset[str] | set[str], top_level: bool = False) -> list[str]:
    """Return the imports of neither `may` nor the contract."""
    return [
        name
        for name in imports(source, top_level)
        if name != "adapters.contract"
        and not (name.startswith("adapters._") and "adapters._" in may)
        and name.partition(".")[0] not in may
    ]


def adapter_may(source: str) -> set[str]:
    """Return what an adapter may import: its framework's packages, and what its like share."""
    declared = next(
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES"
    )
    names = [name for package in declared for name in package.split("|")]
    return {
        *STANDARD,
        "numpy",
        "adapters._",
        *(BRINGS.get(name, name).replace("-", "_") for name in names),
    }


def shared_may(path: Path) -> set[str]:
    """Return what a module that adapters share may import: what each of those may."""
    users = [one.read_text(encoding="utf-8") for one in ADAPTERS]
    users = [source for source in users if f"adapters.{path.stem}" in set(imports(source))]
    return set.intersection(*map(adapter_may, users))


def framework_words(source: str) -> list[str]:
    """Return the frameworks named in identifiers and strings; docstrings and links may name them.

    A word counts in snake_case, CamelCase and beside dots, as in ``is_torch`` and ``TorchCell``.
    """
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    said = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and id(node) not in docstrings:
                said.append(re.sub(r"https?://\S+", "", node.value))
            continue
        for field in ("id", "attr", "name", "arg", "module", "asname"):
            said += [value for value in [getattr(node, field, None)] if isinstance(value, str)]
    words = [word for text in said for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text)]
    return sorted({word.lower() for word in words if FRAMEWORKS.fullmatch(word)})


def bare_prints(source: str) -> list[int]:
    """Return the lines that print to where people read, past the one place that makes it plain."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", *STREAMS):
            files = [ast.unparse(one.value) for one in node.keywords if one.arg == "file"]
            if not files or files[0].startswith("sys."):
                found.append(node.lineno)
    return found


def room(path: Path) -> str:
    """Return the room of a file of the engine; a file in none is its own."""
    return path.relative_to(ROOT / "conformance").with_suffix("").parts[0]


def upstairs(here: str, source: str) -> list[str]:
    """Return the imports of a room behind `here`, or of one that no list has."""
    late = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom | ast.Import):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "conformance":
            found = [f"conformance.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [str(node.module)]
        else:
            found = [alias.name for alias in node.names]
        for name in found:
            root, _, rest = name.partition(".")
            there = rest.partition(".")[0]
            if root == "conformance" and (
                there not in ROOMS or ROOMS.index(there) > ROOMS.index(here)
            ):
                late.append(name)
    return late


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the names of one circle of imports; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1][1:]
    return []


def environment(source: str) -> list[str]:
    """Return the uses of environment variables."""
    uses = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
    tree = ast.parse(source)
    found = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    from_os = [
        f"os.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for alias in node.names
    ]
    return [use for use in found + from_os if use in uses]


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """Parametrize a test with the text of every file, by its path."""
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return pytest.mark.parametrize("source", texts, ids=names)


# The house as it stands.


@each(ENGINE)
def test_engine_imports(source: str) -> None:
    """The engine imports the contract and its own libraries: no adapter, and no framework."""
    assert foreign(source, ENGINE_MAY) == []


@each(ADAPTERS)
def test_adapter_imports(source: str) -> None:
    """An adapter imports the contract, its framework, NumPy and the standard library alone."""
    told = "in PACKAGES is no distribution of that name: what one brings is entered in BRINGS, here"
    assert foreign(source, adapter_may(source)) == [], told


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_shared_imports(path: Path) -> None:
    """What adapters of one framework share imports no more than each of them may."""
    assert foreign(path.read_text(encoding="utf-8"), shared_may(path)) == []


@each([ROOT / "adapters" / "contract.py"])
def test_contract_imports(source: str) -> None:
    """The contract is the standard library's alone: it goes wherever an adapter goes."""
    assert foreign(source, STANDARD) == []


@pytest.mark.parametrize("name", BESIDE)
def test_imports_beside_a_framework(name: str) -> None:
    """What runs beside a framework needs nothing but NumPy and the standard library."""
    source = (ROOT / "conformance" / "process" / f"{name}.py").read_text(encoding="utf-8")
    ours = {"conformance.process", *(f"conformance.process.{one}" for one in BESIDE)}
    assert [one for one in foreign(source, STANDARD | {"numpy"}) if one not in ours] == []


@each(HARNESS)
def test_harness_imports(source: str) -> None:
    """No test of the engine needs a framework."""
    assert foreign(source, ENGINE_MAY | {"tests", "hypothesis"}) == []


@each(ENGINE + SUITE)
def test_framework_words(source: str) -> None:
    """No framework is named outside its adapter: what is known of it is known there."""
    assert framework_words(source) == []


@each([path for path in ENGINE if path.name != "command.py"] + SUITE)
def test_bare_prints(source: str) -> None:
    """What is printed is told by `command.tell`, which leaves nothing in it to be obeyed."""
    assert bare_prints(source) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("print(1)", [1]),
        ("print(1, file=told)", []),
        ("import sys\nprint(1, file=sys.stderr)\nsys.stdout.write('x')", [2, 3]),
    ],
)
def test_bare_prints_can_fail(source: str, lines: list[int]) -> None:
    """A print to stdout or stderr is found, and one to a file is none."""
    assert bare_prints(source) == lines


@each(ENGINE)
def test_environment(source: str) -> None:
    """Nothing is configured by environment variables."""
    assert environment(source) == []


def test_rooms_are_listed() -> None:
    """Every room of the engine stands in the one list that orders them."""
    assert {room(path) for path in ENGINE} == {*ROOMS, "__init__"}


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_order_of_rooms(path: Path) -> None:
    """A room imports the rooms before it and none behind it."""
    if path.name != "__init__.py":
        assert upstairs(room(path), path.read_text(encoding="utf-8")) == []


def test_no_circles() -> None:
    """No file of the engine imports itself by way of others."""
    graph: dict[str, set[str]] = {}
    for path in ENGINE:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        source = path.read_text(encoding="utf-8")
        graph[name] = set(modules(source)) - {name}
    assert circle(graph) == []


# Each rule can fail.


@pytest.mark.parametrize(
    ("source", "late"),
    [
        ("from conformance.lstm.case import Case\nimport numpy", []),
        ("from conformance.claim.pins import settle", ["conformance.claim.pins"]),
        ("from conformance import session", ["conformance.session"]),
        ("def late():\n    import conformance.report.report", ["conformance.report.report"]),
        ("import conformance.attic.box", ["conformance.attic.box"]),
    ],
)
def test_order_of_rooms_can_fail(source: str, late: list[str]) -> None:
    """An import from a room behind, or from one that is not listed, is found."""
    assert upstairs("process", source) == late


def test_circles_can_be_found() -> None:
    """A circle is found, and a tree has none."""
    assert sorted(circle({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == ["b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


@pytest.mark.parametrize(
    ("source", "complaints"),
    [
        ("import numpy.linalg\nfrom conformance import case\nimport adapters.contract", []),
        ("from adapters import contract\nfrom adapters.contract import Layer", []),
        ("import torch.nn as nn", ["torch.nn"]),
        ("from adapters import torch", ["adapters.torch"]),
        ("from adapters.torch import run", ["adapters.torch"]),
        ("import adapters.torch", ["adapters.torch"]),
        ("def late():\n    import jax", ["jax"]),
        ("from . import case", ["."]),
        ("import tests.harness", ["tests.harness"]),
    ],
)
def test_engine_imports_can_fail(source: str, complaints: list[str]) -> None:
    """An import of a framework or an adapter is found, wherever and however it is written."""
    assert foreign(source, ENGINE_MAY) == complaints


@pytest.mark.parametrize(
    ("source", "complaints"),
    [
        ("PACKAGES = ('flax', 'jax')\nimport jax.numpy, flax.linen, numpy, functools", []),
        ("PACKAGES = ('keras', 'tensorflow|tensorflow-cpu')\nimport tensorflow", []),
        ("PACKAGES = ('flax', 'orbax-checkpoint')\nimport orbax.checkpoint", []),
        ("PACKAGES = ('flax',)\nimport jax", ["jax"]),
        ("PACKAGES = ('flax',)\nimport orbax.checkpoint", ["orbax.checkpoint"]),
        ("PACKAGES = ('torch',)\nimport conformance.lstm.case", ["conformance.lstm.case"]),
        ("PACKAGES = ('torch',)\nfrom adapters.keras import run", ["adapters.keras"]),
        ("PACKAGES = ('torch',)\nfrom adapters import keras", ["adapters.keras"]),
        ("PACKAGES = ('torch',)\ndef run():\n    import einops", ["einops"]),
    ],
)
def test_adapter_imports_can_fail(source: str, complaints: list[str]) -> None:
    """An adapter's import of another adapter, the engine or an undeclared package is found."""
    assert foreign(source, adapter_may(source)) == complaints


def test_top_level_imports() -> None:
    """Only what is imported with the module counts at the top level."""
    source = "import execnet\ndef late():\n    import einops"
    assert foreign(source, STANDARD, top_level=True) == ["execnet"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("'''As in torch.'''\ndef f():\n    '''And keras.'''\n# flax\nx = 'https://jax.dev'", []),
        ("stretch = torchlight = 'a torchbearer'", []),
        ("if name == 'torch': pass", ["torch"]),
        ("x = f'{y} of the keras layer'", ["keras"]),
        ("is_flax = True", ["flax"]),
        ("def f(jax): pass", ["jax"]),
        ("def f_nnx(): pass", ["nnx"]),
        ("class TorchCell: pass", ["torch"]),
        ("x.tensorflow", ["tensorflow"]),
        ("import torch.nn as nn", ["torch"]),
        ("f(keras=1)", ["keras"]),
        ("x = 1\n'''A string that is no docstring: flax.'''", ["flax"]),
    ],
)
def test_framework_words_can_fail(source: str, words: list[str]) -> None:
    """A framework's name is found in any identifier and string, and in no other word."""
    assert framework_words(source) == words


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import os\nos.getpid()", []),
        ("import os\nos.environ['X']", ["os.environ"]),
        ("import os\nos.getenv('X')", ["os.getenv"]),
        ("from os import environ", ["os.environ"]),
    ],
)
def test_environment_can_fail(source: str, uses: list[str]) -> None:
    """A read of the environment is found, however it is written."""
    assert environment(source) == uses


@pytest.mark.parametrize("files", [ENGINE, ADAPTERS, HARNESS], ids=["engine", "adapters", "tests"])
def test_files_are_read(files: list[Path]) -> None:
    """The rules are put to files: a wrong folder would leave nothing to complain of."""
    assert len(files) > 3
