"""Badges: one JSON file a framework, as https://shields.io/badges/endpoint-badge reads it."""

import json
from collections.abc import Sequence
from pathlib import Path

from conformance.report import matrix
from conformance.report.report import Entry, Header


def badges(header: Header, entries: Sequence[Entry]) -> dict[Path, str]:
    """The text of each file by its name: of every framework of a report that was put to a case.

    A case with a pin is as it is known to be, and counts as one of those that came out so.
    """
    found: dict[Path, str] = {}
    bases = [_base(label) for label in header.frameworks]
    for label, base in zip(header.frameworks, bases, strict=True):
        ours = [entry for entry in entries if entry.framework == label]
        came = [matrix.worst(entry) for entry in ours]
        put = len(came) - came.count("unsupported")
        if not put:
            continue
        failed = came.count("fails")
        pins = {
            claim.pin
            for entry in ours
            for claim in entry.claims.values()
            if claim.settled == "pinned"
        }
        known = f", {len(pins)} known deviation{'s' * (len(pins) != 1)}" if pins else ""
        message = f"{put - failed} of {put}{known}"
        name = base if bases.count(base) == 1 else label
        found[Path(f"{_name(name)}.json")] = _endpoint(message, header.complete, failed)
    return found


def _base(label: str) -> str:
    """A framework's name, which stands before its interpreter."""
    return label.partition("@")[0]


def _name(label: str) -> str:
    """A file's name: of a label nothing but what a name of an adapter may have."""
    return "".join(one if one.isalnum() or one in "-_" else "-" for one in label)[:80]


def _endpoint(message: str, complete: bool, failed: int) -> str:
    told = {
        "schemaVersion": 1,
        "label": "LSTM conformance",
        "message": message if complete else f"{message}, cut short",
        "color": "brightgreen" if complete and not failed else "red" if failed else "lightgrey",
    }
    return json.dumps(told, indent=2) + "\n"
