"""The options of pytest, and what of them is an error and never a pass."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.conftest import PINS, Mixed
from tests.harness.project import IDS, Seen, create

NOTHING = "ERROR: no case was executed: a run without one proves nothing"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--framework", "rihgt"],
            "--framework rihgt: unknown framework 'rihgt': did you mean 'right'? "
            "(known: not-installed, right)",
        ),
        (
            ["--framework", "right,not-installed"],
            "--framework not-installed: not installed: no-such-framework or nor-such-a-framework",
        ),
        (
            ["--framework", "tests.harness.adapters.xyzzy"],
            "--framework tests.harness.adapters.xyzzy: there is no adapter "
            "'tests.harness.adapters.xyzzy' on the path",
        ),
        (
            ["--framework", "right@/no/such/python"],
            "--framework right@/no/such/python: /no/such/python does not answer: could not start: "
            "[Errno 2] No such file or directory: '/no/such/python'",
        ),
        (["--framework", ","], "--framework ,: it names none"),
        (
            ["--framework", "tests.harness.adapters.rihgt"],
            "--framework tests.harness.adapters.rihgt: there is no adapter "
            "'tests.harness.adapters.rihgt' on the path: did you mean "
            "'tests.harness.adapters.right'?",
        ),
        (
            ["--framework", f"right@{sys.prefix}"],
            f"--framework right@{sys.prefix}: {sys.prefix} does not answer: could not start: "
            f"[Errno 13] Permission denied: '{sys.prefix}': did you mean "
            f"'{sys.prefix}/bin/python'?",
        ),
        (
            ["--case", "plain-thre-steps"],
            "--case plain-thre-steps: no case of this id: did you mean 'plain-three-steps'?",
        ),
        (["--tag", "nigthly"], "--tag nigthly: no case has this tag: did you mean 'nightly'?"),
        (
            ["--case", "edge-*", "--tag", "nightly"],
            "no case is left of --case edge-* --tag nightly: such cases bear the tags degenerate",
        ),
        (["--report=no/such/r.jsonl"], "--report=no/such/r.jsonl: there is no such directory"),
        *(
            (
                ["--case-timeout", seconds],
                f"--case-timeout {seconds}: seconds, more than 0 and at most 86,400",
            )
            for seconds in ("0", "-1", "nan", "inf", "86401")
        ),
        (["--framework="], "--framework : it names none"),
        (
            ["--framework", "right@foo=bar"],
            "--framework right@foo=bar: there is no such file, and it is no specification: those "
            "begin with ssh=, vagrant_ssh=, socket=",
        ),
        (["--report="], "--report=.: it names no file"),
        (["--report=cases"], "--report=cases: not a regular file"),
        (["--report=/dev/null"], "--report=/dev/null: not a regular file"),
        (
            ["--report", "r.jsonl"],
            "--report FILE: write --report=FILE: where the file is there, pytest takes it for a "
            "test",
        ),
    ],
)
def test_usage_error(options: list[str], message: str, tmp_path: Path) -> None:
    """What cannot be had is told in one line, with the closest name, before anything runs."""
    result = create(tmp_path, "right", "not_installed").run(*options)
    assert (result.ret, result.outlines, result.errlines) == (4, [], [f"ERROR: {message}", ""])


def test_pin_on_an_unknown_distribution(tmp_path: Path) -> None:
    """A pin on the version of what the adapter does not report could never match: an error."""
    project = create(tmp_path, "right")
    project.write(
        "cases/deviations/right.yaml",
        "framework: right\n"
        "deviations:\n"
        "  - {cases: plain-*, claim: shapes, version: numpi>=1, outcome: hung, why: W.,\n"
        "     source: https://example.org}\n",
    )
    result = project.run()
    assert (result.ret, result.errlines) == (
        4,
        [
            "ERROR: cases/deviations/right.yaml:3: version names 'numpi', but the adapter 'right' "
            "runs on numpy",
            "",
        ],
    )


def test_frameworks(tmp_path: Path) -> None:
    """Frameworks are named with commas, by repetition, and from elsewhere as a dotted module."""
    project = create(tmp_path, "right", "warns", "no_bias_layers", "last_step_only")
    dotted = "tests.harness.adapters.right"
    options = "--framework", "right,warns", "--framework", "no-bias-layers", "--framework", dotted
    seen = project.observe(*options, "--case", "edge-*")
    assert seen.outcomes == {
        (label, "edge-one-step"): "agrees" for label in ("right", "warns", "no-bias-layers", dotted)
    }


def test_interpreter(tmp_path: Path) -> None:
    """A framework runs in the interpreter behind the @, and the report says in which."""
    label = f"right@{sys.executable}"
    seen = create(tmp_path, "right").observe("--framework", f"{label},right", "--case", "edge-*")
    assert {name: one.interpreter for name, one in seen.header.frameworks.items()} == {
        label: sys.executable,
        "right": "",
    }
    assert seen.outcomes == {(name, "edge-one-step"): "agrees" for name in (label, "right")}


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], IDS),
        (["--case", "*-one-step", "--case", "*-no-bias"], ["edge-one-step", "plain-no-bias"]),
        (["--tag", "nightly"], ["plain-long"]),
        (["--tag", "nightly", "--tag", "degenerate"], ["edge-one-step", "plain-long"]),
    ],
)
def test_selection(options: list[str], ids: list[str], tmp_path: Path) -> None:
    """Globs and tags select cases; those that are tagged nightly run where that tag is named."""
    seen = create(tmp_path, "right").observe(*options)
    assert [case for _, case in seen.entries] == ids


@pytest.mark.parametrize(
    ("adapter", "options", "code"),
    [
        ("no_bias_layers", ["--case", "plain-no-bias"], pytest.ExitCode.NO_TESTS_COLLECTED),
        ("not_installed", [], pytest.ExitCode.NO_TESTS_COLLECTED),
        ("right", ["-k", "nothing"], pytest.ExitCode.NO_TESTS_COLLECTED),
        ("right", ["-k", "nothing", "-n", "2"], pytest.ExitCode.NO_TESTS_COLLECTED),
    ],
)
def test_nothing_executed(adapter: str, options: list[str], code: int, tmp_path: Path) -> None:
    """A run in which all lies in a gap, is not installed or deselected is an error that says so."""
    result = create(tmp_path, adapter).run(*options)
    assert (result.ret, NOTHING in result.outlines) == (code, True)


@pytest.fixture(scope="module")
def hang(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return a run of a framework that hangs in its first case."""
    return create(tmp_path_factory.mktemp("hang"), "hangs").observe("--case-timeout", "2")


