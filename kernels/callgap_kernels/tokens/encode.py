"""Texts to token ids, pairs of references and hypotheses together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from callgap_kernels.options import require_whole
from callgap_kernels.tier import Tier
from callgap_kernels.tokens.fast import FIRST_SLOTS, Vocabulary, encode_fast
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
    return encode_sources(*matched_sources(references, hypotheses, unit, threads), unit, threads)


def encode_sources(said: Source, heard: Source, unit: str, threads: int) -> EncodedPairs:
    """Turn texts into token ids as `encode_pairs` does.

    Args:
        said: One text per pair.
        heard: One text per pair.
        unit: "word" or "character".
        threads: Threads that share the work.

    Returns:
        The tokens of both sides, on the CPU.

    Raises:
        ValueError: If an item is no text.
    """
    if unit == "character":
        return EncodedPairs(encode_characters(said, 0, len(said)), encode_characters(heard, 0, len(heard)))
    if is_large(said, heard):
        return EncodedPairs(*encode_fast(said, heard, threads=threads))
    return EncodedPairs(*encode_plain(said, heard))


def matched_sources(references: Any, hypotheses: Any, unit: str, threads: int) -> tuple[Source, Source]:
    """Check what `encode_pairs` was given.

    Args:
        references: One text per pair.
        hypotheses: One text per pair.
        unit: "word" or "character".
        threads: Threads that share the work.

    Returns:
        Texts of the references and of the hypotheses, not yet read.

    Raises:
        ValueError: If the lengths differ, or `unit` or `threads` is not accepted.
    """
    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}; accepted are {', '.join(map(repr, UNITS))}")
    require_whole("threads", threads, 1)
    said, heard = source_of("references", references), source_of("hypotheses", hypotheses)
    if len(said) != len(heard):
        raise ValueError(f"{len(said)} references and {len(heard)} hypotheses; accepted are equal numbers")
    return said, heard


def encode_in_pieces(
    references: Source, hypotheses: Source, unit: str, start: int, stop: int, size: int
) -> Iterator[EncodedPairs]:
    """Turn the pairs from `start` to before `stop` into token ids, a piece after the other, compiled.

    Equal tokens have equal ids in all pieces. Ids are not those of `encode_pairs`.

    Args:
        references: One text per pair.
        hypotheses: One text per pair.
        unit: "word" or "character".
        start: First pair.
        stop: Pair behind the last one.
        size: Pairs of a piece.

    Yields:
        The pieces in order.
    """
    vocabulary = Vocabulary(FIRST_SLOTS)
    for first in range(start, stop, size):
        last = min(first + size, stop)
        if unit == "character":
            said, heard = (encode_characters(side, first, last) for side in (references, hypotheses))
        else:
            said, heard = (
                vocabulary.encode(side.blocks(first, last), last - first).ragged() for side in (references, hypotheses)
            )
        yield EncodedPairs(said, heard)


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


def encode_characters(texts: Source, begin: int, end: int) -> Ragged:
    """Turn texts into code points.

    Args:
        texts: The texts.
        begin: First text.
        end: Text behind the last one.

    Returns:
        Code points of each text without outer whitespace.
    """
    values, lengths = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    for start in range(begin, end, TEXTS_PER_BLOCK):
        stripped = [text.strip() for text in texts.strings(start, min(start + TEXTS_PER_BLOCK, end))]
        values.append(np.frombuffer("".join(stripped).encode("utf-32-le", SURROGATES), "<i4"))
        lengths.append(np.fromiter(map(len, stripped), np.int64, len(stripped)))
    offsets = np.cumsum(np.concatenate(lengths))
    return Ragged.trusted(torch.from_numpy(np.concatenate(values)), torch.from_numpy(offsets))


def is_large(references: Source, hypotheses: Source) -> bool:
    """Whether texts belong to the compiled path.

    Args:
        references: One text per pair.
        hypotheses: One text per pair.

    Returns:
        Whether compiling pays, with all that the process has asked for so far.
    """
    if _tier.compiled(0.0):
        return True
    texts = len(references) + len(hypotheses)
    characters = references.size() + hypotheses.size()
    return _tier.compiled(texts * _PLAIN_TEXT_S + characters * _PLAIN_CHARACTER_S)
