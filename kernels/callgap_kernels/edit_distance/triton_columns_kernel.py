"""Columns of the bit-parallel edit distance in Triton: filled from left to right, and read on the way back.

`triton_kernel.py` says what a lane, a tile and a plane are.
"""

import triton
import triton.language as tl

_ONES_32 = tl.constexpr(0xFFFFFFFF)


@triton.jit
def bit_length(word, ones: tl.constexpr):
    """Number of the highest set bit, from 1; 0 for 0."""
    # Without the bit below the highest, rounding to float32 cannot reach the next power of two.
    leading = word & ((word >> 1) ^ ones)
    exponent = leading.to(tl.float32).to(tl.int32, bitcast=True) >> 23
    return tl.maximum(exponent - 126, 0)


@triton.jit
def lowest(word, bits, word_bits: tl.constexpr):
    """Keep the lowest `bits` bits, 1 to `word_bits`."""
    ones = tl.full(word.shape, (1 << word_bits) - 1, word.dtype)
    return word & (ones >> ((word_bits - bits) & (word_bits - 1)).to(word.dtype))


@triton.jit
def _count_ones(word):
    pairs = word.to(tl.uint64)
    pairs -= (pairs >> 1) & 0x5555555555555555
    fours = (pairs & 0x3333333333333333) + ((pairs >> 2) & 0x3333333333333333)
    eights = (fours + (fours >> 4)) & 0x0F0F0F0F0F0F0F0F
    return ((eights * 0x0101010101010101) >> 56).to(tl.int32)


@triton.jit
def _exchange(words, kept: tl.constexpr, distance: tl.constexpr):
    """Swap, between words `distance` apart, the bits that a transposed matrix has there; drop words past `kept`."""
    low_half: tl.constexpr = 0xFFFFFFFF // ((1 << distance) + 1)
    high_half: tl.constexpr = 0xFFFFFFFF - low_half
    exchanged = ()
    for k in tl.static_range(kept):
        if k & distance == 0:
            word = (words[k] & low_half) | ((words[k + distance] << distance) & high_half)
        else:
            word = ((words[k - distance] >> distance) & low_half) | (words[k] & high_half)
        exchanged += (word,)  # type: ignore[assignment]
    return exchanged


@triton.jit
def _planes(tokens, left, planes: tl.constexpr):
    """Bit `k` of up to 32 tokens as word `k`, by Warren's transposition (Hacker's Delight, 7-3)."""
    words = ()
    for row in tl.static_range(32):
        word = tl.load(tokens + row, mask=row < left, other=0).to(tl.uint32, bitcast=True)
        words += (word,)  # type: ignore[assignment]
    kept: tl.constexpr = 8 if planes <= 8 else (16 if planes <= 16 else 32)
    words = _exchange(words, 16 if kept < 16 else kept, 16)
    words = _exchange(words, kept, 8)
    words = _exchange(words, kept, 4)
    words = _exchange(words, kept, 2)
    return _exchange(words, kept, 1)


@triton.jit
def _matches(low, high, token, word_bits: tl.constexpr, planes: tl.constexpr):
    """Bit vector of the rows whose token is `token`."""
    differ = tl.zeros_like(low[0])
    differ_high = differ
    for k in tl.static_range(planes):
        bit = ((token << (31 - k)) >> 31).to(tl.uint32, bitcast=True)
        differ |= low[k] ^ bit
        if word_bits == 64:
            differ_high |= high[k] ^ bit
    same = differ ^ _ONES_32
    if word_bits == 64:
        same = same.to(tl.uint64) | ((differ_high ^ _ONES_32).to(tl.uint64) << 32)
    return same


@triton.jit
def _next_column(rise, fall, same, rise_in, fall_in, word_bits: tl.constexpr):
    """Advance Hyyro's (2003) vectors by one hypothesis token; 0/1 words come in from the block above and go out."""
    ones: tl.constexpr = (1 << word_bits) - 1
    same |= fall_in
    # The interpreter takes a carry out of a word of 32 bits for a mistake, unless it is told.
    diagonal = (tl.add(same & rise, rise, sanitize_overflow=False) ^ rise) | same | fall
    right_rise = fall | ((diagonal | rise) ^ ones)
    right_fall = diagonal & rise
    rise_out, fall_out = right_rise >> (word_bits - 1), right_fall >> (word_bits - 1)
    right_rise = (right_rise << 1) | rise_in
    right_fall = (right_fall << 1) | fall_in
    return right_fall | ((diagonal | right_rise) ^ ones), right_rise & diagonal, rise_out, fall_out


