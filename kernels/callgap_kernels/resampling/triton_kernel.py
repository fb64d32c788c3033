"""Triton kernel that draws speakers and counts them."""

from typing import Final

import torch
import triton
import triton.language as tl
from torch import Tensor

DRAWS_PER_CALL: Final = 4
# Calls of Philox in a program, and in a launch, which numbers them with 31 bits.
BLOCK: Final = 512
MOST_CALLS: Final = 2**31 - BLOCK


@triton.jit(do_not_specialize=["seed_low", "seed_high", "group", "first", "cells", "calls", "speakers"])
def count_draws_kernel(
    counts,
    seed_low,
    seed_high,
    group,
    first,
    cells,
    calls,
    speakers,
    BLOCK: tl.constexpr,  # noqa: N803
):
    """Add the draws of a tile of resamples to their counts.

    One lane makes one call of Philox, which gives four draws. Lanes run through the calls of a resample, then through
    the resamples, so programs in flight work on few neighboring rows and their atomics stay in the L2 cache.

    Args:
        counts: Float64 zeros [resample, speaker]. Additions of 1 are exact, so their order does not matter.
        seed_low: Low 32 bits of the seed.
        seed_high: High 32 bits of the seed.
        group: Number of the group.
        first: Number of the tile's first resample, its 32 bits.
        cells: Calls of the whole tile, resamples times `calls`, below 2**31.
        calls: Calls of a resample, a fourth of its draws, rounded up.
        speakers: Number of speakers of the group, hence of draws.
        BLOCK: Calls of a program.
    """
    low = seed_low.to(tl.uint32, bitcast=True).to(tl.uint64)
    seed = (seed_high.to(tl.uint32, bitcast=True).to(tl.uint64) << 32) | low
    cell = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.uint32)
    row = cell // calls.to(tl.uint32)
    call = cell - row * calls.to(tl.uint32)
    resample = first.to(tl.uint32, bitcast=True) + row
    zero = cell * 0
    words = tl.philox(seed, call, resample, zero + group.to(tl.uint32), zero)
    present = cell < cells.to(tl.uint32)
    start = counts + row.to(tl.int64) * speakers
    for lane in tl.static_range(4):
        inside = present & (call * 4 + lane < speakers.to(tl.uint32))
        # The high half of the product of word and number of speakers.
        drawn = tl.umulhi(words[lane], zero + speakers.to(tl.uint32))
        tl.atomic_add(start + drawn.to(tl.int64), 1.0, mask=inside, sem="relaxed")


def calls_per_resample(speakers: int) -> int:
    """Number of calls of Philox for as many draws as there are speakers."""
    return -(-speakers // DRAWS_PER_CALL)


def count_draws(counts: Tensor, *, seed: int, group: int, first: int) -> None:
    """Draw the speakers of a group with replacement, as many as it has, and count how often each is drawn.

    Draw d of resample b is the number of speakers times word d % 4 of Philox4x32-10 (Salmon et al. 2011), divided by
    2**32 and rounded down. The key is the seed, the counter (d // 4, b, group, 0).

    Args:
        counts: Float64, overwritten; the resamples take at most 2**31 - 512 calls of Philox [resample, speaker].
        seed: Key, 0 to 2**64 - 1.
        group: Number of the group, below 2**31.
        first: Number of the first resample; the last one's is below 2**32.
    """
    rows, speakers = counts.shape
    calls = calls_per_resample(speakers)
    key = _signed(seed & 0xFFFFFFFF), _signed(seed >> 32)
    counts.zero_()
    with torch.cuda.device_of(counts):
        count_draws_kernel[(-(-rows * calls // BLOCK),)](
            counts, *key, group, _signed(first), rows * calls, calls, speakers, BLOCK=BLOCK
        )


def _signed(word: int) -> int:
    """Reinterpret an unsigned 32-bit word, so that the kernel has one type for all seeds."""
    return (word ^ 2**31) - 2**31
