"""A framework in several releases, as wheels made on the fly, and a project with its adapter."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.project import Project, create

# What each release of the framework is: its module, and what it requires.
RELEASES = {
    "1.0": ("from tests.harness.adapters.right import run as lstm", ()),
    "1.1": ("from tests.harness.adapters.right import run as lstm", ()),
    "2.0": ("from tests.harness.adapters.batch_and_time_swapped import run as lstm", ()),
    "2.1": ("from tests.harness.adapters.batch_and_time_swapped import run as lstm", ()),
    "3.0": ("from tests.harness.adapters.right import run as rnn", ()),
    "4.0": ("import a_module_that_is_not_there", ()),
    "5.0": ("from tests.harness.adapters.right import run as lstm", ("companion==7",)),
}
ADAPTER = """\
import frame
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

PACKAGES = ("frame|frame-nightly", "companion")
OLDEST = ("frame==1.0", "companion==6")


def run(*asked):
    return frame.lstm(*asked)
"""
PINS = "numpy==2.4.6\ncompanion==6\nframe==1.0\n"
MAIN = """\
import sys
from pathlib import Path

from conformance.__main__ import main

raise SystemExit(main(sys.argv[1:], Path.cwd()))
"""


def wheel(
    folder: Path, name: str, version: str, files: dict[str, str], requires: Sequence[str] = ()
) -> Path:
    """Write a wheel that any Python takes."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {one}" for one in requires]
    tag = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{info}/WHEEL", tag)
        names = [*files, f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
        archive.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in names))
    return path


def index(folder: Path) -> Path:
    """Fill a folder with every release of the framework, and with what it needs."""
    folder.mkdir()
    for version, (module, requires) in RELEASES.items():
        wheel(folder, "frame", version, {"frame/__init__.py": module + "\n"}, requires)
    nightly = {"frame/__init__.py": RELEASES["2.0"][0] + "\n"}
    wheel(folder, "frame_nightly", "6.0.dev1", nightly)
    for version in ("6", "7"):
        wheel(folder, "companion", version, {"companion.py": ""}, ())
    # Stands for NumPy: the environment sees that of the tests, with what lies beside it.
    there = sysconfig.get_paths()["purelib"]
    wheel(folder, "numpy", "2.4.6", {"beside.pth": f"{there}\n"})
    return folder


@dataclass(frozen=True)
class Upgrades:
    """A project whose commands find `index` and nothing else."""

    project: Project
    index: Path
    environments: Path

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables by which pip finds `index` alone."""
        return {
            "PATH": "/usr/bin:/bin",  # without uv, wherever that may be
            "HOME": str(self.index),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
            "PIP_CACHE_DIR": str(self.index / "cache"),
        }

    def main(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command of ``python -m conformance`` in the project."""
        return subprocess.run(
            [sys.executable, "-c", MAIN, *arguments],
            cwd=self.project.root,
            env=self.settings,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def upgrade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``upgrade`` with the environments of all tests."""
        return self.main("upgrade", *arguments, "--environments", str(self.environments))

    def told(self, *arguments: str) -> tuple[int, Any]:
        """Return the status of ``upgrade``, and what it tells as JSON."""
        done = self.upgrade(*arguments, "--format", "json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


def made(folder: Path) -> Upgrades:
    """Create the project, its index, and an empty folder for environments."""
    project = create(folder / "project")
    project.write("adapters/frame.py", ADAPTER)
    project.write("constraints.txt", PINS)
    return Upgrades(project, index(folder / "index"), folder / "environments")
