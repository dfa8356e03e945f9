"""``python -m conformance convert`` and ``weights``."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adapters.contract import Convention, File
from conformance import outfile
from conformance.command import Command, CommandError, tell
from conformance.formats import checkpoint, file, npz, sequence
from conformance.formats.npz import BROKEN
from conformance.formats.saved import Budget, FormatError
from conformance.plain import line
from conformance.weights import verify
from conformance.weights.chosen import ConvertError
from conformance.weights.flat import SIZES
from conformance.weights.library import (
    Conversion,
    convert,
    find_layers,
    framework,
)
from conformance.weights.page import page

ARRAYS = File(".npz", "arrays", "", "state = dict(np.load(FILE))")
PAGE = Path("docs", "weights.md")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="source", metavar="NAME", help="adapter (default: the one whose names fit)"
    )
    parser.add_argument("--to", dest="target", required=True, metavar="NAME", help="adapter")
    parser.add_argument(
        "--layer",
        action="append",
        default=[],
        metavar="NAME",
        help="one LSTM of the model, or a glob; repeatable (default: all)",
    )
    parser.add_argument("--prefix", default="", help="what stands before the names in the state")
    parser.add_argument("--stack", action="store_true", help="make one LSTM of several layers")
    parser.add_argument("--split-bias", action="store_true", help="two equal halves of one bias")
    parser.add_argument("--keep-rest", action="store_true", help="copy all other arrays, too")
    parser.add_argument(
        "--flat", default="", metavar=SIZES, help="the sizes of a state that is one vector"
    )
    parser.add_argument("--verify", action="store_true", help="run both, and compare")
    parser.add_argument(
        "--input", type=Path, metavar="FILE", help="verify on this .npy, (batch, time, input)"
    )
    parser.add_argument("--output", type=Path, help="default: beside FILE, for the target's loader")
    parser.add_argument("--overwrite", action="store_true", help="an output that is there")
    parser.add_argument("state", type=Path, metavar="FILE", help="weights, or a folder of them")


def _convert(root: Path, given: argparse.Namespace) -> int:
    """Convert a file of weights, and print what was written and how it is loaded."""
    name = given.target.partition("@")[0]
    aim = framework(root, given.target)
    assert aim.convention is not None
    kinds = (*aim.convention.files, ARRAYS)
    whole = given.state.name.removesuffix("".join(given.state.suffixes[-2:]))
    beside = given.state.with_name(f"{whole or given.state.stem}.{name}{kinds[0].suffix}")
    output = given.output or beside
    kind = _kind(output, aim.convention, given.output is not None)
    folder = kind.form == checkpoint.FORM
    why = outfile.folder_refusal(output, checkpoint.is_one) if folder else outfile.refusal(output)
    if why:
        raise CommandError(f"{output}: {why}")
    if output.exists() and not given.overwrite:
        raise CommandError(f"{output}: it is there already: remove it, or give --overwrite")
    fed = _fed(given.input) if given.input else None
    try:
        done = convert(
            given.state,
            given.target,
            given.source,
            layers=given.layer,
            prefix=given.prefix,
            stack=given.stack,
            split_bias=given.split_bias,
            keep_rest=given.keep_rest,
            flat=given.flat,
            root=root,
        )
        if folder:
            with outfile.folder(output, checkpoint.is_one) as draft:
                checkpoint.write(draft, done.arrays, done.told, aim.interpreter)
        else:
            with outfile.whole(output) as opened:
                file.write(opened, kind.form, done.arrays, done.told, kind.package)
    except (ConvertError, FormatError) as error:
        raise CommandError(f"{given.state}: {line(error)}") from error
    for one in done.layers:
        tell(line(f"{one.found.where or 'the layer'}: {one.found}"))
        tell(*(line(f"  {new}  {done.arrays[new].shape}") for new in one.names))
    tell(*(f"{key}: {text}" for key, text in done.told.items()), *map(line, done.notes))
    tell(f"written: {output}", "load with:")
    tell(*(f"  {code}" for code in loading(done, aim.convention, kind, output)))
    return _proved(root, given, done, kind, output, fed) if given.verify else 0


def loading(done: Conversion, convention: Convention, kind: File, output: Path) -> Iterator[str]:
    """The lines of Python that put an output's weights into a model."""
    shapes = {name: (np.shape(one), str(one.dtype)) for name, one in done.arrays.items()}
    yield kind.load.replace("FILE", repr(str(output))).replace("SHAPES", repr(shapes))
    for one in done.layers:
        if one.prefix:
            yield f"# {line(one.found.where)}"
            yield (
                f"weights = {{name.removeprefix({one.prefix!r}): one for name, one in state.items()"
                f" if name.startswith({one.prefix!r})}}"
            )
        elif len(one.names) == len(done.arrays):
            yield "weights = state"
        else:
            yield f"weights = {{name: state[name] for name in {list(one.names)}}}"
        yield from convention.loader.splitlines()


