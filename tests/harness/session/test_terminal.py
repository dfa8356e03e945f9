"""What a run shows, from its first line of progress to its table, and the report it leaves."""

import contextlib
import os
import re
import shlex
import signal
import time
from pathlib import Path

import pytest

from conformance.report.report import read
from tests.harness.conftest import Mixed
from tests.harness.project import IDS, Project, create, gone

EVERY_MODE = pytest.mark.parametrize("options", [[], ["-n", "2"]])
PROGRESS = re.compile(r"batch-and-time-swapped (\d)/4.*, no-bias-layers (\d)/3, right (\d)/4$")
FAILURE = """\
batch-and-time-swapped on plain-three-steps: values
values cannot be compared: y: another shape
  expected  (batch 2, time 3, direction*hidden 1*4=4)
  got       (3, 2, 4)
  looks like batch and time swapped
  case       cases/plain.yaml:9 (One layer, one direction.)
  source     https://example.org/plain
  convention https://example.org/right
  framework  batch-and-time-swapped (numpy {version})
  rerun      pytest --framework batch-and-time-swapped \
'tests/test_conformance.py::test_values[batch-and-time-swapped-plain-three-steps]'
as its user would write it:

    x = zeros(2, 3, 5)
    y = swapped(x)
"""
# A right adapter, but for what it does to pytest where there is one step. It has a child by then,
# and holds the interpreter's lock, so that nothing of it can tell that pytest is gone.
MEDDLER = """\
import ctypes
import os
import signal
import subprocess
from pathlib import Path

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

PACKAGES = ("numpy",)


def parent(number):
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])


def run(*asked):
    if asked[1].time_steps == 1:
        child = subprocess.Popen(["sleep", "60"])
        target = parent(os.getppid()) if {distant} else os.getppid()
        numbers = os.getpid(), child.pid, os.getppid(), target
        Path("meddler.pid").write_text(" ".join(map(str, numbers)))
        os.kill(target, signal.{signal})
        ctypes.PyDLL(None).sleep(60)
    return right.run(*asked)
"""


# On the terminal.


@EVERY_MODE
def test_table(options: list[str], mixed: Mixed) -> None:
    """The table has frameworks by claims, with what agrees, is pinned and fails."""
    lines = mixed(*options).result.outlines
    start = lines.index(" frameworks by claims: cases ".center(80, "="))
    rows = [re.split(r"  +", line) for line in lines[start + 1 : start + 7]]
    claims = ["shapes", "values", "inferred shapes", "parameters", "rejects"]
    assert rows == [
        ["cases that agree, p pinned, F fail; - none"],
        ["", *claims, "not put"],
        ["batch-and-time-swapped", "2p 1F", "3F", "3F", "3", "1", "-"],
        ["no-bias-layers", *["2"] * 4, "1", "1"],
        ["right", *["3"] * 4, "1", "-"],
        ["not installed: not-installed (no-such-framework or nor-such-a-framework)"],
    ]


@EVERY_MODE
def test_progress(options: list[str], mixed: Mixed) -> None:
    """A log gets a line of progress for every tenth of the run, up to its end."""
    lines = [line for line in mixed(*options).result.outlines if PROGRESS.match(line)]
    seen = [sum(map(int, PROGRESS.match(line).groups())) for line in lines]
    assert len(seen) >= 8
    assert seen == sorted(set(seen))
    assert lines[-1] == "batch-and-time-swapped 4/4 (3 FAIL), no-bias-layers 3/3, right 4/4"


@EVERY_MODE
def test_no_dots(options: list[str], mixed: Mixed) -> None:
    """Between what was collected and the first failure are lines of progress and no dots."""
    lines = mixed(*options).result.outlines
    start = next(number for number, line in enumerate(lines) if re.search(r"\b\d+ items\b", line))
    shown = lines[start + 1 : lines.index(" FAILURES ".center(80, "="))]
    assert {line for line in shown if not PROGRESS.match(line)} <= {
        "",
        "tests/test_conformance.py ",
    }


def test_verbose(tmp_path: Path) -> None:
    """With -v each test has a line, and there is no line of progress."""
    lines = create(tmp_path, "right").run("-v", "--case", "edge-*").outlines
    assert [line.split()[:2] for line in lines if line.startswith("tests/")] == [
        [f"tests/test_conformance.py::test_{claim}[right-edge-one-step]", "PASSED"]
        for claim in ("shapes", "values", "inferred_shapes", "parameters")
    ]
    assert not [line for line in lines if line.startswith("right 1/")]


