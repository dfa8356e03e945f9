"""`conformance.formats.npz`: a file that somebody gives is read within limits, or refused."""

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

from conformance.formats import npz as form
from conformance.formats import saved
from conformance.formats.saved import FormatError


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
        got = form.read(tmp_path / "f.npz").arrays["arr_0"]
        assert (got.dtype, got.shape) == (expected["arr_0"].dtype, shape)
        assert np.array_equal(got, expected["arr_0"])


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
        ({"a": HUGE}, "a: it unpacks to 24,000,000,000,000 bytes"),
        ({"a": NEGATIVE}, "a: a negative size, (-3,)"),
    ],
)
def test_no_archive(
    data: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no file of arrays of numbers is one line, and nothing in it is run."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "f.npz"
    file.write_bytes(data) if isinstance(data, bytes) else npz(file, **data)
    with pytest.raises(FormatError) as raised:
        form.read(file)
    assert str(raised.value).startswith(message)
    assert not (tmp_path / "run").exists()


def test_unpacks_to_more(tmp_path: Path) -> None:
    """A small file that unpacks to a large one is refused by its directory alone."""
    start = time.monotonic()
    with zipfile.ZipFile(tmp_path / "f.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("a.npy", npy(np.zeros(10)))
    data = bytearray((tmp_path / "f.npz").read_bytes())
    at = data.rfind(b"PK\x01\x02") + 24  # the size unpacked, in the directory
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    (tmp_path / "f.npz").write_bytes(data)
    told = "it unpacks to 2,147,483,648 bytes, more than the 1,073,741,824 allowed"
    with pytest.raises(FormatError, match=told):
        form.read(tmp_path / "f.npz")
    assert time.monotonic() - start < 2


def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of more arrays than any model has is refused."""
    monkeypatch.setattr(form, "MAX_ARRAYS", 2)
    npz(tmp_path / "f.npz", a=b"", b=b"", c=b"")
    with pytest.raises(FormatError, match="3 arrays, more than the 2 allowed"):
        form.read(tmp_path / "f.npz")


@pytest.mark.parametrize("name", ["a", "folder/a", "b:0"])
def test_written(name: str, tmp_path: Path) -> None:
    """What is written is read again, a bfloat16 and texts among it, and by numpy too."""
    file = tmp_path / "f.npz"
    arrays = {name: np.arange(3.0), "half": np.ones((2, 1), saved.BFLOAT16)}
    with file.open("wb") as opened:
        form.write(opened, arrays, {"gates": "ifgo"})
    got = form.read(file)
    assert got.told == {"gates": "ifgo"}
    assert got.arrays["half"].dtype == saved.BFLOAT16
    assert all(np.array_equal(got.arrays[one], arrays[one]) for one in arrays)
    with np.load(file) as loaded:
        assert np.array_equal(loaded[name], arrays[name])
