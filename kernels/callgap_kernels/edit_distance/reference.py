"""Edit distance in plain numpy: the definition that every faster path must equal.

Time and memory grow with the product of the two lengths once their common ends are removed.
"""

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from callgap_kernels.edit_distance.counts import Alignment, EditOperation
from callgap_kernels.tokens.ragged import Ragged

Tokens = NDArray[np.int32]


def align(reference: Ragged, hypothesis: Ragged) -> Alignment:
    """Align each hypothesis with its reference.

    Args:
        reference: One sequence per pair.
        hypothesis: One sequence per pair.

    Returns:
        Operations of each pair in reading order.

    Raises:
        ValueError: If the numbers of pairs differ.
    """
    if len(reference) != len(hypothesis):
        raise ValueError(f"{len(reference)} references and {len(hypothesis)} hypotheses; accepted are equal numbers")
    pairs = zip(_sequences(reference), _sequences(hypothesis), strict=True)
    operations = [align_pair(said, heard) for said, heard in pairs]
    offsets = np.cumsum([0, *(len(codes) for codes in operations)], dtype=np.int64)
    codes = np.concatenate([np.empty(0, dtype=np.uint8), *operations])
    return Alignment(torch.from_numpy(codes), torch.from_numpy(offsets))


def align_pair(reference: Tokens, hypothesis: Tokens) -> NDArray[np.uint8]:
    """Align two sequences by the rule `ties="jiwer"`.

    Args:
        reference: Token ids [reference token].
        hypothesis: Token ids [hypothesis token].

    Returns:
        `EditOperation` codes [operation] in reading order.
    """
    prefix = _common_prefix(reference, hypothesis)
    reference, hypothesis = reference[prefix:], hypothesis[prefix:]
    suffix = _common_prefix(reference[::-1], hypothesis[::-1])
    reference = reference[: len(reference) - suffix]
    hypothesis = hypothesis[: len(hypothesis) - suffix]
    middle = _trace_back(distances(reference, hypothesis), reference, hypothesis)
    hit = [EditOperation.HIT]
    return np.array(hit * prefix + middle + hit * suffix, dtype=np.uint8)


def distances(reference: Tokens, hypothesis: Tokens) -> NDArray[np.int32]:
    """Fill the matrix of Wagner and Fischer (1974): fewest edits between every two prefixes.

    Args:
        reference: Token ids [n].
        hypothesis: Token ids [m].

    Returns:
        Matrix [n + 1, m + 1]; entry (i, j) compares the first i and the first j tokens.
    """
    columns = np.arange(len(hypothesis) + 1, dtype=np.int32)
    matrix = np.empty((len(reference) + 1, len(hypothesis) + 1), dtype=np.int32)
    matrix[0] = columns
    for i, token in enumerate(reference, start=1):
        above = matrix[i - 1]
        row = above + 1
        np.minimum(row[1:], above[:-1] + (hypothesis != token), out=row[1:])
        # Insertions run along the row: D[i, j] = min over k <= j of row[k] + (j - k).
        matrix[i] = np.minimum.accumulate(row - columns) + columns
    return matrix


def _trace_back(matrix: NDArray[np.int32], reference: Tokens, hypothesis: Tokens) -> list[EditOperation]:
    """Walk from the last cell to the first: deletion, else insertion if it gains on the diagonal, else diagonal."""
    i, j = len(reference), len(hypothesis)
    operations = []
    while i or j:
        if i and matrix[i, j] == matrix[i - 1, j] + 1:
            operation = EditOperation.DELETION
        elif not i or matrix[i, j - 1] == matrix[i - 1, j - 1] - 1:
            operation = EditOperation.INSERTION
        elif reference[i - 1] == hypothesis[j - 1]:
            operation = EditOperation.HIT
        else:
            operation = EditOperation.SUBSTITUTION
        i -= operation != EditOperation.INSERTION
        j -= operation != EditOperation.DELETION
        operations.append(operation)
    return operations[::-1]


def _common_prefix(left: Tokens, right: Tokens) -> int:
    shared = min(len(left), len(right))
    different = np.flatnonzero(left[:shared] != right[:shared])
    return int(different[0]) if len(different) else shared


def _sequences(ragged: Ragged) -> list[Tokens]:
    values = ragged.values.cpu().numpy()
    bounds = ragged.offsets.tolist()
    return [values[start:end] for start, end in pairwise(bounds)]
