"""Measured properties of the recordings: they explain a gap, they never acquit."""

from __future__ import annotations

import warnings
from typing import TypedDict

import librosa
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

_FRAME_S = 0.025
_F0_HZ = (65.0, 400.0)


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
        loudest); median fundamental frequency in Hz (YIN, de Cheveigne & Kawahara 2002); bandwidth in Hz (below it
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
    rolloff = librosa.feature.spectral_rolloff(S=_mean_spectrum(signal, sample_rate), sr=sample_rate, roll_percent=0.99)
    return Covariates(
        duration_s=duration,
        snr_db=float(np.quantile(levels, 0.85) - np.quantile(levels, 0.05)),
        speaking_rate=words / float(loud.sum() * _FRAME_S),
        f0=_median_f0(signal, sample_rate),
        bandwidth_hz=float(rolloff[0, 0]),
        clipping=float(np.mean(np.abs(signal) >= 0.999)),
    )


def _levels_db(signal: Float32[ndarray, " sample"], size: int) -> Float32[ndarray, " frame"]:
    rms = librosa.feature.rms(y=signal, frame_length=size, hop_length=size, center=False)[0]
    levels: Float32[ndarray, " frame"] = 20 * np.log10(rms + 1e-6)
    return levels


def _mean_spectrum(signal: Float32[ndarray, " sample"], sample_rate: int) -> Float32[ndarray, "bin 1"]:
    size = 1 << int(np.log2(_FRAME_S * sample_rate) + 0.5)
    spectrum: Float32[ndarray, "bin 1"] = (np.abs(librosa.stft(signal, n_fft=size)) ** 2).mean(axis=1, keepdims=True)
    return spectrum


def _median_f0(signal: Float32[ndarray, " sample"], sample_rate: int) -> float | None:
    frame = 1 << int(np.ceil(np.log2(3 * sample_rate / _F0_HZ[0])))
    if len(signal) < frame:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        f0 = librosa.yin(signal, fmin=_F0_HZ[0], fmax=_F0_HZ[1], sr=sample_rate, frame_length=frame)
    rms = librosa.feature.rms(y=signal, frame_length=frame, hop_length=frame // 4)[0][: len(f0)]
    voiced = f0[rms > 0.3 * rms.max()]
    return float(np.median(voiced)) if len(voiced) else None
