"""A run: which cases it has, one process at a time, and what becomes of errors and crashes."""

import dataclasses
from pathlib import Path

import pytest

from conformance.claim.check import Verdict
from conformance.claim.pins import Settlement
from conformance.lstm.case import Case, Record
from conformance.process.framework import Framework
from conformance.report import report
from conformance.report.report import ClaimEntry
from conformance.session.run import Run, SelectionError, select
from tests.harness.observed import ROOT, SEQUENCES, TOO_WIDE, observed
from tests.harness.project import Seen, create

RIGHT = Framework("right", "tests.harness.adapters.right", "")
WARNS = Framework("warns", "tests.harness.adapters.warns", "")
ABSENT = Framework("absent", "adapters.absent", "", {}, ("numpi",))


def case(name: str, *tags: str) -> Case:
    """Return a case of that id, with tags."""
    return dataclasses.replace(SEQUENCES, id=name, tags=frozenset(tags))


RECORD = Record(
    framework="right",
    cases="guide-*",
    name="container",
    version="numpy>=2",
    value="(y, (end_h, end_c))",
    source="https://example.org/doc",
    where="cases/properties/right.yaml:7",
)
CASES = (
    case("guide-a"),
    case("guide-b", "degenerate"),
    case("deep-a", "nightly"),
    case("deep-b", "nightly", "degenerate"),
    case("deep-c", "search"),
)


def run(*frameworks: Framework) -> Run:
    """Return a run in this process, of a case and one that must be rejected."""
    return Run(ROOT, frameworks, (SEQUENCES, TOO_WIDE), (), (), timeout=30, in_process=True)


def test_records_reach_the_observation() -> None:
    """An observation has what is on record of its framework, version and case, by property."""
    case = dataclasses.replace(SEQUENCES, record=("container", "padding"))
    right = dataclasses.replace(RIGHT, versions={"numpy": "2.4.6"})
    ours = run(right)
    ours.records = (
        RECORD,
        dataclasses.replace(RECORD, framework="left"),
        dataclasses.replace(RECORD, cases="stacked-*"),
        dataclasses.replace(RECORD, version="numpy<2"),
        dataclasses.replace(RECORD, name="exception"),
    )
    assert ours.observe(right, case).on_record == {"container": [RECORD], "padding": []}


# Which cases.


@pytest.mark.parametrize(
    ("globs", "tags", "ids"),
    [
        ([], [], ["guide-a", "guide-b"]),
        (["*-b"], [], ["guide-b"]),
        (["guide-b", "guide-a"], [], ["guide-a", "guide-b"]),
        (["guide-[!a]"], [], ["guide-b"]),
        ([], ["degenerate"], ["guide-b", "deep-b"]),
        ([], ["nightly", "search"], ["deep-a", "deep-b", "deep-c"]),
        (["*-b"], ["nightly"], ["deep-b"]),
    ],
)
def test_select(globs: list[str], tags: list[str], ids: list[str]) -> None:
    """A case is selected by any glob and any tag, in the order of the files.

    Without tags, cases that run on demand are left out.
    """
    assert [one.id for one in select(CASES, globs, tags)] == ids


@pytest.mark.parametrize(
    ("globs", "tags", "message"),
    [
        (["guide-a", "giude-b"], [], "--case giude-b: no case of this id: did you mean 'guide-b'?"),
        (["GUIDE-A"], [], "--case GUIDE-A: no case of this id: did you mean 'guide-a'?"),
        (["x"], [], "--case x: no case of this id"),
        (["deep-a"], [], "--case deep-a: such cases run on demand: add --tag nightly"),
        (
            ["guide-a", "deep-*"],
            [],
            "--case deep-*: such cases run on demand: add --tag nightly or search",
        ),
        ([], ["nigthly"], "--tag nigthly: no case has this tag: did you mean 'nightly'?"),
        (
            [],
            ["x"],
            "--tag x: no case has this tag: the tags are degenerate, nightly, search",
        ),
        (
            ["guide-*"],
            ["search"],
            "no case is left of --case guide-* --tag search: such cases bear the tags degenerate",
        ),
        (
            ["guide-a"],
            ["search"],
            "no case is left of --case guide-a --tag search: such cases bear no tag",
        ),
    ],
)
def test_select_nothing(globs: list[str], tags: list[str], message: str) -> None:
    """What selects no case is one line, with the closest name where one is close."""
    with pytest.raises(SelectionError) as raised:
        select(CASES, globs, tags)
    assert str(raised.value) == message


def test_pairs() -> None:
    """A claim is put to every installed framework, on the cases that are put to it."""
    pairs = {
        claim: [(framework.label, one.id) for framework, one in run(RIGHT, ABSENT).pairs(claim)]
        for claim in ("shapes", "rejects")
    }
    assert pairs == {"shapes": [("right", SEQUENCES.id)], "rejects": [("right", TOO_WIDE.id)]}


