"""From texts to token ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from callgap_kernels.tokens.ragged import Ragged

UNITS: Final = ("word", "character")


@dataclass(frozen=True, eq=False)
class DistinctPairs:
    """The distinct (reference, hypothesis) pairs of a list of pairs.

    Attributes:
        reference: References of the distinct pairs.
        hypothesis: Hypotheses of the distinct pairs, ids shared with the references.
        index: Int64 tensor [pair], the distinct pair of each pair of the list.
    """

    reference: Ragged
    hypothesis: Ragged
    index: Tensor


def encode_distinct_pairs(references: Sequence[str], hypotheses: Sequence[str], unit: str) -> DistinctPairs:
    """Number the tokens of texts, each distinct pair once.

    Args:
        references: One text per pair.
        hypotheses: One text per pair.
        unit: "word" or "character".

    Returns:
        Distinct pairs in order of first appearance, and where each input pair went.

    Raises:
        ValueError: If the lengths differ, an item is no str, or `unit` is not one of `UNITS`.
    """
    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}; accepted are {', '.join(map(repr, UNITS))}")
    _require_texts("references", references)
    _require_texts("hypotheses", hypotheses)
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references and {len(hypotheses)} hypotheses; accepted are equal numbers")
    distinct: dict[tuple[str, str], int] = {}
    pairs = zip(references, hypotheses, strict=True)
    index = [distinct.setdefault(pair, len(distinct)) for pair in pairs]
    ids: dict[str, int] = {}
    return DistinctPairs(
        reference=_encode((reference for reference, _ in distinct), unit, ids),
        hypothesis=_encode((hypothesis for _, hypothesis in distinct), unit, ids),
        index=torch.tensor(index, dtype=torch.int64),
    )


def split_tokens(text: str, unit: str) -> Sequence[str]:
    """Cut a text into words, or into characters as jiwer's `process_characters` does.

    Args:
        text: Any text.
        unit: "word" or "character".

    Returns:
        Words without whitespace, or the code points of the text stripped of outer whitespace.
    """
    return text.split() if unit == "word" else text.strip()


def _encode(texts: Iterator[str], unit: str, ids: dict[str, int]) -> Ragged:
    """Number tokens by first appearance; `ids` grows."""
    return Ragged.from_sequences(
        [[ids.setdefault(token, len(ids)) for token in split_tokens(text, unit)] for text in texts]
    )


def _require_texts(name: str, texts: Sequence[str]) -> None:
    # A str is itself a sequence of str: scoring it letter by letter would hide a forgotten pair of brackets.
    if isinstance(texts, str):
        raise ValueError(f"{name} is one str; accepted is a sequence of str")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"{name}[{index}] is {type(text).__name__}; accepted is str")
