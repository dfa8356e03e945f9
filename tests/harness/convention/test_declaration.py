"""`conformance.convention.declaration`, and how a declaration is read without an import."""

import dataclasses
from pathlib import Path

import pytest

from adapters.contract import ANY, Gap, Native, Spelling
from conformance.convention.declaration import mistakes
from conformance.process import source
from conformance.process.framework import FrameworkError, declared, find, shipped
from tests.harness.adapters.right import CONVENTION

ROOT = Path(__file__).resolve().parents[3]
HERE = "tests.harness.adapters"
FOLDER = ROOT / "tests" / "harness" / "adapters"
ADAPTERS = shipped(ROOT)


@pytest.mark.parametrize("name", ADAPTERS)
def test_own_declarations(name: str) -> None:
    """Every adapter's convention is read without its framework, has no mistake and a loader."""
    (framework,) = find(ROOT, [name], missing=True)
    assert list(mistakes(framework.convention, framework.gaps)) == []
    assert framework.convention.loader


def test_read_as_imported() -> None:
    """What is read of a source, through imports of others, is what an import gives."""
    probed = source.probe(f"{HERE}.minimal")
    assert declared(probed["convention"]) == CONVENTION


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing_function", f"{FOLDER}/missing_function.py: an adapter defines run"),
        (
            "wrong_pattern",
            f"{FOLDER}/wrong_pattern.py: CONVENTION.results['output']: 'y', 'batch tim hidden': "
            "'tim' is no axis: did you mean 'time'? "
            "(axes: batch, time, input, hidden, cell, layer, direction, gate, peephole)",
        ),
        (
            "computed_convention",
            f"{FOLDER}/computed_convention.py: line 3: np is read without an import: it must be "
            "made of literals, in one assignment at the top level",
        ),
        (
            "places_nothing",
            f"{FOLDER}/places_nothing.py: DEVICES names what place(device) takes: one needs the "
            "other",
        ),
        (
            "another_device",
            f"{FOLDER}/another_device.py: DEVICES is a tuple of cuda, mps, tpu",
        ),
        (
            "gap_without_link",
            "tests/harness/adapters/gap_without_link.py:10: GAPS: source: a link is missing, "
            "got ''",
        ),
    ],
)
def test_errors(name: str, text: str) -> None:
    """An adapter that cannot be used is told in one line, before anything starts."""
    with pytest.raises(FrameworkError) as raised:
        find(ROOT, [f"{HERE}.{name}"])
    assert str(raised.value) == f"--framework {HERE}.{name}: {text}"


def test_own_gaps_shrink() -> None:
    """What adapters do not run of what their frameworks have gets less, and never more.

    Lower a number where an adapter has learned to run something; none is raised. What is so in some
    releases alone does not count.
    """
    found = find(ROOT, ADAPTERS, missing=True)
    own = {one.name: sum(gap.own and not gap.versions for gap in one.gaps) for one in found}
    assert {name: count for name, count in own.items() if count} == {
        "jax-rnn": 1,
        "keras": 1,
        "keras-jax": 1,
        "keras-onnx": 3,
        "keras-openvino": 1,
        "keras-rnn": 6,
        "keras-torch": 1,
        "litert": 3,
        "mindspore": 5,
        "mlx": 1,
        "ncnn": 1,
        "onnx": 1,
        "onnxruntime": 2,
        "opencv": 1,
        "openvino": 1,
        "paddle": 1,
        "tf-keras": 1,
        "tf-raw": 2,
        "tinygrad": 1,
    }


def test_missing_program() -> None:
    """A program that is not on the PATH is missing like a distribution."""
    assert source.probe(f"{HERE}.no_program")["missing"] == ["no-such-compiler"]


@pytest.mark.parametrize(
    ("part", "name", "native", "text"),
    [
        ("inputs", "inptu", Native("x", "batch"), "there is no 'inptu'"),
        ("inputs", "input", Native("x", "batch input"), "without time"),
        ("inputs", "input", Native("x", "batch time input layer"), "with layer"),
        ("results", "output", Native("y", "batch time time hidden direction"), "time twice"),
        ("results", "h_n", Native("h", "batch hidden"), "without layer and direction"),
        ("results", "h_n", Native("h", "(layer direction) batch gate hidden"), "with gate"),
        ("weights", "input_weights", Native("w{layer}", "input (gate cell)"), "without direction"),
        ("weights", "bias", Native("b{layer}{direction}", "(gate cell)"), "either bias, or"),
    ],
)
def test_mistakes(part: str, name: str, native: Native, text: str) -> None:
    """What no framework's convention can be is told once, with what is wrong in it."""
    changed = {**getattr(CONVENTION, part), name: native}
    (told,) = mistakes(dataclasses.replace(CONVENTION, **{part: changed}))
    assert told.startswith(f"CONVENTION.{part}")
    assert text in told


def test_no_order_of_gates() -> None:
    """Every gate stands once in the order of gates."""
    (told,) = mistakes(dataclasses.replace(CONVENTION, gates="iffo"))
    assert told == "CONVENTION.gates: 'iffo' is no order of i, f, g and o"


def test_missing_declaration() -> None:
    """A result that every layer has must be declared."""
    results = {name: one for name, one in CONVENTION.results.items() if name != "c_n"}
    (told,) = mistakes(dataclasses.replace(CONVENTION, results=results))
    assert told == "CONVENTION.results: 'c_n' is missing"


@pytest.mark.parametrize(
    ("part", "name", "option"),
    [
        ("inputs", "lengths", "lengths"),
        ("inputs", "h_0", "initial_state"),
        ("weights", "projection_weights", "projection_size"),
        ("weights", "peephole_weights", "cell"),
    ],
)
def test_missing_without_a_gap(part: str, name: str, option: str) -> None:
    """What the convention leaves out, and an option needs, must be a gap with a reason."""
    kept = {key: one for key, one in getattr(CONVENTION, part).items() if key != name}
    convention = dataclasses.replace(CONVENTION, **{part: kept})
    (told,) = mistakes(convention)
    assert told == f"CONVENTION.{part}: without {name!r}, GAPS must have a gap for {option}"
    gap = Gap({option: ANY}, "it has none", "https://example.org")
    assert list(mistakes(convention, [gap])) == []


@pytest.mark.parametrize(
    ("weights", "gates", "message"),
    [
        ({}, "", "'recurrent_weights' is missing"),
        ({"recurent_weights": Native("r", "")}, "", "no 'recurent_weights': did you mean"),
        ({"recurrent_weights": Native("r", "(gate cell)")}, "", "without hidden"),
        ({"recurrent_weights": Native("r", "hidden (gate cell)")}, "ifo", "'ifo' is no order"),
    ],
)
def test_misspelled(weights: dict[str, Native], gates: str, message: str) -> None:
    """A spelling that no LSTM's weights can have is told; one of a cell needs no direction."""
    right = {"input_weights": Native("w", "input (gate cell)")}
    wrong = Spelling("a cell", {**right, **weights}, gates)
    (told, *_) = mistakes(dataclasses.replace(CONVENTION, spellings=(wrong,)))
    assert told.startswith("CONVENTION.spellings['a cell']: ")
    assert any(
        message in one for one in mistakes(dataclasses.replace(CONVENTION, spellings=(wrong,)))
    )
    whole = {**right, "recurrent_weights": Native("r", "hidden (gate cell)")}
    spelled = dataclasses.replace(CONVENTION, spellings=(Spelling("a cell", whole),))
    assert list(mistakes(spelled)) == []
