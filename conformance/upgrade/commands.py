"""The commands on versions: upgrade, diff, bisect, outdated, versions, releases."""

import argparse
import sys
from functools import partial
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance import command
from conformance.casefile.load import load_cases
from conformance.casefile.suggest import hint
from conformance.command import Command, CommandError, progress
from conformance.process.framework import find, shipped
from conformance.report import kept, report
from conformance.session.run import SelectionError, select
from conformance.upgrade.attempt import Attempt, tried
from conformance.upgrade.bisect import between
from conformance.upgrade.comparison import Comparison, comparison
from conformance.upgrade.environment import Plan
from conformance.upgrade.installer import InstallError, releases
from conformance.upgrade.outdated import behind, lines
from conformance.upgrade.page import PAGE, page
from conformance.upgrade.pair import PairError, Side
from conformance.upgrade.pinfile import pins
from conformance.upgrade.release import Releases, bisected
from conformance.upgrade.told import FORMATS
from conformance.upgrade.versions import ENDS, served
from conformance.upgrade.versions import lines as served_lines
from conformance.upgrade.wanted import adapters, beside, both

ENVIRONMENTS = ".environments"
tell = partial(command.tell, error=True)


def _format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def _shown(compared: Comparison, form: str) -> int:
    """Print a comparison, and return the status that it has."""
    show = command.order if form == "github" else command.tell
    show(*FORMATS[form](compared))
    return compared.status


def chosen(parser: argparse.ArgumentParser) -> None:
    """The arguments that say on what, with what and where both sides are tried."""
    parser.add_argument(
        "--with",
        dest="extra",
        action="append",
        default=[],
        metavar="REQUIREMENT",
        help="installed on both sides",
    )
    parser.add_argument(
        "--framework", action="append", default=[], help="default: what runs on the packages named"
    )
    parser.add_argument("--case", action="append", default=[], metavar="GLOB", help="as pytest")
    parser.add_argument("--tag", action="append", default=[], help="as pytest has it")
    parser.add_argument(
        "--no-deps",
        action="store_true",
        help="install what a side names without what it requires, beside the rest with that",
    )
    parser.add_argument(
        "--python",
        default=sys.executable,
        metavar="INTERPRETER",
        help="of which environments are made (default: this one)",
    )
    parser.add_argument(
        "--environments", type=Path, metavar="FOLDER", help=f"default: {ENVIRONMENTS}, in the root"
    )
    parser.add_argument("--case-timeout", type=float, default=120.0, help="as pytest has it")


def attempt(root: Path, given: argparse.Namespace, before: str, after: str) -> Attempt:
    """What is to be tried, by the arguments of `chosen`. Raises CommandError."""
    sides = both(root, before, after)
    names = [name for one in given.framework for name in one.split(",") if name]
    if any("@" in name for name in names):
        raise CommandError(f"--framework {','.join(names)}: the sides say in which interpreter")
    if names:
        find(root, names, missing=True)
    else:
        names = adapters(root, sides)
    for one in given.extra:
        try:
            Requirement(one)
        except InvalidRequirement as problem:
            raise CommandError(f"--with {one}: no requirement") from problem
    cases = load_cases(root)
    try:
        selected = select(cases, given.case, given.tag)
    except SelectionError as error:
        raise CommandError(str(error)) from error
    plan = Plan(tuple(beside(names)), tuple(given.extra), not given.no_deps, given.python)
    return Attempt(
        root,
        sides,
        tuple(names),
        selected,
        tuple(cases),
        plan,
        (given.environments or root / ENVIRONMENTS).absolute(),
        given.case_timeout,
        tell,
    )


def _upgrade_arguments(parser: argparse.ArgumentParser) -> None:
    side = "requirements, a wheel, a folder, an interpreter, a file of pins, or 'installed'"
    parser.add_argument("before", help=side)
    parser.add_argument("after", help="likewise")
    chosen(parser)
    parser.add_argument(
        "--reports", type=Path, metavar="FOLDER", help="keep before.jsonl and after.jsonl there"
    )
    _format(parser)


def _upgrade(root: Path, given: argparse.Namespace) -> int:
    return _shown(
        tried(attempt(root, given, given.before, given.after), given.reports), given.format
    )


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="A", help="of pytest --report, or of history/")
    parser.add_argument("after", type=Path, metavar="B", help="likewise")
    _format(parser)


