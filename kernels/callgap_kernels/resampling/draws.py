"""Draws of speakers with replacement, as counts.

Each block of `DRAW_BLOCK` resamples of a group has a Philox stream of its own: the key is (seed, group) and the counter
starts at the block. So any block can be drawn alone, in any order, with the same result. Raw 64-bit words are used,
which numpy keeps stable between versions.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAW_BLOCK: Final = 64


def resample_counts(seed: int, group: int, block: int, speakers: int) -> NDArray[np.float64]:
    """Count how often each speaker of a group is drawn, in one block of resamples.

    A row is multinomial: as many draws as there are speakers, all equally likely (bias below 2**-53 * speakers).

    Args:
        seed: Key, 0 to 2**64 - 1.
        group: Number of the group.
        block: Number of the block; it holds resamples `block * DRAW_BLOCK` onward.
        speakers: Number of speakers in the group.

    Returns:
        Counts as float64, ready for a product with speaker sums [DRAW_BLOCK, speaker]; each row sums to `speakers`.
    """
    stream = np.random.Philox(
        key=np.array([seed, group], dtype=np.uint64), counter=np.array([0, 0, 0, block], dtype=np.uint64)
    )
    words = stream.random_raw(DRAW_BLOCK * speakers).reshape(DRAW_BLOCK, speakers)
    # Multiplying the top 53 bits keeps one word per draw, which rejection would not.
    drawn = ((words >> np.uint64(11)) * (2.0**-53 * speakers)).astype(np.int64)
    cell = drawn + speakers * np.arange(DRAW_BLOCK)[:, None]
    counts = np.bincount(cell.ravel(), minlength=DRAW_BLOCK * speakers)
    return counts.reshape(DRAW_BLOCK, speakers).astype(np.float64)
