"""The bare loop that `conformance.bench.bench` holds the suite against: calls in one process.

``python -m conformance.bench.loop MODULE REQUESTS`` imports an adapter and answers the pickled
requests one after another. It judges nothing and imports nothing else of the engine.
"""

import pickle
import sys
from pathlib import Path

from conformance.process import child


def loop(module: str, requests: Path) -> None:
    """Answers every request in the file; raises RuntimeError where the adapter does not load."""
    adapter, loaded = child.load(module)
    if adapter is None:
        raise RuntimeError(f"{module} cannot be imported: {loaded}")
    for request in pickle.loads(requests.read_bytes()):
        for _ in child.answer(adapter, request):
            pass


if __name__ == "__main__":
    loop(sys.argv[1], Path(sys.argv[2]))
