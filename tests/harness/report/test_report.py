"""The report: what stands in it, that it is read as written, and written whole or not at all."""

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.contract import Layer
from conformance.claim.check import Verdict
from conformance.claim.pins import Settlement
from conformance.lstm.case import Instead
from conformance.process.framework import Framework
from conformance.process.observation import Raised
from conformance.report import report
from conformance.report.report import Entry, Header
from tests.harness.claim.test_pins import PIN
from tests.harness.observed import SEQUENCES, TOO_WIDE, observed, with_results

FRAMEWORKS = [
    Framework("right", "adapters.right", "", {"numpy": "2.4.6"}),
    Framework("left", "adapters.left", "/bin/python", {}, ("left",)),
]


def head(complete: bool = True) -> Header:
    """Return the first line of a report."""
    return report.header(FRAMEWORKS, complete)


def with_claim(entry: Entry) -> Entry:
    """Return the entry with one claim on it."""
    result = report.claim(Verdict("differs", {"y": [1]}, "x"), Settlement("pinned", "why", PIN))
    return entry.model_copy(update={"claims": {"shapes": result}})


ENTRIES = {
    "ran": observed(),
    "not finite": with_results(y=lambda results: results["y"] * float("nan")),
    "misshapen": with_results(y=lambda results: results["y"][0]),
    "rejected": observed(TOO_WIDE),
    "broken": observed(outcome="broken", detail="no such name", results=None),
    "crashed": observed(
        outcome="crashed", detail="SIGSEGV", results=None, inferred=None, parameters=None
    ),
    "line separators": observed(outcome="hung", detail="a\u2028b\x85c\rd\ne", results=None),
    "differentiated": observed(dataclasses.replace(SEQUENCES, layer=Layer(gradients=True))),
    "recorded": observed(dataclasses.replace(SEQUENCES, record=("exception",))),
    "narrow": observed(dataclasses.replace(SEQUENCES, layer=Layer(dtype="bfloat16"))),
    "not run": observed(dataclasses.replace(SEQUENCES, run=False)),
    "raised": observed(inferred=Raised("ValueError", "no", "x.py:1")),
}


def test_entry() -> None:
    """An entry has the native and the canonical shapes, the errors and the tolerance."""
    entry = report.entry(observed())
    native = {name: (one.shape, one.dtype) for name, one in (entry.native or {}).items()}
    canonical = {name: one.shape for name, one in (entry.canonical or {}).items()}
    assert native == {
        "y": ((2, 5, 4), "float32"),
        "end_h": ((1, 2, 4), "float32"),
        "end_c": ((1, 2, 4), "float32"),
    }
    assert canonical == {"output": (2, 5, 4), "h_n": (1, 2, 4), "c_n": (1, 2, 4)}
    assert all(error <= entry.tolerance for error in (entry.errors or {}).values() if error)
    assert (entry.margins or {}).keys() == {"output", "h_n", "c_n"}
    assert all(0 < margin < 1 for margin in (entry.margins or {}).values() if margin)


def test_error_that_is_not_finite() -> None:
    """JSON has no NaN: such an error is null."""
    entry = report.entry(ENTRIES["not finite"])
    for found in (entry.errors or {}, entry.margins or {}):
        assert [found["output"], found["h_n"] is None] == [None, False]


def test_misshapen_has_no_canonical_form() -> None:
    """What has a wrong shape has no canonical form and no error."""
    entry = report.entry(ENTRIES["misshapen"])
    assert (entry.canonical, entry.errors) == (None, None)


def test_rejected_entry() -> None:
    """A rejection is kept with type and message."""
    entry = report.entry(ENTRIES["rejected"])
    assert entry.exception is not None
    assert (entry.outcome, entry.native, entry.exception.type) == ("rejected", None, "ValueError")


