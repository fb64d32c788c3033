"""Reads recordings from files; a file that cannot be heard is excluded with a reason, never silently dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import soundfile
import torch
import torchaudio.functional

from callgap.audio import AudioBatch, Signal, batch_of
from callgap.records import OK, ItemStatus, Status

_NOTHING = torch.zeros(0)


def read_signal(path: Path, sample_rate: int) -> tuple[Signal, ItemStatus]:
    """Read one mono recording.

    Args:
        path: a file that libsndfile reads.
        sample_rate: Hz to convert to.

    Returns:
        float32 `[sample]` in [-1, 1], and `ok` or `excluded` with one of the reasons `missing_audio`,
        `unreadable_audio`, `several_channels`, `empty_audio`, `not_finite`.
    """
    if not path.is_file():
        return _NOTHING, ItemStatus(Status.EXCLUDED, "missing_audio")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return _NOTHING, ItemStatus(Status.EXCLUDED, "unreadable_audio")
    if samples.shape[1] != 1:
        return _NOTHING, ItemStatus(Status.EXCLUDED, "several_channels")
    signal = torch.from_numpy(samples[:, 0].copy())
    if not len(signal):
        return _NOTHING, ItemStatus(Status.EXCLUDED, "empty_audio")
    if not bool(torch.isfinite(signal).all()):
        return _NOTHING, ItemStatus(Status.EXCLUDED, "not_finite")
    return torchaudio.functional.resample(signal, rate, sample_rate, lowpass_filter_width=32), OK


def read_batch(paths: Sequence[Path], utterance_ids: Sequence[str], sample_rate: int) -> AudioBatch:
    """Read several mono recordings into one batch.

    Args:
        paths: one per utterance.
        utterance_ids: one per path.
        sample_rate: Hz of the batch.

    Returns:
        The batch; items that cannot be heard are excluded with their reasons.
    """
    items = [read_signal(path, sample_rate) for path in paths]
    return batch_of([s for s, _ in items], sample_rate, utterance_ids, [status for _, status in items])


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
