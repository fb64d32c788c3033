"""Compiled arrangements and rates; `reference` says what they compute."""

from typing import Final

import numpy as np
from numba import njit

from callgap_kernels import philox
from callgap_kernels.resampling.permutation.reference import PERMUTATION_STREAM

MULTIPLIER_0, MULTIPLIER_1 = philox.MULTIPLIERS
KEY_STEP_0, KEY_STEP_1 = (np.uint64(step) for step in philox.KEY_STEPS)
LOW_WORD: Final = philox.LOW_WORD
WORD_BITS: Final = philox.WORD_BITS
ROUNDS: Final = philox.ROUNDS
STREAM: Final = np.uint64(PERMUTATION_STREAM)


@njit(nogil=True)
def philox4x32(c0, c1, c2, c3, k0, k1, words):
    """Write the four words of one counter; all numbers are uint64 below 2**32."""
    for _ in range(ROUNDS):
        product0, product1 = MULTIPLIER_0 * c0, MULTIPLIER_1 * c2
        c0, c2 = (product1 >> WORD_BITS) ^ c1 ^ k0, (product0 >> WORD_BITS) ^ c3 ^ k1
        c1, c3 = product1 & LOW_WORD, product0 & LOW_WORD
        k0, k1 = (k0 + KEY_STEP_0) & LOW_WORD, (k1 + KEY_STEP_1) & LOW_WORD
    words[0], words[1], words[2], words[3] = c0, c1, c2, c3


@njit(nogil=True)
def draw_labels(labels, bounds, k0, k1, family, start, out):
    """Write the labels of resamples `start` onward [resample, speaker]."""
    words = np.empty(4, dtype=np.uint64)
    for row in range(out.shape[0]):
        drawn = out[row]
        drawn[:] = labels
        k = 0
        for stratum in range(len(bounds) - 1):
            first = bounds[stratum]
            for i in range(bounds[stratum + 1] - first - 1, 0, -1):
                if k % 4 == 0:
                    philox4x32(np.uint64(k // 4), np.uint64(start + row), family, STREAM, k0, k1, words)
                j = np.int64((words[k % 4] * np.uint64(i + 1)) >> WORD_BITS)
                drawn[first + i], drawn[first + j] = drawn[first + j], drawn[first + i]
                k += 1


@njit(nogil=True)
def group_rates(labels, numerator, denominator, sizes, rounding, rate, variance):  # noqa: C901
    """Write rates and variances [arrangement, group, endpoint]; `sizes` are the groups' numbers of speakers."""
    groups, (speakers, endpoints) = len(sizes), numerator.shape
    bottom = np.empty((groups, endpoints))
    scale = np.empty((groups, endpoints))
    for row in range(len(labels)):
        ratio, squares = rate[row], variance[row]
        ratio[:], squares[:], bottom[:], scale[:] = 0.0, 0.0, 0.0, 0.0
        for speaker in range(speakers):
            group = labels[row, speaker]
            for endpoint in range(endpoints):
                top = numerator[speaker, endpoint]
                ratio[group, endpoint] += top
                scale[group, endpoint] += top * top
                bottom[group, endpoint] += denominator[speaker, endpoint]
        for group in range(groups):
            for endpoint in range(endpoints):
                if bottom[group, endpoint] == 0.0:
                    bottom[group, endpoint] = np.nan
                ratio[group, endpoint] /= bottom[group, endpoint]
        for speaker in range(speakers):
            group = labels[row, speaker]
            for endpoint in range(endpoints):
                residual = numerator[speaker, endpoint] - ratio[group, endpoint] * denominator[speaker, endpoint]
                squares[group, endpoint] += residual * residual
        for group in range(groups):
            factor = sizes[group] / (sizes[group] - 1.0) if sizes[group] > 1 else np.nan
            for endpoint in range(endpoints):
                if squares[group, endpoint] <= (2 * rounding) ** 2 * scale[group, endpoint]:
                    squares[group, endpoint] = 0.0
                squares[group, endpoint] *= factor / bottom[group, endpoint] ** 2
