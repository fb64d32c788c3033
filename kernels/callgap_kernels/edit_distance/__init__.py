"""Hits, substitutions, deletions and insertions of token sequences, pair by pair.

Only the reference implementation exists, so `device` accepts None and "cpu". Tensors that lie elsewhere are copied to
the CPU, and results are CPU tensors.
"""

from collections.abc import Sequence

from callgap_kernels.device import require_reference_device
from callgap_kernels.edit_distance import reference as _reference
from callgap_kernels.edit_distance.counts import Alignment, EditCounts, EditOperation
from callgap_kernels.tokens.ragged import Ragged
from callgap_kernels.tokens.text import UNITS, encode_distinct_pairs

__all__ = ["UNITS", "Alignment", "EditCounts", "EditOperation", "Ragged", "align", "count_edits", "count_errors"]


def align(reference: Ragged, hypothesis: Ragged) -> Alignment:
    """Align each hypothesis with its reference at the fewest edits, ties resolved as jiwer does.

    Args:
        reference: What was said, one sequence per pair.
        hypothesis: What was recognized, one sequence per pair.

    Returns:
        Operations of each pair in reading order.

    Raises:
        ValueError: If the numbers of pairs differ.

    Example:
        >>> said, heard = Ragged.from_sequences([[7, 8, 9]]), Ragged.from_sequences([[7, 9]])
        >>> [operation.name for operation in align(said, heard).of_pair(0)]
        ['HIT', 'DELETION', 'HIT']
    """
    return _reference.align(reference, hypothesis)


def count_edits(reference: Ragged, hypothesis: Ragged, *, device: str | None = None) -> EditCounts:
    """Count hits, substitutions, deletions and insertions per pair.

    Args:
        reference: What was said, one sequence per pair.
        hypothesis: What was recognized, one sequence per pair.
        device: None or "cpu".

    Returns:
        Counts as int64 tensors [pair].

    Raises:
        ValueError: If the numbers of pairs differ or `device` is not accepted.

    Example:
        >>> said, heard = Ragged.from_sequences([[7, 8, 9]]), Ragged.from_sequences([[7, 9, 9, 5]])
        >>> count_edits(said, heard).errors
        tensor([2])
    """
    require_reference_device(device)
    return _reference.align(reference, hypothesis).counts()


def count_errors(
    references: Sequence[str], hypotheses: Sequence[str], unit: str = "word", device: str | None = None
) -> EditCounts:
    """Count hits, substitutions, deletions and insertions of texts, in words or in characters.

    Words are what `str.split()` gives. Characters are the Unicode code points of the text, inner whitespace included
    and outer whitespace removed, as in jiwer. A (reference, hypothesis) pair that repeats is aligned once. Texts are
    compared as they are: normalize before.

    Args:
        references: What was said, one text per pair.
        hypotheses: What was recognized, one text per pair.
        unit: "word" or "character".
        device: None or "cpu".

    Returns:
        Counts as int64 tensors [pair], in the order of the input.

    Raises:
        ValueError: If the lengths differ, an item is no str, or `unit` or `device` is not accepted.

    Example:
        >>> counts = count_errors(["call my bank", "yes"], ["call the bank", "yes yes"])
        >>> counts.substitutions, counts.insertions
        (tensor([1, 0]), tensor([0, 1]))
    """
    require_reference_device(device)
    pairs = encode_distinct_pairs(references, hypotheses, unit)
    return count_edits(pairs.reference, pairs.hypothesis, device=device).gather(pairs.index)
