"""`conformance.pages.snippet`: what a user would write, line by line."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from adapters.contract import Gap, Line, Snippet
from conformance.convention.snippet import code
from conformance.pages.option import completed, parsed, singles
from conformance.pages.snippet import numbered, snippet, usual
from conformance.process import source
from conformance.process.framework import Framework, find
from tests.harness.pages.books import LINK, book
from tests.harness.project import ROOT


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "",
            [
                "x = ones((2, 5, 3))",
                "one = two",
                "y = one(x, bias=True)",
                'results = {"y": y}  # of 4',
            ],
        ),
        (
            "bidirectional, num_layers=3, projection_size=2, bias=false",
            [
                "x = ones((2, 5, 3))",
                "one = two",
                "y = both(x, 6)",
                "y = stacked(y, 3)",
                'results = {"y": y}  # of 2',
            ],
        ),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    """The lines are those of the layer's options, with its sizes in them."""
    assert snippet(book(), "one", parsed(text)) == "\n".join(lines)


def test_numbered() -> None:
    """For numbers, x is made of an array, and weights are loaded before the call."""
    known = book()
    loads = replace(known.convention("one"), loader="one.load(weights)")
    frameworks = {"one": replace(known.frameworks["one"], convention=loads)}
    told = numbered(replace(known, frameworks=frameworks), "one", parsed("")).splitlines()
    assert told == [
        "x = two(array)",
        "one = two",
        "own = [one]",
        "one.load(weights)",
        "y = one(x, bias=True)",
        'results = {"y": y}  # of 4',
    ]


def test_no_snippet() -> None:
    """A layer of which the snippet does not speak has none, and an adapter without one."""
    assert snippet(book(), "one", parsed("dropout")) is None
    assert snippet(book(), "two", parsed("")) is None


def test_unknown_name() -> None:
    """A name that is neither an option nor a size is no text."""
    wrong = replace(book(), snippets={"one": Snippet(("x = $nothing",), (), ())})
    with pytest.raises(KeyError, match="nothing"):
        snippet(wrong, "one", parsed(""))


def test_usual() -> None:
    """What a framework's page shows is of the plain layer, or of the first layout that it has."""
    framework = book().frameworks["two"]
    assert usual(framework) == parsed("")
    major = Gap({"layout": ("batch_major", "time_major")}, why="It has no batch.", source=LINK)
    assert usual(replace(framework, gaps=(major,))) == parsed("layout=unbatched")


def mistakes(frameworks: Iterable[Framework]) -> Iterator[str]:
    """Tell what is wrong with snippets: there is none, or what it says is no Python."""
    asked = [one for chosen in singles().values() if (one := completed(chosen))]
    for framework in frameworks:
        found, plain = source.snippet(framework.module), usual(framework)
        if found is None or code(found, plain.layer, plain.dimensions) is None:
            yield f"{framework.name}: no SNIPPET for {plain}"
            continue
        for one in (plain, *asked):
            told = code(found, one.layer, one.dimensions)
            if told is not None and not framework.gap(one.layer):
                try:
                    ast.parse(told)
                except SyntaxError as problem:
                    yield f"{framework.name}, {one}: {problem}"


def test_every_adapter() -> None:
    """Each adapter of this project says what its user would write, installed or not."""
    assert list(mistakes(find(ROOT, [], missing=True))) == []


@pytest.mark.parametrize(
    ("found", "mistake"),
    [
        (None, "no SNIPPET for no option"),
        (Snippet((), (), ()), ""),
        (Snippet((Line("x = (", {"bias": False}),), (), ("bias",)), "bias=false: '(' was never"),
    ],
    ids=["none", "right", "no Python"],
)
def test_mistakes(monkeypatch: pytest.MonkeyPatch, found: Snippet | None, mistake: str) -> None:
    """An adapter without a snippet is told, and one whose lines are no Python for some layer."""
    monkeypatch.setattr(source, "snippet", lambda _: found)
    told = list(mistakes(find(ROOT, ["tests.harness.adapters.right"])))
    assert len(told) == bool(mistake)
    assert all(mistake in one for one in told)
