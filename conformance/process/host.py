"""Runs one adapter's cases in a process of its own, and starts it anew when it dies.

A crash, a hang and an exception are outcomes of one case; the next case goes on.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from adapters.contract import Convention
from conformance.casefile.entry import lengths_of, mask_of
from conformance.convention.convention import cotangents, native_inputs, native_weights, offset
from conformance.lstm.case import Case
from conformance.lstm.sample import Sample, draw
from conformance.process import child
from conformance.process.cache import Cache, lend
from conformance.process.framework import Framework, declared
from conformance.process.gateway import Gateway, Here, Lost, Slow, remote

TOLD = ("defaults", "training")  # properties that an adapter has a function for
RESTARTS = 10  # after so many deaths in a row that nothing explains it is not started again


class Down(Exception):  # noqa: N818 (it tells of the process, it is no error of ours)
    """The process died (``crashed``) or gave no answer in time (``hung``)."""

    def __init__(
        self, outcome: Literal["crashed", "hung"], message: str, output: str, killed: bool = False
    ) -> None:
        """`killed` tells that it did not die of its own accord."""
        super().__init__(message)
        self.outcome, self.message, self.output = outcome, message, output
        self.killed = killed
        self.raised: child.Message = {}  # by the adapter's import: see `raised.exception`


class Host:
    """One framework's process, started when first needed and reused for all its cases."""

    def __init__(
        self,
        framework: Framework,
        root: Path,
        timeout: float,
        in_process: bool = False,
        compilations: Path | None = None,
    ) -> None:
        """`timeout` is in seconds, for the start with its imports and for each case.

        `compilations` is a folder for what frameworks compile; where there is none, nothing is
        kept.
        """
        self.framework = framework
        self.asked: Callable[[child.Message], object] = lambda _: None  # is told of each request
        self.request = request  # or what remembers the requests that it has made
        self._root = root
        self._timeout = timeout
        self._in_process = in_process
        # A process on another machine has no way to a folder of this one.
        self._compilations = None if remote(framework.interpreter) else compilations
        self._cache: Cache | None = None
        self._idle = True  # whether the process has answered all that it was asked
        self._gateway: Gateway | Here | None = None
        self._convention: Convention | None = None
        self.controls: dict[Any, Any] = {}  # by layer and dimensions: see `observation.observe`
        self._starts = 0
        self._restarts = RESTARTS
        self._deaths = 0  # in a row, that nothing explains
        self._deaths_before = 0  # the case at hand
        self._case = ""
        self._died_of = ""
        self._asked: dict[str, None] = {}  # ids of the cases put to this process, in order
        self.before: tuple[str, ...] = ()  # those of the process of the last case, before it

    def open(self) -> None:
        """Starts the process without waiting for its framework's import. Raises Down."""
        if self._gateway is not None:
            return
        if self.spent:
            times = f"{self._deaths} times in a row"
            message = f"not run: the process went down {times}; {self._died_of} last"
            raise Down("crashed", message, "")
        self._starts += 1
        self._idle = True
        self._convention = None
        if self._compilations is not None:
            self._cache = lend(self._compilations, _key(self.framework))
        cache = str(self._cache.own) if self._cache else ""
        setup = {"adapter": self.framework.module, "path": [str(self._root)], "cache": cache}
        setup["device"] = self.framework.device
        try:
            self._gateway = (
                Here(self.framework.module, self.framework.device)
                if self._in_process
                else Gateway(self.framework.interpreter, setup)
            )
        except Lost as lost:
            self.close()
            self._deaths += 1
            self._died_of = str(lost)
            raise Down("crashed", str(lost), "", lost.killed) from lost

    @property
    def spent(self) -> bool:
        """Whether the process is not started again."""
        return self._deaths > self._restarts

    def explained(self, case: str) -> None:
        """The deaths at this case, the last that was put, are known: they do not count."""
        if case == self._case:
            self._deaths = self._deaths_before

    @contextlib.contextmanager
    def apart(self, restarts: int) -> Iterator[None]:
        """What is done meanwhile has so many restarts of its own, and takes none of the others."""
        kept = self._deaths, self._restarts
        self._deaths, self._restarts = 0, restarts
        try:
            yield
        finally:
            self._deaths, self._restarts = kept

    def convention(self) -> Convention:
        """What the adapter declares. Raises Down."""
        self.open()
        if self._convention is None:
            loaded = self._receive(time.monotonic() + self._timeout)
            if "exception" in loaded:
                raised = loaded["exception"]
                down = self._down(
                    "crashed",
                    f"{self.framework.module} cannot be imported: {raised['type']}: "
                    f"{raised['message']} ({raised['at']})",
                )
                down.raised = raised
                raise down
            if not loaded["placed"]:
                raise self._down("crashed", f"{self.framework.device} is not there any more")
            self._convention = declared(loaded["convention"])
        return self._convention

    def ask(
        self,
        case: Case,
        sample: Sample | None,
        weights: Mapping[str, Any] | None = None,
        watch: bool = False,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> child.Message:
        """Everything the adapter gives for `case`, by part: see `child.answer`.

        `weights`, by the framework's own names, take the place of those of `sample`. `meanwhile` is
        called while the process is at work.

        Where the process goes down on the way, the parts that came before are returned with
        ``down``, a Down. Where it was killed from outside, the case has one more try, and ``tries``
        says how each of the two ended. Nothing is raised for what a framework does.
        """
        parts = self._ask(case, sample, weights, watch, meanwhile)
        first: Down | None = parts.get("down")
        if first is None or not first.killed:
            return parts
        parts = self._ask(case, sample, weights, watch, meanwhile)
        second: Down | None = parts.get("down")
        parts["tries"] = (first.message, second.message if second else "answered")
        if second is not None and second.killed:
            both = " and ".join(dict.fromkeys(parts["tries"]))
            message = f"killed from outside in both of two tries: {both}"
            parts["down"] = Down("crashed", message, second.output, killed=True)
        return parts

    def _ask(
        self,
        case: Case,
        sample: Sample | None,
        weights: Mapping[str, Any] | None,
        watch: bool,
        meanwhile: Callable[[], object],
    ) -> child.Message:
        """One try of `ask`."""
        parts: child.Message = {}
        if case.id != self._case:  # one that is put in pieces is one
            self._case, self._deaths_before = case.id, self._deaths
        self.before = ()
        try:
            convention = self.convention()
            self.before = tuple(one for one in self._asked if one != case.id)
            self._asked[case.id] = None
            message = self.request(convention, case, sample, weights)
            message = {**message, "watch": True} if watch else message
            self.asked(message)
            self._send(message)
            self._idle = False
            deadline = time.monotonic() + self._timeout
            meanwhile()
            while (part := self._receive(deadline))[0] != "done":
                name, value = part
                parts[name] = value
            self._idle = True
            self._deaths = 0
        except Down as down:
            parts["down"] = down
        return parts

    def close(self) -> None:
        """Ends the process."""
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None
            self._asked.clear()
        if self._cache is not None:
            self._cache.close(keep=self._idle)
            self._cache = None

    def _send(self, message: child.Message) -> None:
        assert self._gateway is not None
        try:
            self._gateway.send(message)
        except Lost as lost:
            raise self._down("crashed", str(lost), lost.killed) from lost

    def _receive(self, deadline: float) -> Any:
        assert self._gateway is not None
        try:
            return self._gateway.receive(max(deadline - time.monotonic(), 0.0))
        except Slow as slow:
            raise self._down("hung", f"no answer within {self._timeout:g} s") from slow
        except Lost as lost:
            raise self._down("crashed", str(lost), lost.killed) from lost

    def _down(
        self, outcome: Literal["crashed", "hung"], message: str, killed: bool = False
    ) -> Down:
        assert self._gateway is not None
        output = self._gateway.tail()
        self.close()
        self._deaths += 1
        self._died_of = message
        return Down(outcome, message, output, killed)


def request(
    convention: Convention,
    case: Case,
    sample: Sample | None,
    weights: Mapping[str, Any] | None = None,
) -> child.Message:
    """What the adapter's process is asked for `case`: see `child.answer`."""
    where = convention, case.layer, case.dimensions
    inputs: dict[str, Any] = {}
    if sample is not None:
        if weights is None:
            weights = native_weights(*where, offset(convention, sample.weights, -1))
        inputs = native_inputs(*where, sample.inputs)
    if case.layer.gradients:
        fed, _ = cotangents(convention, case)
        inputs |= {f"cotangent of {name}": array for name, array in fed.items()}
    dtype = "float64" if case.layer.dtype == "float64" else "float32"
    message = {
        "layer": asdict(case.layer),
        "dimensions": asdict(case.dimensions),
        "weights": _packed(weights or {}, dtype),
        "inputs": _packed(inputs, dtype),
        "run": case.run,
        "describe": not case.must_reject,
        "told": [name for name in TOLD if name in case.record],
    }
    if case.repeat:
        other = _between(case)
        message["between"] = request(convention, other, draw(other))
    return message


def _between(case: Case) -> Case:
    """The call between two that are the same: of other sizes, and with other numbers."""
    dimensions = replace(case.dimensions, **case.repeat)
    lengths = lengths_of(case.layer, dimensions)
    name = f"{case.id}-between"
    mask = mask_of(name, case.layer, dimensions)
    return replace(case, id=name, dimensions=dimensions, lengths=lengths, mask=mask, repeat={})


def _key(framework: Framework) -> str:
    """What is compiled by these versions, and is of no use to any other."""
    versions = [f"{name}-{version}" for name, version in framework.versions.items()]
    where = [] if framework.device == "cpu" else [framework.device]
    return re.sub(r"[^\w.-]", "-", "-".join([framework.name, *versions, *where]))


def _packed(arrays: Mapping[str, Any], dtype: str) -> dict[str, child.Packed]:
    return {
        name: child.packed(array if array.dtype.kind in "bi" else array.astype(dtype))
        for name, array in arrays.items()
    }
