"""Measured properties of the recordings: they explain a gap, they never acquit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from callgap.pitch import periodicity

_FRAME_S = 0.025
_F0_HZ = (65.0, 400.0)
_F0_FRAME_S = 0.06
_VOICED = 0.6


class Covariates(TypedDict):
    """One row of the table `covariates`, without its id and condition."""

    duration_s: float
    snr_db: float | None
    speaking_rate: float | None
    f0: float | None
    bandwidth_hz: float | None
    clipping: float | None


def measure(signal: Float32[ndarray, " sample"], sample_rate: int, words: int) -> Covariates:
    """Measure one utterance, unaltered and before any channel.

    Args:
        signal: in [-1, 1].
        sample_rate: Hz.
        words: in the reference.

    Returns:
        Seconds; signal-to-noise ratio in dB (level of the loudest 30 % of 25 ms frames over that of the quietest 10 %:
        a rank within one corpus, not an absolute figure); words per second of speech (frames within 30 dB of the
        loudest); median fundamental frequency in Hz (autocorrelation divided by
        that of the window, Boersma 1993); bandwidth in Hz (below it
        lies 99 % of the energy); share of samples at full scale. None where a recording is too short to measure.
    """
    duration = len(signal) / sample_rate
    size = round(_FRAME_S * sample_rate)
    nothing = Covariates(
        duration_s=duration, snr_db=None, speaking_rate=None, f0=None, bandwidth_hz=None, clipping=None
    )
    if len(signal) < 4 * size or not np.any(signal):
        return nothing
    levels = _levels_db(signal, size)
    loud = levels > levels.max() - 30
    return Covariates(
        duration_s=duration,
        snr_db=float(np.quantile(levels, 0.85) - np.quantile(levels, 0.05)),
        speaking_rate=words / float(loud.sum() * _FRAME_S),
        f0=_median_f0(signal, sample_rate),
        bandwidth_hz=_bandwidth_hz(signal, sample_rate),
        clipping=float(np.mean(np.abs(signal) >= 0.999)),
    )


def merged(windows: Sequence[Covariates]) -> Covariates:
    """The covariates of a recording from those of its windows.

    Args:
        windows: at least one; each measured with the words of the whole recording.

    Returns:
        The only one; or the sum of the durations, words per second of all speech, and for all else the mean of the
        windows that could be measured, weighted by duration.
    """
    if len(windows) == 1:
        return windows[0]
    # Each window was given all the words: seconds of speech add up where rates do not.
    speech = [1 / w["speaking_rate"] for w in windows if w["speaking_rate"]]
    return Covariates(
        duration_s=sum(w["duration_s"] for w in windows),
        snr_db=_mean(windows, [w["snr_db"] for w in windows]),
        speaking_rate=1 / sum(speech) if speech else None,
        f0=_mean(windows, [w["f0"] for w in windows]),
        bandwidth_hz=_mean(windows, [w["bandwidth_hz"] for w in windows]),
        clipping=_mean(windows, [w["clipping"] for w in windows]),
    )


def _mean(windows: Sequence[Covariates], values: Sequence[float | None]) -> float | None:
    found = [(w["duration_s"], value) for w, value in zip(windows, values, strict=True) if value is not None]
    total = sum(duration for duration, _ in found)
    return sum(duration * value for duration, value in found) / total if total else None


def _levels_db(signal: Float32[ndarray, " sample"], size: int) -> Float32[ndarray, " frame"]:
    frames = signal[: len(signal) // size * size].reshape(-1, size)
    levels: Float32[ndarray, " frame"] = 20 * np.log10(np.sqrt(np.mean(frames**2, axis=1)) + np.float32(1e-6))
    return levels


def _bandwidth_hz(signal: Float32[ndarray, " sample"], sample_rate: int) -> float:
    energy = np.cumsum(np.abs(np.fft.rfft(signal.astype(np.float64))) ** 2)
    place = int(np.searchsorted(energy, 0.99 * energy[-1]))
    return place * sample_rate / len(signal)


def _median_f0(signal: Float32[ndarray, " sample"], sample_rate: int) -> float | None:
    size = round(_F0_FRAME_S * sample_rate)
    if len(signal) < size:
        return None
    found = periodicity(signal, sample_rate, frame_s=_F0_FRAME_S, hops_per_frame=4, f0_hz=_F0_HZ)
    lags, shortest, loud = found.ratio, found.shortest, found.rms
    # The shortest lag that is nearly as good as the best: a period of two periods is one too.
    near = np.argmax(lags >= 0.97 * lags.max(axis=1, keepdims=True), axis=1)
    peak = np.array([_climb(row, int(place)) for row, place in zip(lags, near, strict=True)])
    voiced = (lags[np.arange(len(lags)), peak] > _VOICED) & (loud > 0.3 * loud.max())
    return float(np.median(sample_rate / (shortest + peak[voiced]))) if voiced.any() else None


def _climb(values: Float64[ndarray, " lag"], place: int) -> int:
    while place + 1 < len(values) and values[place + 1] > values[place]:
        place += 1
    return place
