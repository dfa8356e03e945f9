"""What becomes of a run's outcomes: the progress line, the closing table, and the report.

A pytest plugin of the process that has the terminal; under xdist the workers' test reports reach
it with an attribute `conformance`: an entry's facts, one claim and its result, as plain data.
"""

import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from conformance import plain
from conformance.report import report
from conformance.report.fingerprint import of_code
from conformance.report.report import ClaimEntry, Entry
from conformance.session import digest, summary
from conformance.session.digest import Outcome
from conformance.session.run import Run
from conformance.session.shard import CACHED, remembered

BLINK = 0.1  # seconds
LOG = 100  # characters of a line, where no terminal has fewer
CUT_SHORT = {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR}


NODES = pytest.StashKey[list[Any]]()  # xdist's, where pytest's configuration holds them


class Terminal:
    """Keeps every outcome of a run, shows how far it is, and writes the report at its end."""

    def __init__(self, config: pytest.Config, run: Run, path: Path | None, named: bool) -> None:
        """`path` is the report's, if any; where `named`, options asked for certain cases."""
        self._config, self._run, self._path, self._named = config, run, path, named
        self._ended: set[str] = set()  # tests that no error or crash kept from their end
        self._others = False  # whether a test passed that is no claim on a case
        self._tenths = 0
        self._shown = 0.0  # when the progress line was last written over
        self._quiet: pytest.TestReport | None = None  # told of by the progress line alone
        self._problems: list[str] = []
        self._due = {one.label: run.due(one) for one in run.installed}
        self._spent: defaultdict[str, float] = defaultdict(float)  # seconds of each test
        self._cases: dict[str, tuple[str, str]] = {}  # framework and case of each test
        self._told: dict[str, list[Outcome]] = {"failed": [], "xfailed": []}
        self._missed = 0  # tests without an end in a run that was cut short

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Gives the place of the dots to the progress line; ``-v`` shows each test as ever."""
        category, letter, word = yield
        return (category, "", "") if report is self._quiet else (category, letter, word)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Keeps the outcome, and shows how far the run is."""
        self._spent[report.nodeid] += report.duration
        if report.when == "call" or report.skipped:
            self._ended.add(report.nodeid)
        record = getattr(report, "conformance", None)
        if record is None:
            self._others |= report.when == "call" and report.passed
            if report.when == "call" and report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                message = crash.message if crash else report.longreprtext
                self._told["failed"].append(Outcome(report.nodeid, message))
            return (yield)
        entry = Entry.model_validate(record["entry"])
        result = ClaimEntry.model_validate(record["result"])
        self._cases[report.nodeid] = entry.framework, entry.case
        self._run.record(entry, record["claim"], result)
        if told := {"fails": "failed", "pinned": "xfailed"}.get(result.settled):
            only = entry.model_copy(update={"claims": {record["claim"]: result}})
            outcome = Outcome(report.nodeid, record["message"], only, record["claim"])
            self._told[told].append(outcome)
        if self._config.get_verbosity() <= 0:
            self._quiet = report
            self._progress()
        outcome = yield
        self._quiet = None
        return outcome

    def pytest_keyboard_interrupt(self) -> None:
        """Ends the workers: xdist itself would wait for some seconds before it interrupts them."""
        for node in self._config.stash.get(NODES, []):
            node.gateway._io.popen.terminate()  # neither xdist nor execnet has a public way

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Writes the report; a run that executed no case, or could not write it, fails."""
        if self._config.option.collectonly:
            return
        entries = self._run.entries.values()
        asked = self._named or bool(entries) or exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
        executed = self._others or bool(entries)
        if asked and not executed:
            self._problems.append("no case was executed: a run without one proves nothing")
        self._missed = session.testscollected - len(self._ended)
        whole = not self._missed and exitstatus not in CUT_SHORT
        if self._path is not None:
            try:
                report.write(self._path, self._header(whole), self._run.all_entries())
            except OSError as error:
                self._problems.append(f"--report: {error}")
        self._remember()
        if self._problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Shows frameworks by claims, and what was pinned and what failed in short.

        Where ``-r`` asks for it, pytest lists each test itself.
        """
        reporter, entries = terminalreporter, self._run.entries.values()
        width = _width(reporter)
        sections = []
        if entries:
            run = self._run
            here = {case.id: case for case in run.cases}
            absences = {
                one.label: {
                    name: why
                    for name, why in run.absences(one).items()
                    if run.ours(one, here[name])
                }
                for one in run.installed
            }
            lines = summary.table(self._run.frameworks, entries, width, absences)
            sections.append(("frameworks by claims: cases", lines))
        tests, asked = self._told, reporter.reportchars
        if tests["xfailed"] and "x" not in asked:
            title = f"pinned tests: {len(tests['xfailed'])} (-rx lists each)"
            sections.append((title, list(digest.pinned(tests["xfailed"], width))))
        if tests["failed"] and "f" not in asked:
            title = f"failed tests: {len(tests['failed'])} (-rf lists each)"
            sections.append((title, list(digest.failed(tests["failed"], width))))
        for title, lines in sections:
            reporter.ensure_newline()
            reporter.section(title)
            for line in lines:
                reporter.write_line(line)
        if killed := digest.killed(entries, width):
            reporter.write_line(killed, yellow=True)
        if entries and self._missed:
            told = (
                f"cut short: {self._missed} of {self._missed + len(self._ended)} tests have no end"
            )
            reporter.write_line(told, red=True)
        for problem in self._problems:
            reporter.write_line(plain.line(f"ERROR: {problem}"), red=True)

    def _header(self, whole: bool) -> report.Header:
        run, part = self._run, self._run.shard
        told = report.Part(number=part.number, of=part.of, split=part.split) if part else None
        return report.header(run.frameworks, whole, of_code(run.root), told)

    def _remember(self) -> None:
        """Keeps the seconds of each case for the next ``--shard``.

        Not those of a shard: the next one would be split by others than this.
        """
        kept = getattr(self._config, "cache", None)  # there is none under -p no:cacheprovider
        if kept is None or self._run.shard is not None or not self._cases:
            return
        spent: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for test, (label, case) in self._cases.items():
            spent[label][case] += self._spent[test]
        known = {label: dict(cases) for label, cases in remembered(kept.get(CACHED, {})).items()}
        for label, cases in spent.items():
            known[label] = {**known.get(label, {}), **cases}
        kept.set(CACHED, known)

    def _progress(self) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return
        run, before = self._run, self._tenths
        self._tenths = 10 * len(run.entries) // sum(self._due.values())
        if not reporter.isatty() and self._tenths == before:
            return  # a log has no line to write over
        if reporter.isatty() and self._tenths < 10 and time.monotonic() - self._shown < BLINK:
            return  # counting all entries for every claim would cost more than the claim
        self._shown = time.monotonic()
        width = _width(reporter) - 1  # a full line would go on to the next
        line = summary.progress(self._due, run.entries.values(), width)
        if reporter.isatty():
            reporter.rewrite(line, erase=True)
        else:
            reporter.write(f"\n{line}")


def _width(reporter: pytest.TerminalReporter) -> int:
    """The characters of a line: the terminal's, or where there is none at least `LOG`."""
    columns = reporter._tw.fullwidth
    return columns if reporter.isatty() else max(columns, LOG)
