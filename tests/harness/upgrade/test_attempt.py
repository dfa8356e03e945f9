"""``python -m conformance upgrade`` on real environments of wheels that are made here."""

import sys
from pathlib import Path

import pytest

from conformance.report.report import read
from tests.harness.upgrade.wheels import ADAPTER, PINS, RELEASES, Upgrades, wheel

PLAIN = ("--case", "plain-*")


def test_breaking(upgrades: Upgrades, tmp_path: Path) -> None:
    """What breaks is told with all distributions of both sides; both reports are kept."""
    status, told = upgrades.told("frame==1.0", "frame==2.0", "--reports", str(tmp_path))
    (account,) = told["accounts"]
    (finding,) = account["findings"]
    assert (status, account["framework"], account["compared"]) == (1, "frame", 4)
    assert (finding["kind"], finding["after"]) == ("shape", "axes [1, 0, 2]")
    assert told["notes"][0] == "distributions that differ: frame 1.0 -> 2.0"
    assert told["notes"][1].startswith("on both sides: ")
    assert ", companion 6, " in told["notes"][1]
    assert told["commands"]["frame"].endswith("upgrade frame==1.0 frame==2.0 --framework frame")
    kept = [read(tmp_path / f"{when}.jsonl") for when in ("before", "after")]
    versions = [dict(next(iter(head.frameworks.values())).versions) for head, _ in kept]
    assert [one["frame"] for one in versions] == ["1.0", "2.0"]
    assert [len(entries) for _, entries in kept] == [4, 4]


def test_nothing_changed(upgrades: Upgrades) -> None:
    """Two releases that do the same are an upgrade without a finding."""
    status, told = upgrades.told("frame==1.0", "frame==1.1", *PLAIN)
    assert (status, told["accounts"][0]["findings"]) == (0, [])
    assert told["accounts"][0]["compared"] == 2


def test_environments_are_kept(upgrades: Upgrades) -> None:
    """What comes to the same is installed once, however it was asked for."""
    upgrades.upgrade("frame==1.0", "frame==2.0", *PLAIN)
    again = upgrades.upgrade("frame<1.1", "frame==2.0", *PLAIN)
    assert again.returncode == 1
    assert "installing" not in again.stderr
    assert not list(upgrades.environments.glob("*.part"))


def test_dead_adapter(upgrades: Upgrades) -> None:
    """Where the adapter does not run there is one answer, with places and whose fault it is."""
    done = upgrades.upgrade("frame==1.0", "frame==3.0")
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    message = "raises AttributeError: module 'frame' has no attribute 'lstm'"
    place = upgrades.project.root / "adapters" / "frame.py"
    assert f"frame does not run after: {message}" in lines
    line = ADAPTER[: ADAPTER.index("frame.lstm")].count("\n") + 1
    assert any(one.startswith(f"  at {place}:{line}") for one in lines)
    assert "  looks like the adapter's fault: it uses what this release does not have" in lines


def test_dead_import(upgrades: Upgrades) -> None:
    """A framework whose own import fails is told apart from an adapter that asks too much."""
    lines = upgrades.upgrade("frame==1.0", "frame==4.0").stdout.splitlines()
    assert any("cannot be imported: ModuleNotFoundError" in line for line in lines)
    told = "looks like the framework's fault, or that of a package beside it: it was importing"
    assert f"  {told}" in lines


def test_wheel_and_interpreter(upgrades: Upgrades, tmp_path: Path) -> None:
    """A side may be a wheel, another an interpreter that exists."""
    upgrades.upgrade("frame==1.0", "frame==2.0", *PLAIN)
    (home,) = [
        folder.parent
        for folder in upgrades.environments.glob("*/distributions.txt")
        if "frame==1.0" in folder.read_text()
    ]
    file = wheel(tmp_path, "frame", "2.2", {"frame/__init__.py": RELEASES["2.0"][0]})
    asked = (str(home), str(file), "--framework", "frame", *PLAIN)
    status, told = upgrades.told(*asked)
    assert status == 1
    assert told["notes"][0] == "distributions that differ: frame 1.0 -> 2.2"


