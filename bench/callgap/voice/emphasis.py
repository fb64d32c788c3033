"""What became of emphasis: the contours of pitch and level of an utterance, before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray

from callgap.errors import InputError, one_of
from callgap.voice.contour import HOP_S, LEVEL_FRAME_S, levels_db, pitch

Contour = Float64[ndarray, " _"]

# Levels below the loudest that count as silence: what a codec leaves there is no emphasis.
_FLOOR_DB = 40.0
_LEAST_FRAMES = 8
# A contour of less than this, in semitones or dB, has no shape that could be kept.
_FLAT = 1e-3
# Frames may be paired that lie within this share of the longer recording from the straight line.
_BAND = 0.1


@dataclass(frozen=True)
class Emphasis:
    """Of one utterance after against before.

    Attributes:
        f0_correlation: of semitones over the frames that are voiced in both; None where either is flat or too few are.
        f0_scale: standard deviation of those semitones, after over before: 1 kept, 0 flattened, above 1 widened.
        f0_shift_semitones: of their means.
        energy_correlation: of levels in dB.
        energy_scale: standard deviation of the levels, after over before.
        frames: that are voiced in both.
    """

    f0_correlation: float | None
    f0_scale: float | None
    f0_shift_semitones: float | None
    energy_correlation: float | None
    energy_scale: float | None
    frames: int


def emphasis(
    before: Float32[ndarray, " sample"],
    after: Float32[ndarray, " later"],
    before_rate: int,
    after_rate: int,
    alignment: str = "linear",
) -> Emphasis:
    """Compare the contours of one utterance.

    Args:
        before: unaltered, in [-1, 1].
        after: the same utterance.
        before_rate: Hz.
        after_rate: Hz.
        alignment: `linear` stretches the later recording to the length of the earlier one; `warped` finds the cheapest
            pairing of the level contours (dynamic time warping, Sakoe and Chiba 1978) within 10 % of the straight line.

    Returns:
        Correlations and scales. An unchanged recording gives 1, 1, 0, 1, 1 exactly, but for the last bits.

    Raises:
        InputError: there is no such alignment.
    """
    if alignment not in _ALIGNED:
        raise InputError(f"alignment: found {alignment!r}; {one_of(alignment, _ALIGNED)}")
    early, late = _floored(levels_db(before, before_rate)), _floored(levels_db(after, after_rate))
    if len(early) < _LEAST_FRAMES or len(late) < _LEAST_FRAMES:
        return Emphasis(None, None, None, None, None, 0)
    first, second = _ALIGNED[alignment](early, late)
    energy = _compared(early[first], late[second])
    tones = _semitones(before, before_rate), _semitones(after, after_rate)
    places = (_places(first, len(early), len(tones[0])), _places(second, len(late), len(tones[1])))
    sung = np.column_stack([tones[0][places[0]], tones[1][places[1]]])
    sung = sung[~np.isnan(sung).any(axis=1)]
    spoken = _compared(sung[:, 0], sung[:, 1])
    shift = float(np.mean(sung[:, 1] - sung[:, 0])) if len(sung) >= _LEAST_FRAMES else None
    return Emphasis(spoken[0], spoken[1], shift, energy[0], energy[1], len(sung))


def linear(early: Contour, late: Contour) -> tuple[Int64[ndarray, " pair"], Int64[ndarray, " pair"]]:
    """Each frame of the earlier contour with the one at the same share of the later."""
    first = np.arange(len(early))
    return first, _places(first, len(early), len(late))


def warped(early: Contour, late: Contour) -> tuple[Int64[ndarray, " pair"], Int64[ndarray, " pair"]]:
    """The pairing of frames whose differences of standardized levels add up to least.

    Steps go one frame on in either contour or in both, from the first pair to the last.
    """
    cost = np.abs(_standardized(early)[:, None] - _standardized(late)[None, :])
    rows, columns = np.indices(cost.shape)
    line = np.abs(rows / max(len(early) - 1, 1) - columns / max(len(late) - 1, 1))
    cost[line > _BAND] = np.inf
    total = _totals(cost)
    path = [(len(early) - 1, len(late) - 1)]
    while path[-1] != (0, 0):
        i, j = path[-1]
        steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        path.append(min((s for s in steps if min(s) >= 0), key=lambda s: total[s]))
    first, second = np.array(path[::-1]).T
    return first, second


_ALIGNED: Mapping[str, Callable[[Contour, Contour], tuple[Int64[ndarray, " pair"], Int64[ndarray, " pair"]]]] = {
    "linear": linear,
    "warped": warped,
}


def _totals(cost: Float64[ndarray, "early late"]) -> Float64[ndarray, "early late"]:
    """Least sum of a path to each pair, diagonal by diagonal: the pairs of one do not depend on each other."""
    early, late = cost.shape
    total = np.full((early + 1, late + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(early + late - 1):
        i = np.arange(max(0, diagonal - late + 1), min(early, diagonal + 1))
        j = diagonal - i
        total[i + 1, j + 1] = cost[i, j] + np.minimum(np.minimum(total[i, j], total[i, j + 1]), total[i + 1, j])
    return total[1:, 1:]


def _places(frames: Int64[ndarray, " pair"], count: int, others: int) -> Int64[ndarray, " pair"]:
    """Frames of a contour at the same shares of the time as `frames` are of `count`."""
    if not others:
        return np.zeros(0, np.int64)
    nearest: Int64[ndarray, " pair"] = np.rint((frames + 0.5) * others / count - 0.5).astype(np.int64)
    return np.clip(nearest, 0, others - 1)


def _floored(levels: Contour) -> Contour:
    return np.maximum(levels, levels.max() - _FLOOR_DB) if len(levels) else levels


def _semitones(signal: Float32[ndarray, " _"], rate: int) -> Contour:
    track = pitch(signal, rate)
    # The first value lies in the middle of the first 50 ms: as many frames without one stand before it and behind.
    missing = np.full(round(LEVEL_FRAME_S / HOP_S), np.nan)
    tones: Contour = 12 * np.log2(np.concatenate([missing, track.f0_hz, missing]))
    return tones


def _standardized(levels: Contour) -> Contour:
    spread = levels.std()
    centered: Contour = levels - levels.mean()
    return centered / spread if spread > _FLAT else centered


def _compared(early: Contour, late: Contour) -> tuple[float | None, float | None]:
    """Correlation, and the ratio of the standard deviations."""
    if len(early) < _LEAST_FRAMES or early.std() < _FLAT:
        return None, None
    scale = float(late.std() / early.std())
    if late.std() < _FLAT:
        return None, scale
    return float(np.clip(np.corrcoef(early, late)[0, 1], -1, 1)), scale
