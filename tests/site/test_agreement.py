"""The page and the engine give the same: 5,000 layers and sizes, drawn at random."""

import json
import random
from typing import Any

import numpy as np

from adapters.contract import Dimensions, Layer
from conformance.convention.convention import parameter_laws, result_laws
from conformance.convention.gap import DEFAULTS, values
from conformance.lstm.agreement import contradictions
from conformance.lstm.law import Law
from conformance.pages.book import Book
from conformance.pages.export import exported
from conformance.pages.option import Asked
from conformance.pages.snippet import snippet
from conformance.pages.standing import standing
from tests.site.conftest import Opened

LAYERS = 5_000
FRAMEWORKS = 1  # asked of each layer: one in turn
_ASK = """(asked) => asked.map(({layer, dimensions, names}) => {
  const {law, data} = window.explorer;
  const wrong = law.contradictions(layer, dimensions);
  if (wrong.length) return {wrong};
  return Object.fromEntries(names.map((name) => {
    const framework = data.frameworks[name];
    const found = law.standing(framework, layer, dimensions);
    const shapes = Object.fromEntries(
      law.shapes(framework, layer, dimensions).map((one) => [one.name, one.shape]));
    return [name, {
      shapes,
      parameters: law.parameters(framework, layer, dimensions),
      kind: found.kind,
      snippet: law.snippet(framework, layer, dimensions),
      reasons: found.reasons.map((one) => one.why),
    }];
  }));
})"""


def drawn(number: int) -> Asked:
    """Return a layer and sizes; about half contradict themselves."""
    draw = random.Random(number)
    options: dict[str, Any] = {
        name: draw.choice(values(name)) if draw.random() < 0.2 else default
        for name, default in DEFAULTS.items()
        if name != "layers"  # which the page does not offer
    }
    one = options["layout"] == "unbatched" or draw.random() < 0.1
    sizes = Dimensions(
        batch_size=1 if one else draw.randrange(0, 9),
        time_steps=draw.randrange(0, 12),
        embedding_dim=draw.randrange(0, 12),
        hidden_units=draw.randrange(1, 12),
        num_layers=draw.choice((1, 1, 2, 4)),
    )
    return Asked(Layer(**options), sizes)


def of_engine(book: Book, asked: Asked, names: list[str]) -> dict[str, Any]:
    """Return what the engine says of a layer in some frameworks."""
    wrong = list(contradictions(asked.layer, asked.dimensions))
    if wrong:
        return {"wrong": wrong}
    where = asked.layer, asked.dimensions
    told = {}
    for name in names:
        convention, found = book.convention(name), standing(book, name, asked)
        told[name] = {
            "shapes": {
                key: list(law.shape) for key, law in result_laws(convention, *where).items()
            },
            "parameters": sum(map(count, parameter_laws(convention, *where).values())),
            "kind": found.kind,
            "snippet": snippet(book, name, asked),
            "reasons": [found.gap.why] if found.gap else [pin.why for pin in found.pins],
        }
    return told


def count(law: Law) -> int:
    """Return how many numbers a tensor has."""
    return int(np.prod(law.shape))


def test_page_and_engine(opened: Opened, book: Book) -> None:
    """Shapes, parameters, contradictions and standings are the same in both."""
    page = opened.open()
    names = list(book.frameworks)
    asked = [drawn(number) for number in range(LAYERS)]
    chosen = [random.Random(-number).sample(names, FRAMEWORKS) for number in range(1, LAYERS + 1)]
    told = page.evaluate(
        _ASK,
        [
            {"layer": vars(one.layer), "dimensions": vars(one.dimensions), "names": of}
            for one, of in zip(asked, chosen, strict=True)
        ],
    )
    valid = 0
    for one, of, said in zip(asked, chosen, told, strict=True):
        assert said == of_engine(book, one, of), one
        valid += "wrong" not in said
    assert LAYERS / 4 < valid < LAYERS  # both kinds were drawn


def test_data(opened: Opened, book: Book) -> None:
    """What the page has unpacked is what was exported."""
    assert opened.open().evaluate("explorer.data") == json.loads(json.dumps(exported(book)))


def test_observed(opened: Opened, book: Book) -> None:
    """Of every case the page has the engine's id, and whether it agrees, is pinned, is not put."""
    page = opened.open()
    ask = """(name) => Object.keys(explorer.data.behaviours).flatMap((behaviour) =>
      explorer.law.observed(name, behaviour).map((one) => [one.id, one.end]))"""
    for name in random.Random(0).sample(list(book.frameworks), 5):
        pinned, put = book.pinned[name], book.put[name]
        assert dict(page.evaluate(ask, name)) == {
            one.id: "gap" if one.id not in put else "pinned" if one.id in pinned else "agrees"
            for one in book.cases
        }


def test_turned(opened: Opened, book: Book) -> None:
    """The lines that turn one framework's results into another's give the other's shapes."""
    page = opened.open()
    ask = """([from, to, layer, dimensions]) => {
      const {law, data} = window.explorer;
      return law.turned(data.frameworks[from], data.frameworks[to], layer, dimensions);
    }"""
    names = list(book.frameworks)
    layers = [Layer(), Layer(bidirectional=True), Layer(return_sequences=False)]
    made = 0
    for number in range(300):
        draw = random.Random(number)
        source, target = draw.sample(names, 2)
        layer, sizes = draw.choice(layers), Dimensions(2, 5, 3, 4, draw.choice((1, 3)))
        if any(book.frameworks[one].gap(layer) for one in (source, target)):
            continue
        lines = page.evaluate(ask, [source, target, vars(layer), vars(sizes)])
        if lines is None:
            continue
        laws = result_laws(book.convention(source), layer, sizes)
        space: dict[str, Any] = {"results": {key: np.zeros(law.shape) for key, law in laws.items()}}
        exec(lines, space)
        wanted = result_laws(book.convention(target), layer, sizes)
        assert {key: one.shape for key, one in space["made"].items()} == {
            key: law.shape for key, law in wanted.items() if key in space["made"]
        }, lines
        made += 1
    assert made > 100
