"""The adapter's process: what becomes of one that dies, hangs, talks or cannot be started."""

import dataclasses
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adapters.contract import Dimensions, Layer
from conformance.claim.check import CLAIMS, claims_on
from conformance.lstm.case import Case
from conformance.process import framework, gateway, host
from conformance.process.framework import Framework, FrameworkError, find
from conformance.process.host import Host
from conformance.process.observation import Observation, Raised, observe
from tests.harness.project import gone

ROOT = Path(__file__).resolve().parents[3]
ADAPTERS = "tests.harness.adapters"
PARTS = ("shapes", "values", "inferred_shapes", "parameters")


def case(time_steps: int, **options: bool) -> Case:
    """Return a case; adapters that die do so where it has one step."""
    layer, dimensions = Layer(**options), Dimensions(2, time_steps, 3, 4)
    expect = {"output": (2, time_steps, 4), "h_n": (1, 2, 4), "c_n": (1, 2, 4)}
    return Case("guide-x", "guide", "About.", "", "cases/guide.yaml:7", layer, dimensions, expect)


DEADLY, HARMLESS = case(1), case(3)
BY_STEPS, BY_ROWS = (dataclasses.replace(HARMLESS, split=at) for at in ({"time": 2}, {"batch": 1}))
NAMED = {"guide-a": HARMLESS, "guide-b": BY_ROWS, "guide-c": DEADLY, "guide-d": HARMLESS}


Start = Callable[..., Host]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return what starts the process of a fake adapter; it is ended after the test."""
    with ExitStack() as processes:

        def start(adapter: str, timeout: float = 30, in_process: bool = False) -> Host:
            module = f"{ADAPTERS}.{adapter}"
            process = Host(Framework(module, module, ""), ROOT, timeout, in_process)
            processes.callback(process.close)
            return process

        yield start


def wrapper(path: Path, *options: str) -> Path:
    """Write a script that is this interpreter with `options`; return its path."""
    command = " ".join([f'"{sys.executable}"', *options])
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    path.chmod(0o700)
    return path


def outcome(observation: Observation) -> tuple[str, str]:
    """Return what became of a case, and why."""
    return observation.outcome, observation.detail


# A process that dies.


@pytest.mark.parametrize(
    ("adapter", "detail"),
    [
        ("segfaults", "SIGSEGV"),
        ("exits", "exit code 3"),
        ("leaves", "SystemExit: I am leaving"),
        ("dies_on_import", "SIGABRT"),
    ],
)
def test_crash(start: Start, adapter: str, detail: str) -> None:
    """A process that dies is one crashed case, and the detail says of what."""
    assert outcome(observe(start(adapter), DEADLY)) == ("crashed", detail)


@pytest.mark.parametrize("adapter", ["segfaults", "exits", "leaves"])
def test_next_case(start: Start, adapter: str) -> None:
    """The case after a crash runs, in a new process."""
    process = start(adapter)
    outcomes = [observe(process, one).outcome for one in (HARMLESS, DEADLY, HARMLESS)]
    assert outcomes == ["ran", "crashed", "ran"]


def test_output_is_kept(start: Start) -> None:
    """The end of what a process wrote before it died is kept."""
    assert observe(start("exits"), DEADLY).output == "out of order"


def test_parts_are_kept(start: Start) -> None:
    """What the adapter gave before its process died stays in the observation."""
    observation = observe(start("segfaults"), DEADLY)
    assert observation.inferred == {"y": (2, 1, 4), "end_h": (1, 2, 4), "end_c": (1, 2, 4)}
    assert observation.parameters == {
        "layer0.w": (3, 16),
        "layer0.r": (4, 16),
        "layer0.b": (16,),
        "layer0.d": (16,),
    }


@pytest.mark.parametrize("claim", PARTS)
def test_crash_fails_every_claim(start: Start, claim: str) -> None:
    """No claim agrees on a case that crashed; each says of what, and what was written."""
    verdict = CLAIMS[claim](observe(start("exits"), DEADLY))
    assert (verdict.outcome, verdict.got, verdict.message) == (
        "crashed",
        {"detail": "exit code 3"},
        "crashed: exit code 3\nthe end of what the process wrote:\n    out of order",
    )


NOT_RUN = "not run: the process went down 2 times in a row; SIGSEGV last"


def deaths(process: Host, cases: Sequence[Case], known: Collection[str] = ()) -> list[str]:
    """Return what becomes of cases, of which those of `known` are said to be explained."""
    told = []
    for one in cases:
        observation = observe(process, one)
        told.append(observation.detail or observation.outcome)
        if one.id in known:
            process.explained(one.id)
    return told


def test_restarts_are_bounded(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that always dies is started anew only so often, and the rest is not run."""
    monkeypatch.setattr(host, "RESTARTS", 1)
    process = start("segfaults")
    assert deaths(process, [DEADLY] * 3 + [HARMLESS]) == ["SIGSEGV", "SIGSEGV", NOT_RUN, NOT_RUN]


