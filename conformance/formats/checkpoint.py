"""A folder of arrays in chunks, in files or behind a database: read and written by who owns it.

https://orbax.readthedocs.io/en/latest/guides/checkpoint/checkpoint_format.html says what is where.
Such a folder is of one tree, or has one for each item, or for each step a folder of those; of
several steps the last is meant. The library that reads the arrays, tensorstore, and Orbax itself,
which writes them, are asked in a process of the interpreter that has them: nothing of a folder is
imported or called there, and no array is read before its size is known.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.formats import npz
from conformance.formats.saved import MAX_ARRAYS, MAX_BYTES, FormatError, Saved, nested

FORM = "checkpoint"
ABOUT = "_CHECKPOINT_METADATA"
DATABASE = "manifest.ocdbt"
HEADS = (".zarray", "zarr.json")  # of an array's own folder, where there is no database
UNFINISHED = "orbax-checkpoint-tmp"
STEP = re.compile(r"(?:\w*_)?(\d{1,18})")
TEXTS = "custom_metadata"
PLACE = "read from"  # the key of what is told of the step that was read
MAX_TEXT = 2**20  # bytes, of what is said beside the arrays
TIMEOUT = 300.0  # seconds
GONE = 3  # the exit status of a process that lacks the library
READ = f"""
import json, math, sys
import numpy as np
try:
    import tensorstore as ts
except ImportError as problem:
    print(problem, file=sys.stderr)
    sys.exit({GONE})
folder, out = sys.argv[1:3]
most, many = map(int, sys.argv[3:5])
store = {{"driver": "file", "path": folder + "/"}}
if sys.argv[5] == "database":
    store = {{"driver": "ocdbt", "base": "file://" + folder + "/"}}
keys = [key.decode() for key in ts.KvStore.open(store).result().list().result()]
heads = {{"/.zarray": "zarr", "/zarr.json": "zarr3"}}
arrays, size = {{}}, 0
for key in sorted(keys):
    for tail, driver in heads.items():
        if key.endswith(tail):
            name = key.removesuffix(tail)
            there = {{**store, "path": store.get("path", "") + name + "/"}}
            array = ts.open({{"driver": driver, "kvstore": there}}, read=True).result()
            size += math.prod(array.shape) * array.dtype.numpy_dtype.itemsize
            if size > most:
                sys.exit(f"{{name}}: it unpacks to {{size:,}} bytes, {{most:,}} are allowed")
            arrays[name] = array
            if len(arrays) > many:
                sys.exit(f"more than the {{many:,}} arrays allowed")
np.savez(out, **{{name: np.asarray(one.read().result()) for name, one in arrays.items()}})
"""
WRITE = f"""
import json, sys
import numpy as np
try:
    import ml_dtypes
    import orbax.checkpoint as ocp
except ImportError as problem:
    print(problem, file=sys.stderr)
    sys.exit({GONE})
given, folder, tree, told = sys.argv[1:5]
with np.load(given) as arrays:
    held = {{name: arrays[name] for name in arrays}}
held = {{
    name: one.view(ml_dtypes.bfloat16) if one.dtype.str == "|V2" else one
    for name, one in held.items()
}}
def filled(part):
    if isinstance(part, str):
        return held[part]
    return {{key: filled(one) for key, one in part.items()}}
with ocp.StandardCheckpointer() as saver:
    saver.save(folder, filled(json.loads(tree)), custom_metadata=json.loads(told))