def _diff(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (reports stand alone)
    try:
        compared = comparison(_side(given.before), _side(given.after))
    except PairError as error:
        raise CommandError(str(error)) from error
    return _shown(compared, given.format)


def _side(path: Path) -> Side:
    try:
        if path.name.endswith(kept.SUFFIX):
            header, entries = kept.as_report(kept.read(path))
        else:
            header, entries = report.read(path)
    except ValueError as error:
        line = str(error).replace("\n", " ")[:200]
        raise CommandError(f"{path}: no report that can be read: {line}") from error
    return Side(str(path), header, entries)


def _bisect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("package", help="name of a distribution")
    parser.add_argument("--good", required=True, metavar="VERSION", help="the older end")
    parser.add_argument("--bad", required=True, metavar="VERSION", help="the newer end")
    parser.add_argument("--all", action="store_true", help="every change between the two ends")
    chosen(parser)


def _bisect(root: Path, given: argparse.Namespace) -> int:
    """Print each release that brought a change; return the worst of their statuses."""
    ends = [f"{given.package}=={version}" for version in (given.good, given.bad)]
    trial = attempt(root, given, *ends)
    try:
        known = releases(canonicalize_name(Requirement(given.package).name), given.python)
    except InstallError as error:
        raise CommandError(f"{given.package}: {error}") from error
    versions = between(known, given.good, given.bad)
    tell(f"{len(versions)} releases from {versions[0]} to {versions[-1]}")
    status, count = 0, 0
    for found in bisected(Releases(given.package, trial), versions, given.all):
        command.tell(*FORMATS["text"](found), "")
        status, count = max(status, found.status), count + 1
    if not count:
        command.tell(f"nothing changed from {versions[0]} to {versions[-1]} but bits and seconds")
    return status


def _outdated_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "package", nargs="*", metavar="NAME", help="of these pins alone (default: of all)"
    )
    parser.add_argument(
        "--run", action="store_true", help="try each upgrade that an adapter runs on: minutes each"
    )
    chosen(parser)


def _outdated(root: Path, given: argparse.Namespace) -> int:
    """Print the pins that are behind; with ``--run`` what each upgrade changes, else return 0."""
    try:
        pinned = pins((root / "constraints.txt").read_text(encoding="utf-8"))
    except ValueError as problem:
        raise CommandError(f"constraints.txt: {problem}") from problem
    wanted: list[str] = [canonicalize_name(name) for name in given.package] or list(pinned)
    if unknown := [name for name in wanted if name not in pinned]:
        raise CommandError(f"{unknown[0]}: not pinned here{hint(unknown[0], list(pinned))}")
    asked = progress([(name, pinned[name]) for name in wanted], "asking for releases")
    try:
        found = list(behind(root, asked, releases))
    except InstallError as error:
        raise CommandError(str(error)) from error
    for one in found:
        command.tell(*lines(one))
    if not found:
        command.tell(f"{len(wanted)} pins, each the newest release that this Python has")
    status = 0
    for one in found if given.run else ():
        if one.adapters:
            ends = [f"{one.package}=={version}" for version in (one.pinned, one.newest)]
            compared = tried(attempt(root, given, *ends))
            command.tell("", *FORMATS["text"](compared))
            status = max(status, compared.status)
    return status


def _versions_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("adapter", nargs="*", metavar="NAME", help="of these alone")
    parser.add_argument(
        "--environments", type=Path, metavar="FOLDER", help=f"default: {ENVIRONMENTS}, in the root"
    )
    parser.add_argument("--end", choices=ENDS, action="append", help="of these alone")
    parser.add_argument("--case-timeout", type=float, default=120.0, help="as pytest has it")


def _versions(root: Path, given: argparse.Namespace) -> int:
    """Print what became of each adapter on its oldest and its newest; 1 where one failed."""
    known = shipped(root)
    if unknown := [name for name in given.adapter if name not in known]:
        raise CommandError(f"{unknown[0]}: no such adapter{hint(unknown[0], known)}")
    cases = load_cases(root)
    status = 0
    for name in given.adapter or known:
        trial = Attempt(
            root,
            (),
            (name,),
            select(cases, [], []),
            tuple(cases),
            Plan(tuple(beside([name]))),
            (given.environments or root / ENVIRONMENTS).absolute(),
            given.case_timeout,
            tell,
        )
        for one in served(trial, given.end or ENDS):
            command.tell(*served_lines(one))
            status = max(status, int(bool(one.failed)))
    return status


def _releases(root: Path, given: argparse.Namespace) -> int:  # noqa: ARG001 (it has none)
    return command.write(root, {PAGE: page(root)})


UPGRADE = Command(
    "what changes from one version to another: 0 nothing breaking, 1 breaking, 2 not comparable",
    _upgrade,
    _upgrade_arguments,
)
DIFF = Command(
    "what changed from one report to another: 0 nothing breaking, 1 breaking, 2 not comparable",
    _diff,
    _diff_arguments,
)
BISECT = Command(
    "the first release in which something changed: 0 nothing breaking, 1 breaking, 2 cannot tell",
    _bisect,
    _bisect_arguments,
)
OUTDATED = Command(
    "pins behind the newest release, and with --run what each upgrade would change",
    _outdated,
    _outdated_arguments,
)
VERSIONS = Command(
    "whether each adapter runs on the oldest and the newest releases that it serves",
    _versions,
    _versions_arguments,
)
RELEASES = Command("write docs/releases.md", _releases)