def test_pins_that_refuse(upgrades: Upgrades) -> None:
    """Where the pins fit not both sides, both are resolved without, and that is told."""
    done = upgrades.upgrade("frame==1.0", "frame==5.0", *PLAIN)
    assert done.returncode == 0, done.stderr
    assert "constraints.txt fits not both sides: resolving without it" in done.stderr


def test_packages_that_refuse(upgrades: Upgrades) -> None:
    """What cannot stand together is told by the installer, and installed only when asked to."""
    asked = ("frame==1.0", "frame==5.0", "--with", "companion==6", *PLAIN)
    refused = upgrades.upgrade(*asked)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "frame 5.0 depends on companion==7" in refused.stderr
    assert "--no-deps installs what a side names without what it requires" in refused.stderr
    forced = upgrades.upgrade(*asked, "--no-deps")
    assert forced.returncode == 0, forced.stderr
    assert "companion 6" in forced.stdout


def test_nightly(upgrades: Upgrades) -> None:
    """A nightly build, which has a name of its own, is a version of the framework."""
    status, told = upgrades.told("frame==1.0", "frame-nightly", *PLAIN)
    (account,) = told["accounts"]
    assert (status, account["framework"], account["after"]["frame"]) == (1, "frame", "6.0.dev1")
    assert "frame 1.0 -> -, frame-nightly - -> 6.0.dev1" in told["notes"][0]


def test_files_of_pins(upgrades: Upgrades) -> None:
    """Of two files of pins that in which they differ is tried, where an adapter runs on it."""
    path = upgrades.project.root / "moved.txt"
    text = PINS.replace("frame==1.0", "frame==2.0").replace("numpy==2.4.6", "")
    path.write_text(text + "elsewhere==1\ncompanion==9; python_version < '3'\n")
    status, told = upgrades.told("constraints.txt", "moved.txt", *PLAIN)
    assert (status, told["before"], told["after"]) == (1, "constraints.txt", "moved.txt")
    assert told["notes"][0] == "distributions that differ: frame 1.0 -> 2.0"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("frame==9", "frame==1.0"), "ERROR: No matching distribution found for frame==9"),
        (("frame==1.0", "companion==6"), "frame and companion: two sides are two versions of one"),
        (("frame==1.0", "frame==2.0", "--case", "plane-*"), "--case plane-*: no case of this id"),
        (("frame==1.0", "frame==2.0", "--framework", "fame"), "unknown framework 'fame'"),
        (("elsewhere", "elsewhere==2"), "elsewhere: no adapter runs on that"),
        (("./nowhere.whl", "frame==2.0"), "./nowhere.whl: there is no such file or folder"),
        (("frame=1", "frame==2.0"), "frame=1: no requirement, and there is no such file"),
        (("adapters", "frame==2.0"), "adapters: neither an environment nor the source"),
        (("conftest.py", "frame==2.0"), "conftest.py: no interpreter: it cannot be executed"),
        (("constraints.txt", "frame==2.0"), "frame==2.0: a file of pins is compared with another"),
        (("constraints.txt", "constraints.txt"), "no package of an adapter has another pin"),
        (("constraints.txt", "none.txt"), "none.txt: no file of pins: "),
        (("", "frame==2.0"), "a side that names nothing"),
        (("frame==1.0", "frame==2.0", "--with", "a b"), "--with a b: no requirement"),
        (
            (sys.executable, "installed", "--framework", "frame"),
            "not installed: frame or frame-nightly, companion",
        ),
        ((sys.executable, "installed"), "installed: no adapter runs on that"),
        (("frame==1.0", "frame==2.0", "--framework", "frame@x"), "the sides say in which"),
        (("frame==1.0", "frame==2.0", "--python", "/no/python"), "/no/python"),
    ],
)
def test_bad_input(upgrades: Upgrades, arguments: tuple[str, ...], told: str) -> None:
    """Whatever cannot be tried is one clear line on stderr, status 2, and nothing on stdout."""
    done = upgrades.upgrade(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    lines = [
        line
        for line in done.stderr.splitlines()
        if not line.startswith(("resolving", "constraints.txt fits"))
    ]
    assert (len(lines), told in lines[0]) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