"""


@dataclass(frozen=True)
class Tree:
    """One tree of arrays in a folder: where it lies, and what stands before its names."""

    folder: Path
    name: str

    @property
    def kind(self) -> str:
        """Whether its arrays lie behind a database or each in a folder of files."""
        return "database" if (self.folder / DATABASE).is_file() else "files"


def is_one(path: Path) -> bool:
    """Whether a folder is such a one, or of an unfinished one what there is."""
    return UNFINISHED in path.name or (path / ABOUT).is_file() or bool(list(_trees(path)))


def read(path: Path, interpreter: str = "") -> Saved:
    """Every array of the folder, by the parts of its name with dots. Raises FormatError.

    `interpreter` is the path of one that has tensorstore: this one where none is named.
    """
    if UNFINISHED in path.name:
        raise FormatError("a checkpoint that was never finished")
    trees = list(_trees(path))
    if not trees:
        raise FormatError("a checkpoint without arrays: it is not finished, or has other items")
    arrays: dict[str, Any] = {}
    for tree in trees:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "arrays.npz")
            limits = (str(MAX_BYTES), str(MAX_ARRAYS), tree.kind)
            _run(interpreter, READ, "tensorstore", str(tree.folder.resolve()), str(out), *limits)
            before = f"{tree.name}/" if len(trees) > 1 else ""
            arrays |= {before + name: one for name, one in npz.read(out).arrays.items()}
    told = _told(trees[0].folder)
    if len(trees) == 1 and trees[0].folder != path:
        told[PLACE] = trees[0].folder.relative_to(path).as_posix()
    return Saved(arrays, told=told, form=FORM)


def write(
    folder: Path, arrays: Mapping[str, Any], told: Mapping[str, str], interpreter: str = ""
) -> None:
    """Write arrays into a folder that is not there yet, as a tree by the parts of their names.

    `interpreter` is the path of one that has Orbax. Raises FormatError.
    """
    separator = "/" if any("/" in name for name in arrays) else "."
    tree = nested({name: name for name in arrays}, separator)
    with tempfile.TemporaryDirectory() as beside:
        given = Path(beside, "arrays.npz")
        with given.open("wb") as opened:
            npz.write(opened, arrays, {})
        texts = (json.dumps(tree), json.dumps(dict(told)))
        _run(interpreter, WRITE, "Orbax", str(given), str(folder.resolve()), *texts)


def _trees(path: Path) -> Iterator[Tree]:
    """The trees of a folder: its own, those of its items, or of the items of its last step."""
    if _has_arrays(path):
        yield Tree(path, "")
        return
    inner = sorted(one for one in path.iterdir() if one.is_dir() and UNFINISHED not in one.name)
    steps = {int(match[1]): one for one in inner if (match := STEP.fullmatch(one.name))}
    if steps:
        yield from _trees(steps[max(steps)])
    elif (path / ABOUT).is_file():
        yield from (Tree(one, one.name) for one in inner if _has_arrays(one))


def _has_arrays(path: Path) -> bool:
    if (path / DATABASE).is_file():
        return True
    heads = (one / head for one in path.iterdir() if one.is_dir() for head in HEADS)
    return any(head.is_file() for head in heads)


def _told(folder: Path) -> dict[str, str]:
    """The texts that lie beside the arrays."""
    about = folder / ABOUT
    if not about.is_file() or about.stat().st_size > MAX_TEXT:
        return {}
    try:
        told = json.loads(about.read_bytes()).get(TEXTS) or {}
        return {str(key): str(text) for key, text in told.items()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _run(interpreter: str, code: str, library: str, *given: str) -> None:
    """Run code that asks a library, in the interpreter that has it. Raises FormatError."""
    python = interpreter or sys.executable
    command = [python, "-W", "ignore", "-c", code, *given]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as slow:
        raise FormatError(f"{library} gave no answer within {TIMEOUT:g} s") from slow
    except OSError as problem:
        raise FormatError(f"{python}: {problem}") from problem
    if done.returncode == GONE:
        text = f"a checkpoint, for which {library} is asked, and {python} has none: install it"
        raise FormatError(f"{text} there, or name another, as --from NAME@INTERPRETER")
    if done.returncode:
        told = [one for one in done.stderr.splitlines() if one.strip()]
        raise FormatError(f"{library}: {told[-1] if told else f'exit {done.returncode}'}")
