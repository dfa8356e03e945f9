"""The suite's wall time over that of a bare loop of the same adapter calls, measured in one run.

Both are processes of their own, one after the other, again and again, and neither keeps what a
framework compiles: a ratio tells what the engine adds, and of the loop's time the shares tell what
the framework does with it.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from conformance.bench.asked import keep
from conformance.command import CommandError, progress
from conformance.process.framework import Framework
from conformance.session.run import Run

PEER = "tests/naive.py"  # the same question, asked as people ask it
PARTS = ("import", "trace", "compile", "infer", "parameters", "run", "rest")
NAMES = {"inferred": "infer", "results": "run"}  # what an answer's parts are called in an adapter


@dataclass(frozen=True)
class Timed:
    """One framework, measured: medians of seconds, and what of the loop's each part took."""

    suite: float
    loop: float
    ratio: float  # the median of those of each repeat
    claims: int  # put to an observation and judged, skips left out
    parts: dict[str, float]

    def __str__(self) -> str:
        """The line of the table, behind the framework's label."""
        shares = [
            f"{part} {100 * self.parts[part] / self.loop:.0f} %"
            for part in PARTS
            if self.parts[part] >= 0.005 * self.loop
        ]
        return (
            f"{self.suite:>9.2f}{self.loop:>9.2f}{self.ratio:>7.2f}"
            f"{self.claims / self.suite:>10.1f}  {', '.join(shares)}"
        )


def table(run: Run, options: Sequence[str], repeats: int) -> Iterator[str]:
    """A line for each framework of `run`, whose cases are those that pytest's `options` choose."""
    yield f"{'framework':<18}{'suite s':>9}{'loop s':>9}{'ratio':>7}{'claims/s':>10}  of the loop"
    for framework in run.installed:
        yield f"{framework.label:<18}{_timed(run, framework, options, repeats)}"


def _timed(run: Run, framework: Framework, options: Sequence[str], repeats: int) -> Timed:
    if "=" in framework.interpreter:
        raise CommandError(f"{framework.label}: the loop runs on this machine alone")
    with TemporaryDirectory() as folder:
        requests = Path(folder, "requests")
        keep(run, framework, requests)
        suites, loops, shares = [], [], []
        for _ in progress(range(repeats), f"{framework.label}: suite and loop"):
            seconds, claims = suite(
                run.root, ["--no-compilation-cache", f"--framework={framework.label}", *options]
            )
            suites.append(seconds)
            seconds, taken = loop(run.root, framework, requests)
            loops.append(seconds)
            shares.append(taken)
    return Timed(
        suite=median(suites),
        loop=median(loops),
        ratio=median(one / other for one, other in zip(suites, loops, strict=True)),
        claims=claims,
        parts={part: median(taken.get(part, 0.0) for taken in shares) for part in PARTS},
    )


def again(
    root: Path, frameworks: Sequence[Framework], options: Sequence[str], repeats: int
) -> Iterator[str]:
    """A table: seconds of a first run, and of a second one that finds what the first compiled."""
    yield f"{'framework':<18}{'first s':>9}{'again s':>9}{'ratio':>7}"
    for framework in frameworks:
        times = []
        for _ in progress(range(repeats), f"{framework.label}: first and again"):
            with TemporaryDirectory() as folder:
                asked = [f"--framework={framework.label}", f"--override-ini=cache_dir={folder}"]
                times.append([suite(root, [*asked, *options])[0] for _ in range(2)])
        first, second = (median(column) for column in zip(*times, strict=True))
        ratio = median(after / before for before, after in times)
        yield f"{framework.label:<18}{first:>9.2f}{second:>9.2f}{ratio:>7.2f}"


def suite(root: Path, options: Sequence[str]) -> tuple[float, int]:
    """Seconds that pytest takes, and how many tests it did not skip.

    Raises CommandError where it did not come to its end.
    """
    command = [sys.executable, "-m", "pytest", "-q", *options]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):  # a test that fails takes its time like any other
        raise CommandError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return seconds, _count(done.stdout)


def loop(root: Path, framework: Framework, requests: Path) -> tuple[float, dict[str, float]]:
    """Seconds that the bare loop takes, with a new process after each death, and those by part."""
    seconds, begin = 0.0, 0
    with TemporaryDirectory() as folder:
        told = Path(folder, "told")
        command = [framework.interpreter or sys.executable, "-m", "conformance.bench.loop"]
        while True:
            arguments = [framework.module, str(requests), str(begin), str(told)]
            start = time.perf_counter()
            done = subprocess.run(
                [*command, *arguments], cwd=root, capture_output=True, text=True, check=False
            )
            seconds += time.perf_counter() - start
            lines = told.read_text(encoding="utf-8").splitlines()
            begun = lines.count("")
            if not done.returncode:
                break
            if begun == begin:
                raise CommandError(f"{' '.join([*command, *arguments])} failed:\n{done.stderr}")
            begin = begun
    return seconds, parts(seconds, map(json.loads, filter(None, lines)))


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
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        (told,) = re.findall(r"^E +(\w+: .*)", done.stdout, re.MULTILINE)[-1:] or [done.stderr]
        return f"{PEER}: {told.strip()}"
    checks = _count(done.stdout)
    return f"{PEER}: {checks} checks in {seconds:.2f} s, {checks / seconds:.1f} a second"


def _count(output: str) -> int:
    """How many tests pytest's last line says that it did not skip."""
    last = output.strip().splitlines()[-1]
    return sum(map(int, re.findall(r"(\d+) (?:passed|failed|xfailed)", last)))
