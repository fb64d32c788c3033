"""Processes of one machine."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.engine.base import Job, Result

_stage: Callable[[Any], Any]
# The second is there when a worker has done the first; more would wait in memory for whoever takes the results.
_JOBS_PER_WORKER = 2


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class LocalEngine:
    """Spreads the jobs over processes of this machine.

    Attributes:
        workers: processes; None starts one per core that this process may use, 0 works in this process.
    """

    workers: Annotated[int, Field(ge=0, le=1024)] | None = None

    def map(self, stage: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Do every job; results come as they are ready, and two per worker are there or on their way at most.

        Raises:
            RuntimeError: a worker died, for example for want of memory.
        """
        workers = self._count() if self.workers is None else self.workers
        if workers == 0 or not jobs:
            yield from map(stage, jobs)
            return
        # Spawned, not forked: this process may hold threads and a CUDA context.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(min(workers, len(jobs)), context, initializer=_start, initargs=(stage,))
        try:
            yield from _done(pool, jobs, workers * _JOBS_PER_WORKER)
        except BrokenProcessPool:
            raise RuntimeError(
                "a worker process died; what was finished is kept, go on with resume=<run directory>"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @staticmethod
    def _count() -> int:
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return usable or 1


def _done(pool: ProcessPoolExecutor, jobs: Sequence[Any], ahead: int) -> Iterator[Any]:
    left = iter(jobs)
    waiting: set[Future[Any]] = {pool.submit(_do, job) for job in islice(left, ahead)}
    while waiting:
        ready = wait(waiting, return_when=FIRST_COMPLETED).done
        while ready:
            done = ready.pop()
            waiting.remove(done)
            yield done.result()
            # Only now: a result that was not taken yet counts among those that are ahead.
            waiting |= {pool.submit(_do, job) for job in islice(left, 1)}


def _start(stage: Callable[[Any], Any]) -> None:
    global _stage
    _stage = stage
    torch.set_num_threads(1)
    # Control-C reaches every process of the terminal; the parent decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A parent that is killed cannot stop its workers: they would wait for jobs forever.
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _do(job: Any) -> Any:
    return _stage(job)
