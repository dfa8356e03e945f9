"""The environment of each side: what its requirements come to, made once and kept by that.

Beside what a side names stand the packages that its adapters need, in the versions of
``constraints.txt`` where both sides take those, else in the newest that each takes: what differs
without being asked for is told with the result.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.process.interpreter import ALWAYS, packages
from conformance.upgrade.installer import InstallError, Pins, create, resolved
from conformance.upgrade.wanted import Wanted

LIST = (
    "import importlib.metadata as m, json; "
    "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
)
LISTED = "distributions.txt"  # in an environment: what it was made of
# What building a package leaves in its folder.
MADE = re.compile(r"/(build|dist|__pycache__|[^/]*\.egg-info|\.git)(/|$)")


@dataclass(frozen=True)
class Plan:
    """What is installed beside what a side names, and how."""

    needed: tuple[str, ...]  # by the adapters: names, alternatives with | between them
    extra: tuple[str, ...] = ()  # requirements of --with, on both sides
    dependencies: bool = True  # False: what a side names comes without what it requires
    python: str = sys.executable  # of which environments are made


def resolutions(
    plan: Plan, sides: Sequence[Wanted], constraints: str, tell: Callable[[str], object]
) -> list[Pins]:
    """What each side comes to, both by the constraints or neither. Raises InstallError."""
    try:
        return [_resolution(plan, side, constraints, True) for side in sides]
    except InstallError:
        tell("constraints.txt fits not both sides: resolving without it")
    return [_resolution(plan, side, constraints, False) for side in sides]


def made(folder: Path, pins: Pins, python: str, tell: Callable[[str], object]) -> str:
    """The interpreter of an environment of `pins` below `folder`, made where there is none yet.

    Raises InstallError. One that is not finished is not there: it gets its name at the end.
    """
    home = folder / _key(pins, python)
    if not home.exists():
        _swept(home)
        tell(f"installing {len(pins)} distributions into {home}")
        draft = home.with_name(f"{home.name}.{os.getpid()}.part")
        try:
            create(draft, pins, python)
            (draft / LISTED).write_text("\n".join([*sorted(pins.values()), ""]), "utf-8")
            draft.replace(home)
        except OSError:
            if not home.exists():  # or another process was first
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return str(home / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def installed(python: str) -> dict[str, str]:
    """The releases that the environment of an interpreter was made of. Raises OSError."""
    lines = (Path(python).parent.parent / LISTED).read_text("utf-8").splitlines()
    pins = [line.partition("==") for line in lines if "==" in line]
    return {canonicalize_name(name): version for name, _, version in pins}


def _swept(home: Path) -> None:
    """Removes what a process that was killed has left of this environment."""
    for draft in home.parent.glob(f"{home.name}.*.part"):
        try:
            os.kill(int(draft.suffixes[-2].removeprefix(".")), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(draft, ignore_errors=True)
        except PermissionError:  # it lives, and is not ours
            continue


def distributions(interpreter: str) -> dict[str, str]:
    """The versions of all distributions of an interpreter, by canonical name. Raises OSError."""
    done = subprocess.run(
        [interpreter or sys.executable, "-c", LIST], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise OSError(f"{interpreter}: its distributions cannot be listed: {last}")
    found = json.loads(done.stdout)
    return {canonicalize_name(name): version for name, version in sorted(found.items())}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Two lines on the distributions of both sides: what differs, and what does not."""
    names = sorted({*before, *after})
    alike = [f"{name} {before[name]}" for name in names if before.get(name) == after.get(name)]
    return [
        f"distributions that differ: {', '.join(apart(before, after)) or 'none'}",
        f"on both sides: {', '.join(alike) or 'none'}",
    ]


def apart(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """``numpy 1.26.4 -> 2.4.6`` for each distribution of which both sides have no one version."""
    return [
        f"{name} {before.get(name, '-')} -> {after.get(name, '-')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _resolution(plan: Plan, side: Wanted, constraints: str, bound: bool) -> Pins:
    named = {*side.names, *(canonicalize_name(Requirement(one).name) for one in plan.extra)}
    groups = [one for one in (*ALWAYS, *plan.needed) if not named.intersection(one.split("|"))]
    others = packages(groups, constraints)
    limits = [
        line
        for line in (one.partition("#")[0].strip() for one in constraints.splitlines())
        if line and bound and canonicalize_name(Requirement(line).name) not in named
    ]
    rest = [*others, *plan.extra]
    if plan.dependencies:
        return resolved([*side.requirements, *rest], limits, plan.python)
    alone = resolved(side.requirements, (), plan.python, dependencies=False)
    return resolved(rest, limits, plan.python) | alone


def _key(pins: Pins, python: str) -> str:
    told = [platform.platform(), python, *sorted(map(_exactly, pins.values()))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _exactly(pin: str) -> str:
    """A pin, and of what lies in a file or folder when that was written last."""
    url = pin.rpartition(" @ ")[2]
    path = Path(unquote(urlparse(url).path) if url.startswith("file:") else url)
    files = [one for one in sorted(path.rglob("*")) if not MADE.search(str(one))]
    files = files if path.is_dir() else [path]
    times = [f"{one} {one.stat().st_mtime_ns}" for one in files if one.is_file()]
    return "\n".join([pin, *times])
