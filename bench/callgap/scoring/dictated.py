"""Readers who say the punctuation: its names are no words of the prompt, and recognizers write them or not."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap import __version__
from callgap.scoring.normalizers import Normalizer

NAMES = (
    "full stop",
    "period",
    "comma",
    "colon",
    "semicolon",
    "semi colon",
    "question mark",
    "exclamation mark",
    "exclamation point",
    "hyphen",
    "dash",
    "slash",
    "quote",
    "unquote",
    "quotation mark",
    "inverted commas",
    "apostrophe",
    "open bracket",
    "close bracket",
    "open parenthesis",
    "close parenthesis",
    "new line",
    "next line",
    "new paragraph",
)
"""What English speakers say where they dictate."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Dictated:
    """Leaves out the spoken names of punctuation, from reference and hypothesis alike.

    Where they are words of the sentence (the colon, a period of rest) they are left out of both, which costs these few
    words and favors nobody.

    Attributes:
        base: the normalizer that comes first.
    """

    base: Any

    def __call__(self, text: str) -> str:
        """The normalized text without names of punctuation."""
        normalize: Normalizer = self.base
        return " ".join(self._names.sub(" ", normalize(text)).split())

    def version(self) -> str:
        """The version of the base and of callgap."""
        normalize: Normalizer = self.base
        return f"{normalize.version()}, callgap {__version__}"

    @cached_property
    def _names(self) -> re.Pattern[str]:
        names = "|".join(sorted((re.escape(name) for name in NAMES), key=len, reverse=True))
        return re.compile(rf"(?<!\S)(?:{names})(?!\S)")
