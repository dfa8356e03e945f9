"""Snippets: what an adapter says that its user would write runs, and gives what the adapter saw.

Each framework's snippets run in a process of its own, which has nothing of this project in it.
"""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from conformance.lstm.case import Case
from conformance.pages.book import read
from conformance.pages.option import Asked
from conformance.pages.snippet import snippet
from conformance.process.framework import find
from conformance.process.host import Host
from conformance.process.observation import observe

ROOT = Path(__file__).resolve().parent.parent
BOOK = read(ROOT)
INSTALLED = {one.name: one for one in find(ROOT, []) if not one.missing}
# Small ones that have each option, and most pairs of what a snippet speaks of.
BEHAVIOURS = (
    "bidirectional",
    "guide",
    "initial-state",
    "last-output",
    "layout",
    "merge",
    "no-bias",
    "projection",
    "return-state",
    "reverse",
    "stacked-bidirectional",
    "variable-lengths",
)
RUN = """\
import json, sys
for code in json.loads(sys.stdin.read()):
    space = {}
    exec(code, space)
    shapes = {name: list(one.shape) for name, one in space["results"].items()}
    print("SHAPES " + json.dumps(shapes), flush=True)
"""


def chosen(name: str) -> list[Case]:
    """Return a case for each layer that a framework agrees on and its snippet speaks of."""
    found = {}
    for case in BOOK.cases:
        if case.behaviour in BEHAVIOURS and case.run and case.id in BOOK.put[name]:
            asked = Asked(case.layer, case.dimensions)
            right = case.id not in BOOK.pinned[name] and not case.must_reject
            if right and snippet(BOOK, name, asked):
                found.setdefault((case.layer, case.dimensions.num_layers > 1), case)
    return list(found.values())


@pytest.mark.parametrize("name", sorted(BOOK.snippets.keys() & INSTALLED.keys()))
def test_snippets(name: str) -> None:
    """Every snippet gives results of the names and shapes that the adapter observed."""
    cases = chosen(name)
    assert len(cases) > 1
    codes = [snippet(BOOK, name, Asked(case.layer, case.dimensions)) for case in cases]
    ended = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(codes),
        capture_output=True,
        text=True,
        timeout=600,
    )
    lines = [one[7:] for one in ended.stdout.splitlines() if one.startswith("SHAPES ")]
    assert ended.returncode == 0, f"{codes[len(lines)]}\n{ended.stderr[-2000:]}"
    with closing(Host(INSTALLED[name], ROOT, 120)) as host:
        for case, code, line in zip(cases, codes, lines, strict=True):
            observation = observe(host, case)
            assert observation.results is not None, observation.detail
            seen = {key: list(one.shape) for key, one in observation.results.items()}
            given = json.loads(line)
            assert {key: given.get(key) for key in seen} == seen, f"{case.id}\n{code}"
