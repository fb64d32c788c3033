"""Edit distance on the CPU: what the compiled loop over pairs needs, and its threads.

All results equal those of `reference.py`. The matrices of one call stay within a budget: a pair whose matrix is larger
is aligned tile by tile. Token ids, results and what is linear in the longest pair come on top.
"""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from callgap_kernels.edit_distance.counts import Alignment, EditCounts
from callgap_kernels.tokens.ragged import Ragged

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Codes = NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)

# Enough for a whole matrix of 11,000 x 11,000 tokens; from about there on, tiles are also faster.
MEMORY_BUDGET: Final = 32 * 2**20
# Each thread holds a table of two words per token id. Ids from here on are renumbered, so that it stays small.
DENSE_IDS: Final = 2**22
# Rows that the kernel fills at a time, 4 words of 8 bytes per column.
BAND: Final = 128
PAIRS_OF_A_PIECE: Final = 2**16
PIECES_OF_A_THREAD: Final = 8
NO_OPERATION: Final = 255


@dataclass(frozen=True)
class _Batch:
    """A batch of pairs in numpy.

    Attributes:
        reference: Token ids of all references.
        reference_offsets: Where references begin and end [pair + 1].
        hypothesis: Token ids of all hypotheses.
        hypothesis_offsets: Where hypotheses begin and end [pair + 1].
        ids: Number above every token id.
    """

    reference: Int32s
    reference_offsets: Int64s
    hypothesis: Int32s
    hypothesis_offsets: Int64s
    ids: int


@dataclass(frozen=True)
class _Scratch:
    """Sizes of the working memory of one thread.

    Attributes:
        matrix: Words for a whole matrix or for one tile.
        columns: Words for the left edges of tiles.
        rows: Bytes for one row and the upper edges of tiles.
        tile: Side of a tile in rows and columns.
    """

    matrix: int
    columns: int
    rows: int
    tile: int


def count_edits(reference: Ragged, hypothesis: Ragged, *, threads: int = 1, memory: int = MEMORY_BUDGET) -> EditCounts:
    """Count hits, substitutions, deletions and insertions per pair.

    Args:
        reference: What was said, one sequence per pair, on the CPU.
        hypothesis: What was recognized, one sequence per pair, on the CPU.
        threads: Threads that share the pairs.
        memory: Bytes for the matrices of all threads together. Each thread takes at least 17 kB, and about
            1.5 (n m)^(2/3) bytes for its largest pair, even where that is more.

    Returns:
        Counts as int64 tensors [pair].

    Raises:
        ValueError: If the numbers of pairs differ, or `threads` or `memory` is below 1.
    """
    counts = _align_batch(reference, hypothesis, np.empty(0, dtype=np.uint8), threads, memory)
    hits, substitutions, deletions, insertions, _ = torch.from_numpy(counts)
    return EditCounts(hits, substitutions, deletions, insertions)


def align(reference: Ragged, hypothesis: Ragged, *, threads: int = 1, memory: int = MEMORY_BUDGET) -> Alignment:
    """Align each hypothesis with its reference.

    Args:
        reference: What was said, one sequence per pair, on the CPU.
        hypothesis: What was recognized, one sequence per pair, on the CPU.
        threads: Threads that share the pairs.
        memory: As in `count_edits`.

    Returns:
        Operations of each pair in reading order.

    Raises:
        ValueError: If the numbers of pairs differ, or `threads` or `memory` is below 1.
    """
    # A pair has n + m operations at most; the places that it leaves empty are closed at the end.
    places = sum(int(ragged.offsets[-1] - ragged.offsets[0]) for ragged in (reference, hypothesis))
    operations = np.full(places, NO_OPERATION, dtype=np.uint8)
    counts = _align_batch(reference, hypothesis, operations, threads, memory)
    offsets = np.zeros(len(reference) + 1, dtype=np.int64)
    np.cumsum(counts[:4].sum(axis=0), out=offsets[1:])
    return Alignment(torch.from_numpy(operations[operations != NO_OPERATION]), torch.from_numpy(offsets))


