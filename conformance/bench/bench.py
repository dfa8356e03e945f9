"""The suite's wall time over that of a bare loop of the same adapter calls, measured in one run.

Both are processes of their own, one after the other, again and again, and neither keeps what a
framework compiles: a ratio tells what the engine adds, and of the loop's time the shares tell what
the framework does with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from conformance.bench.asked import keep
from conformance.bench.clock import PARTS, loop, suite
from conformance.command import CommandError, progress
from conformance.process.framework import Framework
from conformance.session.run import Run


@dataclass(frozen=True)
class Timed:
    """One framework, measured: medians of seconds, and what of the loop's each part took."""

    suite: float
    loop: float
    ratio: float  # the median of those of each repeat
    cpu: float  # the same of the seconds that processors took
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
            f"{self.suite:>9.2f}{self.loop:>9.2f}{self.ratio:>7.2f}{self.cpu:>6.2f}"
            f"{self.claims / self.suite:>10.1f}  {', '.join(shares)}"
        )


def table(run: Run, options: Sequence[str], repeats: int) -> Iterator[str]:
    """A line for each framework of `run`, whose cases are those that pytest's `options` choose."""
    figures = f"{'suite s':>9}{'loop s':>9}{'ratio':>7}{'cpu':>6}{'claims/s':>10}"
    yield f"{'framework':<18}{figures}  of the loop"
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
            spent, claims = suite(
                run.root, ["--no-compilation-cache", f"--framework={framework.label}", *options]
            )
            suites.append(spent)
            spent, taken = loop(run.root, framework, requests)
            loops.append(spent)
            shares.append(taken)
    return Timed(
        suite=median(one.wall for one in suites),
        loop=median(one.wall for one in loops),
        ratio=median(one.wall / two.wall for one, two in zip(suites, loops, strict=True)),
        cpu=median(one.cpu / two.cpu for one, two in zip(suites, loops, strict=True)),
        claims=claims,
        parts={part: median(taken.get(part, 0.0) for taken in shares) for part in PARTS},
    )


def again(
    root: Path, frameworks: Sequence[Framework], options: Sequence[str], repeats: int
) -> Iterator[str]:
    """A table: seconds of a first run, and of a second one that finds what the first compiled."""
    yield f"{'framework':<18}{'first s':>9}{'again s':>9}{'ratio':>7}{'cpu':>6}"
    for framework in frameworks:
        times = []
        for _ in progress(range(repeats), f"{framework.label}: first and again"):
            with TemporaryDirectory() as folder:
                asked = [f"--framework={framework.label}", f"--override-ini=cache_dir={folder}"]
                times.append([suite(root, [*asked, *options])[0] for _ in range(2)])
        walls = [median(one.wall for one in column) for column in zip(*times, strict=True)]
        ratio = median(after.wall / before.wall for before, after in times)
        cpu = median(after.cpu / before.cpu for before, after in times)
        yield f"{framework.label:<18}{walls[0]:>9.2f}{walls[1]:>9.2f}{ratio:>7.2f}{cpu:>6.2f}"
