"""A child process behind execnet: started, spoken to, and ended, whatever it does to itself."""

import contextlib
import itertools
import os
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import execnet

from conformance.process import child

GLANCE = 0.2  # seconds between two looks at whether a silent process is still there
PAUSE = 0.005  # seconds between two looks at whether a process that is to end is gone
WAIT = 1.0  # seconds that a process that cannot be spoken to has for its last words
# Of the child's output that a failure shows: lines, their ends, and what is read for that.
TAIL, TAIL_WIDTH, TAIL_BYTES = 20, 500, 65_536
MAX_OUTPUT = 2**20  # bytes that are kept of it from one case to the next
# What others send, as the kernel where memory runs out; a process of its own accord dies of others.
FROM_OUTSIDE = frozenset(
    {"SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGXCPU"}
)


# Of an execnet specification: what it may begin with, and what may stand behind that.
REMOTE = ("ssh", "vagrant_ssh", "socket")
OLDEST = (3, 10)  # of Python: what runs beside a framework is written for it
BESIDE = ("python", "chdir", "nice", "ssh_config")


def remote(interpreter: str) -> bool:
    """Whether an interpreter is an execnet specification, of one on another machine."""
    return interpreter.partition("=")[0] in REMOTE


def mistake(interpreter: str) -> str:
    """What is wrong with an interpreter that is asked for, before it is started; "" for nothing."""
    if not remote(interpreter):
        if "=" in interpreter and not Path(interpreter).exists():
            begins = ", ".join(f"{key}=" for key in REMOTE)
            return f"there is no such file, and it is no specification: those begin with {begins}"
        return ""
    parts = [part.partition("=") for part in interpreter.split("//")]
    keys = [key for key, _, _ in parts]
    for place, (key, equals, value) in enumerate(parts):
        if not equals or not value:
            return f"{key!r} has no value: it is KEY=VALUE//KEY=VALUE, and no value has a //"
        if place and key not in BESIDE and not key.startswith("env:"):
            return f"the key {key!r} is not one of {', '.join(BESIDE)}, env:NAME"
        if keys.count(key) > 1:
            return f"the key {key!r} stands there more than once"
        if key == "socket" and not value.rpartition(":")[2].isdecimal():
            return f"a socket is HOST:PORT, not {value!r}"
        if key == "nice" and not value.lstrip("-").isdecimal():
            return f"nice is a number, not {value!r}"
    return ""


def try_out(interpreter: str, timeout: float) -> None:
    """Raises Lost where what is there is no Python, and Slow where it is silent for `timeout`.

    execnet would wait for its answer for ever. What is on another machine is not tried.
    """
    if remote(interpreter):
        return
    # In one piece, also where it does not buffer.
    told = "import sys; sys.stdout.write('%d %d' % sys.version_info[:2])"
    command = [interpreter, "-c", told]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as problem:
        raise Lost(f"could not start: {problem}") from problem
    with process:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], timeout)
        said = os.read(process.stdout.fileno(), 99) if ready else b""  # one that does not end, too
        process.kill()
    if not ready:
        raise Slow(f"no answer within {timeout:g} s")
    version = re.fullmatch(rb"(\d+) (\d+)", said)
    if version is None:
        raise Lost("it is no Python")
    if (found := tuple(map(int, version.groups()))) < OLDEST:
        raise Lost(f"Python {found[0]}.{found[1]}, older than {OLDEST[0]}.{OLDEST[1]}")


class Lost(Exception):  # noqa: N818 (it tells of the process, it is no error of ours)
    """The process died: the message says of what, in one line."""

    @property
    def killed(self) -> bool:
        """Whether somebody else ended it."""
        return str(self) in FROM_OUTSIDE


class Slow(Exception):  # noqa: N818 (likewise)
    """The process gave no answer in time."""