# One process at a time.


def test_host_is_kept() -> None:
    """The process of a framework is that of its next case."""
    ours = run(RIGHT, WARNS)
    assert ours.host(RIGHT) is ours.host(RIGHT)


def test_host_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of the framework before is ended before another one's is started."""
    ours, closed = run(RIGHT, WARNS), []
    monkeypatch.setattr(ours.host(RIGHT), "close", lambda: closed.append("right"))
    assert ours.host(WARNS).framework == WARNS
    assert closed == ["right"]


# What was seen.


def judged(outcome: str, kind: str) -> ClaimEntry:
    """Return an entry's claim."""
    return report.claim(Verdict(outcome), Settlement(kind))


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        (["agrees", "agrees"], "agrees"),
        (["agrees", "broken"], "broken"),
        (["agrees", "differs", "agrees"], "differs"),
        (["differs", "agrees"], "differs"),
        (["rejected"], "differs"),
    ],
)
def test_record(outcomes: list[str], outcome: str) -> None:
    """An entry agrees if each claim on it does that the adapter has, in whatever order."""
    ours, facts = run(RIGHT), report.entry(observed())
    for number, one in enumerate(outcomes):
        ours.record(facts, f"claim {number}", judged(one, "fails"))
    (entry,) = ours.entries.values()
    assert (entry.outcome, len(entry.claims)) == (outcome, len(outcomes))


@pytest.mark.parametrize("outcome", ["rejected", "broken", "crashed", "hung"])
def test_record_of_what_did_not_run(outcome: str) -> None:
    """A framework that did not run a case has that outcome, not one of a claim."""
    ours, facts = run(RIGHT), report.entry(observed(outcome=outcome, results=None))
    ours.record(facts, "shapes", judged(outcome, "fails"))
    (entry,) = ours.entries.values()
    assert entry.outcome == outcome


# Whole runs.


def test_each_case_runs_once(tmp_path: Path) -> None:
    """However many claims look at a case, the framework is imported once and runs it once.

    What was refused is run once more, with right input.
    """
    project = create(tmp_path)
    project.spy("spy")
    project.run().assert_outcomes(passed=13)
    assert project.record("spy") == {"import": 1, "run": 4 + 1}


@pytest.mark.parametrize("options", [[], ["-n", "2"], ["--collect-only"]])
def test_bad_case_files(options: list[str], tmp_path: Path) -> None:
    """Every error of every case file is told, and no framework is started."""
    project = create(tmp_path)
    project.spy("spy")
    project.write("cases/first.yaml", "behaviour: first\nabuot: A slip.\n")
    project.write("cases/second.yaml", "behaviour: [\n")
    result = project.run(*options)
    assert (result.ret, result.outlines) == (pytest.ExitCode.USAGE_ERROR, [])
    places = [line.removeprefix("ERROR: ").split(": ")[0] for line in result.errlines if line]
    assert places == ["cases/first.yaml:1:1"] * 3 + [
        "cases/first.yaml:2:1",
        "cases/second.yaml:2:1",
    ]
    assert not project.record("spy")


