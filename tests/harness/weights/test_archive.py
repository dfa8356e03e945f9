"""`conformance.weights.archive`: a file that somebody gives is read within limits, or refused."""

import io
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.__main__ import main
from conformance.weights import archive
from conformance.weights.convert import ConvertError, convert, recognized
from tests.harness.adapters.right import CONVENTION


class Bomb:
    """What a pickle runs as it is read."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        """Leave a folder behind."""
        return os.mkdir, ("run",)


def npy(array: Any) -> bytes:
    """Return an array as numpy writes it."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(path: Path, **members: bytes) -> Path:
    """Write members of a zip file as they are; return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return path


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", ">f4", "complex64"])
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4), (5,)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_as_numpy_reads(
    dtype: str, shape: tuple[int, ...], order: str, save: Callable[..., None], tmp_path: Path
) -> None:
    """An array is read as numpy itself reads it."""
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape), dtype, order=order)
    save(tmp_path / "f.npz", array)
    with np.load(tmp_path / "f.npz") as expected:
        got = archive.load(tmp_path / "f.npz")["arr_0"]
        assert (got.dtype, got.shape) == (expected["arr_0"].dtype, shape)
        assert np.array_equal(got, expected["arr_0"])


def test_prefix(tmp_path: Path) -> None:
    """Of a larger model, what bears the prefix is read, and nothing else is looked at."""
    npz(tmp_path / "f.npz", **{"a.w": npy(np.ones(3)), "b.w": b"broken"})
    assert list(archive.load(tmp_path / "f.npz", "a.")) == ["w"]


CUT = npy(np.ones(100))[:-8]
HUGE = npy(np.ones(3)).replace(b"(3,), }" + b" " * 12, b"(3000000000000,), }")
NEGATIVE = npy(np.ones(3)).replace(b"(3,), } ", b"(-3,), }")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no .npz file of arrays: File is not a zip file"),
        (npy(np.ones(3)), "no .npz file of arrays: File is not a zip file"),
        (pickle.dumps(Bomb()), "no .npz file of arrays: File is not a zip file"),
        ({"a": b""}, "no .npz file of arrays: EOF: reading magic string"),
        ({"a": b"text"}, "no .npz file of arrays: EOF: reading magic string"),
        ({"a": npy(np.array([Bomb()]))}, "a: an array of object, which is no number"),
        ({"a": npy(np.array(["x"]))}, "a: an array of <U1, which is no number"),
        ({"a": npy(np.ones(3)).replace(b"NUMPY\x01", b"NUMPY\x09")}, "a: a version of .npy that "),
        ({"a": CUT}, "a: it ends before its last number"),
        ({"a": HUGE}, "a: its header claims 24,000,000,000,000 bytes of "),
        ({"a": NEGATIVE}, "a: its header claims -24 bytes of "),
    ],
)
def test_no_archive(
    data: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no file of arrays of numbers is one line, and nothing in it is run."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "f.npz"
    file.write_bytes(data) if isinstance(data, bytes) else npz(file, **data)
    with pytest.raises(ConvertError) as raised:
        archive.load(file)
    assert str(raised.value).startswith(message)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    """What is no regular file is not read."""
    make(tmp_path / "f.npz")
    with pytest.raises(ConvertError, match="not a regular file"):
        archive.load(tmp_path / "f.npz")


def test_unpacks_to_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A small file that unpacks to a large one is refused by its directory alone."""
    start = time.monotonic()
    with zipfile.ZipFile(tmp_path / "f.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("a.npy", npy(np.zeros(10)))
    data = bytearray((tmp_path / "f.npz").read_bytes())
    at = data.rfind(b"PK\x01\x02") + 24  # the size unpacked, in the directory
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    (tmp_path / "f.npz").write_bytes(data)
    assert main(["convert", "--from", "torch", "--to", "keras", str(tmp_path / "f.npz")]) == 2
    told = "it unpacks to 2,147,483,648 bytes, more than the 1,073,741,824 allowed"
    assert capsys.readouterr().err == f"{tmp_path / 'f.npz'}: {told}\n"
    assert time.monotonic() - start < 2


def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of more arrays than any model has is refused."""
    monkeypatch.setattr(archive, "MAX_ARRAYS", 2)
    npz(tmp_path / "f.npz", a=b"", b=b"", c=b"")
    with pytest.raises(ConvertError, match="3 arrays, more than the 2 allowed"):
        archive.load(tmp_path / "f.npz")


def test_many_arrays_that_are_no_layer() -> None:
    """Thousands of names that are no layer's cost no more than a look, and few are told."""
    start = time.monotonic()
    state = {f"x{number}": np.zeros(3) for number in range(1_600)}
    with pytest.raises(ConvertError) as raised:
        recognized(CONVENTION, state)
    assert str(raised.value).endswith(" more")
    assert len(str(raised.value)) < 400
    assert time.monotonic() - start < 2


def test_deep_stack() -> None:
    """A stack of hundreds of layers is recognized, whichever options it has."""
    names = {"w": (4, 16), "r": (4, 16)}
    state = {
        f"layer{n}.{name}": np.zeros((3, 16) if (n, name) == (0, "w") else shape, np.float32)
        for n in range(300)
        for name, shape in names.items()
    }
    layer, dimensions = recognized(CONVENTION, state)
    assert (layer.bias, layer.bidirectional, dimensions.num_layers) == (False, False, 300)
    assert len(convert(CONVENTION, CONVENTION, state)) == 600
