"""Text in another script or another language than was spoken.

Languages are identified by py3langid (a fork of langid.py, Lui & Baldwin 2012). Short texts, names and mixed speech
look like any language, so a text is judged only where it is long, shares few words with the reference and is clear.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

# Below these, identifiers guess: `balance` is Lingala to them.
LEAST_WORDS = 4
LEAST_LETTERS = 16
# Where more than a third of the words were said, what differs is names, loans and errors.
MOST_SHARED = 1 / 3
# Another language takes three quarters of the belief, and the run's own less than one in a hundred.
CLEAR = 0.75
EXCLUDED = 0.01

# Those that Whisper (Radford et al. 2022) transcribes and the identifier knows, without Latin and Sanskrit, whose words
# stand in medicine and law, and without pidgins and creoles, which share theirs with the language that they come of.
_CANDIDATES = (
    "af am ar as az ba be bg bn br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr hu hy id is it ja jv "
    "ka kk km kn ko lb ln lo lt lv mg mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru si sk sl sn so sq sr sv sw "
    "ta te tg th tk tl tr tt uk ur uz vi yo yue zh"
)
CANDIDATES = frozenset(_CANDIDATES.split())
# Close enough that short texts are one or the other: no evidence against each other.
_CLOSE = (
    frozenset({"da", "nn", "no", "sv"}),
    frozenset({"bs", "hr", "sr"}),
    frozenset({"id", "jv", "ms"}),
    frozenset({"ca", "es", "gl", "oc", "pt"}),
    frozenset({"cs", "sk"}),
    frozenset({"be", "ru", "uk"}),
    frozenset({"af", "nl"}),
    frozenset({"yue", "zh"}),
    frozenset({"de", "lb"}),
    frozenset({"bg", "mk"}),
    frozenset({"az", "tk", "tr"}),
)
_OTHER_NAMES = {"nb": "no", "iw": "he", "in": "id", "fil": "tl", "cmn": "zh", "arb": "ar"}

# Written in two scripts by their own speakers.
_TWO_SCRIPTS = frozenset({"az", "bs", "kk", "ks", "ku", "mn", "pa", "sd", "sr", "tg", "tk", "tt", "ug", "ur", "uz"})
_ONE_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "FULLWIDTH": "CJK", "HALFWIDTH": "CJK"}


def primary(language: str) -> str:
    """The language of a tag.

    Args:
        language: BCP 47 tag.

    Returns:
        Its first part, in the identifier's spelling.
    """
    code = language.replace("_", "-").split("-")[0].lower()
    return _OTHER_NAMES.get(code, code)


def other_script(said: Sequence[str], heard: Sequence[str], language: str | None) -> bool:
    """Whether most letters of a text belong to another script than most of the reference's.

    Args:
        said: words of the reference.
        heard: words of the hypothesis.
        language: BCP 47 tag of what was spoken; None is unknown.

    Returns:
        True where they do; False also where one side has no letters or the language is written in two scripts.
    """
    if language and primary(language) in _TWO_SCRIPTS:
        return False
    ours, theirs = _script(said), _script(heard)
    return bool(ours and theirs and ours != theirs)


def other_language(said: Sequence[str], heard: Sequence[str], language: str | None) -> bool | None:
    """Whether a text is in another language than the run's, in which the reference is.

    Args:
        said: words of the reference.
        heard: words of the hypothesis, in the same script.
        language: BCP 47 tag of what was spoken; None is unknown.

    Returns:
        True or False; None where nothing determines it: no words, too few of them, or a language that the identifier
        does not know.
    """
    if not heard:
        return None
    shared = (Counter(said) & Counter(heard)).total()
    if shared > MOST_SHARED * len(heard):
        return False
    own = primary(language) if language else None
    if own not in CANDIDATES or len(heard) < LEAST_WORDS or sum(map(len, heard)) < LEAST_LETTERS:
        return None
    return _clearly_other(" ".join(said), " ".join(heard), own)


def _clearly_other(said: str, heard: str, own: str) -> bool | None:
    belief = _belief(heard)
    other = max(belief, key=lambda language: _together(belief, _close(language)))
    if other in _close(own) or _together(belief, _close(other)) < CLEAR or _together(belief, _close(own)) >= EXCLUDED:
        return False
    # A caller who said it in that language was heard well, or the run's language is not the caller's.
    spoken = _belief(said)
    return True if _together(spoken, _close(own)) > _together(spoken, _close(other)) else None


def _belief(text: str) -> dict[str, float]:
    return dict(_identifier().rank(text))


def _close(language: str) -> frozenset[str]:
    return next((group for group in _CLOSE if language in group), frozenset({language}))


def _together(belief: dict[str, float], languages: Iterable[str]) -> float:
    return sum(belief.get(language, 0.0) for language in languages)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # Imported and read (0.7 s) for the first text that needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(CANDIDATES)
    return identifier


def _script(words: Sequence[str]) -> str | None:
    # Single letters are symbols (alpha, mu), but in scripts without spaces they are words.
    counts = Counter(
        script
        for word in words
        for script in (("LATIN",) * len(word) if word.isascii() else map(_script_of, word))
        if script and (len(word) > 1 or script == "CJK")
    )
    if not counts:
        return None
    script, letters = counts.most_common(1)[0]
    return script if letters > counts.total() / 2 else None


@lru_cache(maxsize=4096)
def _script_of(letter: str) -> str | None:
    if unicodedata.category(letter)[0] != "L":
        return None
    name = unicodedata.name(letter, "").split(" ")[0]
    return _ONE_SCRIPT.get(name, name) or None
