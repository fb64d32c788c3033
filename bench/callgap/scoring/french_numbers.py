"""Writes the figures of a French text as the words that are said.

Cardinals come from num2words; where its plurals and its `et un` differ from other writers', `scoring.french` unifies
them. Telephone numbers are read in pairs, short decimals as one number, as is common in France.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal

from num2words import num2words

Variant = Literal["fr", "fr_BE", "fr_CH"]
Say = Callable[[str], str]

# Longer figures are names (of cards, of accounts) and no amounts.
_LONGEST = 12
_LONGEST_DECIMALS = 3

# Between groups of three: NFKC has made a plain space of every kind of space.
_GROUPED = r"[1-9][0-9]{0,2}(?:(?: [0-9]{3})+|(?:\.[0-9]{3})+|(?:['\u2019][0-9]{3})+)(?![0-9])"
_WHOLE = rf"(?<![0-9])((?:{_GROUPED}|[0-9]+))"
_DECIMALS = r"(?:,([0-9]+))?"
_END = r"(?![^\W_])"

_NUMERO = re.compile(r"\bn[o°] ?(?=[0-9])")
_TELEPHONE = re.compile(r"(?<![0-9])(?:(?:\+|00)33 ?(?:\(0\) ?)?([1-9])|(0[1-9]))((?:[ .-]?[0-9]{2}){4})(?![0-9])")
_MINUS = re.compile(r"(?<![^\s(])[-\u2212](?=[0-9])")
_TIME = re.compile(rf"(?<![0-9,.:])([0-9]{{1,2}})(?: ?h ?([0-5][0-9])?|:([0-5][0-9])){_END}")
_EUROS = re.compile(rf"{_WHOLE}{_DECIMALS} ?(?:€|euros?{_END})")
_EUROS_FIRST = re.compile(rf"€ ?{_WHOLE}{_DECIMALS}")
_ORDINAL = re.compile(rf"{_WHOLE}(er|re|ere|ère|nd|nde|e|eme|ème|ieme|ième)(s?){_END}")
_POINT = re.compile(rf"(?<![0-9.])(?!{_GROUPED})([0-9]+)\.([0-9]+)(?!\.?[0-9])")
_NUMBER = re.compile(rf"{_WHOLE}{_DECIMALS}")

_RARE_ORDINALS = {
    ("1", "er"): "premier",
    ("1", "e"): "premier",
    ("1", "re"): "première",
    ("1", "ere"): "première",
    ("1", "ère"): "première",
    ("2", "nd"): "second",
    ("2", "nde"): "seconde",
}


def spell_numbers(text: str, variant: Variant) -> str:
    """Replace every figure of a text by words.

    Args:
        text: NFKC-normalized and case-folded.
        variant: of num2words: `fr` says soixante-dix, `fr_BE` septante, `fr_CH` also huitante.

    Returns:
        The text without the digits 0 to 9.
    """
    text = _NUMERO.sub(" numéro ", text)
    say = partial(_said, variant=variant)
    text = _TELEPHONE.sub(lambda found: f" {_telephone(found, say)} ", text)
    text = _MINUS.sub(" moins ", text)
    for pattern, words in _READ:
        text = pattern.sub(lambda found, words=words: f" {words(found, say)} ", text)  # type: ignore[misc]
    return text


def ordinal(cardinal: str) -> str:
    """The ordinal of a number.

    Args:
        cardinal: in words.

    Returns:
        The same words, the last one made ordinal: cinquième, neuvième, quatrième, quatre-vingtième.
    """
    stem = re.sub(r"(?<=vingt|.cent)s$|(?<=llion)s$|(?<=lliard)s$|e$", "", cardinal)
    if stem.endswith("cinq"):
        stem += "u"
    return f"{stem.removesuffix('f')}vième" if stem.endswith("neuf") else f"{stem}ième"


def _said(figures: str, variant: Variant) -> str:
    # Zeros in front are said one by one.
    digits = re.sub("[^0-9]", "", figures)
    kept = digits.lstrip("0")
    zeros = len(digits) - len(kept)
    parts = list(digits) if len(kept) > _LONGEST else ["0"] * zeros + ([kept] if kept else [])
    return " ".join(_cardinal(part, variant) for part in parts)


@lru_cache(maxsize=4096)
def _cardinal(digits: str, variant: Variant) -> str:
    return str(num2words(int(digits), lang=variant))


def _telephone(found: re.Match[str], say: Say) -> str:
    begin = say(found[2]) if found[2] else f"plus {say('33')} {say(found[1])}"
    return " ".join([begin, *(say(pair) for pair in re.findall("[0-9]{2}", found[3]))])


def _time(found: re.Match[str], say: Say) -> str:
    hours, minutes = int(found[1]), int(found[2] or found[3] or 0)
    said = f"{'une' if hours == 1 else say(str(hours))} heure{'s' if hours > 1 else ''}"
    return f"{said} {say(str(minutes))}" if minutes else said


def _euros(found: re.Match[str], say: Say) -> str:
    whole, decimals = say(found[1]), found[2] or ""
    if len(decimals) > 2:
        return f"{whole} virgule {_decimals(decimals, say)} euros"
    cents = int(decimals.ljust(2, "0"))
    if cents and whole == say("0"):
        return f"{say(str(cents))} centime{'s' if cents > 1 else ''}"
    of = "d'" if re.search("lli(on|ard)s?$", whole) else ""
    said = f"{whole} {of}euro{'' if whole in (say('0'), say('1')) else 's'}"
    return f"{said} {say(str(cents))}" if cents else said


def _ordinal(found: re.Match[str], say: Say) -> str:
    number, ending, plural = found.groups()
    if rare := _RARE_ORDINALS.get((number, ending)):
        return rare + plural
    return f"{ordinal(say(number))}{plural}" if ending.endswith("e") else f"{say(number)} {ending}{plural}"


def _point(found: re.Match[str], say: Say) -> str:
    return f"{say(found[1])} point {_decimals(found[2], say)}"


def _number(found: re.Match[str], say: Say) -> str:
    return f"{say(found[1])} virgule {_decimals(found[2], say)}" if found[2] else say(found[1])


def _decimals(digits: str, say: Say) -> str:
    # Long ones are read digit by digit.
    return say(digits) if len(digits) <= _LONGEST_DECIMALS else " ".join(say(digit) for digit in digits)


_READ = (
    (_TIME, _time),
    (_EUROS, _euros),
    (_EUROS_FIRST, _euros),
    (_ORDINAL, _ordinal),
    (_POINT, _point),
    (_NUMBER, _number),
)
