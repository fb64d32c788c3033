"""Names of languages, as models take them."""

from __future__ import annotations

from collections.abc import Iterable

from callgap.errors import InputError, one_of

# ISO 639-1 and what models with three letters call it (ISO 639-3).
_THREE_LETTERS = {
    **{"ar": "arb", "bg": "bul", "bn": "ben", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu"},
    **{"el": "ell", "en": "eng", "es": "spa", "et": "est", "fa": "pes", "fi": "fin", "fr": "fra", "ga": "gle"},
    **{"he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn"},
    **{"ko": "kor", "lt": "lit", "lv": "lvs", "mt": "mlt", "nl": "nld", "no": "nob", "pl": "pol", "pt": "por"},
    **{"ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sv": "swe", "sw": "swh", "ta": "tam", "te": "tel"},
    **{"th": "tha", "tl": "tgl", "tr": "tur", "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "cmn"},
}


def primary(language: str) -> str:
    """The first part of a BCP 47 tag, in lower case."""
    return language.lower().split("-")[0]


def named(language: str, accepted: Iterable[str]) -> str:
    """A model's own name of a language.

    Args:
        language: BCP 47 tag.
        accepted: the model's names: of two letters, of three, or `<|en|>`.

    Returns:
        One of `accepted`.

    Raises:
        InputError: the model has no such language.
    """
    known = sorted(accepted)
    code = primary(language)
    for name in (code, f"<|{code}|>", _THREE_LETTERS.get(code, "")):
        if name in known:
            return name
    plain = [name.strip("<|>") for name in known]
    raise InputError(f"the recognizer's model cannot be told the language {language!r}; {one_of(code, plain)}")
