"""`conformance.formats.file`: each form is told by its content, and what is broken is one line."""

import io
import json
import os
import pickle
import random
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import msgpack
import numpy as np
import pytest

from conformance.formats import file, saved, wire
from conformance.formats.saved import FormatError, nested

ARRAYS = {
    "layer_0/W": np.arange(24, dtype=np.float32).reshape(1, 8, 3),
    "layer_0/R": np.arange(16, dtype=np.float32).reshape(1, 8, 2),
    "layer_0/B": -np.arange(16, dtype=np.float32).reshape(1, 16),
}
TEXTS = {"gates": "ifgo", "forget offset": "0.0"}


def write(path: Path, form: str, arrays: dict[str, Any] = ARRAYS) -> Path:
    """Write arrays in a form; return the path."""
    with path.open("wb") as opened:
        file.write(opened, form, arrays, TEXTS, "package")
    return path


def same(got: Any, wanted: Any) -> bool:
    """Whether arrays have the same names, dtypes and numbers."""
    return got.keys() == wanted.keys() and all(
        got[name].dtype == wanted[name].dtype and np.array_equal(got[name], wanted[name])
        for name in wanted
    )


@pytest.mark.parametrize("form", file.FORMS)
def test_written_and_read(form: str, tmp_path: Path) -> None:
    """What a form's writer writes is read again, whatever the file is called."""
    got = file.read(write(tmp_path / "no.suffix", form))
    arrays = dict(got.arrays)
    arrays.pop("merged", None)  # a graph's own constant
    if form == "sequence":  # which keeps the order alone
        assert list(arrays) == ["0", "1", "2"]
        arrays = dict(zip(ARRAYS, arrays.values(), strict=True))
    assert same(arrays, ARRAYS)
    assert got.form == form
    if form not in ("tree", "pickle", "sequence"):  # which have no place for them
        assert {key: got.told[key] for key in TEXTS} == TEXTS