class Gateway:
    """One child process running `child.serve`, with its output kept in a file."""

    def __init__(self, interpreter: str, setup: dict[str, Any]) -> None:
        """`interpreter` is a path, an execnet specification (``ssh=...``), or "" for this one."""
        away = remote(interpreter)
        # Another machine cannot write into a file of this one: its output is not kept.
        self._output = None if away else Path(_temporary())
        self._group = execnet.Group()
        self._channel: Any = None
        self._gateway: Any = None
        try:
            spec = execnet.XSpec(interpreter if away else "popen")
            if interpreter and not away:  # not in the text, whose parts a // in a path would divide
                spec.python = shlex.quote(interpreter)
            self._gateway = self._group.makegateway(spec)
            self._channel = self._gateway.remote_exec(child.START)
            self._channel.send({**setup, "output": self._output and str(self._output)})
        except (OSError, EOFError, ValueError, execnet.HostNotFound) as problem:
            self.close()
            raise Lost(f"could not start: {problem}") from problem

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, message: Any) -> None:
        """Hands a message over. Raises Lost."""
        if self._output is not None and self._output.stat().st_size > MAX_OUTPUT:
            os.truncate(self._output, 0)  # what is written to it is appended
        try:
            self._channel.send(message)
        except OSError as problem:
            raise self._lost() from problem

    def receive(self, timeout: float) -> Any:
        """The next message. Raises Slow after `timeout` seconds, Lost where there will be none."""
        deadline = time.monotonic() + timeout
        dead = False
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            try:
                return self._channel.receive(min(left, GLANCE))
            except self._channel.TimeoutError as problem:
                if dead:  # what it had sent has been read by now
                    raise Lost(self._obituary()) from problem
                # A child of its own may hold the pipe open: its death is not told by that.
                dead = self._is_dead()
                if left <= GLANCE and not dead:
                    raise Slow(f"no answer within {timeout:g} s") from problem
            except EOFError as problem:
                raise Lost(self._obituary()) from problem
            except self._channel.RemoteError as problem:
                raise Lost(_last_words(problem)) from problem

    def tail(self) -> str:
        """The last lines that the process wrote to stdout or stderr."""
        if self._output is None or not self._output.exists():
            return ""
        with self._output.open("rb") as output:
            output.seek(max(output.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            lines = output.read().decode("utf-8", errors="replace").splitlines()
        return "\n".join(line[-TAIL_WIDTH:] for line in lines[-TAIL:])

    def close(self) -> None:
        """Ends the process, by force where it does not go, and removes its output file."""
        if self._channel is not None and not self._channel.isclosed():
            with contextlib.suppress(OSError):
                self._channel.send(None)  # it leaves at once: execnet's own farewell takes a second
        self._end()
        self._group.terminate(timeout=1)
        if self._output is not None:
            with contextlib.suppress(FileNotFoundError):
                self._output.unlink()

    def _lost(self) -> Lost:
        # One that raised has closed its channel and lives on: its death would be long in coming.
        try:
            self._channel.waitclose(WAIT)
        except self._channel.RemoteError as problem:
            return Lost(_last_words(problem))
        except (EOFError, self._channel.TimeoutError):
            pass
        return Lost(self._obituary())

    @property
    def _process(self) -> Any:
        # execnet has no public way to a process that it started; a socket has none.
        return getattr(getattr(self._gateway, "_io", None), "popen", None)

    def _is_dead(self) -> bool:
        """Whether the process has ended; it is left to be waited for, so that its number is its."""
        process = self._process
        if process is None or process.returncode is not None:
            return process is not None
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, process.pid, how) is not None
        except ChildProcessError:
            return True

    def _end(self) -> None:
        """Ends the process, if it was started here, and what it has started, by force after WAIT.

        Processes in its group have its number, which is nobody else's until it is waited for.
        """
        process = self._process
        deadline = time.monotonic() + WAIT
        while process is not None and not self._is_dead() and time.monotonic() < deadline:
            time.sleep(PAUSE)
        if process is not None and process.returncode is None:
            with contextlib.suppress(OSError):
                if os.getpgid(process.pid) == process.pid:  # not before it has made its group
                    os.killpg(process.pid, signal.SIGKILL)

    def _obituary(self) -> str:
        self._end()
        code = self._gateway._io.wait()
        if code is not None and code < 0:
            names = {one.value: one.name for one in signal.Signals}
            return names.get(-code, f"signal {-code}")  # real-time signals have no names
        return f"exit code {code}"


def _last_words(problem: Exception) -> str:
    said = str(problem).strip().splitlines()[-1]
    # What execnet says of the one signal that Python makes an exception of.
    return "SIGINT" if said == "keyboard-interrupted" else said


def _temporary() -> str:
    handle, path = tempfile.mkstemp(prefix="conformance-", suffix=".log")
    os.close(handle)
    return path


class Here:
    """The same conversation without a process, so that a debugger stops inside the adapter.

    Nothing guards it: a crash or a hang of the framework is one of this process.
    """

    def __init__(self, module: str, device: str = "cpu") -> None:
        self._adapter, loaded = child.load(module, device=device)
        self._waiting: Iterator[Any] = iter([loaded])

    def send(self, message: Any) -> None:
        """Hands a request over."""
        self._waiting = itertools.chain(child.answer(self._adapter, message), [("done", None)])

    def receive(self, timeout: float) -> Any:  # noqa: ARG002 (nothing here can cut it short)
        """The next part of the answer, however long it takes."""
        return next(self._waiting)

    def tail(self) -> str:
        """Nothing: what the framework wrote is on the terminal."""
        return ""

    def close(self) -> None:
        """Nothing to end."""
