"""Fundamental frequency and level along an utterance.

The path through the candidates of each frame is the cheapest one (Boersma 1993, "Accurate short-term analysis of the
fundamental frequency"): a jump of an octave costs more than a candidate that is a little less periodic, which guards
against taking two periods for one, or half of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from numpy import ndarray

from callgap.pitch import periodicity

HOP_S = 0.0125
"""Seconds between frames of F0."""

_F0_HZ = (65.0, 500.0)
_FRAME_S, _HOPS = 0.05, 4
_CANDIDATES = 6
# Thresholds and costs that Praat begins with; the costs of change are for 10 ms.
_VOICED, _SILENT = 0.45, 0.03
_OCTAVE, _OCTAVE_JUMP, _VOICING_CHANGE = 0.01, 0.35, 0.14
_JUMPS_PER_FRAME = 0.01 / HOP_S

LEVEL_FRAME_S = 0.025
"""Seconds of a frame of level; frames do not overlap."""

SPEECH_DB = 30.0
"""Frames within so many dB of the loudest are speech, as in the table `covariates`."""


@dataclass(frozen=True, eq=False)
class Pitch:
    """Fundamental frequency along one utterance.

    Attributes:
        f0_hz: of each frame, NaN where it is not voiced [frame].
        hop_s: seconds between the beginnings of frames.
    """

    f0_hz: Float64[ndarray, " frame"]
    hop_s: float

    @property
    def voiced(self) -> Bool[ndarray, " frame"]:
        """Frames that have a fundamental frequency."""
        found: Bool[ndarray, " frame"] = ~np.isnan(self.f0_hz)
        return found


def pitch(signal: Float32[ndarray, " sample"], sample_rate: int) -> Pitch:
    """Follow the fundamental frequency between 65 and 500 Hz.

    Args:
        signal: in [-1, 1].
        sample_rate: Hz.

    Returns:
        One value every 12.5 ms, the first in the middle of the first 50 ms; none where the signal is shorter.
    """
    size = round(_FRAME_S * sample_rate)
    hop_s = size // _HOPS / sample_rate
    if len(signal) < size or not np.any(signal):
        return Pitch(np.zeros(0), hop_s)
    found = periodicity(signal, sample_rate, frame_s=_FRAME_S, hops_per_frame=_HOPS, f0_hz=_F0_HZ)
    lags, gains = _peaks(found.ratio, found.shortest)
    hz = np.where(lags > 0, sample_rate / np.maximum(lags, 1), np.nan)
    weak = np.maximum(0.0, 2 - found.rms / max(found.rms.max(), 1e-12) / _SILENT * (1 + _VOICED))
    path = _cheapest(np.column_stack([_VOICED + weak, gains]), np.column_stack([np.full(len(hz), np.nan), np.log2(hz)]))
    return Pitch(np.column_stack([np.full(len(hz), np.nan), hz])[np.arange(len(hz)), path], hop_s)


def levels_db(signal: Float32[ndarray, " sample"], sample_rate: int) -> Float64[ndarray, " frame"]:
    """Root mean square of each whole frame of 25 ms, in dB relative to full scale; -120 dB is the least."""
    size = round(LEVEL_FRAME_S * sample_rate)
    frames = signal[: len(signal) // size * size].reshape(-1, size).astype(np.float64)
    power: Float64[ndarray, " frame"] = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return power


def _peaks(
    ratio: Float64[ndarray, "frame lag"], shortest: int
) -> tuple[Float64[ndarray, "frame candidate"], Float64[ndarray, "frame candidate"]]:
    """Best local maxima of each frame, by a parabola through three lags, and their gains.

    Returns:
        Lags in samples, 0 where there are no more; their heights less the cost of octaves, -inf where there are none.
    """
    left, middle, right = ratio[:, :-2], ratio[:, 1:-1], ratio[:, 2:]
    there = (middle > left) & (middle >= right) & (middle > 0)
    bend = np.where(there, left - 2 * middle + right, -1.0)
    shift = np.where(there, (left - right) / (2 * bend), 0.0)
    lags = shortest + 1 + np.arange(middle.shape[1]) + shift
    heights = np.minimum(middle - (left - right) * shift / 4, 1.0)
    # Chosen with the cost, and between lags: at a short period the nearest whole lag may lie beside a sharp peak.
    gains = np.where(there, heights - _OCTAVE * np.log2(lags / shortest), -np.inf)
    best: Int64[ndarray, "frame candidate"] = np.argsort(-gains, axis=1, kind="stable")[:, :_CANDIDATES]
    gains = np.take_along_axis(gains, best, axis=1)
    return np.where(np.isfinite(gains), np.take_along_axis(lags, best, axis=1), 0.0), gains


def _cheapest(
    gains: Float64[ndarray, "frame state"], octaves: Float64[ndarray, "frame state"]
) -> Int64[ndarray, " frame"]:
    """Viterbi's path through states of which the first is unvoiced.

    Args:
        gains: of being in a state; -inf where there is no such candidate.
        octaves: log2 of the candidates' Hz, NaN where unvoiced or absent.
    """
    frames, states = gains.shape
    total, came_from = gains[0], np.zeros((frames, states), np.int64)
    voiced = np.arange(states) > 0
    change = np.where(voiced[:, None] != voiced[None, :], _VOICING_CHANGE, 0.0) * _JUMPS_PER_FRAME
    for frame in range(1, frames):
        jump = _OCTAVE_JUMP * _JUMPS_PER_FRAME * np.abs(octaves[frame - 1][:, None] - octaves[frame][None, :])
        reached = total[:, None] - change - np.nan_to_num(jump)
        came_from[frame] = np.argmax(reached, axis=0)
        total = reached[came_from[frame], np.arange(states)] + gains[frame]
    path = np.zeros(frames, np.int64)
    path[-1] = np.argmax(total)
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path
