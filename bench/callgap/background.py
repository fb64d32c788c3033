"""What goes on beside the recognizer: reading ahead of it, and writing behind it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from queue import Queue
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
_WRITTEN_LATER = 16


class Ahead(Generic[Item]):
    """Takes items from where they come slowly, in a thread, so that some are there when they are wanted.

    It is a context manager; leaving it stops the thread and closes the source.
    """

    def __init__(self, items: Generator[Item, None, None], weight: Callable[[Item], float], most: float) -> None:
        """Say what is taken and how much of it may wait.

        Args:
            items: the source; only the thread touches it.
            weight: of an item.
            most: once so much waits, no more is taken.
        """
        self._items, self._weight, self._most = items, weight, most
        self._waiting: deque[Item] = deque()
        self._changed = threading.Condition()
        self._stopped = self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._fill, name="callgap-ahead", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def __iter__(self) -> Iterator[Item]:
        """Pass the items on in their order; an error of the source comes behind those before it."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    break
                item = self._waiting.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def _fill(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:
            # It is raised where the items are taken.
            self._error = error
        finally:
            self._items.close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or sum(map(self._weight, self._waiting)) < self._most)
            if not self._stopped:
                self._waiting.append(item)
                self._changed.notify_all()
            return not self._stopped


class Behind:
    """Does what can be done later, in its order, in a thread of its own.

    It is a context manager; leaving it waits until all is done, and raises what went wrong unless something else is
    being raised.
    """

    def __init__(self) -> None:
        self._actions: Queue[Callable[[], object] | None] = Queue(_WRITTEN_LATER)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="callgap-behind", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._actions.put(None)
        self._thread.join()
        if error is None:
            self._complain()

    def do(self, action: Callable[[], object]) -> None:
        """Have something done, once there is room for it.

        Raises:
            BaseException: what went wrong with an earlier action; none that followed it was done.
        """
        self._complain()
        self._actions.put(action)

    def _complain(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (action := self._actions.get()) is not None:
            if self._error is None:
                try:
                    action()
                except BaseException as error:
                    self._error = error
