"""Draws of speakers with replacement, as counts: the definition, in plain numpy.

Random words come from Philox4x32-10 (Salmon et al. 2011), a function of a key and a counter. The key is the seed, its
low and its high 32 bits. Draw d of resample b in group g is word d % 4 of the counter

    (d // 4, b, g, stream)

and a word w stands for the speaker number (w * n) // 2**32 of n, counted within the group in the order of the input.
So any resample can be drawn alone, in any order, on any device, with the same result.

Every speaker owns floor(2**32 / n) or one more of the 2**32 words: its chance differs from 1 / n by less than n / 2**32
of it, which is 2.4e-5 for 100,000 speakers.
"""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.philox import WORD_BITS, philox4x32, split_seed

# The last word of the counter keeps the uses of one seed apart; 1 is the permutation's.
BOOTSTRAP_STREAM: Final = 0


class Draw(Protocol):
    """Draws resamples like `resample_counts`, which is the definition."""

    def __call__(self, seed: int, group: int, first: int, resamples: int, speakers: int) -> NDArray[np.float64]:
        """Count how often each speaker of a group is drawn [resample, speaker]."""


def resample_counts(seed: int, group: int, first: int, resamples: int, speakers: int) -> NDArray[np.float64]:
    """Count how often each speaker of a group is drawn.

    A row is multinomial: as many draws as there are speakers, all equally likely.

    Args:
        seed: Key, 0 to 2**64 - 1.
        group: Number of the group, below 2**32.
        first: Number of the first resample.
        resamples: Number of resamples; the last one's number is below 2**32.
        speakers: Number of speakers in the group, below 2**32.

    Returns:
        Counts as float64, ready for a product with speaker sums [resample, speaker]; each row sums to `speakers`.
    """
    quads = np.arange(-(-speakers // 4), dtype=np.uint64)
    rows = np.arange(first, first + resamples, dtype=np.uint64)[:, None]
    words = philox4x32((quads, rows, np.uint64(group), np.uint64(BOOTSTRAP_STREAM)), split_seed(seed))
    word = np.moveaxis(words, 0, 2).reshape(resamples, -1)[:, :speakers].astype(np.uint64)
    drawn = (word * np.uint64(speakers) >> WORD_BITS).astype(np.int64)
    cell = drawn + speakers * np.arange(resamples)[:, None]
    counts = np.bincount(cell.ravel(), minlength=resamples * speakers)
    return counts.reshape(resamples, speakers).astype(np.float64)
