"""What every measure of a voice offers, and how one item that cannot be measured leaves the others alone."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import torch

from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError
from callgap.records import Status

REASON = "reason"
"""Key of the reasons for what could not be measured: a code per item, or None."""

Values = Mapping[str, Sequence[object]]
Found = TypeVar("Found")


class NotMeasuredError(Exception):
    """An item could not be measured; the message is the reason code."""


class Measure(Protocol):
    """Measures voices. What is found of an item depends on the item alone, never on the batch."""

    def measure(self, batch: AudioBatch) -> Values:
        """Measure a batch.

        Args:
            batch: any sample rate.

        Returns:
            By column of the table `voices`, one value per item in their order, None where there is none; and under
            `REASON` why, for the items that are ok and could not be measured.
        """


def each(batch: AudioBatch, function: Callable[[Signal, str], Found]) -> tuple[list[Found | None], list[str | None]]:
    """Measure each item alone.

    Args:
        batch: items that are not ok are not measured.
        function: from `[sample]` and the item's id to what is found; raises `NotMeasuredError`.

    Returns:
        What was found of each item, and why nothing was; `not_finite` and `silent` items are not given to the function.
    """
    found: list[Found | None] = []
    reasons: list[str | None] = []
    for index, (item, status) in enumerate(zip(batch.item_ids, batch.statuses, strict=True)):
        value, reason = None, None
        if status.status is Status.OK:
            try:
                value = function(_heard(batch.signal(index)), item)
            except NotMeasuredError as error:
                reason = str(error)
        found.append(value)
        reasons.append(reason)
    return found, reasons


def packaged(package: str, file: str, title: str) -> Path:
    """Find a file that lies in a package, without importing the package.

    Args:
        package: name of an installed package.
        file: path within it.
        title: of what needs it.

    Returns:
        The file.

    Raises:
        InputError: the package is not installed, or has no such file.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise InputError(f"{title} needs the package {package!r}, which is not installed: pip install 'callgap[voice]'")
    path = Path(found.submodule_search_locations[0]) / file
    if not path.is_file():
        raise InputError(f"{title} needs {file} of the package {package!r}, which lacks it: install another version")
    return path


def _heard(signal: Signal) -> Signal:
    if not bool(torch.isfinite(signal).all()):
        raise NotMeasuredError("not_finite")
    if not bool(signal.any()):
        raise NotMeasuredError("silent")
    return signal