def _kind(output: Path, convention: Convention, named: bool) -> File:
    """The kind of file that an output's name asks for. Raises CommandError."""
    kinds = [*convention.files, ARRAYS]
    if not named:
        return kinds[0]
    # An output of any other name is what every NumPy reads.
    known = [*kinds, *NEUTRAL]
    found = next((one for one in known if output.name.endswith(one.suffix)), None)
    if found is None and output.suffix in FOREIGN:
        told = ", ".join(dict.fromkeys(one.suffix for one in known))
        raise CommandError(f"{output}: no such file is written for it (written: {told})")
    return found or ARRAYS


# What any framework's weights can be kept in.
NEUTRAL = (File(".safetensors", "tensors", "", "state = safetensors.numpy.load_file(FILE)"),)
FOREIGN = (".pt", ".pth", ".h5", ".msgpack", ".pdparams", ".zip", ".ckpt", ".pkl")


def _fed(path: Path) -> Any:
    try:
        with path.open("rb") as opened:
            return npz.array(opened, path.name, path.stat().st_size, Budget())
    except FormatError as error:
        raise CommandError(f"{path}: {error}") from error
    except BROKEN as error:
        raise CommandError(f"{path}: no .npy file: {error}") from error


def _proved(
    root: Path, given: argparse.Namespace, done: Conversion, kind: File, output: Path, fed: Any
) -> int:
    """Run both sides of each LSTM, tell how far each is off, and return the status."""
    aim = framework(root, given.target)
    written: Mapping[str, Any] = file.read(output, aim.interpreter).arrays
    if kind.form == sequence.FORM:  # which keeps the order alone
        written = dict(zip(done.arrays, written.values(), strict=True))
    try:
        proven = verify.prove(done, fed, source=given.source, written=written, root=root)
    except ConvertError as error:
        raise CommandError(f"{given.state}: {line(error)}") from error
    status = 0
    for where, sides in proven.items():
        tell(line(f"verify {where or 'the layer'}:"))
        for side in sides:
            tell(line(f"  {side}"))
            if isinstance(side, verify.Proof) and not side.holds:
                status = 1
    return status


def _weights_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="source", metavar="NAME", help="adapter (default: all are tried)"
    )
    parser.add_argument(
        "--page", action="store_true", help=f"write what adapters declare into {PAGE}"
    )
    parser.add_argument("state", type=Path, nargs="?", metavar="FILE", help="weights")


def _weights(root: Path, given: argparse.Namespace) -> int:
    """List every LSTM of a file: where it lies, and what it is."""
    if given.page:
        outfile.write(root / PAGE, page(root, (root / PAGE).read_text(encoding="utf-8")))
        tell(root / PAGE)
        return 0
    if given.state is None:
        raise CommandError("a file of weights is needed")
    try:
        found = find_layers(given.state, given.source)
    except (ConvertError, FormatError) as error:
        raise CommandError(f"{given.state}: {line(error)}") from error
    for one in found.chosen:
        kinds = dict.fromkeys(str(np.asarray(array).dtype) for array in one.found.arrays.values())
        sure = "" if one.found.spelled.sure else "; or a dense layer: name it with --layer"
        by = ", ".join(one.frameworks)
        called = f", called {', '.join(one.called)}" if one.called else ""
        told = f"{one.found}, {', '.join(kinds)}, as {by} spells it{sure}{called}"
        tell(line(f"{one.where or 'the layer'}: {told}"))
        if why := found.refused.get(one.where):
            tell(line(f"  not converted: {why}"))
        if one.also:
            tell("  a second time under other names, with the same numbers")
    odd = [f"{one.where or 'the layer'}: no LSTM, but {one.why}" for one in found.misfits]
    tell(*map(line, odd), *(line(f"no LSTM: {hint}") for hint in found.hints))
    count = len(found.chosen)
    tell(f"{count:,} LSTM{'' if count == 1 else 's'}, and {found.others:,} other arrays")
    return 0 if found.chosen else 1


CONVERT = Command("make one framework's weights another's", _convert, _arguments)
WEIGHTS = Command("list the LSTMs of a file of weights", _weights, _weights_arguments)
