"""`conformance.interrupt`: what ends a run from outside does so as Ctrl-C does."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from conformance import __main__ as commands
from conformance.command import Command
from conformance.interrupt import ENDING, deafen, listen, listening


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Give the signals their usual meaning, and then the one that they had."""
    before = {one: signal.signal(one, signal.SIG_DFL) for one in ENDING}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("one", ENDING)
def test_as_ctrl_c(one: signal.Signals) -> None:
    """Each raises KeyboardInterrupt, and a second one does not cut that short."""
    with listening():
        with pytest.raises(KeyboardInterrupt, match=one.name):
            os.kill(os.getpid(), one)
        os.kill(os.getpid(), signal.SIGTERM)
    assert {signal.getsignal(each) for each in ENDING} == {signal.SIG_DFL}


def test_ignored_stays_ignored() -> None:
    """What is ignored, as SIGHUP under nohup, stays so."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard = listen()
    os.kill(os.getpid(), signal.SIGHUP)
    deafen(heard)
    assert heard == (signal.SIGTERM,)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_in_a_thread() -> None:
    """Only the main thread can listen; another does without."""
    heard: list[object] = []
    thread = threading.Thread(target=lambda: heard.append(listen()))
    thread.start()
    thread.join()
    assert heard == [()]


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that is ended says by what, in one line, and has the status 2."""
    for one in ("SIGTERM", "SIGINT"):
        number = getattr(signal, one)
        ends = Command("", lambda *_, number=number: os.kill(os.getpid(), number) or 0)
        monkeypatch.setitem(commands.COMMANDS, "gaps", ends)
        assert (commands.main(["gaps"]), capsys.readouterr().err) == (2, f"{one}\n")
