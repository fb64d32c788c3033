"""Bit-parallel edit distance of references of up to 64 tokens, compiled by numba; see `cpu_kernel.py`."""

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ZERO, ONE, TWO, THREE, FOUR, SIGN, WIDTH = (np.uint64(number) for number in (0, 1, 2, 3, 4, 63, 64))
ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
WORD = 64

# For what only compiled code calls: without the wrappers for Python, a quarter less to compile.
called = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def leading_zeros(typing_context, word):
    """Count the zeros above the highest set bit of a word of 64 bits."""

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], cgutils.false_bit)

    return types.uint64(types.uint64), generate


@intrinsic
def _set_bits(typing_context, word):
    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@called
def mark(masks, reference, first, last):
    """Set bit i of `masks[token]` where token stands at `first + i`."""
    bit = ONE
    # Unsigned indices, here and below: numba makes signed ones count from the end, which takes a third of the time.
    for i in range(np.uint64(first), np.uint64(last)):
        masks[np.uint32(reference[i])] |= bit
        bit <<= ONE


@called
def unmark(masks, reference, first, last):
    """Clear what `mark` has set."""
    for i in range(np.uint64(first), np.uint64(last)):
        masks[np.uint32(reference[i])] = ZERO


@called
def fill_word(masks, hypothesis, first, last, matrix):
    """Fill all columns of a reference of 64 tokens at most."""
    up, down = ONES, ZERO
    matrix[0], matrix[1] = up, down
    at = TWO
    for j in range(np.uint64(first), np.uint64(last)):
        equal = masks[np.uint32(hypothesis[j])]
        diagonal = (((equal & up) + up) ^ up) | equal | down
        # Row 0 of D grows by 1 with each column.
        right = (down | ~(diagonal | up)) << ONE | ONE
        left = (diagonal & up) << ONE
        up = left | ~(diagonal | right)
        down = right & diagonal
        matrix[at], matrix[at + ONE] = up, down
        at += TWO


@called
def count_word(n, m, matrix):
    """Walk back column by column; return D[n, m] and the insertions, which are the columns without a diagonal step."""
    rows = ONES >> (WIDTH - np.uint64(n))
    errors = m + types.int64(_set_bits(matrix[2 * m] & rows)) - types.int64(_set_bits(matrix[2 * m + 1] & rows))
    # The row i where the walk stands, as the shift that brings its bit to the top.
    shift = WIDTH - np.uint64(n)
    diagonal_steps = ZERO
    at = np.uint64(2 * m)
    while at > ZERO:
        # A run of deletions is a run of ones from the top.
        shift += leading_zeros(~matrix[at] << shift)
        if shift >= WIDTH:
            break
        step = (~matrix[at - ONE] << shift) >> SIGN
        shift += step
        diagonal_steps += step
        if shift >= WIDTH:
            break
        at -= TWO
    return errors, m - types.int64(diagonal_steps)