@triton.jit
def fill(
    reference, hypothesis, rows, columns, rises, falls, carries, block_stride, lanes,
    word_bits: tl.constexpr, carried: tl.constexpr, planes: tl.constexpr, threads: tl.constexpr,
):  # fmt: skip
    """Write where the distance rises and falls from one row to the next, for each block of rows and column."""
    used = tl.arange(0, threads) < lanes
    width = tl.max(tl.where(rows > 0, columns, 0), axis=0)
    blocks = tl.cdiv(tl.max(rows, axis=0), word_bits) if carried else 1
    for block in range(blocks):
        first = block * word_bits
        low = _planes(reference + first, rows - first, planes)
        high = _planes(reference + first + 32, rows - first - 32, planes) if word_bits == 64 else low
        fall = tl.zeros([threads], tl.uint64 if word_bits == 64 else tl.uint32)
        rise = fall ^ ((1 << word_bits) - 1)
        # Above the first row the distance rises with every column.
        rise_in, fall_in = fall + 1, fall
        rise_cell, fall_cell, carry_cell = rises + block * block_stride, falls + block * block_stride, carries
        token = tl.load(hypothesis, mask=columns > 0, other=0)
        for column in range(width):
            # One condition for the whole loop is cheaper than one per column: the last token is read again.
            following = tl.load(hypothesis + tl.minimum(column + 1, columns - 1), mask=columns > 0, other=0)
            if carried:
                carry = tl.load(carry_cell, mask=used & (block > 0), other=1).to(tl.uint64)
                rise_in, fall_in = carry & 1, carry >> 1
            same = _matches(low, high, token, word_bits, planes)
            rise, fall, rise_out, fall_out = _next_column(rise, fall, same, rise_in, fall_in, word_bits)
            tl.store(rise_cell, rise, mask=used)
            tl.store(fall_cell, fall, mask=used)
            rise_cell += lanes
            fall_cell += lanes
            if carried:
                tl.store(carry_cell, (rise_out | (fall_out << 1)).to(tl.uint8), mask=used)
                carry_cell += lanes
            token = following
        # The next block reads the carries, and the walk back all the rest.
        tl.debug_barrier()


@triton.jit
def delete(rise_cell, row, live, block_stride, word_bits: tl.constexpr, carried: tl.constexpr):
    """Row reached from `row` by deletions within a column: just below the highest bit at which nothing rises."""
    ones: tl.constexpr = (1 << word_bits) - 1
    moving = live & (row > 0)
    if not carried:
        rise = tl.load(rise_cell, mask=moving, other=0)
        return tl.where(moving, bit_length(lowest(rise ^ ones, row, word_bits), ones), row)
    while tl.max(moving.to(tl.int32), axis=0) > 0:
        block = (row - 1) // word_bits
        rise = tl.load(rise_cell + block * block_stride, mask=moving, other=0)
        top = bit_length(lowest(rise ^ ones, row - block * word_bits, word_bits), ones)
        row = tl.where(moving, block * word_bits + top, row)
        moving = moving & (top == 0) & (row > 0)
    return row


@triton.jit
def is_insertion(fall_cell, row, live, inner, block_stride, word_bits: tl.constexpr, carried: tl.constexpr):
    """Whether the step to the left, given that it is no deletion, is an insertion; `fall_cell` is the left column."""
    # Left of the first column the distance rises everywhere.
    known = live & (row > 0) & inner
    block = (row - 1) // word_bits if carried else 0
    fall = tl.load(fall_cell + block * block_stride, mask=known, other=0)
    bit = (fall >> ((row - 1) & (word_bits - 1)).to(fall.dtype)) & 1
    return live & ((row == 0) | (bit != 0))


@triton.jit
def distance(rises, falls, rows, columns, block_stride, lanes, word_bits: tl.constexpr, carried: tl.constexpr):
    """Errors of each lane: its columns, plus the rises and minus the falls of its last column."""
    blocks = tl.cdiv(tl.max(rows, axis=0), word_bits) if carried else 1
    errors = columns
    cell = (columns - 1).to(tl.int64) * lanes
    for block in range(blocks):
        left = tl.minimum(rows - block * word_bits, word_bits)
        known = (left > 0) & (columns > 0)
        errors += _count_ones(lowest(tl.load(rises + cell, mask=known, other=0), left, word_bits))
        errors -= _count_ones(lowest(tl.load(falls + cell, mask=known, other=0), left, word_bits))
        cell += block_stride
    return errors
