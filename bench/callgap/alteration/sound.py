"""Recordings as files, and what can be told of one that comes back altered."""

from __future__ import annotations

import io
import wave

import numpy as np
import soundfile
import torch
from jaxtyping import Float32, Float64

from callgap.alteration.items import NotAlteredError
from callgap.audio import Signal

Samples = Float32[np.ndarray, " sample"]
Envelope = Float64[np.ndarray, " frame"]

LOWEST_RATE = 8000
_HIGHEST_RATE = 192_000
_STEP = 1 / 2**15
_SILENT_DB = 40.0
_CLIPPED_RUN, _CLIPPED_SHARE, _CLIPPED_FROM = 3, 1e-3, 0.25


def to_wav(signal: Signal, sample_rate: int) -> bytes:
    """A WAV file of one channel and 16 bits.

    Args:
        signal: `[sample]` in [-1, 1]; what lies outside is clipped.
        sample_rate: Hz.
    """
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sample_rate)
        written.writeframes(to_pcm(signal))
    return file.getvalue()


def to_pcm(signal: Signal) -> bytes:
    """The samples as 16 bits each, little-endian, full scale at 32767."""
    pcm: bytes = (signal.cpu().clamp(-1, 1) * 32767).round().numpy().astype("<i2").tobytes()
    return pcm


def from_pcm(pcm: bytes) -> Signal:
    """The inverse of `to_pcm`, a last odd byte left out."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    return torch.from_numpy(samples.astype(np.float32) / 32767).clamp(-1, 1)


def from_file(content: bytes) -> tuple[Signal, int]:
    """Read a recording.

    Args:
        content: of a file in any format that libsndfile reads.

    Returns:
        float32 `[sample]` and its rate in Hz.

    Raises:
        NotAlteredError: `unreadable`, `several_channels`, `wrong_rate` (below 8 kHz or above 192) or `not_finite`.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.channels != 1:
                raise NotAlteredError("several_channels")
            if not LOWEST_RATE <= file.samplerate <= _HIGHEST_RATE:
                raise NotAlteredError("wrong_rate")
            samples, sample_rate = file.read(dtype="float32"), file.samplerate
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError, MemoryError):
        raise NotAlteredError("unreadable") from None
    if not np.isfinite(samples).all():
        raise NotAlteredError("not_finite")
    return torch.from_numpy(samples), int(sample_rate)


def check_length(before: Signal, before_rate: int, after: Signal, after_rate: int, within: float) -> None:
    """Compare how long two recordings last.

    Args:
        before: `[sample]`, at least one.
        before_rate: Hz.
        after: `[sample]`.
        after_rate: Hz.
        within: share of the length before by which they must not differ, but for a sample.

    Raises:
        NotAlteredError: `longer` or `shorter`; `wrong_rate` where the numbers of samples agree and the rates do not, so
            that one of the files states a rate at which it was not recorded.
    """
    ratio = len(after) / after_rate / (len(before) / before_rate)
    # What is longer by 20 % has as many samples as that comes to, rounded either way.
    least = within - 1 / len(before)
    if abs(ratio - 1) < max(least, 0.0) or len(after) * before_rate == len(before) * after_rate:
        return
    if before_rate != after_rate and abs(len(after) / len(before) - 1) < least:
        raise NotAlteredError("wrong_rate")
    raise NotAlteredError("longer" if ratio > 1 else "shorter")


def check_sound(before: Signal, after: Signal) -> None:
    """Check that something is to be heard where something was.

    Raises:
        NotAlteredError: `silent`: no sample of the result differs from its mean by more than a step of 16 bits, or its
            power is 40 dB below that before. Where there was silence before, silence is right.
    """
    old, new = _level_db(before), _level_db(after)
    peak = float((after - after.mean()).abs().max()) if len(after) else 0.0
    if _peak(before) > _STEP and (peak <= _STEP or new < old - _SILENT_DB):
        raise NotAlteredError("silent")


def check_clipping(before: Signal, after: Signal) -> None:
    """Check that a recording was not cut off at its peaks on its way.

    Raises:
        NotAlteredError: `clipped`: more than a thousandth of the samples lie in runs of at least three at the extreme,
            which is at least a quarter of full scale, and more than did before.
    """
    if _clipped(after) > max(_CLIPPED_SHARE, _clipped(before)):
        raise NotAlteredError("clipped")


def _clipped(signal: Signal) -> float:
    share = 0.0
    for extreme in (float(signal.max()), -float(signal.min())):
        if extreme < _CLIPPED_FROM:
            continue
        sign = 1 if extreme == float(signal.max()) else -1
        at = (sign * signal >= extreme - _STEP).cpu().numpy().astype(np.int8)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], at, [0]])))
        runs = edges[1::2] - edges[::2]
        share += float(runs[runs >= _CLIPPED_RUN].sum()) / len(signal)
    return share


def _level_db(signal: Signal) -> float:
    power = float(signal.double().var(correction=0)) if len(signal) else 0.0
    return float(10 * np.log10(power + 1e-20))


def _peak(signal: Signal) -> float:
    return float((signal - signal.mean()).abs().max())
