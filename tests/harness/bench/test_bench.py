"""The bench: loop and suite ask a framework the very same, and seconds are counted once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.bench import bench, clock, handout
from conformance.bench.asked import keep
from conformance.bench.loop import Stages
from conformance.casefile.load import load_cases
from conformance.command import CommandError
from conformance.process.framework import Framework
from conformance.session.run import Run, select
from tests.harness.project import Project, create

RIGHT = "tests.harness.adapters.right"
# Each kind of request: in pieces, without a run, with gradients, with defaults; `create` has
# feeds that must be rejected, and cases on demand, which are not asked.
KINDS = """\
behaviour: kinds
about: All kinds of requests.
source: https://example.org/kinds
expect:
  output: [batch_size, time_steps, hidden_units]
  h_n: [1, batch_size, hidden_units]
  c_n: [1, batch_size, hidden_units]
cases:
  - id: over-time
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
    split: {time: 1}
  - id: over-batch
    layer: {initial_state: given}
    dimensions: {batch_size: 6, time_steps: 3, embedding_dim: 5, hidden_units: 4}
    split: {batch: 2}
  - id: large
    run: false
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 2048, hidden_units: 1024}
  - id: differentiated
    layer: {gradients: true}
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
  - id: described
    record: [defaults]
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
"""
# A claim that fails is put once more to a process of its own, which is no part of the figures.
RECORDS = """\
framework: spy
records:
  - property: defaults
    version: numpy>=1
    source: https://example.org/kinds
    seen:
      kinds-described: {dtype: float32}
"""
# A right adapter that keeps a record of all that it is asked, to the last number.
SPY = """\
import hashlib
import pickle
from pathlib import Path

import numpy as np

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION

PACKAGES = ("numpy",)


def record(function, *asked):
    arrays = [
        {name: (array.dtype.name, array.shape, array.tobytes()) for name, array in one.items()}
        if isinstance(one, dict) else one
        for one in asked
    ]
    digest = hashlib.sha256(repr(arrays).encode()).hexdigest()
    with Path(__file__).with_suffix(".record").open("a") as lines:
        print(function, digest, file=lines)


def run(*asked):
    record("run", *asked)
    return right.run(*asked)


def infer(*asked):
    record("infer", *asked)
    return right.infer(*asked)


def parameters(*asked):
    record("parameters", *asked)
    return right.parameters(*asked)


def defaults(*asked):
    record("defaults", *asked)
    return {"dtype": "float32"}


record("import")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with all kinds of requests, and an adapter that takes note of them."""
    project = create(tmp_path_factory.mktemp("bench"))
    project.write("cases/kinds.yaml", KINDS)
    project.write("cases/properties/spy.yaml", RECORDS)
    project.write("adapters/spy.py", SPY)
    return project


def framework(module: str) -> Framework:
    """Return an adapter in this interpreter."""
    return Framework(module.rpartition(".")[2], module, "", {"numpy": "2.4.6"})


def asked_of(project: Project, one: Framework, timeout: float = 30) -> Path:
    """Return the requests of the project's suite to a framework, in a file."""
    cases = select(load_cases(project.root), (), ())
    run = Run(project.root, (one,), cases, (), (), timeout, in_process=False)
    keep(run, one, project.root / "requests")
    return project.root / "requests"


def noted(project: Project, call: Callable[[], object]) -> list[str]:
    """Return what the spy is asked while `call` lasts, in that order."""
    file = project.root / "adapters/spy.record"
    file.unlink(missing_ok=True)
    call()
    return file.read_text().splitlines()


def test_loop_asks_what_the_suite_asks(project: Project) -> None:
    """Call for call, and to the last number, the loop asks what the suite asked."""
    spy = framework("adapters.spy")
    by_suite = noted(project, lambda: project.run("--framework", "spy"))
    requests: list[Path] = []
    by_keep = noted(project, lambda: requests.append(asked_of(project, spy)))
    by_loop = noted(project, lambda: clock.loop(project.root, spy, requests[0]))
    assert len([line for line in by_suite if line.startswith("run")]) > 10
    assert {line.split()[0] for line in by_suite} == {
        *("import", "infer", "parameters", "run", "defaults")
    }
    assert by_suite == by_keep == by_loop


def test_requests_are_lean(project: Project) -> None:
    """A case that is not run carries no weights: 50 MB, were they there."""
    assert asked_of(project, framework("adapters.spy")).stat().st_size < 100_000


def test_loop_goes_on_after_a_death(tmp_path: Path) -> None:
    """Where the process dies the loop starts a new one, as the suite does, and goes on."""
    project = create(tmp_path)
    one = framework("tests.harness.adapters.exits")
    _, parts = clock.loop(project.root, one, asked_of(project, one))
    assert parts["imports"] == 2


@pytest.mark.parametrize(
    ("adapter", "timeout", "message"),
    [
        ("hangs", 3, "hangs: edge-one-step hung: no answer within 3 s"),
        ("raises_on_import", 30, "raises_on_import: nothing was asked of it"),
    ],
)
def test_nothing_to_measure(adapter: str, timeout: int, message: str, tmp_path: Path) -> None:
    """A case that hangs, and an adapter that does not load, are one line in place of figures."""
    with pytest.raises(CommandError, match=re.escape(message)):
        asked_of(create(tmp_path), framework(f"tests.harness.adapters.{adapter}"), timeout)


