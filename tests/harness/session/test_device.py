"""A device: placed by the adapter, told with the outcome, and without one nothing passes."""

from pathlib import Path

import pytest

from tests.harness.project import Project, create

CUDA = "--framework", "placed", "--device", "cuda", "--case", "plain-three-steps"
PIN = """\
framework: placed
deviations:
  - cases: plain-*
    claim: values
    version: numpy>=1
    device: {device}
    outcome: differs
    got: {{"*": value}}
    why: Ten bits.
    source: https://example.org/pin
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with an adapter that has a cuda, and one that has a CPU alone."""
    return create(tmp_path, "placed", "right")


def pinned(project: Project, *devices: str) -> None:
    """Pin what the first adapter does, on each of these devices."""
    first, *others = (PIN.format(device=device) for device in devices)
    text = first + "".join(one.partition("deviations:\n")[2] for one in others)
    project.write("cases/deviations/placed.yaml", text)


def test_cpu(project: Project) -> None:
    """Without the option the adapter is told to stay on the CPU."""
    seen = project.observe("--framework", "placed", "--case", "plain-three-steps")
    assert seen.result.ret == 0
    assert seen.header.frameworks["placed"].device == "cpu"


def test_cuda(project: Project) -> None:
    """With it all cases run there: header, report and failure say where."""
    seen = project.observe(*CUDA)
    assert seen.result.ret == 1
    assert seen.header.frameworks["placed"].device == "cuda"
    claims = seen.entries["placed", "plain-three-steps"].claims
    assert {name: one.outcome for name, one in claims.items()} == {
        "shapes": "agrees",
        "values": "differs",
        "inferred_shapes": "agrees",
        "parameters": "agrees",
    }
    seen.result.stdout.fnmatch_lines(["framework: placed (numpy *) on cuda*"])
    seen.result.stdout.fnmatch_lines(["  rerun *pytest --framework placed --device cuda *"])


def test_in_process(project: Project) -> None:
    """In pytest's own process the adapter is placed too."""
    assert project.observe(*CUDA, "--in-process").result.ret == 1


def test_pin_of_a_device(project: Project) -> None:
    """A pin of one device expects the failure there, and there alone."""
    pinned(project, "cuda")
    assert project.run(*CUDA).ret == 0
    assert project.run("--framework", "placed", "--case", "plain-three-steps").ret == 0


def test_pin_of_another_device(project: Project) -> None:
    """A pin of another device does not speak of this one; what fails resembles it."""
    pinned(project, "mps")
    result = project.run(*CUDA)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["  device    mps (here cuda)"])


def test_pins_of_two_devices(project: Project) -> None:
    """What differs on two devices is pinned twice, and neither contradicts the other."""
    pinned(project, "cuda", "mps")
    assert project.run(*CUDA).ret == 0


def test_pins_of_one_device(project: Project) -> None:
    """Two pins of one device on the same are an error, as any two are."""
    pinned(project, "cuda", "cuda")
    result = project.run(*CUDA)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "repeats line 3, which pins values of" in result.errlines[0]


@pytest.mark.parametrize(("framework", "device"), [("placed", "mps"), ("right", "cuda")])
def test_not_there(project: Project, framework: str, device: str) -> None:
    """Asked for by name, a framework without the device is an error: never a pass."""
    result = project.run("--framework", framework, "--device", device)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == f"ERROR: --framework {framework}: not installed: {device}"


def test_others_are_not_there(project: Project) -> None:
    """Where none is named, those that have the device run, and the header lists the others."""
    seen = project.observe("--device", "cuda", "--case", "plain-three-steps")
    assert {label for label, _ in seen.entries} == {"placed"}
    assert seen.header.frameworks["right"].missing == ("cuda",)
    seen.result.stdout.fnmatch_lines(["not installed: right (cuda)"])


def test_nowhere(project: Project) -> None:
    """Where no framework has the device, no case is executed, and that is an error."""
    result = project.run("--device", "mps")
    assert result.ret not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    assert "ERROR: no case was executed: a run without one proves nothing" in result.outlines


def test_broken(project: Project) -> None:
    """A device that is there and does not start is told in one line, with the exception."""
    result = project.run("--framework", "placed", "--device", "tpu")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = "ERROR: --framework placed: tpu: OSError: the driver is too old (*placed.py:*)"
    result.stderr.fnmatch_lines([told])


def test_unknown(project: Project) -> None:
    """A device that nobody has is refused by pytest, which lists those that there may be."""
    result = project.run("--device", "gpu")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any("invalid choice: 'gpu'" in line for line in result.errlines)
