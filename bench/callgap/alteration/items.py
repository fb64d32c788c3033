"""Alters a batch item by item, so that one that cannot be altered leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch

from callgap.audio import AudioBatch, Signal
from callgap.records import OK, ItemStatus, Status

Function = Callable[[Signal, str], Signal]


class NotAlteredError(Exception):
    """An item could not be altered; the message is the reason code."""

    status = Status.FAILED


class UnusableError(NotAlteredError):
    """What was given for an item cannot be used, which is no fault of a system: the item is `excluded`."""

    status = Status.EXCLUDED


def each(batch: AudioBatch, function: Function, sample_rate: int | None = None) -> AudioBatch:
    """Apply a function to each item alone.

    Args:
        batch: items that are not ok pass untouched, and so do those without a sample.
        function: from `[sample]` and the item's id to samples, as many or not.
        sample_rate: of the results, in Hz; None keeps it.

    Returns:
        The batch as `gathered` makes it.
    """
    results = (
        attempt(function, batch.signal(index), item) if is_altered(batch, index) else None
        for index, item in enumerate(batch.item_ids)
    )
    return gathered(batch, results, sample_rate)


def is_altered(batch: AudioBatch, index: int) -> bool:
    """Whether an item has anything to alter: it is ok and has a sample."""
    return batch.statuses[index].status is Status.OK and int(batch.lengths[index]) > 0


def attempt(function: Function, signal: Signal, item: str) -> Signal | ItemStatus:
    """Alter one item.

    Args:
        function: from `[sample]` and the item's id to samples; it raises `NotAlteredError`.
        signal: `[sample]`.
        item: its id.

    Returns:
        Samples in [-1, 1] (what lies outside is clipped), or why there are none: the reason of the error,
        `input_not_finite`, `not_finite` or `no_sound` of a result.
    """
    if not bool(torch.isfinite(signal).all()):
        return ItemStatus(Status.FAILED, "input_not_finite")
    try:
        altered = function(signal, item)
    except NotAlteredError as error:
        return ItemStatus(error.status, str(error))
    if not len(altered):
        return ItemStatus(Status.FAILED, "no_sound")
    if not bool(torch.isfinite(altered).all()):
        return ItemStatus(Status.FAILED, "not_finite")
    return altered.float().clamp(-1, 1).to(signal.device)


def gathered(
    batch: AudioBatch, results: Iterable[Signal | ItemStatus | None], sample_rate: int | None = None
) -> AudioBatch:
    """The batch with what became of its items.

    Args:
        batch: before.
        results: per item its new samples, or why there are none, or None where it stays as it was.
        sample_rate: of the new samples, in Hz; None keeps it. What stays as it was must have none if it changes.

    Returns:
        The new batch; an item without new samples has none.
    """
    signals, statuses = [], list[ItemStatus]()
    for index, result in enumerate(results):
        if isinstance(result, ItemStatus):
            signals.append(batch.signal(index)[:0])
        else:
            signals.append(batch.signal(index) if result is None else result)
        known = batch.statuses[index]
        statuses.append(result if isinstance(result, ItemStatus) else known if result is None else OK)
    return replace(batch.with_signals(signals, sample_rate or batch.sample_rate), statuses=tuple(statuses))
