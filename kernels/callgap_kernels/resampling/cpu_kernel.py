"""Draws of speakers, compiled by numba; `draws.py` has the definition."""

import numpy as np
from numba import njit

from callgap_kernels.philox import KEY_STEPS, MULTIPLIERS, ROUNDS
from callgap_kernels.resampling.draws import BOOTSTRAP_STREAM

# Calls of Philox side by side, in the lanes of vector registers, and draws of a lane before they are counted.
LANES = 32
DRAWS = 64
# From here on 32 rows of counts leave the cache, and one row keeps all lanes busy.
WIDE = 4_096

# Mixed with signed integers, unsigned ones would become floats.
_WORD = np.uint64(32)
_MASK = np.uint64(0xFFFFFFFF)
_MULTIPLIER_0, _MULTIPLIER_1 = (np.uint64(multiplier) for multiplier in MULTIPLIERS)
_STEP_0, _STEP_1 = (np.uint64(step) for step in KEY_STEPS)
_STREAM = np.uint64(BOOTSTRAP_STREAM)


@njit("void(uint64, uint64, uint64, uint64, boolean, uint64, uint32[:, ::1])", nogil=True)
def _draw(seed, group, first, begin, wide, speakers, drawn):
    """Draw speakers in whole calls of Philox; the inner loop becomes vector code.

    Args:
        seed: Key.
        group: Number of the group.
        first: Number of the resample, of lane 0 unless `wide`.
        begin: Number of the first draw, a multiple of 4.
        wide: Whether all lanes draw for one resample, call after call, or each for its own.
        speakers: Number of speakers.
        drawn: Receives numbers of speakers, four rows per call; up to three rows at the end stay as they are
            [draw, lane].
    """
    by_call, by_lane = np.uint64(LANES if wide else 1), np.uint64(1 if wide else 0)
    for call in range(drawn.shape[0] // 4):
        row_0, row_1, row_2, row_3 = drawn[4 * call], drawn[4 * call + 1], drawn[4 * call + 2], drawn[4 * call + 3]
        start = (begin >> np.uint64(2)) + np.uint64(call) * by_call
        for lane in range(LANES):
            c0, c1 = start + np.uint64(lane) * by_lane, first + np.uint64(lane) * (np.uint64(1) - by_lane)
            c2, c3 = group, _STREAM
            key_0, key_1 = seed & _MASK, seed >> _WORD
            for _ in range(ROUNDS):
                product, other = _MULTIPLIER_0 * c0, _MULTIPLIER_1 * c2
                c0, c2 = (other >> _WORD) ^ c1 ^ key_0, (product >> _WORD) ^ c3 ^ key_1
                c1, c3 = other & _MASK, product & _MASK
                key_0, key_1 = (key_0 + _STEP_0) & _MASK, (key_1 + _STEP_1) & _MASK
            row_0[lane] = (c0 * speakers) >> _WORD
            row_1[lane] = (c1 * speakers) >> _WORD
            row_2[lane] = (c2 * speakers) >> _WORD
            row_3[lane] = (c3 * speakers) >> _WORD


@njit("void(uint64, uint64, uint64, float64[:, ::1])", nogil=True)
def count_draws(seed, group, first, counts):  # noqa: C901
    """Draw as many speakers as there are, for some resamples, and count them.

    Args:
        seed: Key.
        group: Number of the group.
        first: Number of the first resample.
        counts: Overwritten with the counts [resample, speaker].
    """
    resamples, speakers = counts.shape
    size = np.uint64(speakers)
    drawn = np.empty((DRAWS, LANES), np.uint32)
    counts[:] = 0.0
    if speakers >= WIDE:
        for resample in range(resamples):
            row = counts[resample]
            for begin in range(0, speakers, DRAWS * LANES):
                _draw(seed, group, first + np.uint64(resample), np.uint64(begin), True, size, drawn)
                for draw in range(DRAWS):
                    for lane in range(LANES):
                        if begin + (draw // 4 * LANES + lane) * 4 + draw % 4 < speakers:
                            row[drawn[draw, lane]] += 1.0
        return
    for start in range(0, resamples, LANES):
        for begin in range(0, speakers, DRAWS):
            draws = min(DRAWS, speakers - begin)
            _draw(seed, group, first + np.uint64(start), np.uint64(begin), False, size, drawn[: draws + 3])
            for lane in range(min(LANES, resamples - start)):
                row = counts[start + lane]
                for draw in range(draws):
                    row[drawn[draw, lane]] += 1.0
