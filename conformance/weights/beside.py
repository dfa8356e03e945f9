"""What lies beside an LSTM's weights and is no part of a standard one: it would give other numbers.

Normalized gates, peepholes, adapters of low rank and the rest of a second direction keep the names
and shapes of the weights that they are added to.
"""

import os.path
import re
import string
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from conformance.weights.spelled import MOMENTS, Found, plainly

# Words of what changes a layer's numbers, wherever below the layer it lies.
WORDS = re.compile(r"norm|gamma|beta|peephole|lora|zoneout|(?:^|[._])ln(?:[._]|$)")


class Beside:
    """The arrays of a state that are no LSTM's, by the folders in which one would be theirs."""

    def __init__(self, arrays: Mapping[str, Any], taken: Collection[str]) -> None:
        """`taken` are the names that the LSTMs of the state have."""
        self._direct: dict[str, list[str]] = {}
        self._below: dict[str, list[str]] = {}
        self._shapes = {}
        for name, array in arrays.items():
            # Whole numbers are counts, axes and the states of random numbers.
            if name in taken or np.asarray(array).dtype.kind in "iub" or MOMENTS.search(name):
                continue
            self._shapes[name] = np.shape(array)
            *way, last = plainly(name).split(".")
            self._direct.setdefault(".".join(way), []).append(name)
            for depth in range(1, len(way) + 1):
                if WORDS.search(".".join([*way[depth:], last]).lower()):
                    self._below.setdefault(".".join(way[:depth]), []).append(name)

    def of(self, found: Found) -> list[str]:
        """Names and shapes of what is a part of the layer, and of no standard LSTM."""
        names = dict.fromkeys([*self._siblings(found), *self._deeper(found)])
        return [f"{name} {self._shapes[name]}" for name in names]

    def _siblings(self, found: Found) -> Iterator[str]:
        """What stands in one folder with its weights; of a state without folders, what fits it."""
        cell, width = found.dimensions.hidden_units, found.dimensions.embedding_dim
        hidden = found.layer.projection_size or cell
        sizes = {1, width, hidden, cell, 3 * cell, 4 * cell}
        for folder in _folders(found):
            for name in self._direct.get(folder, ()):
                shape = self._shapes[name]
                if (folder and shape) or (max(shape, default=1) > 1 and sizes.issuperset(shape)):
                    yield name

    def _deeper(self, found: Found) -> Iterator[str]:
        """What lies below the layer under a word that tells of another one."""
        roots = set()
        for one, own in found.names.items():
            text = "".join(literal for literal, *_ in string.Formatter().parse(one))
            parts = plainly(own).split(".")[:-1]
            # The first folder that is the spelling's own is the cell's.
            roots.add(".".join(parts[: len(parts) - max(plainly(text).count(".") - 1, 0)]))
        if found.dimensions.num_layers == found.layer.num_directions == 1:
            roots.add(os.path.commonpath([one.replace(".", "/") for one in roots] or [""]))
        for root in sorted(one.replace("/", ".") for one in roots):
            yield from self._below.get(root, ()) if root else ()


def _folders(found: Found) -> list[str]:
    return sorted({plainly(own).rpartition(".")[0] for own in found.names.values()})
