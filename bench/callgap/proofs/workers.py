"""Spreads simulations over the cores; the results depend on their seeds alone, never on how many cores there are."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from callgap_kernels.tier import compile_at_once

Task = TypeVar("Task")
Result = TypeVar("Result")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_LINE_EVERY_S = 30.0


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: int, title: str | None = None
) -> list[Result]:
    """Do all tasks.

    Args:
        work: a function of a module, which a new process can import.
        tasks: what it is called with, one after the other.
        workers: processes; 1 does the work in this one.
        title: of the lines of progress; None shows none.

    Returns:
        Results in the order of the tasks.
    """
    results = _mapped(work, tasks, workers)
    return list(results if title is None else _shown(results, len(tasks), title))


def _mapped(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    if workers == 1:
        yield from map(work, tasks)
        return
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        # A process that is forked would inherit locks that threads hold.
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=compile_at_once) as pool:
            yield from pool.map(work, tasks)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _shown(results: Iterable[Result], total: int, title: str) -> Iterator[Result]:
    begin = last = time.monotonic()
    for done, result in enumerate(results, 1):
        now = time.monotonic()
        if now - last >= _LINE_EVERY_S and done < total:
            last, left = now, (now - begin) / done * (total - done)
            print(f"{title}: {done} of {total}, {left:.0f} s left", file=sys.stderr, flush=True)
        yield result
    print(f"{title}: {total} of {total} in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