def test_hang(hang: Seen) -> None:
    """A framework that gives no answer in time is hung in that case, and the rest goes on."""
    assert [entry.outcome for entry in hang.entries.values()] == [
        "hung",
        "agrees",
        "agrees",
        "rejected",
    ]


def test_hang_is_told(hang: Seen) -> None:
    """A hang fails with the time that was given."""
    assert "hung: no answer within 2 s" in hang.result.outlines


def facts(seen: Seen) -> tuple[Any, list[Any]]:
    """Return all of the report but for times, ordered."""
    entries = [entry.model_copy(update={"seconds": {}}) for entry in seen.entries.values()]
    header = seen.header.model_copy(update={"created": None})
    return header, sorted(entries, key=lambda entry: (entry.framework, entry.case))


@pytest.mark.parametrize("options", [["--in-process"], ["-n", "2"]])
def test_same_report(options: list[str], mixed: Mixed) -> None:
    """In pytest's own process, and on workers, the same is seen as by one pytest alone."""
    assert facts(mixed(*options)) == facts(mixed())


# What may differ from run to run.
PASSING = re.compile(rb'"created":"[^"]*"|"seconds":{[^}]*}')
TURNED = "right,no-bias-layers,batch-and-time-swapped"
# Claims, and the cases of each, from the last to the first.
BACKWARDS = """\
import pytest

@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_collection_modifyitems(items):
    yield
    items.reverse()
"""


