"""From what was heard to what identifies a person: postcodes, names and dates of birth in English and Polish.

Everything here is told by rule and compared exactly; no spelling is corrected and nothing is guessed from a record.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_NATO = _listed(
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey x-ray yankee zulu"
)
_LETTER_NAMES = {
    "a": "ay eh", "b": "bee be", "c": "see sea", "d": "dee", "e": "ee", "f": "ef eff", "g": "gee", "h": "aitch",
    "i": "eye", "j": "jay", "k": "kay", "l": "el ell", "m": "em", "n": "en", "o": "oh", "p": "pee pea",
    "q": "queue cue", "r": "are", "s": "ess", "t": "tee tea", "u": "you", "v": "vee", "w": "double-u",
    "x": "ex xray", "y": "why", "z": "zed zedd zee",
}  # fmt: skip
_DIGITS = {
    "en": _listed("zero one two three four five six seven eight nine"),
    "pl": _listed("zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć"),
}
_DAYS = {
    "en": _listed(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
    ),
    "pl": _listed(
        "pierwszego drugiego trzeciego czwartego piątego szóstego siódmego ósmego dziewiątego dziesiątego "
        "jedenastego dwunastego trzynastego czternastego piętnastego szesnastego siedemnastego osiemnastego "
        "dziewiętnastego dwudziestego"
    ),
}
_MONTHS = {
    "en": _listed("january february march april may june july august september october november december"),
    "pl": _listed("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"),
}
_MONTHS_NAMED = _listed(
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień"
)
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\b")


def _letters() -> dict[str, str]:
    found = {word: letter for letter, words in _LETTER_NAMES.items() for word in words.split()}
    found |= {word: word[0] for word in _NATO} | {"alfa": "a", "juliett": "j", "whisky": "w"}
    return found


_SPELLED = _letters()


def _numbers(language: str) -> dict[str, str]:
    named = {word: str(value) for value, word in enumerate(_DIGITS[language])}
    return named | {word: str(value) for value, word in enumerate(_DAYS[language], start=1)}


_NUMBERS = {language: _numbers(language) for language in _DIGITS}


def values_of(item: str, text: str, language: str) -> tuple[str, ...]:
    """What a text may say of an item, exactly.

    Args:
        item: `postcode`, `name` or `dob`.
        text: that was heard, or a cell of a record.
        language: `en` or `pl`.

    Returns:
        Values in the order in which they are tried; none where the text cannot be read as the item. A postcode is
        letters and digits; a name its letters without spaces and case; a date `YYYY-MM-DD`.
    """
    plain = unicodedata.normalize("NFC", text).lower()
    if item == "postcode":
        return tuple(dict.fromkeys(_postcodes(plain, language)))
    if item == "name":
        return tuple(dict.fromkeys(_names(plain)))
    return tuple(dict.fromkeys(_dates(plain, language)))


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:-ray|-u)?", text)


def _postcodes(text: str, language: str) -> Iterator[str]:
    digits = _NUMBERS[language]
    found = []
    for token in _tokens(text):
        # Three letters and more are a word, unless one of them is a digit.
        sign = digits.get(token) or (_SPELLED.get(token) if language == "en" else None)
        if sign is None and (len(token) < 3 or any(character.isdigit() for character in token)):
            sign = token
        if sign is None:
            return
        found.append(sign)
    if found:
        yield "".join(found).upper()


def _names(text: str) -> Iterator[str]:
    tokens = _tokens(text)
    for spelled in (tokens, [_SPELLED.get(token, token) for token in tokens]):
        letters = "".join(character for token in spelled for character in token if character.isalpha())
        if letters:
            yield letters


def _dates(text: str, language: str) -> Iterator[str]:
    if written := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text.strip()):
        yield from _date(written[3], written[2], written[1])
        return
    months = {name: str(month) for month, name in enumerate(_MONTHS[language], start=1)}
    if language == "pl":
        months |= {name: str(month) for month, name in enumerate(_MONTHS_NAMED, start=1)}
    tokens = [_NUMBERS[language].get(token, token) for token in _tokens(_ORDINAL.sub(r"\1", text))]
    named = [place for place, token in enumerate(tokens) if token in months]
    if len(named) == 1:
        before, after = (
            "".join(t for t in part if t.isdecimal()) for part in (tokens[: named[0]], tokens[named[0] + 1 :])
        )
        yield from _date(before, months[tokens[named[0]]], after)
    elif not named and all(token.isdecimal() for token in tokens):
        yield from _split("".join(tokens))


def _split(digits: str) -> Iterator[str]:
    """Day, month and year of digits in a row: two of the day before one, two of the month before one."""
    for day in (2, 1):
        for month in (2, 1):
            if len(digits) == day + month + 4:
                yield from _date(digits[:day], digits[day : day + month], digits[day + month :])


def _date(day: str, month: str, year: str) -> Iterator[str]:
    if len(year) == 4 and 0 < len(day) < 3:
        try:
            yield datetime.date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            return
