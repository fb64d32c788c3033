"""Triton kernels that permute labels and sum over groups; `reference` says what they compute.

A lane belongs to one resample. It shuffles its own column of a tile of labels [speaker, resample], so that neighboring
lanes touch neighboring bytes wherever the step is the same for all, and never reads what another lane wrote.
"""

from typing import Final

import torch
import triton
import triton.language as tl
from torch import Tensor

from callgap_kernels.philox import split_seed
from callgap_kernels.resampling.permutation.reference import PERMUTATION_STREAM

STEPS_PER_CALL: Final = 4
WARPS: Final = 2
# As many as a program has threads: so every load and store has the same layout, and a lane reads back what it wrote.
LANES: Final = 32 * WARPS
# Groups that a program sums at once, in registers.
MOST_GROUPS: Final = 8

_STREAM = tl.constexpr(PERMUTATION_STREAM)


@triton.jit(do_not_specialize=["seed_low", "seed_high", "family", "first", "calls", "columns"])
def permute_labels_kernel(
    labels,
    steps,
    seed_low,
    seed_high,
    family,
    first,
    calls,
    columns,
    LANES: tl.constexpr,  # noqa: N803
):
    """Shuffle every column of labels (Fisher and Yates).

    Args:
        labels: Integers [speaker, column], changed in place; all columns are alike at first.
        steps: Int32 [2, step], 4 steps per call of Philox: the stratum's first speaker, and the position i in it whose
            label is swapped with one of the positions 0 to i. Position 0 changes nothing.
        seed_low: Low 32 bits of the seed.
        seed_high: High 32 bits of the seed.
        family: Number of the family, its 32 bits.
        first: Number of the first column's resample, its 32 bits.
        calls: Calls of Philox per column.
        columns: Number of columns.
        LANES: Columns of a program.
    """
    low = seed_low.to(tl.uint32, bitcast=True).to(tl.uint64)
    seed = (seed_high.to(tl.uint32, bitcast=True).to(tl.uint64) << 32) | low
    column = tl.program_id(0) * LANES + tl.arange(0, LANES)
    present = column < columns
    zero = column.to(tl.uint32) * 0
    resample = first.to(tl.uint32, bitcast=True) + column.to(tl.uint32)
    counted_family = zero + family.to(tl.uint32, bitcast=True)
    own = labels + column
    width = columns.to(tl.int64)
    call = calls * 0
    while call < calls:
        words = tl.philox(seed, zero + call, resample, counted_family, zero + _STREAM)
        for part in tl.static_range(4):
            step = steps + call * 4 + part
            start, i = tl.load(step), tl.load(step + calls * 4)
            # The high half of the product of word and number of positions.
            j = tl.umulhi(words[part], zero + (i + 1).to(tl.uint32))
            here, there = own + (start + i) * width, own + (start + j.to(tl.int64)) * width
            left, right = tl.load(here, mask=present, other=0), tl.load(there, mask=present, other=0)
            tl.store(here, right, mask=present)
            tl.store(there, left, mask=present)
        call += 1


