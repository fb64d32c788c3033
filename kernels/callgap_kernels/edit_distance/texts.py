"""Texts in, counts out."""

from typing import Any

from callgap_kernels.edit_distance.counts import TIES, EditCounts
from callgap_kernels.edit_distance.dispatch import count_edits, require_options
from callgap_kernels.tokens import encode_pairs


def count_errors(
    references: Any,
    hypotheses: Any,
    unit: str = "word",
    device: str | None = None,
    *,
    threads: int = 1,
    ties: str = TIES,
) -> EditCounts:
    """Count hits, substitutions, deletions and insertions of texts, in words or in characters.

    Words are what `str.split()` gives. Characters are the Unicode code points of the text, inner whitespace included
    and outer whitespace removed, as in jiwer. Texts are compared as they are: normalize before.

    Args:
        references: What was said, one text per pair: str in a sequence, or an Arrow array of strings.
        hypotheses: What was recognized, one text per pair, likewise.
        unit: "word" or "character".
        device: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else the CPU.
        threads: Threads of the CPU path.
        ties: "jiwer", the rule that splits equal numbers of errors (README.md of this package).

    Returns:
        Counts as int64 tensors [pair], in the order of the input, on the device.

    Raises:
        ValueError: If the lengths differ, an item is no str, or an option is not accepted.

    Example:
        >>> counts = count_errors(["call my bank", "yes"], ["call the bank", "yes yes"])
        >>> counts.substitutions, counts.insertions
        (tensor([1, 0]), tensor([0, 1]))
    """
    require_options(device, threads, ties)
    pairs = encode_pairs(references, hypotheses, unit, threads=threads)
    return count_edits(pairs.reference, pairs.hypothesis, device=device, threads=threads)
