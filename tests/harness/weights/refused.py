"""What ``convert`` refuses, made by trying it: ``python -m tests.harness.weights.refused``.

The table in ``docs/weights.md`` is what this prints; with ``--page`` it is written there.
"""

import contextlib
import io
import json
import pickle
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from conformance import outfile
from conformance.__main__ import main
from conformance.command import tell
from conformance.formats import file
from conformance.plain import cell
from tests.harness.weights.test_names import CELL, KERAS, STACK, drawn, lettered, named

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "weights.md"
BEGIN, END = "<!-- refused: begin -->", "<!-- refused: end -->"
TARGET = ["--to", "keras"]
Make = Callable[[Path], list[str]]


def state(arrays: Mapping[str, Any], *options: str, form: str = "arrays") -> Make:
    """Return what writes arrays and asks for them with options."""

    def make(folder: Path) -> list[str]:
        path = folder / "model"
        with path.open("wb") as opened:
            file.write(opened, form, arrays, {}, "package")
        return [str(path), *(options or TARGET)]

    return make


def data(content: bytes, name: str = "model") -> Make:
    """Return what writes bytes and asks for them."""

    def make(folder: Path) -> list[str]:
        (folder / name).write_bytes(content)
        return [str(folder / name), *TARGET]

    return make


def cut(form: str) -> Make:
    """Return what writes the first half of a file."""

    def make(folder: Path) -> list[str]:
        asked = state(drawn(named("encoder.", lettered("l0"))), form=form)(folder)
        whole = Path(asked[0]).read_bytes()
        Path(asked[0]).write_bytes(whole[: len(whole) // 2])
        return asked

    return make


def recast(dtype: Any) -> Make:
    """Return what writes an LSTM of another dtype."""
    arrays = drawn(named("encoder.", lettered("l0")))
    return state({name: one.astype(dtype) for name, one in arrays.items()})


def configured(**options: Any) -> Make:
    """Return what writes a layer with its options beside it."""

    def make(folder: Path) -> list[str]:
        asked = state(drawn(named("encoder/lstm_cell/", KERAS)), *TO_TORCH, form="hdf5")(folder)
        layer = {"class_name": "LSTM", "config": {"name": "encoder", **options}}
        (folder / "config.json").write_text(json.dumps({"layers": [layer]}), encoding="utf-8")
        return asked

    return make


def bomb(folder: Path) -> list[str]:
    """Write a small file that unpacks to two gibibytes."""
    path = folder / "model.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array_header_1_0(
            member, {"descr": "<f4", "fortran_order": False, "shape": (2**29,)}
        )
        for _ in range(2**11):
            member.write(bytes(2**20))
    return [str(path), *TARGET]


def overflowing() -> dict[str, Any]:
    """Return a layer of float16 whose biases have a sum that float16 does not hold."""
    arrays = {name: one.astype("f2") for name, one in drawn(lettered("l0")).items()}
    arrays["bias_ih_l0"][0] = arrays["bias_hh_l0"][0] = 60_000
    return arrays


class Runs:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        """Print, were it run."""
        return print, ("run",)


TO_TORCH = ("--to", "torch")
BESIDE = {**named("encoder.", lettered("l0")), "encoder.ln_ih.weight": (16,)}
HUGE = json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}).encode()
TRIED: Mapping[str, Mapping[str, Make]] = {
    "What it is": {
        "a GRU": state(drawn({"rnn.weight_ih_l0": (12, 3), "rnn.weight_hh_l0": (12, 4)})),
        "a plain recurrent layer": state(drawn({"weight_ih": (4, 3), "weight_hh": (4, 4)})),
        "transposed kernels": state(drawn({"weight_ih_l0": (3, 16), "weight_hh_l0": (4, 16)})),
        "a projection that is missing": state(
            drawn({"weight_ih_l0": (16, 3), "weight_hh_l0": (16, 2)})
        ),
        "a projection that the target has not": state(
            drawn({"weight_ih_l0": (16, 3), "weight_hh_l0": (16, 2), "weight_hr_l0": (2, 4)})
        ),
        "a convolution's": state(
            drawn(
                {"c/lstm_cell/kernel": (3, 3, 2, 16), "c/lstm_cell/recurrent_kernel": (3, 3, 4, 16)}
            )
        ),
        "a GPU's own layer": state(
            drawn({"cu/kernel": (3, 16), "cu/recurrent_kernel": (4, 16), "cu/bias": (32,)}),
            *TO_TORCH,
        ),
        "one vector": state({"weights": np.ones(144, "f4"), "step": np.ones((), "f4")}),
        "normalized gates": state(drawn(BESIDE)),
        "half of a second direction": state(
            drawn({**named("rnn.", lettered("l0")), "rnn.weight_ih_l0_reverse": (16, 3)})
        ),
        "a weight in parts": state(
            drawn({"weight_ih_l0": (16, 3), "weight_hh_l0_g": (16, 1), "weight_hh_l0_v": (16, 4)})
        ),
        "a layer that is missing": state(
            drawn({name: shape for name, shape in STACK.items() if "l0" not in name})
        ),
        "sizes that differ": state(drawn({**STACK, "weight_hh_l1": (16, 5)})),
        "two readings": state(drawn({"n/W": (1, 16, 3), "n/R": (1, 16, 4)})),
        "or a dense layer": state(drawn({"mlp/linear/w": (7, 16), "mlp/linear/b": (16,)})),
        "two copies that differ": state(
            {
                **drawn(named("rnn.", lettered("l0"))),
                **drawn(named("rnn.0.cell.", {**CELL, "bias_ih": (16,), "bias_hh": (16,)}), 2),
            }
        ),
        "no recurrent layer": state(drawn({"embed.weight": (9, 3), "head.weight": (2, 9)})),
    },
    "What its file says": {
        "activation": configured(activation="relu"),
        "recurrent_activation": configured(recurrent_activation="hard_sigmoid"),
    },
    "Its numbers": {
        "whole numbers": recast("i1"),
        "eight bits": state(
            {
                name: one.astype(ml_dtypes.float8_e4m3fn)
                for name, one in drawn(lettered("l0")).items()
            },
            form="tensors",
        ),
        "complex": recast("c8"),
        "a sum that overflows": state(overflowing()),
        "a dtype that the form has not": state(
            {name: one.astype(ml_dtypes.bfloat16) for name, one in drawn(lettered("l0")).items()},
            *("--to", "paddle"),
        ),
    },
    "What is asked": {
        "no such layer": state(drawn(named("encoder.", CELL)), *TARGET, "--layer", "encodr"),
        "no such prefix": state(drawn(named("encoder.", CELL)), *TARGET, "--prefix", "x."),
        "no stack": state(drawn({**named("a.", CELL), **named("b.", CELL)}), *TARGET, "--stack"),
        "no such adapter": state(drawn(CELL), "--to", "torhc"),
        "sizes of a vector": state(
            {"weights": np.ones(9, "f4")}, *TARGET, "--from", "jax-rnn", "--flat", "3,4,2,1"
        ),
        "another file than is written": state(drawn(CELL), *TARGET, "--output", "x.pdparams"),
        "an output elsewhere": state(drawn(CELL), *TARGET, "--output", "no/x.npz"),
    },
    "The file": {
        "empty": data(b""),
        "of another kind": data(b"MZ\x90\x00"),
        "a pointer": data(b"version https://git-lfs.github.com/spec/v1\n"),
        **{f"cut off, {form}": cut(form) for form in file.FORMS},
        "a pickle that would run": data(pickle.dumps({"a": Runs()})),
        "objects of NumPy": data(pickle.dumps(np.array([{}], dtype=object))),
        "a zip bomb": bomb,
        "a header that claims too much": data(len(HUGE).to_bytes(8, "little") + HUGE + bytes(4)),
        "names of control characters": state(
            drawn(
                {
                    "\x1b[2J\n::error::.weight_ih_l0": (12, 3),
                    "\x1b[2J\n::error::.weight_hh_l0": (12, 4),
                }
            )
        ),
    },
}


@cache
def tried(make: Make) -> tuple[int, str]:
    """Return the status of one try and what it told, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asked = make(Path(folder))
        before = sorted(Path(folder).iterdir())
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = main(["convert", *asked], ROOT)
        assert sorted(Path(folder).iterdir()) == before, "something was written"
        assert out.getvalue() == ""
        return status, err.getvalue().replace(f"{folder}/", "")


def table() -> Iterator[str]:
    """Yield the table of all that is refused, with what is told."""
    yield "| | refused | told |"
    yield "|---|---|---|"
    for about, few in TRIED.items():
        for name, make in few.items():
            _, told = tried(make)
            yield f"| {about} | {name} | {cell(told.strip())} |"
            about = ""  # once for all of its rows


def page(text: str) -> str:
    """The page `text` with the table of today."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = "\n".join(table())
    return f"{before}{BEGIN}\n\n{rows}\n\n{END}{after}"


if __name__ == "__main__":
    if "--page" in sys.argv:
        outfile.write(PAGE, page(PAGE.read_text(encoding="utf-8")))
    else:
        tell(*table())