def test_loop_that_never_begins(project: Project) -> None:
    """A loop that dies before its first request is an error, and is not begun for ever."""
    requests = asked_of(project, framework("adapters.spy"))
    with pytest.raises(CommandError, match=r"adapters\.nowhere cannot be imported"):
        clock.loop(project.root, framework("adapters.nowhere"), requests)


def test_other_machine(project: Project) -> None:
    """A framework on another machine cannot be measured beside the suite on this one."""
    far = Framework("spy@ssh=far", "adapters.spy", "ssh=far")
    run = Run(project.root, (far,), (), (), (), 30, in_process=False)
    with pytest.raises(CommandError, match="spy@ssh=far: the loop runs on this machine alone"):
        list(bench.table(run, [], 1))


def test_table(project: Project) -> None:
    """A line has seconds of both, their ratio, claims a second, and shares of the loop."""
    spy = framework("adapters.spy")
    cases = select(load_cases(project.root), ("plain-*",), ())
    run = Run(project.root, (spy,), cases, (), (), 30, in_process=False)
    header, line = bench.table(run, ["--case=plain-*"], 1)
    assert header.split()[:6] == ["framework", "suite", "s", "loop", "s", "ratio"]
    figures = re.match(
        r"spy +([\d.]+) +([\d.]+) +([\d.]+) +[\d.]+ +([\d.]+)  import \d+ %.*rest", line
    )
    assert figures
    suite, loop, ratio, claims = map(float, figures.groups())
    assert ratio == pytest.approx(suite / loop, rel=0.05)  # each is rounded to hundredths
    # Seconds are rounded to hundredths, claims a second to tenths.
    assert claims == pytest.approx(8 / suite, abs=0.051 + 8 * 0.005 / suite**2)


def test_suite_that_cannot_run(project: Project) -> None:
    """A pytest that does not come to its end is an error, with what it said."""
    with pytest.raises(CommandError, match="no case of this id"):
        clock.suite(project.root, ["--case=nothing"])


def test_again(project: Project) -> None:
    """A second run finds the first one's folder."""
    header, line = bench.again(project.root, [framework("adapters.spy")], ["--case=plain-*"], 1)
    assert header.split() == ["framework", "first", "s", "again", "s", "ratio", "cpu"]
    assert re.fullmatch(r"spy( +[\d.]+){4}", line)


def test_peer(tmp_path: Path) -> None:
    """The peer's checks are counted, whatever this project's own pytest is set to."""
    project = create(tmp_path)
    project.write("tests/naive.py", "def test_a(): pass\ndef test_b(): pass\n")
    assert re.fullmatch(
        r"tests/naive.py: 2 checks in [\d.]+ s, [\d.]+ a second", clock.peer(project.root)
    )


def test_peer_without_its_frameworks(tmp_path: Path) -> None:
    """A peer that cannot be imported is told as such, and has no figures."""
    project = create(tmp_path)
    project.write("tests/naive.py", "import no_such_framework\n")
    assert clock.peer(project.root) == (
        "tests/naive.py: ModuleNotFoundError: No module named 'no_such_framework'"
    )


def test_stages_are_counted_once() -> None:
    """A stage within another counts as itself, and not also as the one around it."""
    told: list[tuple[str, float]] = []
    stages = Stages(lambda stage, seconds: told.append((stage, seconds)))
    stages("compile", 2.0, now=4.0)  # from 2 to 4, within the trace from 1 to 7
    stages("trace", 1.0, now=6.0)
    stages("trace", 6.0, now=7.0)
    stages("compile", 3.0, now=11.0)
    assert told == [("compile", 2.0), ("trace", 1.0), ("trace", 3.0), ("compile", 3.0)]


def test_stages_take_the_place_of_calls() -> None:
    """Where an adapter tells of its stages, run is what they leave of its calls."""
    told = [("import", 1.0), ("trace", 2.0), ("compile", 3.0), ("inferred", 2.5), ("results", 4.0)]
    assert {name: one for name, one in clock.parts(9.0, told).items() if one} == {
        **{"import": 1.0, "imports": 1, "trace": 2.0, "compile": 3.0, "run": 1.5, "rest": 1.5}
    }


def test_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hand-out of every size is timed, on tests that are all run."""
    monkeypatch.setattr(handout, "SIZES", (160, 320))
    lines = list(handout.table())
    assert [line.split()[0] for line in lines] == ["tests", "160", "320"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--framework", "nowhere"], "--framework nowhere: unknown framework 'nowhere'"),
        ([f"--framework={RIGHT}", "--case=plian-*"], "--case plian-*: no case of this id"),
    ],
)
def test_command_that_cannot_run(
    options: list[str], message: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be measured is one line, and no figure."""
    assert main(["bench", *options], project.root) == 2
    out, told = capsys.readouterr()
    assert (out, told.startswith(message)) == ("", True)
