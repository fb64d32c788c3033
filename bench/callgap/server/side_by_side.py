"""Many requests at once from one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from callgap.errors import InputError
from callgap.server.patience import StoppedError

Result = TypeVar("Result")


def side_by_side(
    task: Callable[[int, threading.Event], Result], count: int, concurrency: int
) -> Iterator[tuple[int, Result]]:
    """Do tasks in threads, a few at a time.

    Args:
        task: gets its place, and an event that is set when nobody wants its result any more.
        count: how many there are.
        concurrency: at most so many at once.

    Yields:
        Each place with its result, as they come.

    Raises:
        InputError: a task raised it; the tasks that had begun are finished first and their results yielded.
    """
    if not count:
        return
    stop = threading.Event()
    fault: InputError | None = None
    pool = ThreadPoolExecutor(min(concurrency, count), thread_name_prefix="callgap-http")
    try:
        places = {pool.submit(_unless_stopped, task, place, stop): place for place in range(count)}
        for done in as_completed(places):
            try:
                result = done.result()
            except StoppedError:
                continue
            except InputError as error:
                fault = fault or error
                continue
            yield places[done], result
    finally:
        # Reached early where the results are wanted no more: what has begun cannot be recalled, the rest never begins.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
    if fault is not None:
        raise fault


def _unless_stopped(task: Callable[[int, threading.Event], Result], place: int, stop: threading.Event) -> Result:
    if stop.is_set():
        raise StoppedError
    try:
        return task(place, stop)
    except InputError:
        # Here, and not where results are gathered: the thread takes the next task at once.
        stop.set()
        raise
