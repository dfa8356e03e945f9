"""What keeps the pins current: the script that sets all up by them, and the bot that moves them."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3")


def program(path: Path, text: str) -> None:
    """Write a program for the shell."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("good", PYTHONS)
def test_python_that_works(good: str, tmp_path: Path) -> None:
    """CI runs the README's second command with the first Python that works, not that is there."""
    command = re.findall(r"```sh\n(.*)\n```", (ROOT / "README.md").read_text("utf-8"))[1]
    said = tmp_path / "said"
    for name in PYTHONS:
        program(tmp_path / name, f'echo "{name} $*" >> {said}' if name == good else "exit 127")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    program(tmp_path / ".venv" / "bin" / "python", f'echo ".venv/bin/python $*" >> {said}')
    settings = {"PATH": f"{tmp_path}{os.pathsep}/usr/bin:/bin"}
    bash = ["/bin/bash", ROOT / ".ci" / "run"]
    subprocess.run(bash, cwd=tmp_path, env=settings, check=True, timeout=60)
    told = said.read_text("utf-8").replace(good, "python3").splitlines()
    assert told == ["python3 -c import ensurepip, venv", *command.split(" && ")]


def test_bot_reads_constraints() -> None:
    """Renovate looks at constraints.txt, and leaves alone what is the last for an older Python."""
    settings = json.loads((ROOT / "renovate.json").read_text("utf-8"))
    (pattern,) = settings["pip_requirements"]["managerFilePatterns"]
    assert re.search(pattern.strip("/"), "constraints.txt")
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(one) for line in lines if (one := line.partition("#")[0].strip())]
    older = {
        f"{pin.name}{pin.specifier}"
        for pin in pins
        if pin.marker is not None and str(pin.marker) == 'python_version < "3.12"'
    }
    left = {
        f"{name}=={rule['matchCurrentVersion']}"
        for rule in settings["packageRules"]
        if "matchCurrentVersion" in rule and not rule["enabled"]
        for name in rule["matchPackageNames"]
    }
    assert older == left
