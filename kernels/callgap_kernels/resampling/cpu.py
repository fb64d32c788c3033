"""The compiled draws, and when they pay: the plain ones are the same, bit for bit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling import draws
from callgap_kernels.tier import Tier

# Measured on one core of an AMD EPYC with AVX-512: a draw in numpy, and importing and compiling numba's.
PLAIN_DRAW_S: Final = 3e-8
COMPILING_S: Final = 2.0

_tier = Tier(worth_s=COMPILING_S)


def choose_draw(speaker_draws: int) -> draws.Draw:
    """Choose how to draw; the choice changes the time and no bit of a result.

    Args:
        speaker_draws: Speakers times resamples of this call. Earlier calls of the process count as well, so that many
            small ones end up compiled.

    Returns:
        The compiled draw if drawing all in numpy would have taken longer than compiling, else the plain one.
    """
    return resample_counts if _tier.compiled(speaker_draws * PLAIN_DRAW_S) else draws.resample_counts


def resample_counts(seed: int, group: int, first: int, resamples: int, speakers: int) -> NDArray[np.float64]:
    """Count how often each speaker of a group is drawn, in compiled code.

    Args:
        seed: Key, 0 to 2**64 - 1.
        group: Number of the group, below 2**32.
        first: Number of the first resample.
        resamples: Number of resamples; the last one's number is below 2**32.
        speakers: Number of speakers in the group, below 2**32.

    Returns:
        Counts [resample, speaker], equal to those of `draws.resample_counts`.
    """
    from callgap_kernels.resampling.cpu_kernel import count_draws

    counts = np.empty((resamples, speakers))
    count_draws(seed, group, first, counts)
    return counts
