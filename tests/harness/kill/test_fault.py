"""Faults: read with the place of every error; each shipped one is a change of the right layer."""

from pathlib import Path

import pytest

from conformance.casefile.load import CaseError
from conformance.kill.fault import layer_file, load_faults, load_stays
from conformance.kill.mutant import mutated

ROOT = Path(__file__).resolve().parents[3]
MUTANTS = ROOT / "tests" / "harness" / "mutants"
FAULTS = load_faults(ROOT, MUTANTS)
LAYER = "def run():\n    total = one + two\n    return total\n"
FILE = """\
kind: sums
about: How numbers are added.
faults:
  - id: one-missing
    about: One of two is left out.
    shipped: https://github.com/somebody/something/issues/1
    change:
      - {right: one + two, wrong: one}
"""


def written(tmp_path: Path, text: str, name: str = "sums.yaml") -> Path:
    """Return a folder of mutants with one file of faults."""
    (tmp_path / "faults").mkdir()
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "numpy.py").write_text(LAYER)
    (tmp_path / "faults" / name).write_text(text)
    return tmp_path


def test_read(tmp_path: Path) -> None:
    """A fault has its kind, what is wrong, who had it, and the change."""
    (fault,) = load_faults(tmp_path, written(tmp_path, FILE))
    assert (fault.kind, fault.id) == ("sums", "one-missing")
    assert fault.shipped == "https://github.com/somebody/something/issues/1"
    assert mutated(LAYER, fault) == "def run():\n    total = one\n    return total\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("one + two", "one * two", "faults/sums.yaml:8:17: found 0 times in the right layer"),
        ("one + two", "total", "faults/sums.yaml:8:17: found 2 times in the right layer"),
        ("wrong: one}", "wrong: one + two}", ":8:17: what is right and what is wrong are alike"),
        ("kind: sums", "kind: products", ":1:7: kind: the file is called 'sums'"),
        ("shipped: https", "shipped: nowhere", ":6:14:"),
        (
            "    about: One",
            "    abuot: One",
            ":5:5: unknown key 'abuot' in faults[0]: did you mean 'about'?",
        ),
        ("    change:\n      - {right: one + two, wrong: one}\n", "", ":4:5:"),
    ],
)
def test_errors(tmp_path: Path, old: str, new: str, told: str) -> None:
    """What is wrong with a file of faults is told with its place."""
    with pytest.raises(CaseError) as error:
        load_faults(tmp_path, written(tmp_path, FILE.replace(old, new)))
    assert told in str(error.value)


def test_ids_are_told_apart(tmp_path: Path) -> None:
    """An id that is there twice is told with where it was first."""
    twice = FILE + FILE[FILE.index("  - id") :].replace("wrong: one", "wrong: two")
    with pytest.raises(CaseError, match=r":9:9: duplicate id 'one-missing' \(first at .*:4\)"):
        load_faults(tmp_path, written(tmp_path, twice))


def test_no_file_is_left_out(tmp_path: Path) -> None:
    """A file that is not read is an error, as among the cases."""
    with pytest.raises(CaseError, match=r"only \.yaml files are read"):
        load_faults(tmp_path, written(tmp_path, FILE, "sums.yml"))


def test_many_are_shipped() -> None:
    """There are as many faults as were asked for, of many kinds, and each says what is wrong."""
    assert len(FAULTS) >= 150
    assert len({fault.kind for fault in FAULTS}) >= 15
    assert all(fault.about.endswith(".") for fault in FAULTS)


def test_all_are_distinct() -> None:
    """No two faults make the same source, and each source can be read."""
    source = layer_file(ROOT).read_text(encoding="utf-8")
    made = {fault.id: mutated(source, fault) for fault in FAULTS}
    for name, text in made.items():
        compile(text, name, "exec")
    assert len(set(made.values())) == len(FAULTS)


def test_what_is_no_fault_awaits_nothing() -> None:
    """What no result can show is not said to await a case."""
    assert [fault.id for fault in FAULTS if fault.equivalent and fault.awaits] == []


def test_stays() -> None:
    """Why a file stays is read, by its behaviour."""
    assert load_stays(ROOT, MUTANTS)["guide"]