def test_entry_of_gradients() -> None:
    """Gradients stand beside the native results, and have no canonical form."""
    entry = report.entry(ENTRIES["differentiated"])
    assert (entry.native or {})["gradient of x"].shape == (2, 5, 3)
    assert (entry.canonical or {}).keys() == {"output", "h_n", "c_n"}
    assert 0 < ((entry.margins or {})["gradient of x"] or 0) < 1


def test_entry_of_properties() -> None:
    """Properties are kept, also one that is seen by the engine alone."""
    properties = report.entry(ENTRIES["recorded"]).properties
    assert properties == {"container": "(y, (end_h, end_c))", "exception": "none"}


def test_narrow_dtype() -> None:
    """A dtype that NumPy does not have is reported by its name."""
    entry = report.entry(ENTRIES["narrow"])
    assert {one.dtype for one in (entry.native or {}).values()} == {"bfloat16"}


def test_claim() -> None:
    """A claim has its outcome, what was got, what that means, and the pin's place."""
    claim = with_claim(report.entry(observed())).claims["shapes"]
    assert claim.model_dump() == {
        "outcome": "differs",
        "got": {"y": [1]},
        "settled": "pinned",
        "pin": "cases/deviations/right.yaml:4",
        "absence": None,
        "unsteady": False,
        "alone": None,
    }


def test_claim_of_an_unsteady_pin() -> None:
    """That a pin has several outcomes stays visible in the claim."""
    unsteady = dataclasses.replace(PIN, outcomes=(*PIN.outcomes, Instead("hung")))
    claim = report.claim(Verdict("hung"), Settlement("pinned", "why", unsteady))
    assert (claim.outcome, claim.settled, claim.unsteady) == ("hung", "pinned", True)


def test_claim_without_a_pin() -> None:
    """Without a pin there is none to be unsteady."""
    claim = report.claim(Verdict("hung"), Settlement("fails", "hung"))
    assert (claim.pin, claim.unsteady) == (None, False)


@pytest.mark.parametrize("name", ENTRIES)
def test_round_trip(name: str, tmp_path: Path) -> None:
    """A report is read as it was written."""
    entry = with_claim(report.entry(ENTRIES[name]))
    first = head()
    report.write(tmp_path / "r.jsonl", first, [entry])
    assert report.read(tmp_path / "r.jsonl") == (first, [entry])


