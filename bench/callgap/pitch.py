"""How periodic a recording is at each lag, frame by frame: what every measure of fundamental frequency begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray


@dataclass(frozen=True, eq=False)
class Periodicity:
    """Of the frames of one recording.

    Attributes:
        ratio: normalized autocorrelation [frame, lag]; 1 repeats itself exactly.
        shortest: samples of lag in the first column.
        rms: of each frame, its mean taken out [frame].
    """

    ratio: Float64[ndarray, "frame lag"]
    shortest: int
    rms: Float64[ndarray, " frame"]


def periodicity(
    signal: Float32[ndarray, " sample"],
    sample_rate: int,
    *,
    frame_s: float,
    hops_per_frame: int,
    f0_hz: tuple[float, float],
) -> Periodicity:
    """Autocorrelation of windowed frames divided by that of the window (Boersma 1993).

    Args:
        signal: at least one frame long.
        sample_rate: Hz.
        frame_s: seconds of a frame; a Hann window is laid over it.
        hops_per_frame: how often a frame begins within the length of one.
        f0_hz: lowest and highest fundamental frequency whose lags are kept.

    Returns:
        The lags from one period of the highest frequency to one of the lowest.
    """
    size = round(frame_s * sample_rate)
    starts = range(0, len(signal) - size + 1, size // hops_per_frame)
    frames = np.stack([signal[start : start + size] for start in starts]).astype(np.float64)
    frames -= frames.mean(axis=1, keepdims=True)
    window = np.hanning(size)
    ratio = _autocorrelation(frames * window) / _autocorrelation(window[None])
    shortest, longest = round(sample_rate / f0_hz[1]), round(sample_rate / f0_hz[0])
    return Periodicity(ratio[:, shortest : longest + 1], shortest, np.sqrt(np.mean(frames**2, axis=1)))


def _autocorrelation(frames: Float64[ndarray, "frame sample"]) -> Float64[ndarray, "frame lag"]:
    size = frames.shape[1]
    power = np.abs(np.fft.rfft(frames, 2 * size, axis=1)) ** 2
    sums = np.fft.irfft(power, axis=1)[:, : size // 2]
    normalized: Float64[ndarray, "frame lag"] = sums / np.maximum(sums[:, :1], 1e-12)
    return normalized