def test_restarts_in_a_row(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is deaths in a row: a case that is answered begins anew."""
    monkeypatch.setattr(host, "RESTARTS", 1)
    cases = [DEADLY, HARMLESS] * 3
    assert deaths(start("segfaults"), cases) == ["SIGSEGV", "ran"] * 3


def test_explained_deaths(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A death that is explained does not count, nor does it excuse those before it."""
    monkeypatch.setattr(host, "RESTARTS", 1)
    known, one, two, three = (replace(DEADLY, id=f"guide-{name}") for name in "kabc")
    cases = [known, known, known, one, known, two, three]
    assert deaths(start("segfaults"), cases, ["guide-k"]) == ["SIGSEGV"] * 6 + [NOT_RUN]


def test_deaths_apart(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done apart has restarts of its own, and takes none of the others."""
    monkeypatch.setattr(host, "RESTARTS", 1)
    process = start("segfaults")
    assert deaths(process, [DEADLY]) == ["SIGSEGV"]
    with process.apart(2):
        assert deaths(process, [DEADLY] * 3) == ["SIGSEGV"] * 3
        assert process.spent
    assert deaths(process, [DEADLY, DEADLY]) == ["SIGSEGV", NOT_RUN]


# A process that is killed from outside.


def pid(process: Host) -> int:
    """Return the number of a host's process."""
    return int(process._gateway._gateway._io.popen.pid)  # execnet has no public way to it


@pytest.mark.parametrize("name", sorted(gateway.FROM_OUTSIDE))
def test_killed_once(start: Start, name: str) -> None:
    """A case whose process was killed has one more try, and both are told."""
    process = start("right")
    observe(process, HARMLESS)
    os.kill(pid(process), signal.Signals[name])
    observation = observe(process, HARMLESS)
    assert (observation.outcome, observation.tries) == ("ran", (name, "answered"))


def test_killed_again(start: Start) -> None:
    """A case whose process is killed in the second try as well is not tried again."""
    process = start("killed")
    observation = observe(process, DEADLY)
    assert outcome(observation) == (
        "crashed",
        "killed from outside in both of two tries: SIGKILL",
    )
    assert (observation.tries, process._starts) == (("SIGKILL", "SIGKILL"), 2)


@pytest.mark.parametrize("adapter", ["segfaults", "exits", "leaves", "dies_on_import"])
def test_own_death_is_final(start: Start, adapter: str) -> None:
    """A process that died of its own accord is no reason for a second try."""
    process = start(adapter)
    assert (observe(process, DEADLY).tries, process._starts) == ((), 1)


def test_killed_in_a_piece(start: Start) -> None:
    """A try is told also where it is a piece of the case whose process was killed."""
    assert observe(start("killed"), BY_STEPS).tries == ("SIGKILL", "SIGKILL")


# What a process had run before.


def test_before(start: Start) -> None:
    """An observation names the cases that its process had run, each once; a new one had none."""
    process = start("segfaults")
    cases = [dataclasses.replace(one, id=name) for name, one in NAMED.items()]
    assert [observe(process, one).before for one in cases] == [
        (),
        ("guide-a",),
        ("guide-a", "guide-b"),
        (),
    ]


# A process that hangs.


def test_hang(start: Start) -> None:
    """A case without an answer in time is hung, and the detail says after how long."""
    process = start("hangs", timeout=1)
    assert outcome(observe(process, DEADLY)) == ("hung", "no answer within 1 s")


def test_hung_process_is_ended(start: Start) -> None:
    """A hung process does not outlive its case."""
    number = int(observe(start("hangs", timeout=1), DEADLY).output)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_hung_process_is_ended_with_its_children(start: Start) -> None:
    """Nor does one that lets nothing of it run, nor what it has started."""
    seen = observe(start("holds_the_lock", timeout=5), DEADLY)
    assert outcome(seen) == ("hung", "no answer within 5 s")
    assert [gone(int(number)) for number in seen.output.split()] == [True, True]


def test_crash_with_a_child_left(start: Start) -> None:
    """A process that died has crashed, though a child of its own holds its pipe open."""
    process = start("leaves_a_child")
    began = time.monotonic()
    assert outcome(observe(process, DEADLY)) == ("crashed", "SIGSEGV")
    assert time.monotonic() - began < 10
    assert outcome(observe(process, HARMLESS)) == ("ran", "")


def test_next_case_after_a_hang(start: Start) -> None:
    """The case after a hang runs."""
    process = start("hangs", timeout=1)
    assert [observe(process, one).outcome for one in (DEADLY, HARMLESS)] == ["hung", "ran"]


def test_closed_process_is_ended(start: Start) -> None:
    """A host that is closed leaves no process behind."""
    process = start("right")
    process.open()
    number = process._gateway._gateway._io.popen.pid  # execnet has no public way to it
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (11, "SIGSEGV"),
        (35, "signal 35"),
    ],
)
def test_signal(start: Start, code: int, name: str) -> None:
    """A process that is killed is told by the signal's name, or its number where it has none."""
    process = start("right")
    observe(process, HARMLESS)
    os.kill(process._gateway._gateway._io.popen.pid, code)
    assert outcome(observe(process, HARMLESS)) == ("crashed", name)