def test_lines(tmp_path: Path) -> None:
    """A report is one JSON object a line, the header first."""
    report.write(tmp_path / "r.jsonl", head(), [report.entry(observed())] * 2)
    lines = (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = [json.loads(line, parse_constant=pytest.fail)["kind"] for line in lines]
    assert kinds == ["header", "observation", "observation"]


@pytest.mark.parametrize("complete", [True, False])
def test_header(complete: bool, tmp_path: Path) -> None:
    """The header tells every framework, also one that is not installed, and if all was run."""
    report.write(tmp_path / "r.jsonl", head(complete), [])
    first, _ = report.read(tmp_path / "r.jsonl")
    missing = {label: one.missing for label, one in first.frameworks.items()}
    assert (first.complete, missing) == (complete, {"right": (), "left": ("left",)})


def test_replaced(tmp_path: Path) -> None:
    """A report takes the place of the one before, and leaves nothing beside it."""
    for complete in (False, True):
        report.write(tmp_path / "r.jsonl", head(complete), [])
    assert report.read(tmp_path / "r.jsonl")[0].complete
    assert [one.name for one in tmp_path.iterdir()] == ["r.jsonl"]


def failing(error: BaseException) -> Iterator[Entry]:
    """Yield one entry, then raise."""
    yield report.entry(observed())
    raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_written_whole_or_not_at_all(error: BaseException, tmp_path: Path) -> None:
    """A write that fails leaves the report of before, and no half of the new one."""
    path = tmp_path / "r.jsonl"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(type(error)):
        report.write(path, head(), failing(error))
    assert {one.name: one.read_text(encoding="utf-8") for one in tmp_path.iterdir()} == {
        "r.jsonl": "before"
    }


def test_no_directory(tmp_path: Path) -> None:
    """A report in a directory that does not exist cannot be written."""
    with pytest.raises(OSError, match="there is no such directory"):
        report.write(tmp_path / "nowhere" / "r.jsonl", head(), [])


def test_directory_in_its_place(tmp_path: Path) -> None:
    """A report cannot take the place of a directory, and leaves nothing beside it."""
    (tmp_path / "r.jsonl").mkdir()
    with pytest.raises(OSError, match="not a regular file"):
        report.write(tmp_path / "r.jsonl", head(), [])
    assert [one.name for one in tmp_path.iterdir()] == ["r.jsonl"]


def test_readable_by_others(tmp_path: Path) -> None:
    """A report has the rights that any new file has, not those of a temporary one."""
    (tmp_path / "plain").touch()
    report.write(tmp_path / "r.jsonl", head(), [])
    assert (tmp_path / "r.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("text", ["", "\n", "{}\n", "not JSON\n", '{"kind": "observation"}\n'])
def test_not_a_report(text: str, tmp_path: Path) -> None:
    """A file that does not begin with a header is no report."""
    (tmp_path / "r.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(report.ReportError, match=r"r\.jsonl:1: no report: "):
        report.read(tmp_path / "r.jsonl")


def unlike(**changes: Any) -> bytes:
    """Return a report of one line below its first, with changes to that."""
    entry = with_claim(report.entry(observed())).model_copy(update=changes)
    return "".join(f"{one.model_dump_json()}\n" for one in (head(), entry)).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (unlike().decode().encode("utf-16"), "1: no report: not UTF-8: byte 0xff"),
        (b"\x80\x02\x00\x93NUMPY", "1: no report: not UTF-8: byte 0x80"),
        (unlike(framework="middle"), "2: no report: 'middle' is no framework of the first line"),
        (unlike(claims={}), "2: no report: nothing is claimed of 'right' on 'guide-sequences'"),
        (unlike() + unlike().splitlines(True)[1], "3: no report: a second line of 'right' on "),
        (unlike() + b"\n", "3: no report: Invalid JSON: EOF while parsing a value"),
        (
            unlike().replace(b'"agrees"', b'"fine"', 1),
            "2: no report: outcome: Input should be 'agrees'",
        ),
        (b"x" * 99, "1: no report: the file has 99 bytes, more than the 98 allowed"),
    ],
)
def test_no_report_by_its_place(
    data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no report is one line with the place of what is wrong first."""
    if data == b"x" * 99:
        monkeypatch.setattr(report, "MAX_BYTES", 98)
    file = tmp_path / "r.jsonl"
    file.write_bytes(data)
    with pytest.raises(report.ReportError) as raised:
        report.read(file)
    assert str(raised.value).startswith(f"{file}:{message}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    """What is no regular file is not read, so that a pipe cannot hold the reader up."""
    make(tmp_path / "r.jsonl")
    with pytest.raises(report.ReportError, match="no report: not a regular file"):
        report.read(tmp_path / "r.jsonl")


@pytest.mark.parametrize("model", [Header, Entry])
def test_unknown_key(model: type[Header | Entry]) -> None:
    """A key that the schema does not know is refused."""
    plain = (head() if model is Header else report.entry(observed())).model_dump(mode="json")
    assert model.model_validate(plain)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate({**plain, "surplus": 1})


def test_another_schema() -> None:
    """A report of another version of the schema is refused."""
    plain = head().model_dump(mode="json") | {"report_schema": "lstm-conformance-report/2"}
    with pytest.raises(ValidationError, match="report_schema"):
        Header.model_validate(plain)


def test_schema_file() -> None:
    """The published schema is closed: it too refuses unknown keys, in every object of ours."""
    ((path, text),) = report.schema_files().items()
    definitions = json.loads(text)["$defs"]
    open_ = [name for name, one in definitions.items() if one["additionalProperties"] is not False]
    assert (path.as_posix(), open_) == ("docs/report.schema.json", [])
