"""``python -m conformance convert``."""

import argparse
from pathlib import Path

import numpy as np

from conformance import outfile
from conformance.command import Command, CommandError, tell
from conformance.process.framework import find
from conformance.weights import archive
from conformance.weights.convert import ConvertError, convert


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", required=True, metavar="NAME", help="adapter")
    parser.add_argument("--to", dest="target", required=True, metavar="NAME", help="adapter")
    parser.add_argument("--prefix", default="", help="what stands before the names in the state")
    parser.add_argument("--output", type=Path, help="default: FILE.NAME.npz, beside FILE")
    parser.add_argument("--overwrite", action="store_true", help="an output that is there")
    parser.add_argument("state", type=Path, metavar="FILE", help="weights by name, as .npz")


def _convert(root: Path, given: argparse.Namespace) -> int:
    """Convert a file of weights, and print what was written and how it is loaded."""
    name = given.target.partition("@")[0]
    output = given.output or given.state.with_suffix(f".{name}.npz")
    if why := outfile.refusal(output):
        raise CommandError(f"{output}: {why}")
    if output.exists() and not given.overwrite:
        raise CommandError(f"{output}: it is there already: remove it, or give --overwrite")
    source, target = (
        find(root, [name], missing=True)[0].convention for name in (given.source, given.target)
    )
    assert source is not None
    assert target is not None
    try:
        converted = convert(source, target, archive.load(given.state, given.prefix))
    except ConvertError as error:
        raise CommandError(f"{given.state}: {error}") from error
    with outfile.whole(output) as file:
        np.savez(file, **converted)
    for name, array in converted.items():
        tell(f"{name}  {array.shape}")
    tell(f"written: {output}\nload with: {target.loader}")
    return 0


CONVERT = Command("make one framework's weights another's", _convert, _arguments)
