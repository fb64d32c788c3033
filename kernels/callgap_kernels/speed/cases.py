"""Texts and speakers to time, drawn with fixed seeds.

The words are made up; their frequencies fall like those of a language (Zipf 1949), and the recognizer's errors are
substitutions, deletions and insertions in the proportions 62 : 23 : 15, 19 of 100 words.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

VOCABULARY: Final = 20_000
# More pairs than these repeat them: the cost of a pair does not depend on whether it came before.
DRAWN: Final = 1_000_000
ERRORS: Final = 0.19
SPLIT: Final = (0.62, 0.23, 0.15)
# Length of a word of written English in letters, from 1.
LETTERS: Final = (0.04, 0.17, 0.21, 0.16, 0.11, 0.09, 0.08, 0.06, 0.04, 0.02, 0.01, 0.01)

# Speakers of the groups of an accent corpus: many of few accents, few of many.
UNEQUAL_GROUPS: Final = (250, 170, 91, 59, 51, 30, 24, 20, 17, 13, 10)

Words = NDArray[np.int64]
Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Shape:
    """Pairs of a kind.

    Attributes:
        name: What such pairs stand for.
        words: Words of a reference, the mean; single references vary by a factor of 2 either way.
    """

    name: str
    words: int


@dataclass(frozen=True, eq=False)
class Texts:
    """Pairs of texts.

    Attributes:
        shape: Their kind.
        references: What was said, one text per pair.
        hypotheses: What was recognized, one text per pair.
    """

    shape: Shape
    references: list[str]
    hypotheses: list[str]

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.references)

    def repeated(self, pairs: int) -> "Texts":
        """Take so many pairs, from the beginning again where they end."""
        times = -(-pairs // len(self))
        return Texts(self.shape, (self.references * times)[:pairs], (self.hypotheses * times)[:pairs])

    def first(self, pairs: int) -> "Texts":
        """Select the first pairs."""
        return Texts(self.shape, self.references[:pairs], self.hypotheses[:pairs])


@dataclass(frozen=True, eq=False)
class Speakers:
    """Sums per speaker, in groups of equal size.

    Attributes:
        errors: Int64 [speaker, endpoint].
        words: Int64 [speaker, endpoint].
        group: Int64 [speaker].
        contrasts: Every group with group 0, int64 [contrast, 2].
    """

    errors: Words
    words: Words
    group: Words
    contrasts: Words


SHAPES: Final = (Shape("IVR", 14), Shape("interview", 51), Shape("10 minutes", 1_500))
GROWING: Final = (Shape("12 words", 12), Shape("40 words", 40))


def draw_texts(shape: Shape, pairs: int, seed: int = 7) -> Texts:
    """Draw pairs of texts.

    Args:
        shape: Their kind.
        pairs: How many.
        seed: Of the draw.

    Returns:
        Pairs of which no reference is empty.
    """
    rng = np.random.default_rng(seed)
    spelling = _vocabulary(rng)
    lengths = rng.integers(max(1, shape.words // 2), shape.words * 3 // 2 + 1, pairs)
    said = _zipf(rng, int(lengths.sum()))
    ends = np.cumsum(lengths)
    references, hypotheses = [], []
    for end, length in zip(ends.tolist(), lengths.tolist(), strict=True):
        words = said[end - length : end]
        references.append(" ".join(spelling[words].tolist()))
        hypotheses.append(" ".join(spelling[_misheard(rng, words)].tolist()))
    return Texts(shape, references, hypotheses)


def draw_ids(shape: Shape, pairs: int, seed: int = 7) -> tuple[Ids, Ids, Words]:
    """Draw pairs of token ids of one length, errors by substitution alone: cheap to draw in millions.

    Args:
        shape: Their kind; every sequence has its number of words.
        pairs: How many.
        seed: Of the draw.

    Returns:
        References and hypotheses, int32 [pair * word], and offsets, int64 [pair + 1], of both.
    """
    rng = np.random.default_rng(seed)
    said = _zipf(rng, min(pairs, DRAWN) * shape.words).astype(np.int32)
    wrong = rng.random(len(said), dtype=np.float32) < ERRORS
    heard = said.copy()
    heard[wrong] = rng.integers(0, VOCABULARY, int(wrong.sum()), dtype=np.int32)
    size = pairs * shape.words
    return np.resize(said, size), np.resize(heard, size), np.arange(pairs + 1, dtype=np.int64) * shape.words


def draw_speakers(speakers: int, groups: int, endpoints: int, seed: int = 7) -> Speakers:
    """Draw sums of errors and words.

    Args:
        speakers: How many, a multiple of `groups`.
        groups: Number of groups, of equal size.
        endpoints: Number of endpoints.
        seed: Of the draw.

    Returns:
        Sums in which groups differ by up to a tenth and speakers by more.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), speakers // groups)
    words = rng.integers(500, 3_000, (speakers, endpoints))
    rate = rng.beta(4, 16, (speakers, endpoints)) * (1 + 0.1 * group[:, None] / groups)
    contrasts = np.stack([np.arange(1, groups), np.zeros(groups - 1, dtype=np.int64)], axis=1)
    return Speakers(rng.binomial(words, rate.clip(0, 1)), words, group, contrasts)


def draw_unequal_speakers(sizes: tuple[int, ...] = UNEQUAL_GROUPS, seed: int = 7) -> Speakers:
    """Draw sums of errors and words of speakers who said very different amounts, in groups of very different size.

    Args:
        sizes: Speakers of each group.
        seed: Of the draw.

    Returns:
        Sums of one endpoint; the words of one speaker in a hundred are six times the median or more.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    words = np.maximum(1, rng.lognormal(np.log(100), 0.9, (len(group), 1))).astype(np.int64)
    rate = rng.beta(4, 16, (len(group), 1))
    contrasts = np.stack([np.arange(1, len(sizes)), np.zeros(len(sizes) - 1, dtype=np.int64)], axis=1)
    return Speakers(rng.binomial(words, rate), words, group, contrasts)


def _vocabulary(rng: np.random.Generator) -> NDArray[np.object_]:
    lengths = rng.choice(np.arange(1, len(LETTERS) + 1), VOCABULARY, p=LETTERS)
    letters = rng.choice(list("etaoinshrdlucmfwypvbgkjqxz"), int(lengths.sum()))
    ends = np.cumsum(lengths)
    spelled = [
        "".join(letters[end - length : end]) for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]
    return np.array(spelled, dtype=object)


def _zipf(rng: np.random.Generator, words: int) -> Words:
    frequency = np.cumsum(1 / np.arange(2, VOCABULARY + 2))
    drawn: Words = np.searchsorted(frequency, rng.random(words) * frequency[-1]).astype(np.int64)
    return drawn


def _misheard(rng: np.random.Generator, words: Words) -> Words:
    substitution, deletion, insertion = (ERRORS * share for share in SPLIT)
    chance = rng.random(len(words))
    heard = words.copy()
    wrong = chance < substitution
    heard[wrong] = rng.integers(0, VOCABULARY, int(wrong.sum()))
    kept = heard[(chance < substitution) | (chance >= substitution + deletion)]
    added = np.flatnonzero(rng.random(len(kept)) < insertion)
    return np.insert(kept, added, rng.integers(0, VOCABULARY, len(added)))
