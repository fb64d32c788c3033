"""Whisper's English normalizer at the cost of a dictionary: the library reads what is new, its answers are kept.

A text is cut at its plain tokens: words of letters that no rule of the library ties to a neighbor. What stands
between two of them, a run, goes through the library with a plain word on either side in the place of the real ones.
Why the parts, put together, are the library's result on the whole, rule by rule, in the library's order:

- Outer whitespace: of whatever it is, the library splits it away, and no rule asks for it.
- Lower case looks beyond a character only for a final sigma, and never across a space.
- Brackets and parentheses vanish with what they hold: from the first opening to the token after the last closing one
  all is one run.
- Fillers vanish, so that they are never plain, alone or as part of a token.
- Space before an apostrophe vanishes: an apostrophe that does not follow a letter of its token pulls the plain token
  in front of it into its run. No other character is joined to the left, and none to the right.
- Contractions and titles end where words end. Only `'s been`, `'d gone` and their like hold a space: such two tokens
  are of one run.
- Commas between digits and periods not before a digit: plain tokens hold no digit, and never two periods in a row,
  of which the library keeps every other one.
- Symbols and diacritics: character by character; normalization to NFKD never crosses a space.
- `and a half` is the only rule of three words: `and` is never plain, and `half` pulls what stands in front of it.
- Ordinal endings (`st`, `nd`, `rd`, `th`, `s`) are drawn to a digit in front of them: no plain token begins with one,
  nor does what the library makes of it (`s'`, `th's`).
- The reader of numbers carries nothing over a word that is no number word: it puts out what it holds, prefixes
  included, since a prefix is only taken up before a number word; and such a word before or after a number is to it
  what the end of the text is. An integer without a neighbor that counts is not worth asking for.
- Cents, `one` for `1`, spelling, symbols beside digits: every pattern ends at the first letter of another word. Whether
  a symbol ends the text does matter: a run at an end of its text has no word put beside it there.
"""

from __future__ import annotations

import re
from itertools import pairwise

from whisper_normalizer.english import EnglishTextNormalizer

# The releases whose source the above was read in: their English rules are the same.
PROVEN = frozenset({"0.1.11", "0.1.12", "0.1.13", "0.1.14", "0.1.15"})

# Stands for the neighbors of a run: a word that no rule knows.
_WORD = "qxq"

_MOST_TOKENS, _MOST_RUNS = 1 << 17, 1 << 15
_LONGEST_TOKEN, _LONGEST_RUN = 64, 256

# A whole word of letters and apostrophes.
_REPLACED = re.compile(r"\\b([a-z']+)\\b")
_FILLERS = frozenset({"hmm", "mm", "mhm", "mmm", "uh", "um"})
_ENDINGS = frozenset({"st", "nd", "rd", "th", "s"})
# In tokens that are not plain. Signs beyond ASCII may turn into letters.
_PULLS = re.compile(r"half|['(\[<]|[^\0-\x7f]")
_OPENING, _CLOSING = re.compile(r"[(\[<]"), re.compile(r"[)\]>]")
_PERHAPS_PERFECT = re.compile("'[sdSD] [bdgBDG]")

# Each is a space to the library and ends a word: the quotation marks are not its apostrophe, the dashes not its minus.
_SEPARATORS = '-,.;:!?"/\u2018\u2019\u201c\u201d\u2013\u2014'
_PIECE = re.compile("[a-z]+(?:'(?:d|ll|m|re|s|t|ve)?)?")
_PIECES = re.compile(f"[{_SEPARATORS}]*{_PIECE.pattern}(?:[{_SEPARATORS}]+{_PIECE.pattern})*[{_SEPARATORS}]*")

# By itself it is read as it is, without zeros in front, but for `one`.
_INTEGER = re.compile("([0-9]{1,15})[,.;:!?]?")

# A run, whether a token precedes it, whether one follows. What is left of it: where nothing is, not even a space.
_Run = tuple[str, bool, bool]
_Part = tuple[str] | tuple[()]


class _Empty(str):
    """An empty reading that is told from another by identity."""

    __slots__ = ()


_APART, _PULLING = _Empty(), _Empty()


