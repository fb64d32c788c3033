"""Edit distance for CUDA in Triton: one lane of a warp per pair, 32 or 64 reference tokens per machine word.

`trim_ends` finds what the two ends of a pair share and settles the pairs of which a side is then empty. `count_tiles`
and `write_tiles` do the rest, a tile of lanes after the other: they fill the bit vectors of Hyyro (2003) column by
column and walk back through them by the rule `ties="jiwer"` of this folder's README. All three run under
TRITON_INTERPRET=1 on the CPU.

Which reference tokens equal a hypothesis token is found by bits of the ids, not token by token: plane `k` holds bit
`k` of 32 reference tokens in one word, and a token differs where any plane differs from bit `k` of the hypothesis
token. That costs about four instructions per plane for 64 reference tokens, and no table is looked up. Bits past the
end of a reference and columns past the end of a hypothesis hold whatever comes: nothing inside depends on them.
"""

import triton
import triton.language as tl

from callgap_kernels.edit_distance.triton_columns_kernel import bit_length, delete, distance, fill, is_insertion

# Lanes of a tile: one warp, in which each lane reads back what it wrote itself.
LANES = 32

# A sort key is the class of a pair above the number of its columns; pairs with a longer side have the class BEYOND.
COLUMN_BITS = 26
SETTLED, ONE_WORD, TWO_WORDS, BLOCKS, BEYOND = 0, 1, 2, 3, 31

# One compiled kernel serves every value and alignment of these arguments, places 0 to the last before the constants.
_BATCH, _TILES = range(11), range(18)

_COLUMN_BITS = tl.constexpr(COLUMN_BITS)
_BEYOND = tl.constexpr(BEYOND)
_ONES_64 = tl.constexpr(0xFFFFFFFFFFFFFFFF)
_HIT, _SUBSTITUTION, _DELETION, _INSERTION = tl.constexpr(0), tl.constexpr(1), tl.constexpr(2), tl.constexpr(3)


@triton.jit
def _shared(left, right, step, most):
    """Count the tokens, at most `most`, that two sequences share in the direction of `step` (1 or -1)."""
    shared = most * 0
    open_ = shared < most
    while tl.max(open_.to(tl.int32), axis=0) > 0:
        same = tl.load(left + shared * step, mask=open_, other=0) == tl.load(right + shared * step, mask=open_, other=0)
        shared += (open_ & same).to(tl.int64)
        open_ = open_ & same & (shared < most)
    return shared