@triton.jit(do_not_specialize=["speakers", "columns", "groups", "endpoints"])
def sum_rates_kernel(
    labels,
    numerator,
    denominator,
    factor,
    bound,
    rate,
    variance,
    speakers,
    columns,
    groups,
    endpoints,
    GROUPS: tl.constexpr,  # noqa: N803
    STUDENTIZED: tl.constexpr,  # noqa: N803
    LANES: tl.constexpr,  # noqa: N803
):
    """Compute rates, and variances if `STUDENTIZED`, of one endpoint and some groups.

    Sums run over the speakers in order, so nothing depends on how columns are tiled.

    Args:
        labels: Integers [speaker, column].
        numerator: Float64 [endpoint, speaker].
        denominator: Likewise.
        factor: Float64 n / (n - 1) of a group of n speakers, NaN for one [group].
        bound: Float64 square of the relative size of residuals that are rounding errors [1].
        rate: Float64 [group, endpoint, column], written.
        variance: Likewise.
        speakers: Number of speakers.
        columns: Number of columns.
        groups: Number of groups.
        endpoints: Number of endpoints.
        GROUPS: Groups of a program, a power of two.
        STUDENTIZED: Whether variances are wanted.
        LANES: Columns of a program.
    """
    # Programs that read the same labels stand side by side.
    block, endpoint = tl.program_id(0) // endpoints, tl.program_id(0) % endpoints
    column = block * LANES + tl.arange(0, LANES)
    group = tl.program_id(1) * GROUPS + tl.arange(0, GROUPS)
    present = column < columns
    width = columns.to(tl.int64)
    row = endpoint.to(tl.int64) * speakers
    top = tl.zeros([GROUPS, LANES], dtype=tl.float64)
    bottom = tl.zeros([GROUPS, LANES], dtype=tl.float64)
    speaker = speakers * 0
    while speaker < speakers:
        label = tl.load(labels + speaker * width + column, mask=present, other=0).to(tl.int32)
        member = label[None, :] == group[:, None]
        top += tl.where(member, tl.load(numerator + row + speaker), 0.0)
        bottom += tl.where(member, tl.load(denominator + row + speaker), 0.0)
        speaker += 1
    bottom = tl.where(bottom == 0.0, float("nan"), bottom)
    ratio = top / bottom
    cell = (group[:, None].to(tl.int64) * endpoints + endpoint) * width + column[None, :]
    inside = (group < groups)[:, None] & present[None, :]
    tl.store(rate + cell, ratio, mask=inside)
    if STUDENTIZED:
        squares = tl.zeros([GROUPS, LANES], dtype=tl.float64)
        scale = tl.zeros([GROUPS, LANES], dtype=tl.float64)
        speaker = speakers * 0
        while speaker < speakers:
            label = tl.load(labels + speaker * width + column, mask=present, other=0).to(tl.int32)
            member = label[None, :] == group[:, None]
            e, n = tl.load(numerator + row + speaker), tl.load(denominator + row + speaker)
            residual = e - ratio * n
            squares += tl.where(member, residual * residual, 0.0)
            scale += tl.where(member, e * e, 0.0)
            speaker += 1
        squares = tl.where(squares <= tl.load(bound) * scale, 0.0, squares)
        spread = tl.load(factor + group, mask=group < groups, other=0.0)[:, None] / (bottom * bottom)
        tl.store(variance + cell, squares * spread, mask=inside)


def permute_labels(labels: Tensor, steps: Tensor, *, seed: int, family: int, first: int) -> None:
    """Shuffle the labels of some resamples, each in its own column.

    Args:
        labels: Integers [speaker, resample], changed in place; all columns are alike at first.
        steps: Int32 first speaker of the stratum and position in it, a multiple of four steps [2, step].
        seed: Key, 0 to 2**64 - 1.
        family: Number of the family, below 2**32.
        first: Number of the first resample; the last one's is below 2**32.
    """
    columns = labels.shape[1]
    low, high = split_seed(seed)
    words = (_signed(word) for word in (low, high, family, first))
    with torch.cuda.device_of(labels):
        # One stage: reading ahead of a store would read what the store is about to change.
        permute_labels_kernel[(-(-columns // LANES),)](
            labels, steps, *words, steps.shape[1] // STEPS_PER_CALL, columns, LANES=LANES, num_warps=WARPS, num_stages=1
        )


def sum_rates(
    labels: Tensor,
    numerator: Tensor,
    denominator: Tensor,
    factor: Tensor,
    bound: Tensor,
    rate: Tensor,
    variance: Tensor | None,
) -> None:
    """Compute each group's rate and linearized variance in some arrangements.

    Args:
        labels: Integers [speaker, arrangement].
        numerator: Float64 [endpoint, speaker].
        denominator: Likewise.
        factor: Float64 n / (n - 1) of a group of n speakers, NaN for one [group].
        bound: Float64 square of the relative size of residuals that are rounding errors [1].
        rate: Float64, overwritten [group, endpoint, arrangement].
        variance: Likewise; None if it is not wanted.
    """
    (endpoints, speakers), groups, columns = numerator.shape, len(factor), labels.shape[1]
    at_once = min(triton.next_power_of_2(groups), MOST_GROUPS)
    grid = -(-columns // LANES) * endpoints, -(-groups // at_once)
    with torch.cuda.device_of(labels):
        # Without fused multiply-add the results are those of the CPU to the bit.
        sum_rates_kernel[grid](
            *(labels, numerator, denominator, factor, bound, rate, rate if variance is None else variance),
            *(speakers, columns, groups, endpoints),
            GROUPS=at_once,
            STUDENTIZED=variance is not None,
            LANES=LANES,
            num_warps=WARPS,
            enable_fp_fusion=False,
        )


def _signed(word: int) -> int:
    """Reinterpret an unsigned 32-bit word, so that the kernel has one type for all seeds."""
    return (word ^ 2**31) - 2**31
