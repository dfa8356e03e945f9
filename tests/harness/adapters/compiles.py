"""A right adapter that keeps what it compiles: a file for each layer, in the folder it is given.

Where there is one step its process dies, and leaves half a file.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from adapters.contract import Array, Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION as CONVENTION
from tests.harness.adapters.right import infer as infer
from tests.harness.adapters.right import parameters as parameters

PACKAGES = ("numpy",)

folder: Path | None = None


def keep_compilations(path: str) -> None:
    """Keep programs in the folder at `path`."""
    global folder
    folder = Path(path)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """What the right adapter returns; the container tells where the program came from."""
    results = right.run(layer, dimensions, weights, inputs)
    if folder is None:
        return Results(results, container="compiled, and not kept")
    program = folder / f"{dimensions.time_steps}-{layer.bias}"
    if program.exists():
        return Results(results, container=program.read_text())
    program.write_text("half of")
    if dimensions.time_steps == 1:
        os._exit(3)
    program.write_text("kept")
    return Results(results, container="compiled, and kept")
