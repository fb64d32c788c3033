"""Simulated accents: varieties that espeak-ng speaks, and phonemes spoken through another language's voice.

Reading a text with another language's spelling rules is not an accent. A simulated second-language accent here takes
the phonemes of American English or of French and replaces those that the first language lacks, for English as its
speakers are described to do (Swan & Smith, Learner English, 2nd ed. 2001), then speaks them with that language's voice:
its vowels, its r, its timing. It is a caricature that a linguist can edit, not a model of any speaker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.corpus.espeak import espeak, phoneme_table
from callgap.errors import InputError

_STRESS = "',%="


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Accent:
    """How a group of simulated callers speaks.

    Attributes:
        voice: espeak-ng voice.
        phonemes_of: voice whose phonemes are spoken through `voice`; None lets `voice` read the text itself.
        substitutions: mnemonic of `phonemes_of` to mnemonics of `voice`, separated by spaces; empty drops the sound.
    """

    voice: str
    phonemes_of: str | None = None
    substitutions: Mapping[str, str] = Field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The accent as plain values, for a fingerprint."""
        return {**asdict(self), "substitutions": dict(self.substitutions)}


@lru_cache(maxsize=4096)
def _words(text: str, voice: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word) for word in espeak().phonemes(text, voice))


def accented(text: str, accent: Accent, fallbacks: Mapping[str, str]) -> str:
    """Phonemes of a text as the accent pronounces them.

    Args:
        text: words of the language of `phonemes_of`.
        accent: with `phonemes_of`.
        fallbacks: like the accent's substitutions, used only for a phoneme that the voice's table lacks.

    Returns:
        Mnemonics of the accent's voice, for espeak-ng.

    Raises:
        InputError: a phoneme has no counterpart in the voice's table.
    """
    words = _words(text, accent.phonemes_of or accent.voice)
    spoken = ([_replaced(phoneme, accent, fallbacks, text) for phoneme in word if phoneme] for word in words)
    # Two separators in a row, where a sound was dropped, would be a phoneme of espeak-ng's.
    return " ".join("|".join(filter(None, word)) for word in spoken)


def _replaced(phoneme: str, accent: Accent, fallbacks: Mapping[str, str], text: str) -> str:
    bare = phoneme.lstrip(_STRESS)
    stress = phoneme[: len(phoneme) - len(bare)]
    table = phoneme_table(accent.voice)
    target = accent.substitutions.get(bare)
    if target is None:
        target = bare if bare in table else fallbacks.get(bare)
    parts = None if target is None else target.split()
    if parts is None or any(part not in table for part in parts):
        raise InputError(
            f"the phoneme [{bare}] of {text!r} has no counterpart in the voice {accent.voice!r}: give one in "
            f"corpus.accents.<name>.substitutions, found {target!r}"
        )
    return stress + "|".join(parts) if parts else ""
