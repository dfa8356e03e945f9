"""A small project beside this one, with the same engine, for tests that run its pytest.

It has its own ``cases`` and ``adapters``. Its pytest is a process of its own, so that it starts
with nothing imported; what it says is a `pytest.RunResult`, as of pytester, whose own fixture
would last for one test only, where several claims look at one run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.report.report import Entry, Header, read

ROOT = Path(__file__).resolve().parents[2]

# The fakes that die or hang do so where there is one step.
CASES = {
    "edge": """\
behaviour: edge
about: Sequences of a single step.
source: https://example.org/edge
tags: [degenerate]
cases:
  - id: one-step
    dimensions: {batch_size: 2, time_steps: 1, embedding_dim: 3, hidden_units: 4}
    expect: {output: [2, 1, 4], h_n: [1, 2, 4], c_n: [1, 2, 4]}
""",
    "plain": """\
behaviour: plain
about: One layer, one direction.
source: https://example.org/plain
expect:
  output: [batch_size, time_steps, hidden_units]
  h_n: [1, batch_size, hidden_units]
  c_n: [1, batch_size, hidden_units]
cases:
  - id: three-steps
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
  - id: no-bias
    layer: {bias: false}
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
  - id: long
    tags: [nightly]
    dimensions: {batch_size: 2, time_steps: 99, embedding_dim: 5, hidden_units: 4}
""",
    "refused": """\
behaviour: refused
about: An input that the layer was not built for.
source: https://example.org/refused
cases:
  - id: wide-input
    dimensions: {batch_size: 2, time_steps: 3, embedding_dim: 5, hidden_units: 4}
    feed: {input: [batch_size, time_steps, embedding_dim + 1]}
    expect: rejected
""",
}
IDS = ["edge-one-step", "plain-three-steps", "plain-no-bias", "refused-wide-input"]

# A right adapter that keeps a record of what it is asked for.
SPY = """\
from pathlib import Path

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

PACKAGES = ("numpy",)


def record(what):
    with Path(__file__).with_suffix(".record").open("a") as lines:
        print(what, file=lines)


def run(*asked):
    record("run")
    return right.run(*asked)


record("import")
"""


@dataclass(frozen=True)
class Seen:
    """A run and its report."""

    result: pytest.RunResult
    header: Header
    entries: Mapping[tuple[str, str], Entry]  # by framework and case

    @property
    def outcomes(self) -> dict[tuple[str, str], str]:
        """The outcome of each framework on each case."""
        return {key: entry.outcome for key, entry in self.entries.items()}


@dataclass(frozen=True)
class Project:
    """The folder of a project, and what can be done there."""

    root: Path
    keeps: bool = False  # whether its pytest has a cache folder

    def write(self, path: str, text: str) -> Path:
        """Write a file, and the folders that it needs."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, *options: str, timeout: float = 60) -> pytest.RunResult:
        """Run its pytest. Raises TimeoutExpired after `timeout` seconds: nothing may hang."""
        with self._start(options, subprocess.PIPE) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return pytest.RunResult(process.returncode, out.splitlines(), err.splitlines(), 0)

    def show(self, *options: str) -> str:
        """Return what its pytest writes to a terminal."""
        ours, theirs = os.openpty()
        with self._start(options, theirs), os.fdopen(ours, newline="") as screen:
            os.close(theirs)
            shown = ""
            with contextlib.suppress(OSError):  # Linux's way to say that the other side is gone
                while some := screen.read(1):
                    shown += some
        return shown

    def _start(self, options: Sequence[str], out: int) -> subprocess.Popen[str]:
        scratch = self.root / "scratch"
        scratch.mkdir(exist_ok=True)
        keeps = [] if self.keeps else ["-p", "no:cacheprovider"]
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *keeps, *options],
            cwd=self.root,
            # Of the pytest around this one, and of whoever runs it, nothing is passed on.
            env={"PATH": os.environ["PATH"], "TMPDIR": str(scratch), "COLUMNS": "80"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_heed,
        )

    def observe(self, *options: str, timeout: float = 60) -> Seen:
        """Run its pytest with a report, and read that."""
        result = self.run("--report=report.jsonl", *options, timeout=timeout)
        assert result.ret != pytest.ExitCode.USAGE_ERROR, result.errlines
        header, entries = read(self.root / "report.jsonl")
        return Seen(result, header, {(one.framework, one.case): one for one in entries})

    def spy(self, name: str) -> None:
        """Add an adapter that is right and keeps a record of its imports and runs."""
        self.write(f"adapters/{name}.py", SPY)

    def record(self, name: str) -> Counter[str]:
        """How often a spy was imported, and how often run."""
        record = self.root / "adapters" / f"{name}.record"
        return Counter(record.read_text().splitlines() if record.exists() else ())


def _heed() -> None:
    """Has signals mean what they do: a shell ignores some in what it starts, and passes that on."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)


def gone(number: int, seconds: float = 5) -> bool:
    """Return whether a process ends in time; one that nobody waits for counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def create(root: Path, *adapters: str) -> Project:
    """Create a project with `CASES`, and with fakes of ``tests/harness/adapters`` as its own."""
    project = Project(root)
    for name, text in CASES.items():
        project.write(f"cases/{name}.yaml", text)
    for folder in ("adapters", "tests/harness"):
        (root / folder).mkdir(parents=True)
    for path in ("conftest.py", "pyproject.toml", "tests/test_conformance.py"):
        shutil.copy(ROOT / path, root / path)
    for path in (
        "conformance",
        "adapters/__init__.py",
        "adapters/contract.py",
        "tests/__init__.py",
        "tests/harness/__init__.py",
        "tests/harness/adapters",
    ):
        (root / path).symlink_to(ROOT / path)
    for name in adapters:
        shutil.copy(ROOT / "tests/harness/adapters" / f"{name}.py", root / "adapters")
    return project
