"""The printed lines, run: weights reach a model as its users build it, and it gives their numbers.

``tests/carried.py`` has the models and what is done with them, and prints the table of all pairs. A
framework that is not installed is not put to it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from conformance.process.framework import find
from tests.carried import ALL, KINDS, MODELS, ROOT, Model, Saved, carried, installed, saved

Sources = Sequence[tuple[Model, dict[str, Saved | str]]]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Sources]:
    """Every source's files and what it gives, made once."""
    made: list[tuple[Model, dict[str, Saved | str]]] = []

    def get() -> Sources:
        if not made:
            folder = tmp_path_factory.mktemp("sources")
            made.extend((one, saved(one, folder)) for one in installed())
        return made

    return get


@pytest.mark.parametrize(
    "target", [one for one in installed() if one.targets], ids=lambda one: one.script
)
def test_loaded(target: Model, sources: Callable[[], Sources], tmp_path: Path) -> None:
    """The printed lines put every source's weights into a model, which gives that one's numbers."""
    done = carried(target, sources(), tmp_path)
    assert done
    failed = [f"from {one.source}, {one.kind}: {one.why}" for one in done if one.why]
    assert failed == []
    # Neither side is further off the reference than roundings explain.
    assert [f"from {one.source}, {one.kind}: {one.part}" for one in done if one.part > 1] == []


def test_every_model() -> None:
    """Every script is of a model, every kind of layer has its sources and targets."""
    scripts = sorted(path.stem for path in MODELS.glob("*.py"))
    assert sorted(one.script for one in ALL) == scripts
    for one in ALL:
        assert {*one.sources, *one.targets} <= {*KINDS}
        (framework,) = find(ROOT, [one.adapter], missing=True)
        assert framework.convention is not None
        kinds = [kind.suffix for kind in framework.convention.files]
        assert not one.suffix or any(one.suffix.endswith(kind) for kind in kinds)
    for kind in KINDS:
        assert sum(kind in one.sources for one in ALL) > 1
        assert sum(kind in one.targets for one in ALL) > 1
