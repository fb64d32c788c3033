"""Texts to token ids, pairs of references and hypotheses together."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from callgap_kernels.tier import Tier
from callgap_kernels.tokens.fast import encode_fast
from callgap_kernels.tokens.ragged import Ragged
from callgap_kernels.tokens.source import SURROGATES, TEXTS_PER_BLOCK, Source, source_of

UNITS: Final = ("word", "character")

# What the plain path takes, and about what compiling does.
_PLAIN_TEXT_S: Final = 0.4e-6
_PLAIN_CHARACTER_S: Final = 40e-9

_tier = Tier(worth_s=1.5)


@dataclass(frozen=True, eq=False)
class EncodedPairs:
    """Texts as token ids; equal tokens have equal ids, on both sides.

    Attributes:
        reference: Tokens of the references.
        hypothesis: Tokens of the hypotheses.
    """

    reference: Ragged
    hypothesis: Ragged


def encode_pairs(references: Any, hypotheses: Any, unit: str = "word", *, threads: int = 1) -> EncodedPairs:
    """Turn texts into token ids.

    Words are what `str.split()` gives, and are numbered from 0 in order of first appearance, all references before all
    hypotheses. Characters are the code points of the text after `str.strip()`, which are their own ids.

    Args:
        references: One text per pair: sequence of str, or Arrow array of `large_string` or `string`, chunked or not.
        hypotheses: One text per pair, likewise.
        unit: "word" or "character".
        threads: Threads that share the work; the ids do not depend on them.

    Returns:
        The tokens of both sides, on the CPU.

    Raises:
        ValueError: If the lengths differ, an item is no text, `unit` is not one of `UNITS`, or `threads` is below 1.

    Example:
        >>> pairs = encode_pairs(["call my bank"], ["call the bank"])
        >>> pairs.reference.values, pairs.hypothesis.values
        (tensor([0, 1, 2], dtype=torch.int32), tensor([0, 3, 2], dtype=torch.int32))
    """
    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}; accepted are {', '.join(map(repr, UNITS))}")
    if threads < 1:
        raise ValueError(f"threads is {threads}; accepted is 1 or more")
    said, heard = source_of("references", references), source_of("hypotheses", hypotheses)
    if len(said) != len(heard):
        raise ValueError(f"{len(said)} references and {len(heard)} hypotheses; accepted are equal numbers")
    if unit == "character":
        return EncodedPairs(encode_characters(said), encode_characters(heard))
    if _is_large(said, heard):
        return EncodedPairs(*encode_fast(said, heard, threads=threads))
    return EncodedPairs(*encode_plain(said, heard))


def encode_plain(references: Source, hypotheses: Source) -> tuple[Ragged, Ragged]:
    """Number words with a Python dictionary: the definition that the compiled path must equal.

    Args:
        references: One text per pair.
        hypotheses: One text per pair.

    Returns:
        References and hypotheses.
    """
    ids: dict[str, int] = {}
    said, heard = (
        [[ids.setdefault(word, len(ids)) for word in text.split()] for text in side.strings(0, len(side))]
        for side in (references, hypotheses)
    )
    return Ragged.from_sequences(said), Ragged.from_sequences(heard)


def encode_characters(texts: Source) -> Ragged:
    """Turn texts into code points.

    Args:
        texts: The texts.

    Returns:
        Code points of each text without outer whitespace.
    """
    values, lengths = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    for start in range(0, len(texts), TEXTS_PER_BLOCK):
        stripped = [text.strip() for text in texts.strings(start, min(start + TEXTS_PER_BLOCK, len(texts)))]
        values.append(np.frombuffer("".join(stripped).encode("utf-32-le", SURROGATES), "<i4"))
        lengths.append(np.fromiter(map(len, stripped), np.int64, len(stripped)))
    offsets = np.cumsum(np.concatenate(lengths))
    return Ragged.trusted(torch.from_numpy(np.concatenate(values)), torch.from_numpy(offsets))


def _is_large(references: Source, hypotheses: Source) -> bool:
    """Whether the texts belong to the compiled path."""
    if _tier.compiled(0.0):
        return True
    texts = len(references) + len(hypotheses)
    characters = references.size() + hypotheses.size()
    return _tier.compiled(texts * _PLAIN_TEXT_S + characters * _PLAIN_CHARACTER_S)
