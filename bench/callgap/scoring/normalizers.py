"""Text normalizers: the same code for reference and hypothesis, for every group and every system."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from importlib.metadata import version
from typing import Any, Protocol

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from callgap import __version__
from callgap.scoring.whisper_english import PROVEN, WhisperMemo

_STRICT = ConfigDict(extra="forbid")


class Normalizer(Protocol):
    """Removes differences of writing that are none of speech."""

    def __call__(self, text: str) -> str:
        """The normalized text, words separated by one space."""

    def version(self) -> str:
        """What the result depends on besides the text."""


@dataclass(frozen=True, config=_STRICT)
class NoNormalizer:
    """Leaves the text as it is."""

    def __call__(self, text: str) -> str:
        """Return the text itself."""
        return text

    def version(self) -> str:
        """The version of callgap."""
        return f"callgap {__version__}"


@dataclass(frozen=True, config=_STRICT)
class Basic:
    """Case and punctuation: NFKC, case-folded, only letters, marks, digits and apostrophes within words kept."""

    def __call__(self, text: str) -> str:
        """The text in words of letters, digits and inner apostrophes."""
        folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
        kept = "".join(c if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in folded)
        return " ".join(re.sub(r"(?<!\w)'|'(?!\w)", " ", kept).split())

    def version(self) -> str:
        """The version of callgap."""
        return f"callgap {__version__}"


@dataclass(frozen=True, config=_STRICT)
class WhisperEnglish:
    """The English normalizer published with Whisper (Radford et al. 2022, appendix C), from the kept library."""

    def __call__(self, text: str) -> str:
        """Spelling, numbers, contractions and fillers unified."""
        normalized: str = self._normalize(text)
        return normalized

    def version(self) -> str:
        """The version of whisper-normalizer."""
        return f"whisper-normalizer {version('whisper-normalizer')}"

    @cached_property
    def _normalize(self) -> Any:
        library = EnglishTextNormalizer()
        return WhisperMemo(library) if version("whisper-normalizer") in PROVEN else library


@dataclass(frozen=True, config=_STRICT)
class WhisperMultilingual:
    """The normalizer published with Whisper for every language but English, from the kept library.

    It removes combining marks that are no part of a composed letter: not for scripts that write vowels with them.
    """

    def __call__(self, text: str) -> str:
        """Case, punctuation and what stands in brackets removed; unlike the library's, without outer spaces."""
        normalized: str = self._normalize(text)
        return normalized.strip()

    def version(self) -> str:
        """The version of whisper-normalizer."""
        return f"whisper-normalizer {version('whisper-normalizer')}"

    @cached_property
    def _normalize(self) -> Any:
        return BasicTextNormalizer()