@pytest.fixture(scope="module")
def backwards(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """Return what runs the same project, in whatever order, and returns its report."""
    adapters = "right", "batch_and_time_swapped", "no_bias_layers"
    project = create(tmp_path_factory.mktemp("orders"), *adapters)
    project.write("cases/deviations/batch-and-time-swapped.yaml", PINS)
    project.write("backwards.py", BACKWARDS)

    def run(*options: str) -> bytes:
        project.run("--report=report.jsonl", *options)
        return PASSING.sub(b"", (project.root / "report.jsonl").read_bytes())

    return run


@pytest.fixture(scope="module")
def forwards(backwards: Callable[..., bytes]) -> bytes:
    """Return the report of one process, the frameworks by name."""
    return backwards("--framework", "batch-and-time-swapped,no-bias-layers,right")


@pytest.mark.parametrize(
    "options",
    [
        ["-n", "1"],
        ["-n", "3"],
        ["--framework", TURNED],
        ["--framework", TURNED, "-n", "2"],
        ["-p", "backwards"],
        ["-n", "2", "--dist", "worksteal"],
    ],
)
def test_same_bytes(options: list[str], backwards: Callable[..., bytes], forwards: bytes) -> None:
    """Whatever the order and the number of workers, the report is the same, byte for byte."""
    assert forwards.count(b"\n") == 13
    assert backwards(*options) == forwards


@pytest.mark.parametrize("options", [[], ["--in-process"], ["-n", "2"]])
def test_header(options: list[str], mixed: Mixed) -> None:
    """Above all stand the number of cases, each framework's versions, and what is missing."""
    versions = mixed().header.frameworks["right"].versions["numpy"]
    lines = mixed(*options).result.outlines
    assert lines[2:7] == [
        "conformance: 4 cases, 1 pinned deviations",
        f"framework: batch-and-time-swapped (numpy {versions})",
        f"framework: no-bias-layers (numpy {versions}); not put to 1 case: bias=false 1",
        f"framework: right (numpy {versions})",
        "not installed: not-installed (no-such-framework or nor-such-a-framework)",
    ]


def test_header_with_unsteady_pins(tmp_path: Path) -> None:
    """Pins that have several outcomes are counted apart; those of other versions not at all."""
    entry = "cases: edge-*, version: numpy>=1, why: W., source: https://example.org"
    one = f"{entry}, claim: shapes, outcome: hung"
    several = f"{entry}, claim: values, outcomes: [{{outcome: hung}}, {{outcome: crashed}}]"
    older = f"{entry}, claim: parameters, outcome: hung".replace("numpy>=1", "numpy<1")
    project = create(tmp_path, "right")
    project.write(
        "cases/deviations/right.yaml",
        "framework: right\ndeviations:\n"
        + "".join(f"  - {{{text}}}\n" for text in (one, several, older)),
    )
    lines = project.run("--collect-only", "--case", "edge-*").outlines
    assert "conformance: 1 cases, 2 pinned deviations (1 unsteady)" in lines


def test_pins_of_other_versions_are_resembled(tmp_path: Path) -> None:
    """A failure that looks like one pinned of another version says so, below what it found."""
    project = create(tmp_path, "batch_and_time_swapped")
    project.write(
        "cases/deviations/batch-and-time-swapped.yaml", PINS.replace("numpy>=1", "numpy<1")
    )
    lines = project.run("--case", "plain-three-steps", "-k", "test_shapes").outlines
    place = "cases/deviations/batch-and-time-swapped.yaml:3"
    at = lines.index(f"resembles the deviation that is pinned at {place}, but for")
    assert lines[at + 1].startswith("  version   numpy<1 (here numpy ")
