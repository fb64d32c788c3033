"""How something is said: pitch, level, rate and pauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from itertools import groupby
from typing import TypedDict

import numpy as np
from jaxtyping import Bool, Float32, Float64
from numpy import ndarray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.voice.base import REASON, NotMeasuredError, Values, each
from callgap.voice.contour import LEVEL_FRAME_S, SPEECH_DB, levels_db, pitch

PAUSE_S = 0.2
"""The shortest silence within speech that is a pause."""

_LEAST_FRAMES = 4
# Percentiles between which a range lies: the highest and lowest frame may be an error of the tracker.
_RANGE = (5, 95)
_VOICED_FRAMES = 4


class Manner(TypedDict):
    """What is measured of one utterance."""

    duration_s: float
    f0_mean_hz: float | None
    f0_range_semitones: float | None
    f0_sd_semitones: float | None
    energy_dbfs: float
    energy_range_db: float
    speaking_rate: float | None
    pause_share: float
    pauses_per_s: float


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Prosody:
    """Measures pitch, level, rate and pauses of each item.

    Attributes:
        words: said in an utterance, by its id; an utterance that is not named has no speaking rate.
    """

    words: Mapping[str, int] = field(default_factory=dict)

    def measure(self, batch: AudioBatch) -> Values:
        """Measure each item.

        Returns:
            The columns of `Manner`. Pitch is null where nothing is voiced, the rate where the words are not known.
        """
        utterances = dict(zip(batch.item_ids, batch.utterance_ids, strict=True))
        found, reasons = each(
            batch,
            lambda signal, item: manner(signal.cpu().numpy(), batch.sample_rate, self.words.get(utterances[item])),
        )
        columns = {name: [None if item is None else dict(item)[name] for item in found] for name in _NAMES}
        return {**columns, REASON: reasons}


def manner(signal: Float32[ndarray, " sample"], sample_rate: int, words: int | None = None) -> Manner:
    """Measure one utterance.

    Args:
        signal: in [-1, 1].
        sample_rate: Hz.
        words: said in it.

    Returns:
        Mean fundamental frequency (geometric, so that octaves up and down weigh the same); range (from the 5th to the
        95th percentile) and standard deviation in semitones; root mean square of the frames with speech (within 30 dB
        of the loudest) in dB relative to full scale, and the range of their levels between the same percentiles; words
        per second of those frames; share of the time from the first to the last of them that is pause (0.2 s or longer
        without one), and pauses per second of that time.

    Raises:
        NotMeasuredError: it is shorter than 0.1 s.
    """
    levels = levels_db(signal, sample_rate)
    if len(levels) < _LEAST_FRAMES:
        raise NotMeasuredError("too_short")
    speech = levels > levels.max() - SPEECH_DB
    loud = levels[speech]
    mean, spread, deviation = _of_pitch(pitch(signal, sample_rate).f0_hz)
    share, rate = _pauses(speech)
    return Manner(
        duration_s=len(signal) / sample_rate,
        f0_mean_hz=mean,
        f0_range_semitones=spread,
        f0_sd_semitones=deviation,
        energy_dbfs=float(10 * np.log10(np.mean(10 ** (loud / 10)))),
        energy_range_db=_range(loud),
        speaking_rate=None if words is None else words / float(speech.sum() * LEVEL_FRAME_S),
        pause_share=share,
        pauses_per_s=rate,
    )


_NAMES = tuple(Manner.__annotations__)


def _of_pitch(f0_hz: Float64[ndarray, " frame"]) -> tuple[float | None, float | None, float | None]:
    octaves = np.log2(f0_hz[~np.isnan(f0_hz)])
    if len(octaves) < _VOICED_FRAMES:
        return None, None, None
    return float(2 ** octaves.mean()), 12 * _range(octaves), float(12 * octaves.std())


def _range(values: Float64[ndarray, " value"]) -> float:
    low, high = np.percentile(values, _RANGE)
    return float(high - low)


def _pauses(speech: Bool[ndarray, " frame"]) -> tuple[float, float]:
    places = np.flatnonzero(speech)
    within = speech[places[0] : places[-1] + 1]
    gaps = [sum(1 for _ in run) for spoken, run in groupby(within.tolist()) if not spoken]
    long = [gap for gap in gaps if gap * LEVEL_FRAME_S >= PAUSE_S - 1e-9]
    return sum(long) / len(within), len(long) / (len(within) * LEVEL_FRAME_S)
