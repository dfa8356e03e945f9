"""``.h5``, and a zip file that holds one: arrays by their path, and the model's own description.

A link that leads out of the file is not followed, and what lies elsewhere is not read.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np

from conformance.formats.saved import BFLOAT16, MAX_BYTES, Budget, FormatError, Saved

DESCRIPTION = "config.json"  # beside the arrays, in a zip file and next to one
ATTRIBUTE = "model_config"  # in the file itself
MAX_TEXT = 2**24  # bytes, of a description
TOLD = "conversion"  # the attribute that holds texts
DEPTH = 100


def read(file: Path) -> Saved:
    """Every array of the file. Raises FormatError."""
    description = _beside(file)
    try:
        with h5py.File(file, "r") as opened:
            return _saved(opened, description)
    except FormatError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError) as problem:
        raise FormatError(f"no .h5 file of arrays: {problem}") from problem


def read_zipped(file: Path) -> Saved:
    """The same of the one .h5 file in a zip file. Raises FormatError."""
    try:
        with zipfile.ZipFile(file) as archive:
            (member,) = (one for one in archive.infolist() if one.filename.endswith(".h5"))
            if member.file_size > MAX_BYTES:
                text = f"unpacks to {member.file_size:,} bytes, {MAX_BYTES:,} are allowed"
                raise FormatError(f"{member.filename}: {text}")
            with archive.open(member) as packed:
                data = io.BytesIO(packed.read(member.file_size))
            description = None
            if DESCRIPTION in archive.namelist():
                with archive.open(DESCRIPTION) as packed:
                    description = _parsed(packed.read(MAX_TEXT))
        with h5py.File(data, "r") as opened:
            return _saved(opened, description)
    except FormatError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError) as problem:
        raise FormatError(f"no .h5 file of arrays in it: {problem}") from problem
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as problem:
        raise FormatError(f"a broken zip file: {problem}") from problem


def write(file: IO[bytes], arrays: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Write arrays, each in the group that its name's slashes spell. Raises FormatError."""
    data = io.BytesIO()
    with h5py.File(data, "w") as opened:
        opened.attrs[TOLD] = json.dumps(dict(told))
        for name, one in arrays.items():
            array = np.asarray(one)
            if array.dtype == BFLOAT16:
                raise FormatError(f"{name}: the form has no bfloat16")
            try:
                opened.create_dataset(name, data=array)
            except (ValueError, OSError, RuntimeError) as problem:
                raise FormatError(f"{name}: {problem}") from problem
    file.write(data.getvalue())


def _saved(opened: Any, description: Any) -> Saved:
    if (text := opened.attrs.get(ATTRIBUTE)) is not None and description is None:
        description = _parsed(text)
    told = _parsed(opened.attrs.get(TOLD, "{}"))
    arrays, names = {}, {}
    budget = Budget()
    for name, one in _members(opened, (), set()):
        if isinstance(one, h5py.Group):
            if isinstance(shown := one.attrs.get("name"), str | bytes):
                names[name] = shown if isinstance(shown, str) else shown.decode()
            continue
        if one.is_virtual or one.external:
            raise FormatError(f"{name}: its numbers lie in another file")
        if one.dtype.kind not in "biufc":
            continue  # text, as a list of names
        budget.take(name, one.shape or (), one.dtype)
        arrays[name] = np.asarray(one[()])
    texts = told if isinstance(told, dict) else {}
    return Saved(
        arrays,
        dict(_layers(description, names)) if description else {},
        {str(key): str(text) for key, text in texts.items()},
    )


def _members(group: Any, way: tuple[str, ...], seen: set[Any]) -> Iterator[tuple[str, Any]]:
    """Every group and dataset within the file, each once, by its path."""
    if len(way) > DEPTH:
        raise FormatError(f"more than {DEPTH} groups in one another")
    for key in group:
        name = "/".join((*way, key))
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise FormatError(f"{name}: a link, which is not followed")
        one = group[key]
        place = h5py.h5o.get_info(one.id).addr
        if place in seen:
            raise FormatError(f"{name}: it is there under another name")
        seen.add(place)
        yield name, one
        if isinstance(one, h5py.Group):
            yield from _members(one, (*way, key), seen)


def _beside(file: Path) -> Any:
    """The description that lies beside a file of weights alone, or None."""
    beside = file.with_name(DESCRIPTION)
    if not beside.is_file() or beside.stat().st_size > MAX_TEXT:
        return None
    return _parsed(beside.read_bytes())


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None


def _layers(description: Any, names: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options of each layer that a description has, by the layer's own name.

    `names` are those that the groups of the file bear: a layer is also found by its group.
    """
    groups: dict[str, list[str]] = {}
    for path, name in names.items():
        groups.setdefault(name, []).append(path.removesuffix("/vars"))
    waiting, steps = [description], 0
    while waiting:
        one = waiting.pop()
        if (steps := steps + 1) > 1_000_000:
            raise FormatError("a description of more than a million parts")
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            options = one.get("config")
            if isinstance(options, dict) and isinstance(one.get("class_name"), str):
                plain = {"class_name": one["class_name"], **options}
                name = str(options.get("name"))
                yield name, plain
                yield from ((path, plain) for path in groups.get(name, ()))
