"""Words to ids through the compiled kernel."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from callgap_kernels.tokens.ragged import Ragged
from callgap_kernels.tokens.source import NO_SEPARATOR, Block, Source

# The table is at most half full; 65,536 slots take 1 MiB and hold the words of most corpora.
FIRST_SLOTS: Final = 2**16
GROWTH: Final = 4


@dataclass(frozen=True, eq=False)
class Words:
    """Ids of some texts.

    Attributes:
        ids: Int32 [token].
        offsets: Int64 [text + 1].
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def ragged(self) -> Ragged:
        """Give them as tensors."""
        return Ragged.trusted(torch.from_numpy(self.ids), torch.from_numpy(self.offsets))


class Vocabulary:
    """Distinct words, numbered from 0 in order of first appearance."""

    def __init__(self, slots: int) -> None:
        """Make an empty one.

        Args:
            slots: Slots of the hash table, a power of two; it grows.
        """
        self._table = np.zeros(2 * slots, np.uint64)
        self._starts = np.zeros(slots // 2 + 1, np.int64)
        self._stored = np.empty(8 * slots, np.uint8)
        # Words stored, bytes stored, ids written.
        self._state = np.zeros(3, np.int64)

    def encode(self, blocks: Iterable[Block], texts: int) -> Words:
        """Number the words of texts; new words are added.

        Args:
            blocks: The texts.
            texts: Number of texts in all blocks.

        Returns:
            Their ids.
        """
        ids = np.empty(0, np.int32)
        offsets = np.zeros(texts + 1, np.int64)
        self._state[2] = done = 0
        for block in blocks:
            # A word takes a byte, and at least another one, or the end of its text, stands behind it.
            needed = (block.size + block.texts) // 2 + 1
            ids = _with_room(ids, int(self._state[2]), needed, expected=needed * (texts - done) // block.texts)
            self._intern(block, ids, offsets[done + 1 : done + 1 + block.texts])
            done += block.texts
        return Words(ids[: self._state[2]], offsets)

    def as_block(self) -> Block:
        """Give the words as one text, in the order of their ids."""
        bounds = np.array([0, self._state[1]], np.int64)
        return Block(self._stored, bounds, 1, NO_SEPARATOR)

    def _intern(self, block: Block, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> None:
        from callgap_kernels.tokens.cpu_kernel import FULL, intern_words

        self._stored = _with_room(self._stored, int(self._state[1]), 2 * block.size)
        text = (block.data, block.bounds, block.texts, block.separator)
        while intern_words(*text, self._table, self._stored, self._starts, self._state, ids, ends) == FULL:
            self._grow()

    def _grow(self) -> None:
        """Move to a larger table by numbering the stored words again, in order."""
        larger = Vocabulary(GROWTH * len(self._table) // 2)
        larger.encode([self.as_block()], texts=1)
        self._table, self._starts = larger._table, larger._starts


def encode_fast(references: Source, hypotheses: Source, *, threads: int = 1) -> tuple[Ragged, Ragged]:
    """Number words as `encode_plain` does, with the same ids whatever the number of threads.

    Args:
        references: One text per pair.
        hypotheses: One text per pair.
        threads: Threads; each has a vocabulary of its own, and these are merged in order.

    Returns:
        References and hypotheses.
    """
    sides = (references, hypotheses)
    if threads == 1:
        vocabulary = Vocabulary(FIRST_SLOTS)
        said, heard = (vocabulary.encode(side.blocks(0, len(side)), len(side)) for side in sides)
        return said.ragged(), heard.ragged()
    shares = (threads + 1) // 2
    cuts = [[len(side) * share // shares for share in range(shares + 1)] for side in sides]
    parts = [(side, *part) for side, cut in zip(sides, cuts, strict=True) for part in pairwise(cut)]
    with ThreadPoolExecutor(threads) as pool:
        encoded = list(pool.map(lambda part: _encode_part(*part), parts))
        whole = encoded[0][0]
        # Words of a later part are new in the order in which that part met them: the ids that one thread would give.
        numbers = [whole.encode([vocabulary.as_block()], texts=1).ids for vocabulary, _ in encoded[1:]]
        words = [encoded[0][1], *pool.map(_renumbered, (words for _, words in encoded[1:]), numbers)]
    return _joined(words[:shares]).ragged(), _joined(words[shares:]).ragged()


def _encode_part(texts: Source, start: int, stop: int) -> tuple[Vocabulary, Words]:
    vocabulary = Vocabulary(FIRST_SLOTS)
    return vocabulary, vocabulary.encode(texts.blocks(start, stop), stop - start)


def _renumbered(words: Words, numbers: NDArray[np.int32]) -> Words:
    return Words(numbers[words.ids], words.offsets)


def _joined(parts: list[Words]) -> Words:
    if len(parts) == 1:
        return parts[0]
    ids = np.concatenate([part.ids for part in parts])
    lengths = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)])
    return Words(ids, np.cumsum(lengths))


def _with_room(held: NDArray[Any], used: int, needed: int, expected: int = 0) -> NDArray[Any]:
    """Give an array with room behind what is used, moved to a larger one where it has none."""
    if used + needed <= len(held):
        return held
    # Memory that is never written is never taken, so a generous size costs nothing.
    larger = np.empty(max(used + needed, used + expected, 2 * len(held)), held.dtype)
    larger[:used] = held[:used]
    return larger