def test_line_is_written_over(tmp_path: Path) -> None:
    """On a terminal there is one line of progress, written over a few times a second."""
    shown = create(tmp_path, "right").show("--case", "plain-*")
    (line,) = (line for line in shown.split("\r\n") if "1/2" in line)
    texts = [text.strip() for text in line.split("\r")]
    assert texts[:2] == ["tests/test_conformance.py", "right 1/2"]
    assert set(texts[2:]) <= {"right 1/2", "right 2/2"}
    assert texts[-1] == "right 2/2"


# In short.


def section(result: pytest.RunResult, title: str) -> list[str]:
    """Return the lines below a title, up to the next."""
    lines = result.outlines
    start = lines.index(f" {title} ".center(80, "=")) + 1
    end = next(n for n, line in enumerate(lines[start:], start) if line.startswith("=="))
    return lines[start:end]


@EVERY_MODE
def test_pins_in_short(options: list[str], mixed: Mixed) -> None:
    """Each pin has one line, with how many tests it expects to fail, and why."""
    assert section(mixed(*options).result, "pinned tests: 2 (-rx lists each)") == [
        "     2 by cases/deviations/batch-and-time-swapped.yaml:3: Time stands first. "
        "(https://example.org/p…"
    ]


@EVERY_MODE
def test_failures_in_short(options: list[str], mixed: Mixed) -> None:
    """Each failure has one line with what was found, and no more than there is room for."""
    lines = section(mixed(*options).result, "failed tests: 7 (-rf lists each)")
    start = "FAILED tests/test_conformance.py::test_shapes[batch-and-time-swapped-edge-one-step] "
    assert lines[0] == f"{start}- y: another sh…"
    assert len(lines) == 7
    assert all(len(line) <= 100 for line in lines)


def test_others_in_short(tmp_path: Path) -> None:
    """A test that is no claim on a case is told in short as well."""
    project = create(tmp_path, "right")
    project.write("tests/test_other.py", "def test_other():\n    assert 1 == 2, 'so it is'\n")
    (line,) = section(project.run("tests/test_other.py"), "failed tests: 1 (-rf lists each)")
    assert line.startswith("FAILED tests/test_other.py::test_other - AssertionError: so it is")


@pytest.mark.parametrize(
    ("asked", "failed", "expected"), [("-rf", 7, 0), ("-rx", 0, 2), ("-ra", 7, 2), ("-rA", 7, 2)]
)
def test_each_where_asked(asked: str, failed: int, expected: int, mixed: Mixed) -> None:
    """What -r asks for is listed by pytest, test by test, and not a second time in short."""
    result = mixed(asked).result
    below = section(result, "short test summary info")
    assert sum(line.startswith("FAILED tests/") for line in below) == failed
    assert sum(line.startswith("XFAIL tests/") for line in below) == expected
    titles = [line.strip("= ") for line in result.outlines if "lists each)" in line]
    assert len(titles) == (not failed) + (not expected)


def test_cut_short_is_told(tmp_path: Path) -> None:
    """A run that stopped early says below its table how many tests have no end."""
    result = create(tmp_path, "batch_and_time_swapped").run("-x")
    assert "cut short: 12 of 13 tests have no end" in result.outlines


def test_whole_run_is_not_cut_short(mixed: Mixed) -> None:
    """A run in which all tests came to an end says nothing of that."""
    assert "cut short" not in str(mixed().result.stdout)


# A failure.


@EVERY_MODE
def test_failure(options: list[str], mixed: Mixed) -> None:
    """A failure says what was expected, what came, what it looks like, where, and what to run."""
    seen = mixed(*options)
    version = seen.header.frameworks["right"].versions["numpy"]
    text = "\n".join(seen.result.outlines)
    assert FAILURE.format(version=version) in text


@pytest.mark.parametrize(
    ("options", "failing"),
    [
        (["--case", "plain-three-steps"], ["shapes", "values", "inferred_shapes"]),
        (["--case", "plain-*", "--tag", "nightly"], ["shapes", "values", "inferred_shapes"]),
        (["--framework", "tests.harness.adapters.gates_permuted", "--case", "edge-*"], ["values"]),
    ],
)
def test_rerun(options: list[str], failing: list[str], tmp_path: Path) -> None:
    """The command that a failure ends with runs that test, and no other."""
    project = create(tmp_path, "batch_and_time_swapped")
    commands = reruns(project.run(*options))
    assert len(commands) == len(failing)
    again = project.run(*commands[-1][1:])
    assert reruns(again) == [commands[-1]]
    again.assert_outcomes(failed=1)


def reruns(result: pytest.RunResult) -> list[list[str]]:
    """Return the commands in a run's failures, as the words that a shell makes of them."""
    lines = (line.strip() for line in result.outlines)
    return [shlex.split(line[len("rerun") :]) for line in lines if line.startswith("rerun ")]


