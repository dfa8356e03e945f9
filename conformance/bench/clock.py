"""The processes that the bench holds against each other: each is run, timed and read."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.command import CommandError
from conformance.process.framework import Framework

PEER = "tests/naive.py"  # the same question, asked as people ask it
PARTS = ("import", "trace", "compile", "infer", "parameters", "run", "rest")
NAMES = {"inferred": "infer", "results": "run"}  # what an answer's parts are called in an adapter


@dataclass(frozen=True)
class Spent:
    """Seconds that processes took, those that they started among them."""

    wall: float = 0.0
    cpu: float = 0.0  # what other work on the machine hardly touches

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall + other.wall, self.cpu + other.cpu)


def _run(command: Sequence[str], root: Path) -> tuple[subprocess.CompletedProcess[str], Spent]:
    wall, cpu = time.perf_counter(), _cpu()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done, Spent(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def suite(root: Path, options: Sequence[str]) -> tuple[Spent, int]:
    """What pytest takes, and how many tests it did not skip.

    Raises CommandError where it did not come to its end.
    """
    command = [sys.executable, "-m", "pytest", "-q", *options]
    done, spent = _run(command, root)
    if done.returncode not in (0, 1):  # a test that fails takes its time like any other
        raise CommandError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return spent, _count(done.stdout)


def loop(root: Path, framework: Framework, requests: Path) -> tuple[Spent, dict[str, float]]:
    """What the bare loop takes, with a new process after each death, and its seconds by part."""
    spent, begin = Spent(), 0
    with TemporaryDirectory() as folder:
        told = Path(folder, "told")
        command = [framework.interpreter or sys.executable, "-m", "conformance.bench.loop"]
        while True:
            arguments = [framework.module, str(requests), str(begin), str(told)]
            done, more = _run([*command, *arguments], root)
            spent += more
            lines = told.read_text(encoding="utf-8").splitlines()
            begun = lines.count("")
            if not done.returncode:
                break
            if begun == begin:
                raise CommandError(f"{' '.join([*command, *arguments])} failed:\n{done.stderr}")
            begin = begun
    return spent, parts(spent.wall, map(json.loads, filter(None, lines)))


def parts(seconds: float, told: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Seconds by part of `PARTS`, of what the loop told, and how many imports there were."""
    taken: dict[str, float] = defaultdict(float)
    for part, one in told:
        taken[NAMES.get(part, part)] += one
        taken["imports"] += part == "import"
    if "trace" in taken:  # an adapter that tells of its stages: they lie within its calls
        called = sum(taken.pop(part, 0.0) for part in ("infer", "parameters", "run"))
        taken["run"] = max(called - taken["trace"] - taken["compile"], 0.0)
    taken["rest"] = seconds - sum(taken[part] for part in PARTS if part != "rest")
    return taken


def peer(root: Path) -> str:
    """One line: the same question, asked as people ask it, in checks a second.

    Says what is missing where its frameworks are not installed.
    """
    # Nothing of this project's pytest: not its settings, its conftest or its plugins.
    bare = ["-c", os.devnull, "--rootdir", str(root), "--noconftest", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *bare, str(root / PEER)]
    done, spent = _run(command, root)
    if done.returncode:
        (told,) = re.findall(r"^E +(\w+: .*)", done.stdout, re.MULTILINE)[-1:] or [done.stderr]
        return f"{PEER}: {told.strip()}"
    checks = _count(done.stdout)
    return f"{PEER}: {checks} checks in {spent.wall:.2f} s, {checks / spent.wall:.1f} a second"


def _count(output: str) -> int:
    """How many tests pytest's last line says that it did not skip."""
    last = output.strip().splitlines()[-1]
    return sum(map(int, re.findall(r"(\d+) (?:passed|failed|xfailed)", last)))
