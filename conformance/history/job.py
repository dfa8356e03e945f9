"""One release, to be observed by whoever is free: here, or on another machine of the same code."""

import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.command import CommandError
from conformance.process.framework import FrameworkError
from conformance.report.fingerprint import of_code
from conformance.report.kept import SCHEMA, About, Kept, kept
from conformance.upgrade.attempt import Attempt, frameworks, interpreters, put
from conformance.upgrade.canary import Canary
from conformance.upgrade.change import plain_message
from conformance.upgrade.environment import installed, made
from conformance.upgrade.installer import InstallError, Pins
from conformance.upgrade.wanted import Wanted

HERE = Path(__file__).resolve().parents[2]
SCRATCH = ".environments"


@dataclass(frozen=True)
class Job:
    """What is to be done, as plain data: it travels."""

    package: str
    release: str
    attempt: Attempt  # what is put to it, by which plan; its sides are not looked at
    cases: str  # which they are, in words
    code: str  # a hash of that by which it is to be done
    keep: bool  # whether the environment stays where `attempt` has environments
    pins: Pins  # what is installed, where that is known; else it is resolved


@dataclass(frozen=True)
class Done:
    """What came of it: a record for each framework, or why there is none."""

    release: str
    records: tuple[Kept, ...] = ()
    problem: str = ""
    seconds: tuple[float, float] = (0.0, 0.0)  # of the environment, of the cases


def done(job: Job, root: Path = HERE) -> Done:
    """Observes one release with the code at `root`; a problem is told, and not raised."""
    if of_code(root) != job.code:
        return Done(
            job.release, problem="a worker has other code: a checkout of the same is needed"
        )
    where = job.attempt.environments if job.keep else root / SCRATCH
    try:
        with ExitStack() as stack:
            where.mkdir(parents=True, exist_ok=True)
            if not job.keep:
                scratch = tempfile.TemporaryDirectory(dir=where, ignore_cleanup_errors=True)
                where = Path(stack.enter_context(scratch))
            plan = job.attempt.plan
            plan = replace(plan, python=plan.python or sys.executable)
            told = replace(job.attempt, root=root, environments=where, tell=_quiet)
            attempt = replace(told, plan=plan)
            return _done(job, attempt)
    except (CommandError, FrameworkError, InstallError, OSError) as problem:
        return Done(job.release, problem=str(problem).strip() or type(problem).__name__)


def _done(job: Job, attempt: Attempt) -> Done:
    start = time.monotonic()
    if job.pins:
        python = made(attempt.environments, job.pins, attempt.plan.python, _quiet)
    else:
        pin = f"{job.package}=={job.release}"
        (python,) = interpreters(replace(attempt, sides=(Wanted(pin, (pin,), (job.package,)),)))
    there_is = installed(python)
    there = time.monotonic()
    records = []
    for framework in frameworks(attempt, python):
        seen = put(attempt, framework)
        if isinstance(seen, Canary) and not seen.raised:  # nothing that the release has said
            raise CommandError(f"{framework.name}: {seen.outcome}")
        silent = plain_message(seen.outcome) if isinstance(seen, Canary) else None
        about = About(
            kind="release",
            history_schema=SCHEMA,
            framework=framework.name,
            package=job.package,
            release=job.release,
            python=_version(python),
            machine=f"{platform.system()} {platform.machine()}",
            cases=job.cases,
            versions=dict(sorted(framework.versions.items())),
            distributions=dict(sorted(there_is.items())),
            silent=silent,
        )
        home = Path(python).parent.parent
        places = {str(home): "<environment>", str(attempt.root): "<checkout>"}
        records.append(kept(about, [] if isinstance(seen, Canary) else seen, places))
    seconds = there - start, time.monotonic() - there
    return Done(job.release, tuple(records), seconds=seconds)


def _version(python: str) -> str:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [python, "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()


def _quiet(_: str) -> None:
    """Progress of a worker, which nobody sees."""
