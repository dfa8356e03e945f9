"""Who does the jobs: processes of this machine, or the workers of a Dask cluster."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from conformance.command import CommandError
from conformance.history.job import Done, Job, done
from conformance.process.parent import die_with

REQUIREMENTS = "requirements-dask.txt"
CONNECT = 10.0  # seconds
LEFT = "what was finished is on record: the same command goes on from there"


def here(jobs: Sequence[Job], count: int, root: Path) -> Iterator[Done]:
    """Each as it is done, by `count` processes. Raises CommandError where one is killed."""
    spawn = multiprocessing.get_context("spawn")  # a fork takes along threads that it has not
    with ProcessPoolExecutor(count, spawn, partial(die_with, signal.SIGTERM)) as pool:
        futures: dict[Future[Done], Job] = {}
        try:
            futures = {pool.submit(done, job, root): job for job in jobs}
            for future in as_completed(futures):
                yield _result(future, futures.pop(future))
        except BrokenProcessPool as error:
            raise CommandError(f"a process was killed: {LEFT}") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children() if futures else ():
                process.terminate()


def dask(jobs: Sequence[Job], address: str) -> Iterator[Done]:
    """Each as it is done, by the workers of the scheduler at `address`. Raises CommandError.

    What a worker had that is gone, another does: a job is told of once, however often it was begun.
    """
    try:
        import distributed
    except ImportError as error:
        told = f"pip install -r {REQUIREMENTS}"
        raise CommandError(f"--dask {address}: distributed is not installed: {told}") from error
    try:
        client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        line = str(error).strip().partition("\n")[0]
        raise CommandError(f"--dask {address}: no scheduler answers: {line}") from error
    with client:
        futures = {client.submit(done, job, pure=False): job for job in jobs}
        for future in distributed.as_completed(list(futures), loop=client.loop):
            yield _result(future, futures[future])
            future.release()


def _result(future: "Future[Done]", job: Job) -> Done:
    """What a future has; what it raises is a problem of its job alone."""
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        return Done(job.release, problem=f"{type(error).__name__}: {error}")
