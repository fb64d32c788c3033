"""How the words of a grammar and of a transcript are made comparable."""

from __future__ import annotations

import unicodedata

KEYS = "0123456789*#ABCD"
"""The keys of a telephone (SRGS 1.0, appendix E)."""


def written(text: str) -> str:
    """A word as phrases show it: lower case, one form per accented letter, plain apostrophes."""
    return unicodedata.normalize("NFC", text.lower()).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def heard(word: str) -> str:
    """A word as it is compared: punctuation at its ends does not count.

    Args:
        word: as written in a grammar or in a transcript.

    Returns:
        The word from its first to its last character that is no punctuation, empty where there is none.
    """
    word = written(word)
    first, last = 0, len(word)
    while first < last and unicodedata.category(word[first]).startswith("P"):
        first += 1
    while last > first and unicodedata.category(word[last - 1]).startswith("P"):
        last -= 1
    return word[first:last]


def heard_words(text: str, keys: bool) -> tuple[str, ...]:
    """The words of a transcript as they are compared.

    Args:
        text: what was understood.
        keys: whether it is what was typed on a telephone, where every character is a word of its own.

    Returns:
        The words, without those that are only punctuation.
    """
    if keys:
        return tuple(key for key in text.upper() if not key.isspace())
    return tuple(word for word in map(heard, text.split()) if word)
