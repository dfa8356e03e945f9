"""An interpreter that has the packages of one adapter, and nothing else."""

import os
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from conformance.command import tell
from conformance.process.framework import Framework
from conformance.process.source import declared

ALWAYS = ("numpy",)  # what any adapter may import beside its own


def create(root: Path, framework: Framework, folder: Path) -> int:
    """Make a virtual environment at `folder` and install what the adapter declares; pip's status.

    The versions are those of ``constraints.txt``.
    """
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    constraints = root / "constraints.txt"
    wanted = packages(declared(framework.module, "PACKAGES"), constraints.read_text("utf-8"))
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "-c",
        constraints,
        *ALWAYS,
        *wanted,
    ]
    tell(" ".join(map(str, command)))
    return subprocess.run(command, check=False).returncode


def packages(declared: Sequence[str], constraints: str) -> list[str]:
    """The distributions to install: of alternatives, the one that is pinned for this platform."""
    pinned = set()
    for line in constraints.splitlines():
        text = line.partition("#")[0].strip()
        if text:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate():
                pinned.add(requirement.name)
    chosen = []
    for package in declared:
        names = package.split("|")
        chosen.append(next((name for name in names if name in pinned), names[0]))
    return chosen
