"""Reads recordings into batches; what cannot be heard is excluded with a reason, never silently dropped."""

from __future__ import annotations

import errno
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.signal
import torch
import torchaudio.functional

from callgap.audio import AudioBatch, Signal, batch_of
from callgap.corpus.sound import Extract, Samples, UnheardError
from callgap.corpus.windows import windows_of
from callgap.errors import InputError
from callgap.records import OK, ItemStatus, Status

BATCH_S = 600.0
"""Seconds of sound, padding included, that a batch of `read_batches` holds at most (or one item, if that is longer)."""

_NOTHING = torch.zeros(0)
_LARGEST_KERNEL = 2**20
_BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Item:
    """One item of a batch to be.

    Attributes:
        utterance_id: the utterance.
        signal: `[sample]` at the rate of the batch.
        window: first and last-plus-one sample within the utterance, at the rate of the recording.
        status: `ok` or `excluded`.
    """

    utterance_id: str
    signal: Signal
    window: tuple[int, int]
    status: ItemStatus


def excluded(utterance_id: str, reason: str) -> Item:
    """The one item of an utterance that cannot be heard."""
    return Item(utterance_id, _NOTHING, (0, 0), ItemStatus(Status.EXCLUDED, reason))


def items_of(utterance_id: str, extract: Extract, sample_rate: int, window_s: float | None) -> Iterator[Item]:
    """Read one utterance.

    Args:
        utterance_id: the utterance.
        extract: which sound.
        sample_rate: Hz to convert to.
        window_s: longest item in seconds; None gives the whole as one.

    Yields:
        Its windows; or one item that is excluded with the reason of `UnheardError`.
    """
    try:
        for window in windows_of(extract, window_s):
            signal = converted(window.samples, window.rate, sample_rate)
            yield Item(utterance_id, signal, (window.begin, window.end), OK)
    except UnheardError as error:
        yield excluded(utterance_id, error.reason)


def read_batches(items: Iterable[Item], sample_rate: int) -> Iterator[AudioBatch]:
    """Gather items into batches of at most `BATCH_S` seconds, in their order.

    Args:
        items: as they are read.
        sample_rate: of their signals, in Hz.

    Yields:
        The batches.
    """
    held: list[Item] = []
    width = 0
    for item in items:
        wider = max(width, len(item.signal))
        if held and wider * (len(held) + 1) > BATCH_S * sample_rate:
            yield _batch(held, sample_rate)
            held, wider = [], len(item.signal)
        held.append(item)
        width = wider
    if held:
        yield _batch(held, sample_rate)


def read_batch(paths: Sequence[Path], utterance_ids: Sequence[str], sample_rate: int) -> AudioBatch:
    """Read several short mono recordings into one batch, an item each.

    Args:
        paths: one per utterance.
        utterance_ids: one per path.
        sample_rate: Hz of the batch.

    Returns:
        The batch; items that cannot be heard are excluded with their reasons.
    """
    named = zip(utterance_ids, paths, strict=True)
    return _batch(
        [item for name, path in named for item in items_of(name, Extract(path), sample_rate, None)], sample_rate
    )


def converted(samples: Samples, rate: int, sample_rate: int) -> Signal:
    """Samples at another rate (windowed-sinc interpolation, Hann window, Smith 2002).

    Args:
        samples: `[sample]`.
        rate: their rate in Hz.
        sample_rate: wanted rate in Hz.

    Returns:
        The signal, `[sample]`.
    """
    common = math.gcd(rate, sample_rate)
    if (rate // common) * (sample_rate // common) <= _LARGEST_KERNEL:
        signal: Signal = torchaudio.functional.resample(
            torch.from_numpy(samples), rate, sample_rate, lowpass_filter_width=32
        )
        return signal
    # Rates with no common divisor: torchaudio would tabulate the filter for every pair of phases, in gigabytes.
    found = scipy.signal.resample_poly(samples, sample_rate // common, rate // common)
    return torch.from_numpy(np.ascontiguousarray(found, np.float32))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    if not path.is_file():
        # A pipe or a device would be read for ever.
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def require_pinned(root: Path, sha256: Mapping[str, str] | None) -> None:
    """Refuse files that are not the ones that were used.

    Args:
        root: the folder that holds them.
        sha256: by name, what it must be, in hexadecimal; None accepts any.

    Raises:
        InputError: a file cannot be read, or is another one.
    """
    for name, pinned in (sha256 or {}).items():
        path = root / name
        try:
            found = sha256_of(path)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        if found != pinned:
            raise InputError(
                f"{path}: its SHA-256 is {found}, accepted by corpus.sha256: {pinned}; corpus.sha256=null accepts any"
            )


def _batch(items: Sequence[Item], sample_rate: int) -> AudioBatch:
    batch = batch_of(
        [item.signal for item in items],
        sample_rate,
        [item.utterance_id for item in items],
        [item.status for item in items],
    )
    windows = torch.tensor([item.window for item in items], dtype=torch.int64).reshape(-1, 2)
    return replace(batch, windows=windows)
