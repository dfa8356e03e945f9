"""``python -m conformance history`` and ``timeline``."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from packaging.version import InvalidVersion, Version

from conformance import command
from conformance.command import Command, CommandError, progress
from conformance.history import page, pool, shelf
from conformance.history.job import Job
from conformance.report import kept
from conformance.report.fingerprint import of_code
from conformance.report.kept import KeptError
from conformance.upgrade.commands import attempt, chosen
from conformance.upgrade.installer import InstallError, releases

FOLDER = "history"
# Behaviours that most of a run's time goes to, of options that others have as well.
LONG = ("coverage-", "deepbench", "published")
USUAL = f"the default run's but {', '.join(f'{one}*' for one in LONG)}"
EACH = "{release}"  # in a requirement of --with: the release that is tried
tell = partial(command.tell, error=True)


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("package", help="name of a distribution")
    parser.add_argument("--from", dest="first", required=True, metavar="VERSION")
    parser.add_argument("--to", dest="last", metavar="VERSION", help="default: the newest")
    parser.add_argument(
        "--minors", action="store_true", help="of each minor release the last one alone"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="observe what is on record once more, with the same distributions",
    )
    parser.add_argument(
        "--jobs", type=command.count, default=1, metavar="N", help="releases at a time (1)"
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="of a scheduler, whose workers do it")
    chosen(parser)
    # What is put on record has to hold of a machine that does several at a time, too.
    parser.set_defaults(case_timeout=600.0)


def _history(root: Path, given: argparse.Namespace) -> int:
    extra = tuple(given.extra)
    given.extra = [one.replace(EACH, "0") for one in extra]  # to be looked over as requirements
    trial = attempt(root, given, given.package, given.package)
    told = USUAL
    if given.case or given.tag:
        told = " ".join([*given.case, *(f"tag {tag}" for tag in given.tag)])
    else:
        cases = tuple(one for one in trial.cases if not one.behaviour.startswith(LONG))
        trial = replace(trial, cases=cases or trial.cases)
    if given.python == sys.executable:  # a worker elsewhere has its own
        trial = replace(trial, plan=replace(trial.plan, python=""))
    try:
        there = releases(given.package)
    except InstallError as error:
        raise CommandError(f"{given.package}: {error}") from error
    wanted = span(there, given.first, given.last, given.minors)
    folder = root / FOLDER
    code = of_code(root)
    jobs, known = [], 0
    try:
        for framework in trial.frameworks:
            shelf.settle(folder, framework)
        for release in wanted:
            absent = [one for one in trial.frameworks if shelf.missing(folder, one, [release])]
            known += not absent
            names = tuple(one for one in trial.frameworks if (one in absent) is not given.again)
            if names:
                beside = tuple(one.replace(EACH, release) for one in extra)
                put = replace(trial, frameworks=names, plan=replace(trial.plan, extra=beside))
                keep = given.environments is not None
                job = Job(given.package, release, put, told, code, keep, {})
                jobs.append(_again(job, folder) if given.again else job)
    except KeptError as error:
        raise CommandError(str(error)) from error
    tell(f"{len(wanted)} releases, of which {known} are on record")
    return _filled(folder, jobs, root, given)


def _filled(folder: Path, jobs: Sequence[Job], root: Path, given: argparse.Namespace) -> int:
    """Do the jobs and keep what comes; 2 where a release could not be had."""
    status = 0
    if not jobs:
        return status
    made = pool.dask(jobs, given.dask) if given.dask else pool.here(jobs, given.jobs, root)
    for one in progress(made, "observing", len(jobs)):
        if one.problem:
            tell(f"{one.release}: {one.problem.splitlines()[0]}")
            status = 2
        for record in one.records:
            try:
                became = shelf.put(folder, record)
            except KeptError as error:
                raise CommandError(str(error)) from error
            does = f"does not run: {record.about.silent}" if record.about.silent else became
            spent = "environment {:.0f} s, cases {:.0f} s".format(*one.seconds)
            tell(f"{record.about.framework} {one.release}: {does} ({spent})")
    return status


def span(known: Sequence[str], first: str, last: str | None, minors: bool) -> list[str]:
    """The releases from `first` to `last`, the oldest first. Raises CommandError."""
    ends = []
    for option, text in (("--from", first), ("--to", last)):
        try:
            ends.append(Version(text) if text is not None else None)
        except InvalidVersion as error:
            raise CommandError(f"{option} {text}: no version") from error
    low, high = ends
    versions = sorted({Version(one): one for one in known}.items())
    found = [
        (version, one)
        for version, one in versions
        if (low is None or low <= version) and (high is None or version <= high)
    ]
    if not found:
        told = f"--from {first}" + (f" --to {last}" if last else "")
        raise CommandError(
            f"{told}: there is no release from {versions[0][1]} to {versions[-1][1]}"
        )
    if minors:
        return list({version.release[:2]: one for version, one in found}.values())
    return [one for _, one in found]


def _again(job: Job, folder: Path) -> Job:
    """The same cases with the same distributions as are on record, if the release is."""
    for framework in job.attempt.frameworks:
        path = kept.path_of(folder, framework, job.release)
        if path.exists():
            there = kept.read(path)
            cases = tuple(one for one in job.attempt.every if one.id in there.lines)
            about = there.about
            return replace(
                job,
                attempt=replace(job.attempt, cases=cases or job.attempt.cases),
                cases=about.cases,
                pins={name: f"{name}=={one}" for name, one in about.distributions.items()},
            )
    return job


def _timeline(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (it has no arguments)
    try:
        return command.write(root, page.files(root / FOLDER))
    except KeptError as error:
        raise CommandError(str(error)) from error


TIMELINE = Command("write docs/history/ from history/: which release changed what", _timeline)
HISTORY = Command(
    "record what each release of a package does, in history/: 0 all there, 2 some cannot be had",
    _history,
    _history_arguments,
)
