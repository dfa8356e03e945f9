"""The bare loop that `conformance.bench.bench` holds the suite against: calls in one process.

``python -m conformance.bench.loop MODULE REQUESTS BEGIN TOLD`` imports an adapter and answers the
requests, each a line of JSON, one after another, from that with the number BEGIN on. It judges
nothing, keeps nothing and imports nothing else of the engine. To the file TOLD it writes a line of
JSON for each thing that took time, and before each request an empty one, so that a request on which
the process died can be told.
"""

import json
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from conformance.process import child


class Stages:
    """Seconds by stage, each without what other stages took inside of it."""

    def __init__(self, tell: Callable[[str, float], object]) -> None:
        """`tell` gets a stage's name and its own seconds."""
        self._tell = tell
        self._ended: list[tuple[float, float]] = []  # beginnings and seconds of those outermost

    def __call__(self, stage: str, seconds: float, now: float | None = None) -> None:
        """A stage ends now, or at `now`, after so many `seconds`."""
        begun = (time.perf_counter() if now is None else now) - seconds
        inside = 0.0
        while self._ended and self._ended[-1][0] >= begun:
            inside += self._ended.pop()[1]
        self._ended.append((begun, seconds))
        self._tell(stage, max(seconds - inside, 0.0))


def loop(module: str, requests: IO[str], begin: int, told: IO[str]) -> None:
    """Answer the requests; raise RuntimeError where the adapter does not load."""

    def tell(part: str, seconds: float) -> None:
        print(json.dumps([part, seconds]), file=told)

    start = time.perf_counter()
    adapter, loaded = child.load(module)
    tell("import", time.perf_counter() - start)
    if adapter is None:
        raise RuntimeError(f"{module} cannot be imported: {loaded['exception']}")
    if stages := getattr(adapter, "stages", None):
        stages(Stages(tell))
    for number, request in enumerate(_read(requests)):
        if number >= begin:
            print(file=told, flush=True)
            for part, value in child.answer(adapter, request):
                if part == "seconds":
                    for name, seconds in value.items():
                        tell(name, seconds)


def _read(requests: IO[str]) -> Iterator[Any]:
    for line in requests:
        yield json.loads(line, object_hook=lambda one: _raw(one) if "base64" in one else one)


def _raw(kept: dict[str, str]) -> bytes:
    return b64decode(kept["base64"])


if __name__ == "__main__":
    with Path(sys.argv[2]).open() as asked, Path(sys.argv[4]).open("a") as lines:
        loop(sys.argv[1], asked, int(sys.argv[3]), lines)