# The report.


@EVERY_MODE
def test_report(options: list[str], mixed: Mixed) -> None:
    """The report of a whole run says that it is whole, and has every framework on every case."""
    seen = mixed(*options)
    assert seen.header.complete
    assert seen.entries.keys() == {
        (framework, case)
        for framework in ("batch-and-time-swapped", "no-bias-layers", "right")
        for case in IDS
    }


@EVERY_MODE
def test_report_of_claims(options: list[str], mixed: Mixed) -> None:
    """Each entry has all claims on its case, how they were settled, and by which pin."""
    claims = mixed(*options).entries["batch-and-time-swapped", "plain-no-bias"].claims
    assert {name: (claim.settled, claim.pin) for name, claim in claims.items()} == {
        "shapes": ("pinned", "cases/deviations/batch-and-time-swapped.yaml:3"),
        "values": ("fails", None),
        "inferred_shapes": ("fails", None),
        "parameters": ("agrees", None),
    }


@pytest.mark.parametrize("options", [["-x"], ["--maxfail", "2", "-n", "2"]])
def test_report_of_a_stopped_run(options: list[str], tmp_path: Path) -> None:
    """A run that stops at a failure says that it is not whole, and has what was seen."""
    seen = create(tmp_path, "batch_and_time_swapped").observe(*options)
    assert not seen.header.complete
    assert seen.entries["batch-and-time-swapped", "edge-one-step"].outcome == "differs"


def meddled(folder: Path, name: str, *options: str) -> tuple[Project, pytest.RunResult]:
    """Return a project and its run of two frameworks, the second of which signals to pytest."""
    project = create(folder, "right")
    text = MEDDLER.replace("{signal}", name).replace("{distant}", str("-n" in options))
    project.write("adapters/meddler.py", text)
    project.write("report.jsonl", "older\n")
    asked = "--report=report.jsonl", "--framework", "right,meddler"
    return project, project.run(*asked, *options)


def numbers(project: Project) -> list[int]:
    """Return those of the meddler's process, its child, its parent and pytest."""
    return [int(one) for one in (project.root / "meddler.pid").read_text().split()]


@pytest.fixture(scope="module", params=["SIGINT", "SIGTERM", "SIGHUP"])
def interrupted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, pytest.RunResult]:
    """Return a project and its run, cut short by Ctrl-C or by what means the same."""
    return meddled(tmp_path_factory.mktemp("interrupted"), request.param)


def test_report_of_an_interrupted_run(interrupted: tuple[Project, pytest.RunResult]) -> None:
    """Such a run leaves a report that is not whole, with all that was seen until then."""
    project, result = interrupted
    header, entries = read(project.root / "report.jsonl")
    assert (result.ret, header.complete) == (pytest.ExitCode.INTERRUPTED, False)
    assert [(entry.framework, entry.case) for entry in entries] == [("right", name) for name in IDS]


def test_interrupted_run_leaves_no_process(interrupted: tuple[Project, pytest.RunResult]) -> None:
    """It ends the framework's process, whatever it is at, and what that has started."""
    assert [gone(number, 0.5) for number in numbers(interrupted[0])] == [True] * 4


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_workers(name: str, tmp_path: Path) -> None:
    """So it is where workers run the tests, which are interrupted at once."""
    start = time.monotonic()
    project, result = meddled(tmp_path, name, "-n", "2")
    assert time.monotonic() - start < 30
    header, _ = read(project.root / "report.jsonl")
    assert (result.ret, header.complete) == (pytest.ExitCode.INTERRUPTED, False)
    assert [gone(number, 0.5) for number in numbers(project)] == [True] * 4


@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_report_of_a_killed_run(options: list[str], tmp_path: Path) -> None:
    """A report that is there stays whole until the end of the run that replaces it.

    A framework's process does not outlive such a run either, though it lets nothing of it run.
    """
    project, result = meddled(tmp_path, "SIGKILL", *options)
    assert result.ret == -9
    assert (project.root / "report.jsonl").read_text() == "older\n"
    framework, child, *others = numbers(project)
    assert [gone(number) for number in (framework, *others)] == [True] * 3
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)  # whom nobody is left to end


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    """A run whose report cannot be written in the end fails, and says why."""
    project = create(tmp_path, "right")
    project.write(
        "tests/test_first.py", "def test_first():\n    __import__('os').mkdir('report.jsonl')\n"
    )
    result = project.run("--report=report.jsonl", "tests")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "ERROR: --report: report.jsonl: not a regular file" in result.outlines
