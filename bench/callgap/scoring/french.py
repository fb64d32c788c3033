"""French as it is said: figures as words, elisions apart, accents kept."""

from __future__ import annotations

import re
import unicodedata
from importlib.metadata import version

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap import __version__
from callgap.scoring.french_numbers import Variant, spell_numbers

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'"))
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_SYMBOLS = {"%": " pour cent ", "€": " euros ", "&": " et "}

# Words that lose a vowel before another one. What is not split is one word: aujourd'hui, quelqu'un, presqu'île,
# prud'homme, entr'acte, grand'mère, O'Brien.
_ELIDED = re.compile(r"(?<!\w)([cçdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=\w)")
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")

_TENS = "vingt|trente|quarante|cinquante|soixante|septante|huitante|octante|nonante"
_UNIFIED = (
    # Plurals that writers and recognizers get wrong alike: quatre-vingts, deux cents, trois millions.
    (re.compile(r"\b(pourcent|cent|vingt|million|milliard)s\b"), r"\1"),
    (re.compile(r"\bpourcent\b"), "pour cent"),
    (re.compile(r"\bmil\b"), "mille"),
    # Figures have no gender: 21 pages are vingt et une.
    (re.compile(rf"\b((?:{_TENS}|cent|mille)(?: et)?) une\b"), r"\1 un"),
    (re.compile(r"\bquatre vingt et un\b"), "quatre vingt un"),
    (re.compile(r"\baujourd hui\b"), "aujourd'hui"),
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class FrenchNumbersElision:
    """Case, punctuation, hyphens, ligatures, apostrophes and figures of French unified; accents are kept.

    Figures become words: thousands (`1 234`), decimals, percent, euros, ordinals, times and telephone numbers.

    Attributes:
        variant: how 70, 80 and 90 are read: `fr` (France, Quebec), `fr_BE` (septante, nonante) or `fr_CH` (huitante
            too). Written words stay what they are.
    """

    variant: Variant = "fr"

    def __call__(self, text: str) -> str:
        """The text in words of letters, digits of other scripts and inner apostrophes."""
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        spelled = spell_numbers(folded.translate(_APOSTROPHES).translate(_LIGATURES), self.variant)
        for symbol, words in _SYMBOLS.items():
            spelled = spelled.replace(symbol, words)
        kept = "".join(c if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in spelled)
        words = " ".join(_LOOSE_APOSTROPHE.sub(" ", _ELIDED.sub(r"\1 ", kept)).split())
        for pattern, unified in _UNIFIED:
            words = pattern.sub(unified, words)
        return words

    def version(self) -> str:
        """The versions of callgap and of num2words, and the variant."""
        return f"callgap {__version__}, num2words {version('num2words')}, {self.variant}"
