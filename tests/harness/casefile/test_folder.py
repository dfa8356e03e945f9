"""Files that nobody would notice: in a subfolder, of another suffix, with a strange name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.casefile.known import Ground, load_deviations, load_records
from conformance.casefile.load import CaseError, load_cases
from conformance.lstm.case import Case
from tests.harness.casefile.test_known import DEVIATION, NOTHING, RECORD, RECORDED, claims
from tests.harness.casefile.test_load import write

LOADERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "cases": (RECORDED, load_cases),
    "cases/deviations": (DEVIATION, lambda root: load_deviations(root, ground(root), claims)),
    "cases/properties": (RECORD, lambda root: load_records(root, ground(root))),
}
every_folder = pytest.mark.parametrize("folder", LOADERS)


def ground(root: Path) -> Ground:
    """Return the ground for the files of the one adapter that there is."""
    cases: tuple[Case, ...] = load_cases(root)
    return Ground(cases, ["fake"], NOTHING)


def lines(root: Path, folder: str, *files: str) -> list[str]:
    """Return the lines of the error where these files lie in `folder`, beside a right one."""
    (root / "cases").mkdir()
    write(root, RECORDED)
    text, load = LOADERS[folder]
    for name in ("fake.yaml", *files) if folder != "cases" else files:
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as raised:
        load(root)
    return list(raised.value.lines)


@every_folder
@pytest.mark.parametrize("name", ["y.txt", "y.json", "y.YAML", "y", "x.yaml~", ".x.yaml.swp"])
def test_other_suffix(tmp_path: Path, folder: str, name: str) -> None:
    """A file that is not read is an error, an editor's copy too."""
    assert lines(tmp_path, folder, name) == [
        f"{folder}/{name}:1:1: not read: only .yaml files are, so move it away"
    ]


@every_folder
def test_yml(tmp_path: Path, folder: str) -> None:
    """A .yml file is told how it would be read."""
    assert lines(tmp_path, folder, "y.yml") == [
        f"{folder}/y.yml:1:1: rename the file: only .yaml files are read"
    ]


@every_folder
def test_subfolder(tmp_path: Path, folder: str) -> None:
    """Nothing below a folder is read, in whatever depth."""
    assert lines(tmp_path, folder, "old/y.yaml", "old/er/schema.json") == [
        f"{folder}/old/er/schema.json:1:1: not read: it lies in a subfolder",
        f"{folder}/old/y.yaml:1:1: not read: it lies in a subfolder",
    ]


def test_folder_like_another(tmp_path: Path) -> None:
    """A folder that is nearly named as one that is read is told which."""
    (line,) = lines(tmp_path, "cases", "devations/fake.yaml")
    told = "1:1: not read: it lies in a subfolder: did you mean 'deviations'?"
    assert line == f"cases/devations/fake.yaml:{told}"


@every_folder
@pytest.mark.parametrize(
    ("name", "told"), [("a\nb.yaml", r"a\nb.yaml"), ("a\x1b[1m.yaml", r"a\x1b[1m.yaml")]
)
def test_control_character(tmp_path: Path, folder: str, name: str, told: str) -> None:
    """A file name that would break a line, or colour it, is refused, and told in one line."""
    assert lines(tmp_path, folder, name) == [
        f"{folder}/{told}:1:1: a control character in the file's name: rename it"
    ]


@every_folder
def test_generated_schema(tmp_path: Path, folder: str) -> None:
    """The generated schema lies beside the files that it describes, and is no error."""
    assert lines(tmp_path, folder, "schema.json", "y.txt") == [
        f"{folder}/y.txt:1:1: not read: only .yaml files are, so move it away"
    ]


def test_folder_that_cannot_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder into which nobody may look is an error, not a folder without files."""
    write(tmp_path, RECORDED)

    def iterdir(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(CaseError) as raised:
        load_cases(tmp_path)
    assert raised.value.lines == ("cases:1:1: cannot be read: Permission denied",)