# A process that talks, or answers without end.


def test_flood(start: Start) -> None:
    """More results than any layer has are the adapter's mistake, told within two seconds."""
    process = start("floods")
    observe(process, HARMLESS)
    began = time.monotonic()
    seen = observe(process, DEADLY)
    assert seen.exception is not None
    told = "run returned more than the 2,000 names allowed"
    assert (seen.outcome, seen.exception.message) == ("broken", told)
    assert time.monotonic() - began < 2


def test_long_output(start: Start) -> None:
    """Of 200 MB without a newline the end is kept, and it is not read as a whole."""
    process = start("talks_without_end")
    began = time.monotonic()
    seen = observe(process, DEADLY)
    written = time.monotonic() - began
    assert outcome(seen) == ("crashed", "exit code 3")
    assert seen.output == "\n".join(["x" * 500, "the last words"])
    assert written < 10  # nearly all of it the adapter's own writing


def test_output_does_not_grow(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process writes is not kept from case to case without end."""
    monkeypatch.setattr(gateway, "MAX_OUTPUT", 1_000)
    process = start("prints_to_stdout")
    for _ in range(3):
        observe(process, HARMLESS)
        size = process._gateway._output.stat().st_size
        assert size < 2_000_000  # of one case


def test_noise_stays_off_the_terminal(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """What an adapter writes, through Python, a descriptor or C, reaches no terminal."""
    observe(start("prints_to_stdout"), HARMLESS)
    assert capfd.readouterr() == ("", "")


def test_warnings_are_kept(start: Start) -> None:
    """A framework's warnings are facts of the observation, each told once."""
    assert observe(start("warns"), HARMLESS).warnings == ("DeprecationWarning: old style",)


# An adapter that cannot be had.


def test_import_failure(start: Start) -> None:
    """An adapter that cannot be imported is told with type, message and place."""
    file = ROOT / "tests" / "harness" / "adapters" / "raises_on_import.py"
    assert outcome(observe(start("raises_on_import"), HARMLESS)) == (
        "crashed",
        f"{ADAPTERS}.raises_on_import cannot be imported: ImportError: libright.so.1: cannot open "
        f"shared object file ({file}:5)",
    )


def test_missing_function(start: Start) -> None:
    """An adapter without all functions of the contract is told which ones it lacks."""
    detail = observe(start("missing_function"), HARMLESS).detail
    assert "missing_function.py: an adapter defines run" in detail


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("no_number", "a result of dtype"),
        ("strange_dtype", "a result of dtype"),
        ("returns_nothing", "run returned a NoneType, not a mapping of names to arrays"),
        ("looks_up_a_missing_name", "layer_0/h"),
    ],
)
def test_own_mistake(start: Start, adapter: str, message: str) -> None:
    """What the adapter does wrong by itself is no refusal of its framework's."""
    seen = observe(start(adapter), HARMLESS)
    assert seen.outcome == "broken"
    assert seen.exception is not None
    assert seen.exception.own
    assert message in seen.exception.message


