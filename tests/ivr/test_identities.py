"""Postcodes, names and dates of birth are read exactly from the ways in which people say them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.ivr.identities import values_of

NATO = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey x-ray yankee zulu"
)
DIGITS = "zero one two three four five six seven eight nine"
CYFRY = "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć"
SIGN = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def spoken(sign, words):
    if sign.isdecimal():
        return DIGITS.split()[int(sign)] if words else sign
    return NATO.split()[ord(sign) - ord("A")] if words else sign.lower()


@given(st.lists(st.tuples(SIGN, st.booleans()), min_size=1, max_size=8))
def test_a_postcode_spelled_sign_by_sign_is_that_postcode(signs):
    text = " ".join(spoken(sign, words) for sign, words in signs)
    assert values_of("postcode", text, "en") == ("".join(sign for sign, _ in signs),)


@given(st.text(st.sampled_from("0123456789"), min_size=5, max_size=5), st.integers(0, 5))
def test_a_polish_postcode_may_be_grouped_and_said_in_words(digits, at):
    grouped = f"{digits[:at]} {digits[at:]}".strip()
    named = " ".join(CYFRY.split()[int(digit)] for digit in digits)
    written = f"{digits[:2]}-{digits[2:]}"
    assert values_of("postcode", grouped, "pl") == values_of("postcode", named, "pl") == (digits,)
    assert values_of("postcode", written, "pl") == (digits,)


@pytest.mark.parametrize("text", ["", "?", "please wait", "w3w kate", "2 3 baby"])
def test_a_text_with_a_word_in_it_is_no_postcode(text):
    assert values_of("postcode", text, "en") == ()


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2020, 12, 31)))
def test_a_date_is_itself_in_every_way_of_saying_it(date):
    wanted = date.isoformat()
    month = date.strftime("%B")
    ordinal = {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10 if date.day not in (11, 12, 13) else 0, "th")
    for text in (
        wanted,
        f"{date.day} {month} {date.year}",
        f"the {date.day}{ordinal} of {month} {date.year}",
        f"{date.day:02d}/{date.month:02d} {date.year}",
        f"{date.day:02d} {date.month:02d} {date.year}",
    ):
        assert wanted in values_of("dob", text, "en"), text


@given(st.text(st.sampled_from("0123456789"), min_size=6, max_size=8))
def test_digits_in_a_row_give_every_date_that_they_can_be_split_into_and_no_other(digits):
    possible = set()
    for day in (1, 2):
        for month in (1, 2):
            parts = digits[:day], digits[day : day + month], digits[day + month :]
            if len(parts[2]) == 4:
                try:
                    possible.add(datetime.date(int(parts[2]), int(parts[1]), int(parts[0])).isoformat())
                except ValueError:
                    continue
    assert set(values_of("dob", digits, "en")) == possible


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("7/10 1972", "en", "1972-10-07"),
        ("seven 10 1972", "en", "1972-10-07"),
        ("tenth of may 1916", "en", "1916-05-10"),
        ("25 marca 1958", "pl", "1958-03-25"),
        ("11 maj 1932", "pl", "1932-05-11"),
        ("dziewiątego 4 2011", "pl", "2011-04-09"),
        ("08 SIERPIEŃ 1960", "pl", "1960-08-08"),
    ],
)
def test_a_date_as_a_recognizer_wrote_it(text, language, wanted):
    assert wanted in values_of("dob", text, language)


@pytest.mark.parametrize(
    "text", ["31 february 1950", "march 1950", "12 march 50", "may or june 1950", "7 10", "of 1972"]
)
def test_what_is_no_whole_date_is_none(text):
    assert values_of("dob", text, "en") == ()


@given(
    st.lists(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzćłó"), min_size=1, max_size=9), min_size=1, max_size=3)
)
def test_a_name_is_its_letters_whatever_their_case_and_spaces(parts):
    whole = "".join(parts)
    for text in (" ".join(parts), " ".join(whole), " ".join(parts).upper(), "-".join(parts)):
        assert values_of("name", text, "pl")[0] == whole


def test_a_name_spelled_with_an_alphabet_is_among_its_readings():
    assert "bodoe" in values_of("name", "bravo oscar d oscar echo", "en")