def _align_batch(reference: Ragged, hypothesis: Ragged, operations: Codes, threads: int, memory: int) -> Int64s:
    """Fill `operations`, if it has places, and count.

    Returns:
        Hits, substitutions, deletions, insertions and tiles walked through [5, pair].
    """
    if len(reference) != len(hypothesis):
        raise ValueError(f"{len(reference)} references and {len(hypothesis)} hypotheses; accepted are equal numbers")
    for name, value in (("threads", threads), ("memory", memory)):
        if value < 1:
            raise ValueError(f"{name} is {value}; accepted is 1 or more")
    # numba takes seconds to import and the kernel to compile, which only those who align pay.
    from callgap_kernels.edit_distance import cpu_kernel

    batch = _batch(reference, hypothesis)
    counts = _fresh((5, len(reference)), np.int64)
    own = threading.local()

    def run(piece: tuple[int, int]) -> None:
        start, stop = piece
        bands = (np.diff(batch.reference_offsets[start : stop + 1]) + BAND - 1) // BAND
        columns = np.diff(batch.hypothesis_offsets[start : stop + 1]) + 1
        scratch = _scratch(bands, columns, memory // threads)
        if not hasattr(own, "masks"):
            # The kernel leaves it as it was.
            own.masks = np.zeros(2 * batch.ids, dtype=np.uint64)
        cpu_kernel.align_pairs(
            batch.reference,
            batch.reference_offsets,
            batch.hypothesis,
            batch.hypothesis_offsets,
            start,
            stop,
            own.masks,
            _fresh(scratch.matrix, np.uint64),
            _fresh(scratch.columns, np.uint64),
            _fresh(scratch.rows, np.uint8),
            scratch.tile,
            operations,
            counts,
        )

    pieces = _pieces(len(reference), threads)
    if threads == 1 or len(pieces) == 1:
        for piece in pieces:
            run(piece)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, pieces))
    return counts


def _batch(reference: Ragged, hypothesis: Ragged) -> _Batch:
    (said, said_offsets), (heard, heard_offsets) = _from_zero(reference), _from_zero(hypothesis)
    ids = max(int(values.max(initial=0)) + 1 for values in (said, heard))
    if ids > DENSE_IDS:
        distinct, numbers = np.unique(np.concatenate([said, heard]), return_inverse=True)
        ids = len(distinct)
        said, heard = np.split(numbers.astype(np.int32), [len(said)])
    return _Batch(said, said_offsets, heard, heard_offsets, ids)


def _from_zero(ragged: Ragged) -> tuple[Int32s, Int64s]:
    """Leave out what lies before the first sequence and after the last."""
    offsets = ragged.offsets.numpy()
    first, last = offsets[0], offsets[-1]
    return ragged.values.numpy()[first:last], offsets - first if first else offsets


def _scratch(bands: Int64s, columns: Int64s, memory: int) -> _Scratch:
    """Size the working memory for pairs of so many bands of rows and so many columns, column 0 included."""
    words = 4 * int((bands * columns).max(initial=0))
    if words * 8 <= memory:
        return _Scratch(words, 4 * int(bands.max(initial=0)), 2 * int(columns.max(initial=0)), BAND)
    # Edges take less with larger tiles, and a tile more; both are about equal at the cube root of the cells.
    tile = BAND << max(0, round(math.log2(words * BAND / 4) / 3 - math.log2(BAND)))
    edge_columns = 4 * int((bands * -(-columns // tile)).max())
    edge_rows = int((columns * (1 + -(-bands * BAND // tile))).max())
    one_tile = 4 * (tile // BAND) * (tile + 1)
    return _Scratch(max(one_tile, memory // 8 - edge_columns - -(-edge_rows // 8)), edge_columns, edge_rows, tile)


def _pieces(pairs: int, threads: int) -> list[tuple[int, int]]:
    """Cut the pairs into ranges: small for the cache, and several per thread, so that long pairs do not pile up."""
    size = min(PAIRS_OF_A_PIECE, max(1, pairs // (PIECES_OF_A_THREAD * threads))) if threads > 1 else PAIRS_OF_A_PIECE
    return [(start, min(start + size, pairs)) for start in range(0, pairs, size)]


def _fresh(shape: int | tuple[int, int], dtype: type[Number]) -> NDArray[Number]:
    return np.empty(shape, dtype=dtype)