@pytest.mark.parametrize(
    ("adapter", "part"),
    [("infers_a_list", "inferred"), ("infers_text", "inferred"), ("counts_floats", "parameters")],
)
def test_declaration_functions(start: Start, adapter: str, part: str) -> None:
    """What infer and parameters give in place of shapes is told with what it is."""
    found = getattr(observe(start(adapter), HARMLESS), part)
    assert isinstance(found, Raised)
    assert found.own
    assert "returned a" in found.message or "which is no tuple of sizes" in found.message


def test_open_size(start: Start) -> None:
    """A size that inference leaves open is what the framework says, and no mistake."""
    inferred = observe(start("infers_an_open_size"), HARMLESS).inferred
    assert not isinstance(inferred, Raised)
    assert inferred["y"] == (2, -1, 4)


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("defaults_raise", "nobody knows"),
        ("defaults_of_arrays", "defaults['forget_bias'] is a numpy.float32, which is no plain"),
    ],
)
def test_defaults(start: Start, adapter: str, message: str) -> None:
    """Defaults that cannot be had are no defaults to put on record."""
    seen = observe(start(adapter), replace(HARMLESS, record=("defaults",)))
    assert seen.untold is not None
    assert message in seen.untold.message
    assert "defaults" not in seen.properties


def test_refusal_is_looked_into(start: Start) -> None:
    """Where wrong input is refused, it is seen what right input comes to."""
    wrong = replace(HARMLESS, must_reject=True, feed={"input": (2, 3, 6)}, expect={})
    assert observe(start("right"), wrong).control is None
    control = observe(start("refuses_everything"), wrong).control
    assert control is not None
    assert control.type == "RuntimeError"


def test_watched(start: Start) -> None:
    """It is seen which options an adapter looks at, and never which a cache compares."""
    seen = observe(start("ignores_reverse"), HARMLESS, watch=True)
    assert "bidirectional" in seen.read
    assert "reverse" not in seen.read


# Where the process runs.


@pytest.mark.parametrize("one", [HARMLESS, case(3, bias=False), case(3, bidirectional=True)])
def test_in_process(start: Start, one: Case) -> None:
    """Without a process of its own an adapter gives the same answer."""
    child, here = (observe(start("right", in_process=way), one) for way in (False, True))
    assert (here.inferred, here.parameters) == (child.inferred, child.parameters)
    assert here.results is not None
    assert child.results is not None
    assert here.results.keys() == child.results.keys()
    assert all(np.array_equal(here.results[name], child.results[name]) for name in here.results)