def test_bad_deviation_file(tmp_path: Path) -> None:
    """So is every error of a file of deviations."""
    project = create(tmp_path)
    project.spy("spy")
    project.write("cases/deviations/spy.yaml", "framework: spy\ndeviations: []\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith("ERROR: cases/deviations/spy.yaml:2:13: deviations: ")
    assert not project.record("spy")


RECORDING = """\
behaviour: recorded
about: Which container holds the results.
source: https://example.org/recorded
cases:
  - id: container
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
    expect: {output: [2, 3, 4], h_n: [1, 2, 4], c_n: [1, 2, 4]}
    record: [container]
"""
RECORDED = """\
framework: right
records:
  - property: container
    version: numpy>=1
    source: https://example.org/recorded
    seen: {{recorded-*: "{value}"}}
"""


@pytest.mark.parametrize(
    ("value", "settled"), [("(y, (end_h, end_c))", "agrees"), ("[y, end_h, end_c]", "fails")]
)
def test_recorded_run(value: str, settled: str, tmp_path: Path) -> None:
    """What is on record in a file of properties is what the claim demands."""
    project = create(tmp_path, "right")
    project.write("cases/recorded.yaml", RECORDING)
    project.write("cases/properties/right.yaml", RECORDED.format(value=value))
    seen = project.observe("--case", "recorded-*")
    assert seen.entries["right", "recorded-container"].claims["properties"].settled == settled


def test_bad_property_file(tmp_path: Path) -> None:
    """Every error of a file of properties is told, and no framework is started."""
    project = create(tmp_path)
    project.spy("spy")
    project.write("cases/properties/spy.yaml", "framework: spy\nrecords: []\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith("ERROR: cases/properties/spy.yaml:2:10: records: ")
    assert not project.record("spy")


PIN = """\
  - cases: {cases}
    claim: {claim}
    version: {version}
    outcome: differs
    got: {got}
    why: Time stands first.
    source: https://example.org/pin
"""


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return a run in which pins hold, are out of range, have vanished and have changed."""
    project = create(tmp_path_factory.mktemp("pinned"), "batch_and_time_swapped")
    edge, bias, steps = "edge-one-step", "plain-no-bias", "plain-three-steps"
    pins = [
        PIN.format(cases=cases, claim=claim, version=version, got=got)
        for cases, claim, version, got in (
            (edge, "shapes", "numpy>=1", "{y: [1, 2, 4]}"),
            (edge, "inferred_shapes", "numpy<1", "{y: [2, 1, 4]}"),
            (bias, "parameters", "numpy>=1", "{count: 7}"),
            (steps, "shapes", "numpy>=1", "{y: [3, 2, 5]}"),
        )
    ]
    name = "batch-and-time-swapped"
    text = f"framework: {name}\ndeviations:\n" + "".join(pins)
    project.write(f"cases/deviations/{name}.yaml", text)
    return project.observe("-n", "2")


@pytest.mark.parametrize(
    ("case_id", "claim", "settled", "line"),
    [
        ("edge-one-step", "shapes", "pinned", 3),
        ("edge-one-step", "inferred_shapes", "fails", None),
        ("plain-no-bias", "parameters", "fails", 17),
        ("plain-three-steps", "shapes", "fails", 24),
    ],
)
def test_pin(pinned: Seen, case_id: str, claim: str, settled: str, line: int | None) -> None:
    """A pin expects exactly what it says, in its versions; else the test fails and names it."""
    entry = pinned.entries["batch-and-time-swapped", case_id].claims[claim]
    where = line and f"cases/deviations/batch-and-time-swapped.yaml:{line}"
    assert (entry.settled, entry.pin) == (settled, where)


def test_pins_are_expected_failures(pinned: Seen) -> None:
    """A pin that holds is an expected failure to pytest, and one that does not a failure."""
    pinned.result.assert_outcomes(xfailed=1, failed=9, passed=3)


@pytest.mark.parametrize(
    ("line", "what"), [(17, "it agrees now"), (24, "it differs in another way")]
)
def test_pin_that_does_not_hold(pinned: Seen, line: int, what: str) -> None:
    """A pin on what is gone or has changed fails with its place."""
    where = f"cases/deviations/batch-and-time-swapped.yaml:{line}"
    told = f"the pinned deviation at {where} is no longer what happens: {what}"
    assert told in pinned.result.outlines


def test_pinned_run_passes(tmp_path: Path) -> None:
    """A run in which all that differs is pinned passes."""
    project = create(tmp_path, "gates_permuted")
    pin = PIN.format(
        cases="edge-*",
        claim="values",
        version="numpy>=1",
        got="{output: value, h_n: value, c_n: value}",
    )
    text = f"framework: gates-permuted\ndeviations:\n{pin}"
    project.write("cases/deviations/gates-permuted.yaml", text)
    result = project.run("--case", "edge-*")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(xfailed=1, passed=3)


CRASHING = """\
import os
import signal
import sys

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

PACKAGES = ("numpy",)


def run(*asked):
    if asked[1].time_steps == 1:
        print("out of order", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    return right.run(*asked)
"""


SPOILING = """\
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

PACKAGES = ("numpy",)
spoiled = False


def run(*asked):
    global spoiled
    if spoiled:
        raise RuntimeError("a process that was harmed")
    results = right.run(*asked)
    if asked[1].time_steps == 1:
        spoiled = True
        results["y"] = results["y"] + 1
    return results
"""
SPOILED = """\
framework: spoiling
deviations:
  - cases: edge-one-step
    claim: values
    version: numpy>=1
    outcome: differs
    got: {output: value}
    spoils: %s
    why: It writes where it should not.
    source: https://example.org/spoiling
"""


@pytest.mark.parametrize(("spoils", "after"), [("false", "rejected"), ("true", "agrees")])
def test_a_process_that_is_spoiled(tmp_path: Path, spoils: str, after: str) -> None:
    """After a pinned deviation that harms its process the next case has a new one."""
    project = create(tmp_path)
    project.write("adapters/spoiling.py", SPOILING)
    project.write("cases/deviations/spoiling.yaml", SPOILED % spoils)
    seen = project.observe("--case", "edge-*", "--case", "plain-*")
    assert seen.outcomes == {
        ("spoiling", "edge-one-step"): "differs",
        ("spoiling", "plain-three-steps"): after,
        ("spoiling", "plain-no-bias"): after,
    }


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return a run on two workers of a right framework and one that crashes in its first case."""
    project = create(tmp_path_factory.mktemp("crash"), "right")
    project.write("adapters/crashing.py", CRASHING)
    return project.observe("-n", "2")


def test_crash(crash: Seen) -> None:
    """A framework that crashes in a case has that outcome there, and the other cases go on."""
    outcomes = {case: crash.outcomes["right", case] for _, case in crash.outcomes}
    crashing = {case: crash.outcomes["crashing", case] for _, case in crash.outcomes}
    assert crashing == {**outcomes, "edge-one-step": "crashed"}


def test_crash_is_told(crash: Seen) -> None:
    """A crash fails with its signal, and the end of what the process wrote."""
    lines = crash.result.outlines
    start = lines.index("crashed: SIGSEGV")
    assert lines[start + 1 : start + 3] == [
        "the end of what the process wrote:",
        "    out of order",
    ]


def test_crash_fails_every_claim(crash: Seen) -> None:
    """Every claim on a case that crashed fails, and no other."""
    crash.result.assert_outcomes(failed=4, passed=22)


KILLED_ONCE = """\
import os
import signal
from pathlib import Path

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

PACKAGES = ("numpy",)


def run(*asked):
    mark = Path("killed")
    if asked[1].time_steps == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return right.run(*asked)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return a run on two workers of two frameworks killed from outside: one once, one always."""
    project = create(tmp_path_factory.mktemp("killed"), "killed")
    project.write("adapters/killed_once.py", KILLED_ONCE)
    return project.observe("-n", "2")


@pytest.mark.parametrize(
    ("framework", "outcome", "tries"),
    [
        ("killed-once", "agrees", ("SIGKILL", "answered")),
        ("killed", "crashed", ("SIGKILL", "SIGKILL")),
    ],
)
def test_killed(killed: Seen, framework: str, outcome: str, tries: tuple[str, ...]) -> None:
    """A case whose process was killed has its outcome from a second try; the report has both."""
    entry = killed.entries[framework, "edge-one-step"]
    assert (entry.outcome, entry.tries) == (outcome, tries)


def test_killed_is_told(killed: Seen) -> None:
    """A failure says that the process did not die of its own accord, and so does the summary."""
    lines = killed.result.outlines
    assert "crashed: killed from outside in both of two tries: SIGKILL" in lines
    assert (
        "  tries      SIGKILL, SIGKILL "
        "(killed from outside, as where memory runs out, a process has a second)"
    ) in lines
    (told,) = (line for line in lines if line.startswith("killed from outside and tried once more"))
    assert "killed on edge-one-step (SIGKILL, SIGKILL), killed-once on" in told


def test_killed_fails_where_it_must(killed: Seen) -> None:
    """Being killed once fails no claim; being killed twice fails those on that case."""
    killed.result.assert_outcomes(failed=4, passed=22)


@pytest.mark.parametrize(("options", "imports"), [(["--collect-only"], 0), ([], 1)])
def test_start_while_collecting(options: list[str], imports: int, tmp_path: Path) -> None:
    """A run on one worker imports its framework once, and a mere look at the tests does not."""
    project = create(tmp_path)
    project.spy("spy")
    project.run("-n", "0", *options)
    assert project.record("spy")["import"] == imports


STEPS = """\
behaviour: steps
about: Sequences of a single step.
source: https://example.org/edge
tags: [degenerate]
expect: {{output: [batch_size, 1, 4], h_n: [1, batch_size, 4], c_n: [1, batch_size, 4]}}
cases:
{cases}"""
STEP = """\
  - id: of-{size}
    dimensions: {{batch_size: {size}, time_steps: 1, embedding_dim: 3, hidden_units: 4}}
"""
SEGFAULT = """\
framework: segfaults
deviations:
  - cases: "{glob}"
    claim: [shapes, values, inferred_shapes, parameters]
    version: numpy>=1
    outcome: crashed
    got: {{detail: SIGSEGV}}
    why: It reads from address 0.
    source: https://example.org/pin
"""


@pytest.mark.parametrize(("pinned", "last"), [("steps-*", "SIGSEGV"), ("steps-of-2", "not run")])
def test_pinned_crashes_do_not_count(pinned: str, last: str, tmp_path: Path) -> None:
    """Crashes that are pinned leave the others all their restarts; those that are not take them."""
    project = create(tmp_path, "segfaults")
    cases = "".join(STEP.format(size=size) for size in range(2, 15))
    project.write("cases/steps.yaml", STEPS.format(cases=cases))
    project.write("cases/deviations/segfaults.yaml", SEGFAULT.format(glob=pinned))
    seen = project.observe("--case", "steps-*")
    assert seen.entries["segfaults", "steps-of-14"].detail.startswith(last)
