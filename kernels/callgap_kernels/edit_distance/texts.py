"""Texts in, counts out."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import torch

from callgap_kernels.edit_distance.counts import TIES, EditCounts
from callgap_kernels.edit_distance.dispatch import count_edits, require_options
from callgap_kernels.tokens.encode import encode_in_pieces, encode_sources, is_large, matched_sources
from callgap_kernels.tokens.source import Source

# Measured: from 8,192 to 32,768 pairs it makes little difference.
PAIRS_OF_A_PIECE: Final = 2**14


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
    place = require_options(device, threads, ties)
    said, heard = matched_sources(references, hypotheses, unit, threads)
    if len(said) and place.type == "cpu" and is_large(said, heard):
        return _count_in_pieces(said, heard, unit, threads)
    pairs = encode_sources(said, heard, unit, threads)
    return count_edits(pairs.reference, pairs.hypothesis, device=str(place), threads=threads)


def _count_in_pieces(references: Source, hypotheses: Source, unit: str, threads: int) -> EditCounts:
    """Encode and count a piece of the pairs after the other, so that what lies between stays in the cache."""
    from callgap_kernels.edit_distance import cpu

    def run(start: int, stop: int) -> list[EditCounts]:
        pieces = encode_in_pieces(references, hypotheses, unit, start, stop, PAIRS_OF_A_PIECE)
        return [cpu.count_edits(piece.reference, piece.hypothesis) for piece in pieces]

    pairs = len(references)
    cuts = [pairs * share // threads for share in range(threads + 1)]
    if threads == 1:
        return _joined(run(0, pairs))
    with ThreadPoolExecutor(threads) as pool:
        return _joined([counts for part in pool.map(run, cuts[:-1], cuts[1:]) for counts in part])


def _joined(parts: list[EditCounts]) -> EditCounts:
    columns = ("hits", "substitutions", "deletions", "insertions")
    return EditCounts(*(torch.cat([getattr(part, column) for part in parts]) for column in columns))