def test_other_interpreter() -> None:
    """``ADAPTER@PATH`` runs the adapter in the interpreter at that path."""
    (found,) = find(ROOT, [f"{ADAPTERS}.right@{sys.executable}"])
    process = Host(found, ROOT, timeout=30)
    observation = observe(process, HARMLESS)
    process.close()
    verdicts = {claim: CLAIMS[claim](observation).message for claim in claims_on(HARMLESS)}
    assert (found.versions, verdicts) == (
        {"numpy": np.__version__},
        dict.fromkeys(verdicts, ""),
    )


def test_interpreter_path_with_a_space(tmp_path: Path) -> None:
    """An interpreter's path may have a space in it."""
    assert find(ROOT, [f"{ADAPTERS}.right@{wrapper(tmp_path / 'two words')}"])


# Which framework is meant.


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (f"{ADAPTERS}.nowhere", f"there is no adapter '{ADAPTERS}.nowhere' on the path"),
        ("nowhere.at_all", "there is no adapter 'nowhere.at_all' on the path"),
        (f"{ADAPTERS}.right.deeper", f"there is no adapter '{ADAPTERS}.right.deeper' on the path"),
        (
            f"{ADAPTERS}.no_packages",
            f"{ROOT}/tests/harness/adapters/no_packages.py: an adapter declares PACKAGES = "
            "(distribution, ...)",
        ),
        (
            f"{ADAPTERS}.not_installed",
            "not installed: no-such-framework or nor-such-a-framework",
        ),
        (
            f"{ADAPTERS}.right@/no/such/python",
            "/no/such/python does not answer: could not start: [Errno 2] No such file or "
            "directory: '/no/such/python'",
        ),
    ],
)
def test_no_such_framework(label: str, message: str) -> None:
    """A framework asked for by name that cannot be had is one line that says why."""
    with pytest.raises(FrameworkError) as raised:
        find(ROOT, [label])
    assert str(raised.value) == f"--framework {label}: {message}"


def test_interpreter_without_numpy(tmp_path: Path) -> None:
    """An interpreter that lacks what the child needs is one line that says what."""
    script = wrapper(tmp_path / "python", "-S")
    with pytest.raises(FrameworkError) as raised:
        find(ROOT, [f"{ADAPTERS}.right@{script}"])
    assert str(raised.value) == (
        f"--framework {ADAPTERS}.right@{script}: {script} does not answer: "
        "ModuleNotFoundError: No module named 'numpy'"
    )


def test_unknown_name(tmp_path: Path) -> None:
    """An unknown name is answered with the known ones, and the closest of them."""
    (tmp_path / "adapters").mkdir()
    for name in ("__init__", "contract", "left", "far_right"):
        (tmp_path / "adapters" / f"{name}.py").touch()
    with pytest.raises(FrameworkError) as raised:
        find(tmp_path, ["far_rigth"])
    assert str(raised.value) == (
        "--framework far_rigth: unknown framework 'far_rigth': did you mean 'far-right'? "
        "(known: far-right, left)"
    )


def test_interpreter_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that does not answer in time is one line as well."""

    def slow(*_: object, **__: object) -> None:
        raise gateway.Slow("no answer within 60 s")

    monkeypatch.setattr(gateway.Gateway, "receive", slow)
    with pytest.raises(FrameworkError, match="does not answer: no answer within 60 s"):
        find(ROOT, [f"{ADAPTERS}.right@{sys.executable}"])


def test_missing_is_no_error_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no framework is named, one that is not installed is returned with what it lacks."""
    monkeypatch.setattr(framework, "shipped", lambda _: [f"{ADAPTERS}.not_installed"])
    (found,) = find(ROOT, [])
    assert found.missing == ("no-such-framework or nor-such-a-framework",)


def test_label_is_asked_once() -> None:
    """A framework that is named twice is run once."""
    assert len(find(ROOT, [f"{ADAPTERS}.right"] * 2)) == 1


def test_name() -> None:
    """A framework's name, by which deviations are pinned, has no interpreter in it."""
    (found,) = find(ROOT, [f"{ADAPTERS}.right@{sys.executable}"])
    assert found.name == f"{ADAPTERS}.right"
