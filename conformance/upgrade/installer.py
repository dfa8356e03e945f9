"""uv where it is installed, else pip: what requirements come to, and environments of just that."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

Pins = dict[str, str]  # a requirement that fits one release, by the name of its distribution


class InstallError(Exception):
    """The installer's own message: one line where nothing fits, else all that it says of it."""


def resolved(
    requirements: Sequence[str],
    constraints: Sequence[str] = (),
    python: str = sys.executable,
    dependencies: bool = True,
) -> Pins:
    """The releases that `requirements` come to, with what they require. Raises InstallError."""
    with tempfile.TemporaryDirectory() as folder:
        limits = Path(folder, "constraints.txt")
        limits.write_text("\n".join(constraints), encoding="utf-8")
        bounds = ["-c", str(limits)] if constraints else []
        bounds += [] if dependencies else ["--no-deps"]
        if uv := shutil.which("uv"):
            wanted = Path(folder, "requirements.in")
            wanted.write_text("\n".join(requirements), encoding="utf-8")
            compile_ = [uv, "pip", "compile", "-q", "--no-header", "--no-annotate"]
            return _compiled(_said([*compile_, "--python", python, *bounds, str(wanted)]))
        report = Path(folder, "report.json")
        asked = ["install", "--dry-run", "--ignore-installed", "--report", str(report)]
        _said([*_pip(python), *asked, *bounds, *requirements])
        return _reported(json.loads(report.read_text(encoding="utf-8")))


def create(folder: Path, pins: Pins, python: str = sys.executable) -> None:
    """Make a virtual environment at `folder` that has `pins` and nothing else.

    Raises InstallError.
    """
    there = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if uv := shutil.which("uv"):
        _said([uv, "venv", "-q", "--python", python, str(folder)])
        command = [uv, "pip", "install", "-q", "--python", str(there)]
    else:
        _said([python, "-m", "venv", "--without-pip", str(folder)])
        command = [*_pip(str(there)), "install", "-q"]
    _said([*command, "--no-deps", *pins.values()])


def releases(name: str, python: str = sys.executable) -> list[str]:
    """The releases of a distribution that pip reports, the newest first. Raises InstallError.

    They are those that an interpreter takes.
    """
    told = _said([*_pip(python), "index", "versions", name])
    line = next((one for one in told.splitlines() if one.startswith("Available versions:")), "")
    return [one.strip() for one in line.partition(":")[2].split(",") if one.strip()]


def _pip(python: str) -> list[str]:
    target = [] if python == sys.executable else ["--python", python]
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *target]


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(_message(done.stderr, done.stdout))
    return done.stdout


def _message(said: str, beside: str) -> str:
    """What an installer says of its failure, without its warnings and notices.

    Of packages that refuse each other pip says which on stdout.
    """
    lines = [line for line in said.strip().splitlines() if not line.startswith("WARNING")]
    none = [line for line in lines if line.startswith("ERROR: No matching distribution")]
    if none:
        return none[-1]
    _, head, conflict = beside.partition("The conflict is caused by:\n")
    told = [*lines, *(head + conflict.partition("\n\n")[0]).splitlines()]
    return (
        "\n".join(line for line in told if line.strip()) or "the installer failed, and says nothing"
    )


def _reported(report: dict[str, object]) -> Pins:
    pins: Pins = {}
    installed = report["install"]
    assert isinstance(installed, list)
    for one in installed:
        name = canonicalize_name(one["metadata"]["name"])
        if one["is_direct"]:
            pins[name] = one["download_info"]["url"]
        else:
            pins[name] = f"{name}=={one['metadata']['version']}"
    return pins


def _compiled(text: str) -> Pins:
    pins: Pins = {}
    for line in text.splitlines():
        pin = line.partition(";")[0].partition("#")[0].strip()
        if pin and not pin.startswith("-"):
            name = pin.partition("==")[0].partition("@")[0].strip()
            if os.sep in name:  # a file or folder, as it was asked for
                name = Path(name).name.partition("-")[0]
            pins[canonicalize_name(name)] = pin
    return pins
