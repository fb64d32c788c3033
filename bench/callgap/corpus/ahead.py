"""Reads the recordings of a corpus ahead of their turn, on all cores, in an order and a memory that do not change."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

from callgap.corpus.files import Item

_EACH = 4

T = TypeVar("T")
Begun = tuple[list[Item], Iterator[Item]]


def threads() -> int:
    """How many recordings are read at once: one per core; one in a worker process, which has others beside it."""
    if multiprocessing.parent_process() is not None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def items_ahead(rows: Iterable[T], read: Callable[[T], Iterator[Item]], workers: int) -> Iterator[Item]:
    """The items of successive rows.

    Threads suffice: decoding, resampling and waiting for a disk all leave Python's lock. The first item of each of a
    few rows is read ahead; what a long recording has beyond it is read when it is asked for.

    Args:
        rows: one per utterance.
        read: gives the items of one.
        workers: threads; 1 reads in this one.

    Yields:
        The items, in the order of the rows.
    """
    if workers == 1:
        yield from chain.from_iterable(map(read, rows))
        return
    waiting: deque[Future[Begun]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="recording") as pool:
        try:
            for row in rows:
                waiting.append(pool.submit(_begin, read, row))
                if len(waiting) > _EACH * workers:
                    yield from _items(waiting.popleft())
            while waiting:
                yield from _items(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()


def _begin(read: Callable[[T], Iterator[Item]], row: T) -> Begun:
    items = read(row)
    return list(islice(items, 1)), items


def _items(future: Future[Begun]) -> Iterator[Item]:
    first, others = future.result()
    yield from first
    yield from others
