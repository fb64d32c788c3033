"""Bit-parallel edit distance, compiled by numba: the columns of Hyyro (2003), and the walk back through them.

Row i of the matrix D of `README.md` is a bit of a word of 64 rows. A column is kept as two words for every 64 rows:
`up`, where D[i, j] = D[i-1, j] + 1, and `down`, where D[i, j] = D[i-1, j] - 1. They answer both questions of the rule
`ties="jiwer"`: a deletion is a bit of `up` in this column, an insertion a bit of `down` in the column before.

References of more than 64 tokens are filled in bands of 128 rows, from left to right; a row of changes carries over to
the band below. The matrix of a pair lies in `matrix` whole where it fits. Where it does not, one sweep keeps only the
edges of square tiles, and the walk fills again the tiles that it enters.
"""

import numpy as np
from numba import njit, types

from callgap_kernels.edit_distance.cpu_word_kernel import (
    FOUR,
    ONE,
    ONES,
    SIGN,
    THREE,
    TWO,
    WORD,
    ZERO,
    called,
    count_word,
    fill_word,
    mark,
    unmark,
)

BAND = 128

HIT, SUBSTITUTION, DELETION, INSERTION = 0, 1, 2, 3
TILES = 4


@called
def _fill_band(reference, top, bottom, hypothesis, first, last, masks, row, matrix, at):
    """Fill rows top + 1 to bottom, 128 at most, and columns first + 1 to last, from column `first` at `matrix[at]`.

    `row[j]` holds how the row above the band changes at column j + 1, 1 where it grows and 2 where it falls, and is
    left holding the same of the band's last row. A processor works on the band's two words at the same time, the
    second a column behind.
    """
    middle, second = min(top + WORD, bottom), masks[len(masks) // 2 :]
    mark(masks, reference, top, middle)
    mark(second, reference, middle, bottom)
    up, down, up_2, down_2 = matrix[at], matrix[at + 1], matrix[at + 2], matrix[at + 3]
    at = np.uint64(at)
    for j in range(np.uint64(first), np.uint64(last)):
        token = np.uint32(hypothesis[j])
        change = np.uint64(row[j])
        falls = change >> ONE
        equal = masks[token] | falls
        diagonal = (((equal & up) + up) ^ up) | equal | down
        right = down | ~(diagonal | up)
        left = diagonal & up
        grows_2, falls_2 = right >> SIGN, left >> SIGN
        right = right << ONE | (change & ONE)
        left = left << ONE | falls
        up = left | ~(diagonal | right)
        down = right & diagonal
        equal = second[token] | falls_2
        diagonal = (((equal & up_2) + up_2) ^ up_2) | equal | down_2
        right = down_2 | ~(diagonal | up_2)
        left = diagonal & up_2
        row[j] = right >> SIGN | left >> SIGN << ONE
        right = right << ONE | grows_2
        left = left << ONE | falls_2
        up_2 = left | ~(diagonal | right)
        down_2 = right & diagonal
        at += FOUR
        matrix[at], matrix[at + ONE], matrix[at + TWO], matrix[at + THREE] = up, down, up_2, down_2
    unmark(masks, reference, top, middle)
    unmark(second, reference, middle, bottom)


@called
def _set_column(words, at):
    """Write column 0 of D, which grows by 1 with each row."""
    words[at], words[at + 1], words[at + 2], words[at + 3] = ONES, ZERO, ONES, ZERO


@called
def _copy(source, start, target, at, length):
    # Slice to slice would take seconds more to compile, for an error message that cannot occur.
    for item in range(length):
        target[at + item] = source[start + item]


@called
def _sweep(reference, hypothesis, masks, matrix, columns, rows, tile):
    """Go through all bands and keep the edges of tiles: columns in `columns`, rows in `rows[m:]`."""
    n, m = len(reference), len(hypothesis)
    rows[:m] = 1
    edge = 0
    for top in range(0, n, BAND):
        if top % tile == 0:
            _copy(rows, 0, rows, m * (1 + top // tile), m)
        bottom = min(top + BAND, n)
        _set_column(matrix, 0)
        for first in range(0, m, tile):
            _copy(matrix, 0, columns, edge, 4)
            edge += 4
            last = min(first + tile, m)
            _fill_band(reference, top, bottom, hypothesis, first, last, masks, rows, matrix, 0)
            _copy(matrix, 4 * (last - first), matrix, 0, 4)


@called
def _fill_tile(reference, hypothesis, masks, matrix, columns, rows, tile, top, i, first, j):
    """Fill rows top + 1 to i and columns first + 1 to j of the tile that begins there; column `first` is kept too."""
    m = len(hypothesis)
    across = (m + tile - 1) // tile
    _copy(rows, m * (1 + top // tile) + first, rows, first, j - first)
    at = 0
    for band_top in range(top, i, BAND):
        bottom = min(band_top + BAND, i)
        _copy(columns, 4 * (band_top // BAND * across + first // tile), matrix, at, 4)
        _fill_band(reference, band_top, bottom, hypothesis, first, j, masks, rows, matrix, at)
        at += 4 * (j - first + 1)


@called
def _walk_tile(reference, hypothesis, matrix, top, i, first, j, operations, end):
    """Walk back from (i, j) until the tile is left; write operations before `end`.

    Returns where the walk stands, the new end, and the substitutions met.
    """
    stride = 4 * (j - first + 1)
    substitutions = 0
    while i > top and j > first:
        row = i - 1 - top
        at = (row >> 7) * stride + 4 * (j - first) + 2 * (row >> 6 & 1)
        bit = np.uint64(row & 63)
        if (matrix[at] >> bit) & ONE:
            operation = DELETION
            i -= 1
        elif (matrix[at - 3] >> bit) & ONE:
            operation = INSERTION
            j -= 1
        else:
            i -= 1
            j -= 1
            operation = types.int64(reference[i] != hypothesis[j])
            substitutions += operation
        end -= 1
        if len(operations):
            operations[end] = operation
    return i, j, end, substitutions


@called
def _align_bands(reference, hypothesis, masks, matrix, columns, rows, tile, operations, end):
    """Align one pair of any size, common ends removed.

    Returns the new end of its operations, the substitutions, and the number of tiles walked through.
    """
    i, j = len(reference), len(hypothesis)
    bands = (i + BAND - 1) // BAND
    if 4 * bands * (j + 1) <= len(matrix):
        # One tile: its edges are those of D.
        tile = max(bands * BAND, j)
        rows[j : 2 * j] = 1
        for band in range(bands):
            _set_column(columns, 4 * band)
    else:
        _sweep(reference, hypothesis, masks, matrix, columns, rows, tile)
    substitutions = tiles = 0
    while i > 0 and j > 0:
        top, first = (i - 1) // tile * tile, (j - 1) // tile * tile
        _fill_tile(reference, hypothesis, masks, matrix, columns, rows, tile, top, i, first, j)
        i, j, end, found = _walk_tile(reference, hypothesis, matrix, top, i, first, j, operations, end)
        substitutions += found
        tiles += 1
    end = _write(operations, INSERTION, _write(operations, DELETION, end, i), j)
    return end, substitutions, tiles


@called
def _write(operations, operation, end, times):
    """Write an operation some times before `end`; return the new end."""
    if len(operations):
        operations[end - times : end] = operation
    return end - times


@njit(
    "void(int32[::1], int64[::1], int32[::1], int64[::1], int64, int64, uint64[::1], uint64[::1], uint64[::1],"
    " uint8[::1], int64, uint8[::1], int64[:, ::1])",
    nogil=True,
)
def align_pairs(
    reference,
    reference_offsets,
    hypothesis,
    hypothesis_offsets,
    first_pair,
    last_pair,
    masks,
    matrix,
    columns,
    rows,
    tile,
    operations,
    counts,
):
    """Align the pairs first_pair to last_pair - 1; they may be split over threads, each with its own scratch.

    Args:
        reference: Token ids of all references, each below half the length of `masks`.
        reference_offsets: Where references begin and end [pair + 1], from 0.
        hypothesis: Token ids of all hypotheses, each below half the length of `masks`.
        hypothesis_offsets: Where hypotheses begin and end [pair + 1], from 0.
        first_pair: First pair.
        last_pair: Pair to stop before.
        masks: Zeros, two words per token id; zeros again at the end.
        matrix: Scratch for one pair's matrix or one tile, 4 words per band and column, column 0 included.
        columns: Scratch for the left edges of tiles, 4 words per band and tile across.
        rows: Scratch for one row and the upper edges of tiles, m bytes each.
        tile: Side of a tile in rows and columns, a multiple of 128.
        operations: Out, one code per position, towards the end of the n + m places of each pair; empty to only count.
        counts: Out [5, pair]: hits, substitutions, deletions, insertions, and the tiles that the walk went through.
    """
    for pair in range(first_pair, last_pair):
        start, stop = reference_offsets[pair], reference_offsets[pair + 1]
        begin, finish = hypothesis_offsets[pair], hypothesis_offsets[pair + 1]
        length = stop - start
        end = stop + finish
        while start < stop and begin < finish and reference[start] == hypothesis[begin]:
            start += 1
            begin += 1
        while start < stop and begin < finish and reference[stop - 1] == hypothesis[finish - 1]:
            stop -= 1
            finish -= 1
        n, m = stop - start, finish - begin
        if len(operations) == 0 and (n == 0 or m == 0):
            errors, insertions, tiles = n + m, m, 0
        elif len(operations) == 0 and n <= WORD and 2 * (m + 1) <= len(matrix):
            mark(masks, reference, start, stop)
            fill_word(masks, hypothesis, begin, finish, matrix)
            unmark(masks, reference, start, stop)
            errors, insertions = count_word(n, m, matrix)
            tiles = 1
        else:
            last = _write(operations, HIT, end, reference_offsets[pair + 1] - stop)
            said, heard = reference[start:stop], hypothesis[begin:finish]
            first, substitutions, tiles = _align_bands(
                said, heard, masks, matrix, columns, rows, tile, operations, last
            )
            _write(operations, HIT, first, start - reference_offsets[pair])
            # Positions of an alignment: all reference tokens and the insertions.
            insertions = last - first - n
            errors = substitutions + 2 * insertions + n - m
        deletions = insertions + n - m
        counts[HIT, pair] = length - errors + insertions
        counts[SUBSTITUTION, pair] = errors - deletions - insertions
        counts[DELETION, pair] = deletions
        counts[INSERTION, pair] = insertions
        counts[TILES, pair] = tiles
