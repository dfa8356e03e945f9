"""One thing that is otherwise on the other side, and how much that is to its users."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Severity: TypeAlias = Literal[
    "breaking", "fixed", "input", "warning", "property", "bits", "speed"
]  # the most severe first
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
TITLES: dict[Severity, str] = {
    "breaking": "breaking",
    "fixed": "fixed",
    "input": "newly accepted or rejected input",
    "warning": "warnings",
    "property": "changed properties",
    "bits": "other bits, within the tolerance",
    "speed": "slower or faster",
}
Kind: TypeAlias = Literal[
    "parameters",
    "outcome",
    "right input",
    "names",
    "shape",
    "dtype",
    "values",
    "gradients",
    "pieces",
    "container",
    "padding",
    "checkpoint",
    "inference",
    "defaults",
    "exception",
    "property",
    "warning",
    "bits",
    "seconds",
]  # what may be the cause of another stands before it


@dataclass(frozen=True)
class Change:
    """What changed in one case. `before` and `after` are in words that equal changes share."""

    severity: Severity
    kind: Kind
    before: str
    after: str
    names: tuple[str, ...] = ()  # of the tensors, parameters or arguments that it is about
    exact: tuple[str, ...] = ()  # lines of this case's own: sizes, numbers


def joined(changes: Iterable[Change]) -> list[Change]:
    """Equal changes of one case as one, about all their names."""
    found: dict[tuple[str, ...], Change] = {}
    for one in changes:
        key = one.severity, one.kind, one.before, one.after
        if key in found:
            first = found[key]
            names = tuple(dict.fromkeys((*first.names, *one.names)))
            one = Change(*key, names, (*first.exact, *one.exact))
        found[key] = one
    return list(found.values())


def plain_message(message: str) -> str:
    """The first two lines of a message without what each run has anew: numbers, paths, addresses.

    The first alone often says no more than where it was raised.

    >>> plain_message("/tmp/x.py:3: got (2, 5) at 0x7f3a")
    '<path>: got (<n>) at <address>'
    """
    lines = re.sub(r"\x1b\[[0-9;]*m", "", message).splitlines()
    line = " ".join([one.strip() for one in lines if one.strip()][:2])
    line = re.sub(r"0x[0-9a-fA-F]+", "<address>", line)
    line = re.sub(r"(?<![\w/:])(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]+){2,}(?::\d+)*", "<path>", line)
    line = re.sub(r"(?<=[A-Za-z]_)\d{2,}\b", "<n>", line)  # of names that are counted up
    line = re.sub(r"(?<![\w.<])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w>])", "<n>", line)
    return re.sub(r"<n>(?:, ?<n>)+|<n>,(?=\))", "<n>", line)


def family(name: str) -> str:
    """A name without the numbers that count layers: ``layer_*/state_h``; types keep theirs."""
    return re.sub(r"(?<!float)(?<!int)(?<!\d)\d+", "*", name)
