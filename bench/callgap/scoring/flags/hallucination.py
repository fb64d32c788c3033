"""Words that nobody said: text on silence, loops and insertion bursts.

Thresholds rest on how people talk, not on a corpus. What a threshold leaves out stays an error in the word error rate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callgap.scoring.flags.words import spoken_letters
from callgap_kernels import EditOperation

LONGEST_PHRASE = 6
"""Words of the longest phrase that is looked for: decoders repeat a clause; a repeated sentence is a caller's."""

# Breath, noise and hesitation are rightly heard as these.
_FILLERS = "ah eh er erm euh ha hah heh heu hm hmm huh hum mhm mm mmm oh ouh uh uhm um"
FILLERS = frozenset(_FILLERS.split())
# A caller's figures repeat: five zeros, or 00000 in the reference.
_FIGURES = (
    "zero o oh one two three four five six seven eight nine double triple zéro un deux trois quatre cinq six sept huit "
    "neuf"
)
FIGURES = frozenset(_FIGURES.split())

# People say `no no no` and `bye bye bye bye`; six of one word is beyond stammers and emphasis, and a pair of words
# (`thank you`) is said up to three times, a longer phrase twice.
_COPIES = {1: 6, 2: 4}
_COPIES_LONGER = 3
# Times as many as were said: a recognizer that hears three for two has erred and not looped.
_COPIES_FACTOR = 2
# Inside a word, or in unspaced text that a normalizer would join: hahaha is laughter, ten syllables are not.
_WITHIN = re.compile(r"([^\W\d]{1,10}?)\1{9,}")
_WITHIN_LETTERS = 20

# About two seconds of talk. Fewer words come of compounds, abbreviations and figures that are read out.
BURST_WORDS = 8
# A short phrase more than the reference read aloud; where no recognized words fix the place, also twice as much.
_BURST_LETTERS = 20
_BURST_FACTOR = 2
# Where four of five words of the reference are there, more words around them can be a reference that was cut short.
_CONTAINED = 0.8
# Two recognized words on each side of what was inserted fix its place.
_ANCHOR = 2


@dataclass(frozen=True)
class Loop:
    """A phrase that stands several times in a row.

    Attributes:
        phrase: its words, from where the row begins.
        copies: how often, whole copies only.
    """

    phrase: tuple[str, ...]
    copies: int


def invents_on_silence(said: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether there is text where nothing was said; hesitations and breath are no text."""
    return not said and bool(set(heard) - FILLERS)


def repeats(said: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether a phrase of one to six words is repeated as nobody said it.

    Args:
        said: words of the reference.
        heard: words of the hypothesis.

    Returns:
        True where a phrase stands at least six (one word), four (two words) or three times in a row, and more than
        twice as often as in the reference; figures are left alone where the reference has some.
    """
    if _repeats_within(said, heard):
        return True
    # Any loop leaves at least five words that have occurred before.
    if len(heard) - len(set(heard)) < min(_COPIES[1], *_COPIES.values()) - 1:
        return False
    found = [loop for loop in loops(heard) if loop.copies >= _COPIES.get(len(loop.phrase), _COPIES_LONGER)]
    if not found:
        return False
    counted = any(_is_figure(word) for word in said)
    spoken = loops(said)
    return any(
        loop.copies > _COPIES_FACTOR * _copies(loop.phrase, said, spoken)
        and not (counted and all(map(_is_figure, loop.phrase)))
        for loop in found
    )


def loops(words: Sequence[str]) -> list[Loop]:
    """Every phrase of one to six words that stands at least twice in a row.

    Args:
        words: of one text.

    Returns:
        The longest row at each place, for each length of the phrase.
    """
    found = []
    for size in range(1, LONGEST_PHRASE + 1):
        begin = 0
        for end in range(size, len(words) + 1):
            if end == len(words) or words[end] != words[end - size]:
                if end - begin >= 2 * size:
                    found.append(Loop(tuple(words[begin : begin + size]), (end - begin) // size))
                begin = end - size + 1
    return found


def bursts(reference: str, said: Sequence[str], heard: Sequence[str], operations: Sequence[int]) -> bool | None:
    """Whether far more words were inserted than come of bad recognition.

    Args:
        reference: as it was written.
        said: its words.
        heard: words of the hypothesis.
        operations: codes of `EditOperation` of their alignment, in reading order.

    Returns:
        True where words stand in the midst of recognized ones, or all of them are far too many for the reference; None
        where they could be what a reference lacks that was cut short; else False.
    """
    if len(heard) - len(said) < BURST_WORDS:
        return False
    spoken, letters = spoken_letters(reference), sum(map(len, heard))
    # Words that a reference runs together, and figures that it writes as such, are no words more.
    if letters > spoken + _BURST_LETTERS and _inserted_midst(operations) >= BURST_WORDS:
        return True
    if letters <= _BURST_FACTOR * spoken + _BURST_LETTERS:
        return False
    hits = sum(code == EditOperation.HIT for code in operations)
    return None if said and hits >= _CONTAINED * len(said) else True


def _repeats_within(said: Sequence[str], heard: Sequence[str]) -> bool:
    return any(len(word) >= _WITHIN_LETTERS and _WITHIN.search(word) and word not in said for word in heard)


def _copies(phrase: tuple[str, ...], said: Sequence[str], spoken: Sequence[Loop]) -> int:
    # A row may begin in the midst of the phrase, so its words are compared and not their order.
    words = sorted(phrase)
    rows = (loop.copies for loop in spoken if sorted(loop.phrase) == words)
    return max(rows, default=int(set(phrase) <= set(said)))


def _is_figure(word: str) -> bool:
    return word in FIGURES or any(map(str.isdigit, word))


def _inserted_midst(operations: Sequence[int]) -> int:
    # The longest run of insertions with recognized words on both sides of it.
    best = run = before = 0
    after = sum(code == EditOperation.HIT for code in operations)
    for code in operations:
        hit = code == EditOperation.HIT
        before, after = before + hit, after - hit
        run = run + 1 if code == EditOperation.INSERTION else 0
        if min(before, after) >= _ANCHOR:
            best = max(best, run)
    return best
