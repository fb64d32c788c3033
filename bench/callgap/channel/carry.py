"""Carries a batch item by item, so that one that cannot be carried leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Int16

from callgap.audio import AudioBatch, Signal
from callgap.records import OK, ItemStatus, Status


class NotCarriedError(Exception):
    """An item could not be carried; the message is the reason code."""


def carry(batch: AudioBatch, function: Callable[[Signal, str], Signal]) -> AudioBatch:
    """Apply a function to each item alone; the rate stays.

    Args:
        batch: items that are not ok pass untouched, and so do those without a sample.
        function: from `[sample]` and the item's id to as many samples.

    Returns:
        The batch; items for which the function raised `NotCarriedError` are `failed` with its reason and have no
        samples, and so are items whose samples are not all finite (`not_finite`) and of which a part was lost
        (`cut_short`).
    """
    statuses = list(batch.statuses)
    signals = [batch.signal(index) for index in range(len(batch))]
    for index, (signal, item, status) in enumerate(zip(signals, batch.item_ids, batch.statuses, strict=True)):
        if status.status is not Status.OK or not len(signal):
            continue
        signals[index], failure = _carried(signal, item, function)
        statuses[index] = status if failure is OK else failure
    return replace(batch.with_signals(signals, batch.sample_rate), statuses=tuple(statuses))


def _carried(signal: Signal, item: str, function: Callable[[Signal, str], Signal]) -> tuple[Signal, ItemStatus]:
    if not bool(torch.isfinite(signal).all()):
        return signal[:0], ItemStatus(Status.FAILED, "not_finite")
    try:
        heard = function(signal, item)
    except NotCarriedError as error:
        return signal[:0], ItemStatus(Status.FAILED, str(error))
    if len(heard) != len(signal):
        return signal[:0], ItemStatus(Status.FAILED, "cut_short")
    return heard, OK


def to_pcm(signal: Signal) -> Int16[np.ndarray, " sample"]:
    """Round to 16 bits.

    Args:
        signal: float32 `[sample]`; what lies outside [-1, 1) is clipped.

    Returns:
        The samples times 32,768, rounded half to even.
    """
    return np.clip(np.rint(signal.cpu().numpy() * np.float32(32768)), -32768, 32767).astype(np.int16)


def from_pcm(pcm: Int16[np.ndarray, " sample"], device: torch.device) -> Signal:
    """The samples divided by 32,768, float32 in [-1, 1)."""
    return torch.from_numpy(pcm.astype(np.float32) / np.float32(32768)).to(device)


def padded(pcm: Int16[np.ndarray, " sample"], delay: int, block: int) -> Int16[np.ndarray, " sample_padded"]:
    """Append the silence that drives a codec's last sample out of it.

    Args:
        pcm: 16-bit samples.
        delay: of the codec, in samples.
        block: what the codec works on at a time, in samples.

    Returns:
        The samples and at least `delay` zeros, a whole number of blocks.
    """
    return np.pad(pcm, (0, delay + -(len(pcm) + delay) % block))
