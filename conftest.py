"""pytest wiring: options, parametrization, header, scheduling, report. The engine judges."""

import contextlib
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from conformance import interrupt, outfile, plain
from conformance.casefile.known import Ground, load_deviations, load_records
from conformance.casefile.load import CaseError, load_cases
from conformance.claim.asked import ever_asked
from conformance.claim.check import CLAIMS, claims_on
from conformance.claim.pins import about, applicable, settle
from conformance.claim.verdict import Verdict
from conformance.command import ALL
from conformance.process import cache, parent
from conformance.process.framework import (
    Framework,
    FrameworkError,
    beside,
    find,
    named,
    shipped,
)
from conformance.process.host import Down
from conformance.process.observation import Observation
from conformance.process.source import DEVICES
from conformance.report import report
from conformance.session import failure, summary
from conformance.session.run import RUN, Run, SelectionError, select
from conformance.session.shard import (
    CACHED,
    Seconds,
    Shard,
    ShardError,
    remembered,
    reported,
    shard,
)
from conformance.session.terminal import NODES, Terminal
from conformance.session.watch import Watch

RECORD = pytest.StashKey[dict[str, Any]]()
HEARD = pytest.StashKey[tuple[signal.Signals, ...]]()
SECONDS = pytest.StashKey[Seconds]()  # by which a run is split
ROOT = Path(__file__).parent
DAY = 86_400


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "LSTM conformance")
    group.addoption(
        "--framework",
        action="append",
        default=[],
        metavar="NAME[@INTERPRETER]",
        help="frameworks to run, repeatable or with commas; NAME is a file of adapters/ or a "
        "dotted module, INTERPRETER a path or an execnet specification (default: all installed)",
    )
    group.addoption(
        "--case", action="append", default=[], metavar="GLOB", help="run the cases with such ids"
    )
    group.addoption(
        "--tag", action="append", default=[], metavar="TAG", help="run the cases that bear TAG"
    )
    group.addoption(
        "--shard", metavar="I/N", help="of N parts that take about as long, run the I-th: 2/5"
    )
    group.addoption(
        "--shard-by",
        type=Path,
        metavar="REPORT",
        help="take the seconds of each case from a report (default: from the last run's)",
    )
    group.addoption(
        "--device",
        choices=DEVICES,
        default="cpu",
        help="what the frameworks run on; where a framework finds none it is not installed, and "
        "never passes (default: cpu)",
    )
    group.addoption("--report", type=Path, metavar="FILE", help="write observations as JSON Lines")
    group.addoption(
        "--case-timeout",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="after so long without an answer a framework counts as hung (default: 120)",
    )
    group.addoption(
        "--in-process", action="store_true", help="run adapters in pytest's process, to debug them"
    )
    group.addoption(
        "--no-compilation-cache",
        action="store_true",
        help="compile all anew, and keep nothing of it in pytest's cache folder",
    )


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    config.stash[HEARD] = interrupt.listen()
    if hasattr(config, "workerinput"):
        parent.die_with(signal.SIGTERM)  # as a run is ended, and not as it dies
    try:
        labels = named(option.framework)
        cases = load_cases(ROOT)
        handed = getattr(config, "workerinput", {}).get("frameworks")
        frameworks = (
            tuple(map(Framework.of, handed)) if handed else find(ROOT, labels, device=option.device)
        )
        ground = Ground(cases, shipped(ROOT), beside(frameworks))
        there = {one.name: one for one in frameworks}
        deviations = load_deviations(
            ROOT,
            ground,
            lambda name, case: ever_asked(there[name], case) if name in there else claims_on(case),
        )
        records = load_records(ROOT, ground)
        installed = [one for one in frameworks if not one.missing]
        config.stash[RUN] = Run(
            root=ROOT,
            frameworks=frameworks,
            cases=select(cases, option.case, option.tag),
            deviations=about(installed, deviations),
            records=applicable(installed, records),
            timeout=option.case_timeout,
            in_process=option.in_process,
            globs=tuple(option.case),
            tags=tuple(option.tag),
            compilations=_compilations(config),
        )
        config.stash[RUN].shard = _shard(config)
    except (CaseError, FrameworkError, SelectionError, ShardError) as error:
        raise pytest.UsageError(plain.lines(error, ALL)) from error
    if not 0 < option.case_timeout <= DAY:
        told = f"seconds, more than 0 and at most {DAY:,}"
        raise pytest.UsageError(f"--case-timeout {option.case_timeout:g}: {told}")
    if "--report" in config.invocation_params.args:
        # pytest looks for its root at every word that is a path, before it knows of our options.
        told = "where the file is there, pytest takes it for a test"
        raise pytest.UsageError(f"--report FILE: write --report=FILE: {told}")
    if "--shard-by" in config.invocation_params.args:
        raise pytest.UsageError("--shard-by REPORT: write --shard-by=REPORT, as with --report")
    if option.report is not None and (why := outfile.refusal(option.report)):
        raise pytest.UsageError(plain.line(f"--report={option.report}: {why}"))
    if not hasattr(config, "workerinput"):  # a worker of xdist has no terminal
        chosen = bool(labels or option.case or option.tag or option.report)
        terminal = Terminal(config, config.stash[RUN], option.report, chosen)
        config.pluginmanager.register(terminal, "conformance-terminal")
        watch = Watch()
        config.pluginmanager.register(watch, "conformance-watch")
        with contextlib.suppress(OSError):  # started without a standard output
            watch.start(descriptor=1)  # which nothing captures yet


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUN in config.stash:
        config.stash[RUN].close()
    interrupt.deafen(config.stash.get(HEARD, ()))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    # Interpreters are asked once, not by every worker.
    frameworks = node.config.stash[RUN].frameworks
    node.workerinput["frameworks"] = [one.plain() for one in frameworks]
    node.workerinput["seconds"] = node.config.stash[SECONDS]
    node.config.stash.setdefault(NODES, []).append(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.option.dist != "load":  # what -n alone means; another --dist was chosen by hand
        return None
    from conformance.session.schedule import FrameworkScheduling  # needs xdist

    labels = [framework.label for framework in config.stash[RUN].frameworks]
    return FrameworkScheduling(config, log, labels)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Has the first framework start while pytest collects; a worker of xdist is told its own."""
    run, option = session.config.stash[RUN], session.config.option
    shared = hasattr(session.config, "workerinput") or getattr(option, "dist", "no") != "no"
    if run.installed and not (shared or option.collectonly or option.in_process):
        with contextlib.suppress(Down):  # the first case tells of it
            run.host(run.installed[0]).open()


def pytest_report_header(config: pytest.Config) -> list[str]:
    run = config.stash[RUN]
    pins = applicable(run.installed, run.deviations)
    unsteady = sum(pin.unsteady for pin in pins)
    counted = f"{len(run.cases)} cases, {len(pins)} pinned deviations"
    lines = [f"conformance: {counted}" + (f" ({unsteady} unsteady)" if unsteady else "")]
    if run.shard is not None:
        lines.append(f"shard: {run.shard}: {sum(map(run.due, run.installed))} cases")
    for framework in run.installed:
        lines.append(f"framework: {framework}{summary.put_off(run.absences(framework))}")
        if config.get_verbosity() > 0:
            lines += summary.reasons(run.absences(framework))
    for framework in run.frameworks:
        if framework.missing:
            lines.append(f"not installed: {framework.label} ({', '.join(framework.missing)})")
    kept = run.compilations
    told = f"{kept} ({cache.size(kept) / 1e6:.1f} MB)" if kept else "off"
    lines.append(f"compilation cache: {told}")
    return [plain.line(line) for line in lines]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "observation" in metafunc.fixturenames:
        run = metafunc.config.stash[RUN]
        pairs = list(run.pairs(_claim(metafunc.function)))
        ids = [f"{framework.label}-{case.id}" for framework, case in pairs]
        metafunc.parametrize("observation", pairs, ids=ids, indirect=True, scope="session")
    if "keeping" in metafunc.fixturenames:
        installed = metafunc.config.stash[RUN].installed
        keeping = [one for one in installed if "keep_compilations" in one.functions]
        metafunc.parametrize("keeping", keeping, ids=[one.label for one in keeping])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the claims on one observation side by side, so that each case runs once."""
    run = config.stash[RUN]
    labels = {framework.label: place for place, framework in enumerate(run.frameworks)}
    ids = {case.id: place for place, case in enumerate(run.cases)}
    claims = list(CLAIMS)

    def rank(item: pytest.Item) -> tuple[int, ...]:
        framework, case = item.callspec.params["observation"]  # type: ignore[attr-defined]
        claim = claims.index(_claim(item.function))  # type: ignore[attr-defined]
        return labels[framework.label], ids[case.id], claim

    others, ours = [], []
    for item in items:
        if "observation" not in getattr(item, "fixturenames", ()):
            others.append(item)
        elif isinstance(item.callspec.params["observation"], tuple):  # type: ignore[attr-defined]
            ours.append(item)
        # pytest makes one item, to be skipped, of a claim that no selected case is put to: no item.
    if run.shard is not None:  # of what is no case, each test goes to one of the shards in turn
        dropped = [
            one for place, one in enumerate(others) if place % run.shard.of + 1 != run.shard.number
        ]
        others = [one for one in others if one not in dropped]
        config.hook.pytest_deselected(items=dropped)
    items[:] = others + sorted(ours, key=rank)


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """What this run was asked for."""
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def observation(request: pytest.FixtureRequest) -> Observation:
    """What the framework did with the case: run once, whatever number of claims look at it."""
    framework, case = request.param
    return request.config.stash[RUN].observe(framework, case)


@pytest.fixture(scope="session")
def entry(observation: Observation) -> dict[str, Any]:
    """The same as the report has it, before any claim is judged: as plain data, made once."""
    return report.entry(observation).model_dump(mode="json")


@pytest.fixture
def judge(
    request: pytest.FixtureRequest, observation: Observation, entry: dict[str, Any]
) -> Callable[[Verdict], None]:
    """Passes, fails or expects the failure; and keeps it for the report."""
    claim = _claim(request.function)

    def judge(verdict: Verdict) -> None:
        run = request.config.stash[RUN]
        settled = settle(observation, claim, verdict, run.deviations)
        alone = run.alone(observation, claim) if settled.kind == "fails" else None
        told = alone.entry() if alone else None
        request.node.stash[RECORD] = {
            "entry": entry,
            "claim": claim,
            "message": settled.message.partition("\n")[0],
            "result": report.claim(verdict, settled, told).model_dump(mode="json"),
        }
        if settled.kind == "fails":
            message = failure.text(
                observation,
                claim,
                settled.message,
                request.node.nodeid,
                alone,
                globs=run.globs,
                tags=run.tags,
            )
            pytest.fail(plain.lines(message), pytrace=False)
        if settled.kind == "pinned" and settled.pin is not None:
            run.explained(observation, settled.pin)
            # Not by pytest.xfail, whose traceback is made, with its source, for nobody to read.
            raise pytest.xfail.Exception(plain.lines(settled.message), pytrace=False)

    return judge


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    made = yield
    if made.when == "call" and RECORD in item.stash:
        made.conformance = item.stash[RECORD]  # an attribute of plain data travels through xdist
    return made


def _shard(config: pytest.Config) -> Shard | None:
    """The shard that was asked for, if any. Raises ShardError."""
    option = config.option
    config.stash[SECONDS] = {}
    if option.shard is None:
        if option.shard_by is not None:
            raise ShardError(f"--shard-by={option.shard_by}: of what shard? --shard I/N says it")
        return None
    handed = getattr(config, "workerinput", {}).get("seconds")
    kept = getattr(config, "cache", None)
    told = "by the seconds of the last run"
    if handed is not None:
        config.stash[SECONDS] = handed
    elif option.shard_by is not None:
        config.stash[SECONDS] = reported(option.shard_by)
        told = f"by the seconds of {option.shard_by}"
    elif kept is not None:
        config.stash[SECONDS] = remembered(kept.get(CACHED, {}))
    return shard(option.shard, config.stash[RUN].every(), config.stash[SECONDS], told)


def _compilations(config: pytest.Config) -> Path | None:
    """Where what frameworks compile is kept; None where nothing is to be, or can be."""
    kept = getattr(config, "cache", None)  # there is none under -p no:cacheprovider
    if kept is None or config.option.no_compilation_cache or config.option.in_process:
        return None
    try:
        return Path(kept.mkdir("conformance-compilations"))
    except OSError:  # a folder that is not ours to write to
        return None


def _claim(function: Callable[..., object]) -> str:
    return function.__name__.removeprefix("test_")
