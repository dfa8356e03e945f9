"""`conformance.formats.checkpoint`: which folder is one, and what the library says of it."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance import outfile
from conformance.__main__ import main
from conformance.formats import checkpoint, file, npz
from conformance.formats.saved import FormatError

CELL = {"rnn.weight_ih_l0": np.ones((16, 3), "f4"), "rnn.weight_hh_l0": np.ones((16, 4), "f4")}
# The arguments of an interpreter: -W ignore -c CODE FOLDER OUT, or -c CODE ARRAYS FOLDER TREE TOLD.
READS = 'cp {arrays} "$6"'
WRITES = 'mkdir "$6" && cp "$5" "$6/arrays" && echo "$7" > "$6/tree" && touch "$6/manifest.ocdbt"'


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[str], str]:
    """An interpreter that does what a line of a shell says."""

    def make(line: str) -> str:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        python.chmod(stat.S_IRWXU)
        return str(python)

    return make


def arrays(folder: Path) -> Path:
    """Write the arrays that a library would read; return the path."""
    out = folder / "held.npz"
    with out.open("wb") as opened:
        npz.write(opened, CELL, {})
    return out


def tree(folder: Path, database: bool = True, told: dict[str, Any] | None = None) -> Path:
    """Make a folder that looks like one tree of arrays; return it."""
    folder.mkdir(parents=True)
    if database:
        (folder / "manifest.ocdbt").touch()
    else:
        (folder / "a.b").mkdir()
        (folder / "a.b" / ".zarray").touch()
    about = {"custom_metadata": told} if told else {}
    (folder / "_CHECKPOINT_METADATA").write_text(json.dumps(about), encoding="utf-8")
    return folder


@pytest.mark.parametrize("database", [True, False])
def test_read(database: bool, asked: Callable[[str], str], tmp_path: Path) -> None:
    """A folder is read by the interpreter that is named, with the texts that lie in it."""
    folder = tree(tmp_path / "model", database, {"gates": "i f g o"})
    got = file.read(folder, asked(READS.format(arrays=arrays(tmp_path))))
    assert list(got.arrays) == list(CELL)
    assert (got.told, got.form) == ({"gates": "i f g o"}, "checkpoint")


def test_last_step(asked: Callable[[str], str], tmp_path: Path) -> None:
    """Of several steps the last is read, and that is told; several items keep their names."""
    for step in (2, 10):
        tree(tmp_path / "steps" / str(step) / "params")
        (tmp_path / "steps" / str(step) / "_CHECKPOINT_METADATA").touch()
    python = asked(f'echo "$5" > {tmp_path}/asked; ' + READS.format(arrays=arrays(tmp_path)))
    got = file.read(tmp_path / "steps", python)
    assert list(got.arrays) == list(CELL)
    assert got.told["read from"] == "10/params"
    assert (tmp_path / "asked").read_text("utf-8").strip().endswith("steps/10/params")
    tree(tmp_path / "steps" / "10" / "state")
    names = list(file.read(tmp_path / "steps", python).arrays)
    assert names == [f"{item}/{name}" for item in ("params", "state") for name in CELL]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("exit 3", r"a checkpoint, for which tensorstore is asked, and .*python has none: install"),
        ("echo one >&2; echo broken chunk >&2; exit 1", "tensorstore: broken chunk"),
        ("exit 1", "tensorstore: exit 1"),
        ("exit 0", "no .npz file of arrays"),
    ],
)
def test_library_fails(
    line: str, message: str, asked: Callable[[str], str], tmp_path: Path
) -> None:
    """What the library says, and that there is none, is one line."""
    with pytest.raises(FormatError, match=message):
        file.read(tree(tmp_path / "model"), asked(line))


def test_no_interpreter(tmp_path: Path) -> None:
    """One that is not there is told."""
    with pytest.raises(FormatError, match="no-python: "):
        file.read(tree(tmp_path / "model"), "no-python")


def test_unfinished(tmp_path: Path) -> None:
    """A folder that was never finished, or has no arrays, is told."""
    with pytest.raises(FormatError, match="a checkpoint that was never finished"):
        file.read(tree(tmp_path / "model.orbax-checkpoint-tmp-3"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "_CHECKPOINT_METADATA").touch()
    with pytest.raises(FormatError, match="a checkpoint without arrays"):
        file.read(tmp_path / "empty")


def test_code() -> None:
    """What runs beside the library is code."""
    for code in (checkpoint.READ, checkpoint.WRITE):
        compile(code, "code", "exec")


def test_written(
    asked: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arrays are handed to the library as a tree; its folder takes the place of one such alone."""
    path = tmp_path / "out"
    for _ in range(2):
        with outfile.folder(path, checkpoint.is_one) as draft:
            checkpoint.write(draft, CELL, {"a": "b"}, asked(WRITES))
    names = {"rnn": {one.removeprefix("rnn."): one for one in CELL}}
    assert json.loads((path / "tree").read_text("utf-8")) == names
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "python"]
    assert capsys.readouterr().out == ""


def test_old_folder_is_kept(asked: Callable[[str], str], tmp_path: Path) -> None:
    """Where the library fails the old folder stays, and nothing beside it."""
    path = tree(tmp_path / "out")
    line = 'mkdir "$6"; echo full >&2; exit 1'
    with (
        pytest.raises(FormatError, match="Orbax: full"),
        outfile.folder(path, checkpoint.is_one) as draft,
    ):
        checkpoint.write(draft, CELL, {}, asked(line))
    assert (path / "manifest.ocdbt").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "python"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("own", "a folder of other files"), ("file", "not a directory"), ("no/x", "no such direc")],
)
def test_no_place(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder but a checkpoint is written over, and none is made elsewhere."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis").touch()
    (tmp_path / "file").touch()
    with pytest.raises(outfile.OutfileError, match=message):
        outfile.folder(tmp_path / name, checkpoint.is_one).__enter__()
    output = (tmp_path / "own").rename(tmp_path / "own.orbax")
    options = ["convert", str(arrays(tmp_path)), "--to", "nnx", "--overwrite", "--output"]
    assert main([*options, str(output)]) == 2
    assert capsys.readouterr().err == f"{output}: a folder of other files\n"
    assert (output / "thesis").exists()
