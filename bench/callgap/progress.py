"""Says how far long work has come: a bar on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
_LINE_EVERY_S = 60.0


def track(results: Iterable[tuple[int, Item]], total: int, title: str, console: Console) -> Iterator[Item]:
    """Pass results on and show how far they have come.

    Args:
        results: pairs of how many utterances a result holds, and the result.
        total: utterances to come.
        title: what is being done.
        console: where to show it.

    Yields:
        The results.
    """
    if not total:
        return
    if console.is_terminal:
        yield from _bar(results, total, title, console)
    else:
        yield from _lines(results, total, title, console)


def _bar(results: Iterable[tuple[int, Item]], total: int, title: str, console: Console) -> Iterator[Item]:
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total, rate="")
        begin, done = time.monotonic(), 0
        for count, result in results:
            done += count
            progress.update(task, advance=count, rate=f"{done / (time.monotonic() - begin):.0f}/s")
            yield result


def _lines(results: Iterable[tuple[int, Item]], total: int, title: str, console: Console) -> Iterator[Item]:
    begin = last = time.monotonic()
    done = 0
    console.print(f"{title}: {total} utterances", highlight=False)
    for count, result in results:
        done += count
        now = time.monotonic()
        if now - last >= _LINE_EVERY_S and done < total:
            last, rate = now, done / (now - begin)
            left = (total - done) / rate
            console.print(f"{title}: {done} of {total}, {rate:.0f}/s, {left:.0f} s left", highlight=False)
        yield result
    console.print(f"{title}: {done} of {total} in {time.monotonic() - begin:.0f} s", highlight=False)
