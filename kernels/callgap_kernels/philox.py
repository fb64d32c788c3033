"""Philox4x32-10: random words that depend on a key and a counter, and on nothing drawn before (Salmon et al. 2011).

The words are those of Triton's `tl.philox` and of the Random123 library.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64] | np.uint64

ROUNDS: Final = 10
MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS: Final = (0x9E3779B9, 0xBB67AE85)
WORD_BITS: Final = np.uint64(32)
LOW_WORD: Final = np.uint64(0xFFFFFFFF)


def split_seed(seed: int) -> tuple[int, int]:
    """Cut a seed into the two words of a key, the low one first.

    Args:
        seed: 0 to 2**64 - 1.

    Returns:
        Two numbers of 32 bits.
    """
    return seed & 0xFFFFFFFF, seed >> 32


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> NDArray[np.uint32]:
    """Compute the four words of each counter.

    Args:
        counter: Words c0 to c3 of the counters, each below 2**32, of shapes that broadcast to one [...].
        key: Two numbers of 32 bits.

    Returns:
        Words 0 to 3 [4, ...].
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c2 = (product1 >> WORD_BITS) ^ c1 ^ np.uint64(k0), (product0 >> WORD_BITS) ^ c3 ^ np.uint64(k1)
        c1, c3 = product1 & LOW_WORD, product0 & LOW_WORD
        k0, k1 = (k0 + KEY_STEPS[0]) & 0xFFFFFFFF, (k1 + KEY_STEPS[1]) & 0xFFFFFFFF
    words = np.empty((4, *np.broadcast_shapes(*(np.shape(word) for word in (c0, c1, c2, c3)))), dtype=np.uint32)
    for number, word in enumerate((c0, c1, c2, c3)):
        words[number] = word
    return words