class WhisperMemo:
    """The library's normalizer, to the byte, that remembers tokens and runs. For the releases `PROVEN` only.

    Threads may share one: what they lose to each other they learn again. A copy or a pickle begins empty.
    """

    def __init__(self, library: EnglishTextNormalizer) -> None:
        self._library = library
        self._readings = _Readings(library)
        self._parts: dict[_Run, _Part] = {}

    def __reduce__(self) -> tuple[type[WhisperMemo], tuple[EnglishTextNormalizer]]:
        return type(self), (self._library,)

    def __call__(self, text: str) -> str:
        """The library's result for a text."""
        tokens = text.strip().split(" ")
        readings = list(map(self._readings.__getitem__, tokens))
        spans = _spans(_tied(text, tokens, readings))
        learned: dict[_Run, _Part] = {}
        # From the last to the first, so that the places of those to come stay what they are.
        for start, end in reversed(spans):
            run = " ".join(tokens[start:end]), start > 0, end < len(tokens)
            part = self._parts.get(run)
            if part is None:
                learned = learned or self._learn(tokens, spans)
                if not learned:
                    return str(self._library(text))
                part = learned[run]
            readings[start:end] = part
        return " ".join(readings)

    def _learn(self, tokens: list[str], spans: list[tuple[int, int]]) -> dict[_Run, _Part]:
        # All runs of a text at once: a call costs the library as much as fifteen words.
        runs = dict.fromkeys((" ".join(tokens[a:b]), a > 0, b < len(tokens)) for a, b in spans)
        parts = {run: part for run in runs if (part := self._known(run)) is not None}
        new = [run for run in runs if run not in parts]
        if new:
            preceded, followed = new[0][1], new[-1][2]
            text = f" {_WORD} ".join(run for run, _, _ in new)
            pieces = self._library(f"{_WORD} " * preceded + text + f" {_WORD}" * followed).split(_WORD)
            pieces = pieces[preceded : len(pieces) - followed]
            # The text itself held the word.
            if len(pieces) != len(new):
                return {}
            parts |= {run: _part(piece, run) for run, piece in zip(new, pieces, strict=True)}
        if len(self._parts) >= _MOST_RUNS:
            self._parts.clear()
        self._parts |= {run: part for run, part in parts.items() if len(run[0]) <= _LONGEST_RUN}
        return parts

    def _known(self, run: _Run) -> _Part | None:
        if found := _INTEGER.fullmatch(run[0]):
            number = str(int(found[1]))
            return ("one" if number == "1" else number,)
        return self._parts.get(run)


class _Readings(dict[str, str]):
    """What the library makes of a token whatever stands beside it, empty if that matters; learned when asked for."""

    def __init__(self, library: EnglishTextNormalizer) -> None:
        super().__init__()
        self._library = library
        self._spelling: dict[str, str] = library.standardize_spellings.mapping
        self._special = {*library.standardize_numbers.words, *_FILLERS, "half"}
        found = map(_REPLACED.fullmatch, library.replacers)
        self._replaced: dict[str, str] = {rule[1]: library(rule[1]) for rule in found if rule}
        endings = ("'", "'d", "'ll", "'m", "'re", "'s", "'ve")
        self._endings: dict[str, str] = {ending: library(_WORD + ending)[len(_WORD) :] for ending in endings}

    def __missing__(self, token: str) -> str:
        reading = self._read(token.lower())
        if len(token) <= _LONGEST_TOKEN:
            if len(self) >= _MOST_TOKENS:
                self.clear()
            self[token] = reading
        return reading

    def _read(self, token: str) -> str:
        reading = ""
        if token.isalpha() and token.isascii():
            reading = self._word(token)
        elif _PIECES.fullmatch(token) and ".." not in token:
            pieces = _PIECE.findall(token)
            words = [self._word(piece) if piece.isalpha() else self._contraction(piece) for piece in pieces]
            reading = "" if "" in words else " ".join(words)
        if reading and reading.partition(" ")[0] not in _ENDINGS:
            return reading
        return _PULLING if _PULLS.search(token) else _APART

    def _word(self, word: str) -> str:
        return "" if word in self._special else self._replaced.get(word) or self._spelling.get(word, word)

    def _contraction(self, piece: str) -> str:
        stem, apostrophe, ending = piece.partition("'")
        if piece in self._replaced:
            return self._replaced[piece]
        read = self._word(stem)
        if read and ending == "t":
            words: str = self._library(piece)
            return words if all(word.isalpha() and self._word(word) for word in words.split()) else ""
        return read and read + self._endings[apostrophe + ending]


def _tied(text: str, tokens: list[str], readings: list[str]) -> list[int]:
    """The places of the tokens that runs are made of, in order."""
    special, at = [], -1
    for _ in range(readings.count("")):
        at = readings.index("", at + 1)
        special.append(at)
    more: set[int] = set()
    if "(" in text or "[" in text or "<" in text:
        more |= _enclosed(tokens)
    if "'" in text and _PERHAPS_PERFECT.search(text):
        more |= _perfect(tokens)
    for at in special:
        if readings[at] is _PULLING:
            more |= _pulled(at, readings)
    return sorted({*special, *more}) if more else special


def _pulled(at: int, readings: list[str]) -> set[int]:
    while at >= 0 and not readings[at]:
        at -= 1
    return {at} if at >= 0 else set()


def _enclosed(tokens: list[str]) -> set[int]:
    opening = [at for at, token in enumerate(tokens) if _OPENING.search(token)]
    closing = [at for at, token in enumerate(tokens) if _CLOSING.search(token)]
    return set(range(opening[0], min(closing[-1] + 2, len(tokens)))) if closing else set()


def _perfect(tokens: list[str]) -> set[int]:
    found = set()
    for at, (word, participle) in enumerate(pairwise(token.lower() for token in tokens)):
        if word.endswith(("'s", "'d")) and participle.startswith(("been", "gone", "done", "got")):
            found |= {at, at + 1}
    return found


def _spans(places: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for at in places:
        if spans and spans[-1][1] == at:
            spans[-1] = spans[-1][0], at + 1
        else:
            spans.append((at, at + 1))
    return spans


def _part(piece: str, run: _Run) -> _Part:
    _, preceded, followed = run
    return () if len(piece) < preceded + followed else (piece[preceded : len(piece) - followed],)
