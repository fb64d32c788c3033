"""Texts as they come, lists of str or Arrow arrays, cut into blocks of UTF-8."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.tokens import arrow

# The UTF-8 of so many texts stays in the cache between the step that writes it and the one that reads it.
TEXTS_PER_BLOCK: Final = 2_048

# A lone surrogate has no UTF-8; this gives each one bytes of its own.
SURROGATES: Final = "surrogatepass"
SEPARATOR: Final = "\0"
NO_SEPARATOR: Final = -1
_NO_BOUNDS: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Block:
    """Some texts in one buffer.

    Attributes:
        data: UTF-8, uint8 [byte], at least 8 bytes.
        bounds: Text `t` is `data[bounds[t]:bounds[t + 1]]`, int64 [text + 1]; empty where a separator is used.
        texts: Number of texts.
        separator: Byte between the texts and in none of them, or `NO_SEPARATOR`.
    """

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    texts: int
    separator: int

    @property
    def size(self) -> int:
        """Bytes of the texts."""
        return len(self.data) if self.separator != NO_SEPARATOR else int(self.bounds[-1] - self.bounds[0])


class Source(Protocol):
    """Texts in a row."""

    def __len__(self) -> int:
        """Count the texts."""

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        """Cut the texts from `start` to before `stop` into blocks, in order."""

    def strings(self, start: int, stop: int) -> list[str]:
        """List the texts from `start` to before `stop`."""

    def size(self) -> int:
        """Count characters or bytes, whichever costs less."""


class PythonTexts:
    """Texts that are Python objects."""

    def __init__(self, name: str, texts: Sequence[str]) -> None:
        """Take texts.

        Args:
            name: Name of the argument, for messages.
            texts: The texts.

        Raises:
            ValueError: If it is one str, or holds nothing in an order.
        """
        # A str is itself a sequence of str: scoring it letter by letter would hide a forgotten pair of brackets.
        if isinstance(texts, str):
            raise ValueError(f"{name} is one str; accepted is a sequence of str")
        # Two sets would be paired in no order at all.
        if isinstance(texts, Set | Mapping) or not isinstance(texts, Iterable):
            raise ValueError(f"{name} is {type(texts).__name__}; accepted is a sequence of str, or an Arrow array")
        self._name = name
        self._texts = texts if isinstance(texts, list) else list(texts)

    def __len__(self) -> int:
        """Count the texts."""
        return len(self._texts)

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        """Cut the texts from `start` to before `stop` into blocks, in order.

        Raises:
            ValueError: If one is no str.
        """
        for first in range(start, stop, TEXTS_PER_BLOCK):
            texts = self._texts[first : min(first + TEXTS_PER_BLOCK, stop)]
            try:
                joined = SEPARATOR.join(texts)
            except TypeError:
                self._refuse_no_str(texts, first)
                raise
            yield _separated(joined, len(texts)) or _measured(texts)

    def strings(self, start: int, stop: int) -> list[str]:
        """List the texts from `start` to before `stop`.

        Raises:
            ValueError: If one is no str.
        """
        texts = self._texts[start:stop]
        self._refuse_no_str(texts, start)
        return texts

    def size(self) -> int:
        """Count the characters.

        Raises:
            ValueError: If a text is no str.
        """
        try:
            return sum(map(len, self._texts))
        except TypeError:
            self._refuse_no_str(self._texts, 0)
            raise

    def _refuse_no_str(self, texts: list[str], first: int) -> None:
        for index, text in enumerate(texts, start=first):
            if not isinstance(text, str):
                raise ValueError(f"{self._name}[{index}] is {type(text).__name__}; accepted is str")


class ArrowTexts:
    """Texts in the memory of an Arrow array, read where they lie."""

    def __init__(self, name: str, texts: Any) -> None:
        """Take an array; errors as `arrow.utf8_chunks`."""
        self._chunks = arrow.utf8_chunks(name, texts)
        self._length = len(texts)

    def __len__(self) -> int:
        """Count the texts."""
        return self._length

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        """Cut the texts from `start` to before `stop` into blocks, in order."""
        before = 0
        for chunk in self._chunks:
            texts = len(chunk.bounds) - 1
            last = min(stop - before, texts)
            for first in range(max(start - before, 0), last, TEXTS_PER_BLOCK):
                bounds = chunk.bounds[first : min(first + TEXTS_PER_BLOCK, last) + 1]
                yield Block(chunk.data, bounds, len(bounds) - 1, NO_SEPARATOR)
            before += texts

    def strings(self, start: int, stop: int) -> list[str]:
        """List the texts from `start` to before `stop`."""
        texts: list[str] = []
        for block in self.blocks(start, stop):
            raw = block.data[block.bounds[0] : block.bounds[-1]].tobytes()
            cuts = (block.bounds - block.bounds[0]).tolist()
            texts += [raw[begin:end].decode() for begin, end in pairwise(cuts)]
        return texts

    def size(self) -> int:
        """Count the bytes."""
        return sum(int(chunk.bounds[-1] - chunk.bounds[0]) for chunk in self._chunks)


def source_of(name: str, texts: Any) -> Source:
    """Take texts of either kind.

    Args:
        name: Name of the argument, for messages.
        texts: Sequence of str, or Arrow array of strings.

    Returns:
        The texts, not copied.

    Raises:
        ValueError: If it is one str, or an Arrow array that cannot be read.
    """
    return ArrowTexts(name, texts) if arrow.is_arrow(texts) else PythonTexts(name, texts)


def _separated(joined: str, texts: int) -> Block | None:
    """Make a block of joined texts, or none if a text holds the separator."""
    # Spaces change no word, and fill up a block that is too short to be read.
    raw = joined.encode("utf-8", SURROGATES).ljust(8)
    data = np.frombuffer(raw, np.uint8)
    if len(data) - np.count_nonzero(data) != texts - 1:
        return None
    return Block(data, _NO_BOUNDS, texts, ord(SEPARATOR))


def _measured(texts: list[str]) -> Block:
    """Make a block of any texts; slower, as each is encoded by itself."""
    encoded = [text.encode("utf-8", SURROGATES) for text in texts]
    bounds = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return Block(np.frombuffer(b"".join(encoded).ljust(8), np.uint8), bounds, len(texts), NO_SEPARATOR)
