"""How loud speech is while somebody speaks: the active speech level of ITU-T P.56, method B."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
# A factor of two apart from full scale down; P.56 stops at the last bit of its converter, this at 24 bits.
_THRESHOLDS = 0.5 ** np.arange(1, 25)


@dataclass(frozen=True)
class SpeechLevel:
    """Levels of one recording, in decibels relative to the mean square 1.

    Attributes:
        active_db: mean over the time in which somebody speaks.
        long_term_db: mean over all of it.
        activity: share of the time in which somebody speaks.
    """

    active_db: float
    long_term_db: float
    activity: float


def speech_level(samples: Float32[np.ndarray, " sample"], sample_rate: int) -> SpeechLevel | None:
    """Measure the active speech level (ITU-T P.56, method B).

    The magnitude is smoothed twice with a time constant of 0.03 s. For each threshold, the time is active from where
    the envelope reaches the threshold until 0.2 s after it was last there. The level is the energy over the active
    time at the threshold that lies 15.9 dB below that very level, interpolated between thresholds.

    Args:
        samples: in [-1, 1].
        sample_rate: Hz.

    Returns:
        The level; None where all samples are 0. All of a clip is active that is so short or so weak that there is no
        such threshold.
    """
    energy = float(np.square(samples, dtype=np.float64).sum())
    if energy == 0:
        return None
    long_term_db = _decibel(energy / len(samples))
    counts = _active_samples(_envelope(samples, sample_rate), sample_rate)
    activity = (_active_time(counts, energy) or len(samples)) / len(samples)
    return SpeechLevel(long_term_db - _decibel(activity), long_term_db, activity)


def _envelope(samples: Float32[np.ndarray, " sample"], sample_rate: int) -> Float64[np.ndarray, " sample"]:
    # Imported where it is used: it takes a second, and most commands carry no audio.
    import scipy.signal

    keep = np.exp(-1 / (_TIME_CONSTANT_S * sample_rate))
    smoothed: Float64[np.ndarray, " sample"] = np.abs(samples.astype(np.float64))
    for _ in range(2):
        smoothed = scipy.signal.lfilter([1 - keep], [1, -keep], smoothed)
    return smoothed


def _active_samples(envelope: Float64[np.ndarray, " sample"], sample_rate: int) -> Float64[np.ndarray, " threshold"]:
    hangover = int(np.ceil(_HANGOVER_S * sample_rate))
    place = np.arange(len(envelope))
    counts = []
    for threshold in _THRESHOLDS:
        above: Bool[np.ndarray, " sample"] = envelope >= threshold
        last = np.maximum.accumulate(np.where(above, place, -1 - hangover))
        counts.append(np.count_nonzero(place - last <= hangover))
    return np.array(counts, np.float64)


def _active_time(counts: Float64[np.ndarray, " threshold"], energy: float) -> float | None:
    """Active samples at the threshold that lies the margin below the level that follows from them."""
    reached = counts > 0
    levels = 10 * np.log10(energy / counts[reached])
    excess = levels - 20 * np.log10(_THRESHOLDS[reached]) - _MARGIN_DB
    above = np.flatnonzero(excess >= 0)
    if not len(above) or above[0] == 0:
        return None
    at = int(above[0])
    share = excess[at - 1] / (excess[at - 1] - excess[at])
    level = levels[at - 1] + share * (levels[at] - levels[at - 1])
    return float(energy / 10 ** (level / 10))


def _decibel(power: float) -> float:
    return float(10 * np.log10(power))
