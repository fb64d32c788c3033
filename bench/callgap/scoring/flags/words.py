"""The one light normalization under which texts are searched for findings, whatever normalizers a run declares."""

from __future__ import annotations

import re
import unicodedata

from callgap.scoring.normalizers import Basic

# What transcribers and recognizers write for what is no speech: [noise], <unk>, <|nospeech|>, (laughing), notes.
# Round brackets hold speech too, so only one or two words that are the whole text.
_SOUND = re.compile(r"\[[^\[\]]*\]|<\|?/?[A-Za-z_ -]+/?\|?>|^\s*\(\s*[^\W\d]+(?:\s+[^\W\d]+)?\s*\)\s*$|[♩♪♫♬]")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
# Thai, Lao, Myanmar, Khmer, Kana and Han are written without spaces between words: each character stands for one.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])")
_MARK_LETTERS = 10

_basic = Basic()


def words_of(text: str) -> list[str]:
    """Words in lower case, without punctuation and without tags of sounds.

    Args:
        text: as it was written.

    Returns:
        The words of `basic`; in scripts without spaces the characters.
    """
    if _SOUND.search(text):
        text = _SOUND.sub(" ", text)
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _UNSPACED.sub(r" \1 ", _basic(text)).split()


def spoken_letters(text: str) -> int:
    """How many letters a text has at most when it is read out.

    A figure (`7`, `seventy`) and a mark that is dictated (`full stop`, `percent`) take up to ten letters.

    Args:
        text: as it was written; tags of sounds are not read out.

    Returns:
        The number of letters.
    """
    kinds = [unicodedata.category(c)[0] for c in _SOUND.sub(" ", text) if c not in "'\u2019"]
    return kinds.count("L") + kinds.count("M") + _MARK_LETTERS * sum(kinds.count(kind) for kind in "NPS")