@triton.jit
def _sort_key(rows, columns):
    """Class of a pair above its columns: what one launch of a kernel can take together, in order of work."""
    octave = bit_length(((rows - 1) // 64).to(tl.uint64), _ONES_64) - 1
    kind = tl.where(rows <= 32, 1, tl.where(rows <= 64, 2, 3 + octave))
    kind = tl.where((rows == 0) | (columns == 0), 0, kind)
    too_long = (rows >> _COLUMN_BITS) + (columns >> _COLUMN_BITS) > 0
    return tl.where(too_long, _BEYOND << _COLUMN_BITS, (kind << _COLUMN_BITS) + columns).to(tl.int32)


@triton.jit(do_not_specialize=_BATCH, do_not_specialize_on_alignment=_BATCH)
def trim_ends(
    reference, reference_offsets, hypothesis, hypothesis_offsets, pairs,
    prefix, rows, columns, keys, counts, counts_stride, threads: tl.constexpr,
):  # fmt: skip
    """Measure each pair without its common ends, and count it as if nothing aligned in between.

    Args:
        reference: Int32 tokens.
        reference_offsets: Int64 [pairs + 1].
        hypothesis: Int32 tokens.
        hypothesis_offsets: Int64 [pairs + 1].
        pairs: Number of pairs.
        prefix: Int64 [pairs], written: tokens shared at the start.
        rows: Int64 [pairs], written: reference tokens between the common ends.
        columns: Int64 [pairs], written: hypothesis tokens between the common ends.
        keys: Int32 [pairs], written: see `_sort_key`.
        counts: Int64 [4, pairs], written: hits, substitutions, deletions, insertions; right where a side is empty.
        counts_stride: Entries from one row of `counts` to the next.
        threads: Pairs per program.
    """
    pair = tl.program_id(0).to(tl.int64) * threads + tl.arange(0, threads)
    valid = pair < pairs
    left, left_end = _bounds(reference_offsets, pair, valid)
    right, right_end = _bounds(hypothesis_offsets, pair, valid)
    start = _shared(reference + left, hypothesis + right, 1, tl.minimum(left_end - left, right_end - right))
    most = tl.minimum(left_end - left, right_end - right) - start
    end = _shared(reference + left_end - 1, hypothesis + right_end - 1, -1, most)
    height, width = left_end - left - start - end, right_end - right - start - end
    tl.store(prefix + pair, start, mask=valid)
    tl.store(rows + pair, height, mask=valid)
    tl.store(columns + pair, width, mask=valid)
    tl.store(keys + pair, _sort_key(height, width), mask=valid)
    _store_counts(counts, counts_stride, pair, valid, start + end, tl.zeros_like(height), height, width)


@triton.jit
def _bounds(offsets, pair, valid):
    return tl.load(offsets + pair, mask=valid, other=0), tl.load(offsets + pair + 1, mask=valid, other=0)


@triton.jit
def _store_counts(counts, stride, pair, valid, hits, substitutions, deletions, insertions):
    stride = tl.cast(stride, tl.int64)
    tl.store(counts + pair, hits, mask=valid)
    tl.store(counts + stride + pair, substitutions, mask=valid)
    tl.store(counts + 2 * stride + pair, deletions, mask=valid)
    tl.store(counts + 3 * stride + pair, insertions, mask=valid)


@triton.jit
def _lanes_of(tile, order, first, pairs, lanes, threads: tl.constexpr):
    """Pairs of a tile, and which lanes have one."""
    lane = tl.arange(0, threads)
    place = tile * lanes + lane
    valid = (lane < lanes) & (place < pairs)
    return tl.load(order + first + place, mask=valid, other=0), valid


@triton.jit(do_not_specialize=_TILES, do_not_specialize_on_alignment=_TILES)
def count_tiles(
    reference, reference_offsets, hypothesis, hypothesis_offsets, prefix, row_counts, column_counts, order,
    first, pairs, lanes, rises, falls, carries, block_capacity, column_capacity, counts, counts_stride,
    word_bits: tl.constexpr, carried: tl.constexpr, planes: tl.constexpr, threads: tl.constexpr,
):  # fmt: skip
    """Count the edits of pairs between their common ends; each program takes tiles in turn and reuses its scratch.

    Args:
        reference: Int32 tokens.
        reference_offsets: Int64 [all_pairs + 1].
        hypothesis: Int32 tokens.
        hypothesis_offsets: Int64 [all_pairs + 1].
        prefix: Int64 [all_pairs], from `trim_ends`.
        row_counts: Int64 [all_pairs], from `trim_ends`; below 2**26 for the pairs taken.
        column_counts: Int64 [all_pairs], from `trim_ends`; below 2**26 for the pairs taken.
        order: Int64 [all_pairs], pairs sorted by key.
        first: Place in `order` of the first pair taken.
        pairs: Number of pairs taken.
        lanes: Pairs of a tile, 1 to `threads`.
        rises: Words [program, block_capacity, column_capacity, lanes], scratch.
        falls: Words [program, block_capacity, column_capacity, lanes], scratch.
        carries: Uint8 [program, column_capacity, lanes], scratch; unused without carried.
        block_capacity: Most blocks of word_bits rows of a pair taken.
        column_capacity: Most columns of a pair taken.
        counts: Int64 [4, all_pairs], written for the pairs taken.
        counts_stride: Entries from one row of `counts` to the next.
        word_bits: Rows per word, 32 or 64.
        carried: Whether a pair can have more than word_bits rows.
        planes: Bits of the largest token.
        threads: Threads of a program.
    """
    program = tl.program_id(0).to(tl.int64)
    lane = tl.arange(0, threads)
    block_stride = tl.cast(column_capacity, tl.int64) * lanes
    rises += program * block_capacity * block_stride + lane
    falls += program * block_capacity * block_stride + lane
    carries += program * block_stride + lane
    for tile in range(tl.program_id(0), tl.cdiv(pairs, lanes), tl.num_programs(0)):
        pair, valid = _lanes_of(tile, order, first, pairs, lanes, threads)
        rows = tl.load(row_counts + pair, mask=valid, other=0).to(tl.int32)
        columns = tl.load(column_counts + pair, mask=valid, other=0).to(tl.int32)
        shared = tl.load(prefix + pair, mask=valid, other=0)
        left, left_end = _bounds(reference_offsets, pair, valid)
        right = tl.load(hypothesis_offsets + pair, mask=valid, other=0)
        fill(
            reference + left + shared, hypothesis + right + shared, rows, columns,
            rises, falls, carries, block_stride, lanes, word_bits, carried, planes, threads,
        )  # fmt: skip
        row = rows
        insertions = tl.zeros_like(rows)
        width = tl.max(columns, axis=0)
        rise_cell = rises + (width.to(tl.int64) - 1) * lanes
        fall_cell = falls + (width.to(tl.int64) - 2) * lanes
        for column in range(width - 1, -1, -1):
            live = column < columns
            row = delete(rise_cell, row, live, block_stride, word_bits, carried)
            inserts = is_insertion(fall_cell, row, live, column > 0, block_stride, word_bits, carried)
            insertions += inserts.to(tl.int32)
            row -= (live & (inserts == 0)).to(tl.int32)
            rise_cell -= lanes
            fall_cell -= lanes
        deletions = rows - columns + insertions
        errors = distance(rises, falls, rows, columns, block_stride, lanes, word_bits, carried)
        substitutions = errors - deletions - insertions
        hits = left_end - left - deletions - substitutions
        _store_counts(counts, counts_stride, pair, valid, hits, substitutions, deletions, insertions)
        # The next tile overwrites what was read here.
        tl.debug_barrier()


@triton.jit(do_not_specialize=_TILES, do_not_specialize_on_alignment=_TILES)
def write_tiles(
    reference, reference_offsets, hypothesis, hypothesis_offsets, prefix, row_counts, column_counts, order,
    first, pairs, lanes, rises, falls, carries, block_capacity, column_capacity, operations, operation_offsets,
    word_bits: tl.constexpr, carried: tl.constexpr, planes: tl.constexpr, threads: tl.constexpr,
):  # fmt: skip
    """Write the operations of pairs between their common ends, from the last to the first.

    `operations` (uint8) holds the codes of all pairs, those of pair `p` from `operation_offsets[p]` (int64) on, as many
    as its counts say. `column_capacity` is 0 where a side of every pair is empty: no scratch is used then. All else is
    as in `count_tiles`.
    """
    program = tl.program_id(0).to(tl.int64)
    lane = tl.arange(0, threads)
    block_stride = tl.cast(column_capacity, tl.int64) * lanes
    rises += program * block_capacity * block_stride + lane
    falls += program * block_capacity * block_stride + lane
    carries += program * block_stride + lane
    for tile in range(tl.program_id(0), tl.cdiv(pairs, lanes), tl.num_programs(0)):
        pair, valid = _lanes_of(tile, order, first, pairs, lanes, threads)
        rows = tl.load(row_counts + pair, mask=valid, other=0).to(tl.int32)
        columns = tl.load(column_counts + pair, mask=valid, other=0).to(tl.int32)
        shared = tl.load(prefix + pair, mask=valid, other=0)
        left, left_end = _bounds(reference_offsets, pair, valid)
        left += shared
        right = tl.load(hypothesis_offsets + pair, mask=valid, other=0) + shared
        fill(
            reference + left, hypothesis + right, rows, columns,
            rises, falls, carries, block_stride, lanes, word_bits, carried, planes, threads,
        )  # fmt: skip
        row = rows
        suffix = left_end - left - rows
        place = operations + tl.load(operation_offsets + pair + 1, mask=valid, other=0) - suffix - 1
        width = tl.max(columns, axis=0)
        rise_cell = rises + (width.to(tl.int64) - 1) * lanes
        fall_cell = falls + (width.to(tl.int64) - 2) * lanes
        for column in range(width - 1, -1, -1):
            live = column < columns
            below = delete(rise_cell, row, live, block_stride, word_bits, carried)
            place = _write_deletions(place, row - below)
            inserts = is_insertion(fall_cell, below, live, column > 0, block_stride, word_bits, carried)
            diagonal = live & (inserts == 0)
            said = tl.load(reference + left + below - 1, mask=diagonal, other=0)
            heard = tl.load(hypothesis + right + column, mask=diagonal, other=0)
            code = tl.where(inserts, _INSERTION, tl.where(said == heard, _HIT, _SUBSTITUTION))
            tl.store(place, code.to(tl.uint8), mask=live)
            place -= live.to(tl.int32)
            row = below - diagonal.to(tl.int32)
            rise_cell -= lanes
            fall_cell -= lanes
        _write_deletions(place, row)
        # The next tile overwrites what was read here.
        tl.debug_barrier()


@triton.jit
def _write_deletions(place, deletions):
    """Write `deletions` codes from `place` downwards; returns the place below."""
    while tl.max(deletions, axis=0) > 0:
        more = deletions > 0
        tl.store(place, tl.full(deletions.shape, _DELETION, tl.uint8), mask=more)
        place -= more.to(tl.int32)
        deletions -= more.to(tl.int32)
    return place