DTYPES = ["float64", "float32", "float16", "bfloat16", "int8", "int64", ">f4", "bool"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", [one for one in file.FORMS if one != "graph"])
def test_dtypes(form: str, dtype: str, tmp_path: Path) -> None:
    """A form keeps a dtype, or says that it has none for it."""
    kind = saved.BFLOAT16 if dtype == "bfloat16" else np.dtype(dtype)
    arrays = {"a": np.array([[0, 1], [1, 0]]).astype(kind)}
    if dtype == "bfloat16" and form in ("pickle", "hdf5"):
        with pytest.raises(FormatError, match="a: the form has no bfloat16"):
            write(tmp_path / "f", form, arrays)
        return
    (got,) = file.read(write(tmp_path / "f", form, arrays)).arrays.values()
    assert got.dtype in (kind, kind.newbyteorder("="))
    assert np.array_equal(got, arrays["a"])


@pytest.mark.parametrize("form", file.FORMS)
def test_broken(form: str, tmp_path: Path) -> None:
    """A file cut off, or with bytes that are others, is read or refused in a line."""
    whole = write(tmp_path / "f", form).read_bytes()
    draw, refused = random.Random(form), []
    cuts = [whole[: len(whole) * part // 20] for part in range(20)]
    for _ in range(60):
        other = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            other[draw.randrange(min(len(other), 600))] = draw.randrange(256)
        cuts.append(bytes(other))
    for data in cuts:
        (tmp_path / "f").write_bytes(data)
        try:
            file.read(tmp_path / "f")
        except FormatError as problem:
            refused.append(str(problem))
    assert len(refused) >= 15
    assert not any("\n" in one for one in refused)


class Bomb:
    """What a pickle runs as it is read."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        """Leave a folder behind."""
        return os.mkdir, ("run",)


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_are_not_run(
    protocol: int, zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a pickle would call is not called, beside arrays that are read."""
    monkeypatch.chdir(tmp_path)
    numbers = np.arange(6.0).reshape(3, 2).T
    state = OrderedDict(bomb=Bomb(), w=numbers, deep={"er": [{"x": np.float32([1, 2])}]})
    data = pickle.dumps(state, protocol=protocol)
    if zipped:
        with zipfile.ZipFile("f", "w") as archive:
            archive.writestr("model/data.pkl", data)
    else:
        (tmp_path / "f").write_bytes(data)
    got = file.read(tmp_path / "f").arrays
    assert same(got, {"w": numbers, "deep.er.0.x": np.float32([1, 2])})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["f"]


def laughs() -> bytes:
    """Return a pickle whose value, were it walked through, has 2**60 parts."""
    one: Any = [np.ones(1)]
    for _ in range(60):
        one = [one, one]
    return pickle.dumps({"a": one})


def circle() -> bytes:
    """Return a pickle of a value that holds itself."""
    one: dict[str, Any] = {}
    one["a"] = one
    return pickle.dumps(one)


def packed(shape: Any, kind: str, data: bytes) -> bytes:
    """Return a tree with one array that claims to be so."""
    return msgpack.packb({"a": msgpack.ExtType(1, msgpack.packb((shape, kind, data)))})


def headed(header: Any, data: bytes = b"") -> bytes:
    """Return a header of JSON with its length, and what follows."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def graph(*fields: bytes) -> bytes:
    """Return a graph of fields."""
    return wire.put(1, 8) + wire.put(7, b"".join(fields))


def tensor(*fields: bytes) -> bytes:
    """Return a graph with one constant of fields."""
    return graph(wire.put(5, b"".join(fields)))


def linked(make: Callable[[h5py.File], object]) -> bytes:
    """Return an .h5 file that has been made something of."""
    data = io.BytesIO()
    with h5py.File(data, "w") as opened:
        make(opened)
    return data.getvalue()


def loop(opened: h5py.File) -> None:
    """Let a group hold itself."""
    group = opened.create_group("a")
    group["b"] = group


def elsewhere(opened: h5py.File) -> None:
    """Let an array's numbers be those of another file."""
    opened.create_dataset("a", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def virtual(opened: h5py.File) -> None:
    """Let an array be made of those of another file."""
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    opened.create_virtual_dataset("a", layout)


def large(opened: h5py.File) -> None:
    """Claim a terabyte that was never written."""
    opened.create_dataset("a", (2**38,), "f4", chunks=(2**20,))


def outside(opened: h5py.File) -> None:
    """Lead out of the file."""
    opened["a"] = h5py.ExternalLink("other.h5", "x")


DEEP = b"\x81\xa1a" * 3_000 + b"\xc0"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"text that is none", "no file of weights that is read: it begins with b'text"),
        (b"PK\x03\x04 and no more", "a broken zip file"),
        (b"\x89HDF\r\n\x1a\n", "no .h5 file of arrays"),
        (b"\x93NUMPY\x01\x00", "no .npy file, nor several behind one another"),
        (b"\x93NUMPY\x01\x00\x02\x00{(" + bytes(80), "no .npy file, nor several"),
        (b'{"width": 3}\n', "a line of JSON without arrays behind it"),
        (b'{"width": 3}', "a line of JSON without arrays behind it"),
        (b'{"width": 3}\n\x93NUMPY', "no .npy file, nor several behind one another"),
        (b"{ no JSON", "no file of weights that is read: it begins as JSON does"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (pickle.dumps({"a": Bomb()}), "a pickle without an array: it holds mkdir"),
        (pickle.dumps({"a": 1}), "a pickle without an array"),
        (laughs(), "more than the 10,000 arrays allowed"),
        (circle(), "a pickle of too many values, or too many in one another"),
        (pickle.dumps(np.array(["x"])), "an array of <U1, which is no number"),
        (pickle.dumps({"a": np.ones(3)})[:-9], "a broken pickle"),
        (b"\x80\x02\x82\x01.", "a pickle with EXT1, which only running it could tell"),
        (b"\x80\x02t.", "a broken pickle: "),
        (b"\x80\x02h\x07.", "a broken pickle: 7"),
        (headed(b"{" + b" " * 20)[:12], "it claims a header of 21 bytes"),
        (b"\xff" * 7 + b"\x0f{   ", "it claims a header of "),
        (headed(b"{[}"), "no .safetensors file: JSONDecodeError"),
        (headed(b'{"a":' + b"[" * 100_000), "no .safetensors file: RecursionError"),
        (headed({"a": 3}), "no .safetensors file: TypeError"),
        (
            headed({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, b"1234"),
            r"a: \(2,\) of F32 is 8 bytes, not 4",
        ),
        (
            headed({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, b"1234"),
            "a: its numbers are not where the header has them",
        ),
        (
            headed({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}, b"1234"),
            "a: it unpacks to 4,398,046,511,104 bytes or more, 1,073,741,824 are allowed",
        ),
        (packed([3], "float32", b"1234"), r"\(3,\) of float32 is 12 bytes, not 4"),
        (packed([2**40], "float32", b"1234"), "it unpacks to 4,398,046,511,104 bytes"),
        (packed([1], "O", b"12345678"), "an array of object, which is no number"),
        (msgpack.packb({"a": msgpack.ExtType(77, b"")}), "an extension of code 77"),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", "no .msgpack file of arrays"),
        (DEEP, "more than 100 trees in one another|no .msgpack file of arrays"),
        (linked(loop), "a/b: it is there under another name"),
        (linked(elsewhere), "a: its numbers lie in another file"),
        (linked(virtual), "a: its numbers lie in another file"),
        (linked(large), "a: it unpacks to 1,099,511,627,776 bytes"),
        (linked(outside), "a: a link, which is not followed"),
        (wire.put(1, 8), "no graph that can be read: there is no graph in it"),
        (
            tensor(wire.put(1, 2**40), wire.put(2, 1), wire.put(8, "a")),
            "a: it unpacks to 4,398,046,511,104 bytes",
        ),
        (
            tensor(wire.put(1, 3), wire.put(2, 1), wire.put(8, "a"), wire.put(9, b"1234")),
            r"a: \(3,\) of float32 is 12 bytes, not 4",
        ),
        (tensor(wire.put(8, "a"), wire.put(14, 1)), "a: its numbers lie in another file"),
        (graph(b"\x0f"), "no graph that can be read: a field of kind 7"),
        (b"\x08" + b"\xff" * 12, "no graph that can be read: a broken number"),
    ],
)
def test_refused(
    data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is broken, leads elsewhere or claims too much is one line, and nothing of it is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f").write_bytes(data)
    with pytest.raises(FormatError, match=message):
        file.read(tmp_path / "f")
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_storage_that_is_too_short(tmp_path: Path) -> None:
    """A view that ends behind its storage is refused before it is read."""
    whole = write(tmp_path / "f", "storages", {"a": np.ones(3, np.float32)}).read_bytes()
    with (
        zipfile.ZipFile(tmp_path / "f", "w") as archive,
        zipfile.ZipFile(io.BytesIO(whole)) as before,
    ):
        for name in before.namelist():
            data = before.read(name)
            if name.endswith("data.pkl"):
                data = data.replace(b"\x8a\x08\x03", b"\x8a\x08\x09", 2).replace(
                    b"\x8a\x08\x09", b"\x8a\x08\x03", 1
                )
            archive.writestr(name, data)
    with pytest.raises(FormatError, match="a: it ends behind its storage, of 3 numbers"):
        file.read(tmp_path / "f")


@pytest.mark.parametrize("make", [os.mkfifo], ids=["pipe"])
def test_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    """What is no regular file is not read."""
    make(tmp_path / "f.npz")
    with pytest.raises(FormatError, match="not a regular file"):
        file.read(tmp_path / "f.npz")


def test_folder(tmp_path: Path) -> None:
    """A folder is all that its files hold; one without any says why."""
    with pytest.raises(FormatError, match="a folder without weights that are read"):
        file.read(tmp_path)
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")
    with pytest.raises(FormatError, match=r"notes\.txt: no file of weights"):
        file.read(tmp_path)
    write(tmp_path / "encoder.npz", "arrays")
    got = file.read(tmp_path).arrays
    assert same(got, {f"encoder/{name}": one for name, one in ARRAYS.items()})


def test_description(tmp_path: Path) -> None:
    """The options of layers are read beside the arrays, by the layer's name and by its group."""
    layer = {"class_name": "LSTM", "config": {"name": "encoder", "activation": "relu"}}
    model = json.dumps({"config": {"layers": [layer]}})

    def make(opened: h5py.File) -> None:
        opened["layers/lstm/cell/vars/0"] = np.ones(3)
        opened.create_group("layers/lstm/vars").attrs["name"] = "encoder"
        opened.attrs["model_config"] = model

    whole = linked(make)
    (tmp_path / "f").write_bytes(whole)
    with zipfile.ZipFile(tmp_path / "g", "w") as archive:
        archive.writestr("model.weights.h5", whole)
        archive.writestr("config.json", model)
    for name in "fg":
        got = file.read(tmp_path / name)
        assert list(got.arrays) == ["layers/lstm/cell/vars/0"]
        assert got.configuration["encoder"]["activation"] == "relu"
        assert got.configuration["layers/lstm"]["class_name"] == "LSTM"


def test_sequence(tmp_path: Path) -> None:
    """Arrays behind one another are numbered; the line by which a model is built is passed over."""
    whole = write(tmp_path / "f", "sequence").read_bytes()
    (tmp_path / "g").write_bytes(json.dumps({"width": 3}).encode() + b"\n" + whole)
    for name in "fg":
        got = file.read(tmp_path / name).arrays
        assert same(got, dict(zip("012", ARRAYS.values(), strict=True)))
    write(tmp_path / "alone.npy", "sequence", {"x": np.ones(3)})
    assert list(file.read(tmp_path / "alone.npy").arrays) == ["alone"]


@pytest.mark.parametrize("form", file.FORMS)
@pytest.mark.parametrize("name", ["a\0b", "\ud800", "rest/\0"])
def test_names_that_no_file_holds(form: str, name: str, tmp_path: Path) -> None:
    """A name that would be cut off, or has no bytes, is told before anything is written."""
    with pytest.raises(FormatError, match="is no name that a file can hold"):
        write(tmp_path / "f", form, {**ARRAYS, name: np.ones(2, np.float32)})


@pytest.mark.parametrize("kind", saved.FLOAT8)
@pytest.mark.parametrize("form", ["tensors", "graph"])
def test_eight_bits(form: str, kind: str, tmp_path: Path) -> None:
    """Numbers of eight bits come with their dtype and shape, so that they can be told."""
    array = np.ones((3, 2), saved.FLOAT8[kind])
    if form == "tensors" and kind.endswith("fnuz"):
        with pytest.raises(FormatError, match="a: the form has no float8"):
            write(tmp_path / "f", form, {"a": array})
        return
    got = file.read(write(tmp_path / "f", form, {"a": array})).arrays["a"]
    assert (got.dtype, got.shape) == (array.dtype, array.shape)


def test_untyped_storage(tmp_path: Path) -> None:
    """A storage of bytes is read in the dtype that its array says."""

    def text(word: str) -> bytes:
        return b"X" + len(word).to_bytes(4, "little") + word.encode()

    storage = b"(" + text("storage") + b"cpackage.storage\nUntypedStorage\n" + text("0")
    storage += text("cpu") + b"K\x06tQ"
    view = storage + b"K\x00K\x02K\x03\x86K\x03K\x01\x86\x89Ncpackage\nfloat8_e5m2\n"
    call = b"cpackage._utils\n_rebuild_tensor_v3\n(" + view + b"tR"
    with zipfile.ZipFile(tmp_path / "f", "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}" + text("a") + call + b"s.")
        archive.writestr("a/data/0", bytes(6))
    got = file.read(tmp_path / "f").arrays["a"]
    assert (got.dtype, got.shape) == (saved.FLOAT8["float8_e5m2"], (2, 3))


class ScriptObject:
    """What only its own framework unpacks."""


def test_packed_weights(tmp_path: Path) -> None:
    """A state of what is packed alone says how it may have come about."""
    (tmp_path / "f").write_bytes(pickle.dumps({"packed": ScriptObject()}))
    with pytest.raises(FormatError, match="which is packed as of a quantized layer"):
        file.read(tmp_path / "f")


def test_nested() -> None:
    """Names with slashes are a tree; one that is an array and a folder is refused."""
    assert nested({"a/b": 1, "c": 2}) == {"a": {"b": 1}, "c": 2}
    for names in (("a", "a/b"), ("a/b", "a")):
        with pytest.raises(FormatError, match="already"):
            nested(dict.fromkeys(names, 1))
