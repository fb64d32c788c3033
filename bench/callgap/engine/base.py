"""What every engine offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Engine(Protocol):
    """Applies a stage to batches of work."""

    def map(self, stage: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Do every job, never many more than the results that were taken: memory does not grow with the jobs.

        Args:
            stage: what is done; it and its results can be pickled.
            jobs: independent of each other.

        Yields:
            The results, in the order in which they are ready.
        """
