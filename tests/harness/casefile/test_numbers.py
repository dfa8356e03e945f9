"""How a case file says how its numbers are made: what it reads as, and what is refused."""

from pathlib import Path

import pytest

from conformance.casefile.load import CaseError, load_cases
from conformance.lstm.numbers import Numbers

FILE = """\
behaviour: guide
about: A case with numbers of its own.
source: https://example.org/lstm
cases:
  - id: one
    dimensions: {{batch_size: 2, time_steps: 5, embedding_dim: 3, hidden_units: 4}}
    layer: {{{layer}}}
    numbers: {{{numbers}}}
    {more}
    expect: {{output: [2, 5, 4], h_n: [1, 2, 4], c_n: [1, 2, 4]}}
"""


def write(root: Path, numbers: str, layer: str = "", more: str = "") -> None:
    """Write the file into the tree's cases."""
    (root / "cases").mkdir()
    text = FILE.format(numbers=numbers, layer=layer, more=more)
    (root / "cases" / "x.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "layer", "more", "numbers"),
    [
        ("weights: 60", "", "", Numbers(weights=(-60.0, 60.0))),
        ("input: [-1000, -1e2]", "", "", Numbers(input=(-1000.0, -100.0))),
        ("states: 4.5", "initial_state: given", "", Numbers(states=(-4.5, 4.5))),
        ("zero_steps: [0, 4]", "", "", Numbers(zero_steps=(0, 4))),
        ("behind: nan", "", "lengths: [2, 5]", Numbers(behind="nan")),
        ("behind: inf", "lengths: given", "", Numbers(behind="inf")),
    ],
)
def test_numbers(tmp_path: Path, text: str, layer: str, more: str, numbers: Numbers) -> None:
    """One number stands for that and its negative, two for the least and the largest."""
    write(tmp_path, text, layer, more)
    assert load_cases(tmp_path)[0].numbers == numbers


SPAN = "expected a number, or the least and the largest, got "
REFUSED = {
    "": "numbers says nothing of any",
    "weight: 60": "unknown key 'weight' in numbers: did you mean 'weights'?",
    "weights: wide": f"numbers.weights: {SPAN}the text 'wide'",
    "weights: true": f"numbers.weights: {SPAN}true",
    "weights: [1, 2, 3]": f"numbers.weights: {SPAN}a list",
    "weights: .nan": f"numbers.weights: {SPAN}the number nan",
    "weights: .inf": f"numbers.weights: {SPAN}the number inf",
    "weights: 1e31": f"numbers.weights: {SPAN}the number 1e+31",
    "weights: 0": (
        "numbers.weights: expected a number above 0, or the least and the largest, got the number 0"
    ),
    "weights: [2, 1]": (
        "numbers.weights: expected a number above 0, or the least and the largest, got a list"
    ),
    "zero_steps: []": "numbers.zero_steps: expected at least one entry, got an empty list",
    "behind: nothing": (
        "numbers.behind: expected 'drawn', 'large', 'inf' or 'nan', got the text 'nothing'"
    ),
    "zero_steps: [1, 5]": "numbers: zero_steps has 5, and the steps are 0 to 4",
    "behind: nan": "numbers: behind needs lengths, and one that ends before the last step",
    "states: 10": "numbers: a layer that starts from zeros is given no states",
}


@pytest.mark.parametrize(("text", "line"), REFUSED.items(), ids=REFUSED)
def test_refused(tmp_path: Path, text: str, line: str) -> None:
    """Numbers that are none, or that would reach nothing, are told with their place."""
    write(tmp_path, text)
    assert line in _lines(tmp_path)[0]


@pytest.mark.parametrize(
    ("text", "layer", "more", "line"),
    [
        ("input: 1e5", "dtype: mixed_float16", "", "numbers: input of 100000, where float16 ends"),
        ("behind: nan", "", "lengths: [5, 5]", "numbers: behind needs lengths, and one that ends"),
        ("input: 5", "", "run: false", "numbers: what they are is seen where the case must run"),
    ],
)
def test_refused_with(tmp_path: Path, text: str, layer: str, more: str, line: str) -> None:
    """Numbers that do not go with the rest of the entry are told."""
    write(tmp_path, text, layer, more)
    assert any(line in told for told in _lines(tmp_path))


def _lines(root: Path) -> tuple[str, ...]:
    with pytest.raises(CaseError) as raised:
        load_cases(root)
    return raised.value.lines
