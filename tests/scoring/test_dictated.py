"""Spoken names of punctuation count on neither side."""

import pytest

from callgap.scoring import Basic, Dictated, WhisperEnglish


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("He rests, then eats.", "he rests comma then eats full stop"),
        ("Is it?", "is it question mark"),
        ("Rest", "rest period"),
    ],
)
def test_a_reader_who_says_the_punctuation_made_no_error(said, heard):
    normalize = Dictated(base=WhisperEnglish())
    assert normalize(said) == normalize(heard)


def test_a_name_within_a_longer_word_stays():
    assert Dictated(base=Basic())("commander's periodic colons") == "commander's periodic colons"


def test_the_words_of_the_sentence_go_from_both_sides_alike():
    normalize = Dictated(base=Basic())
    assert normalize("the colon is long") == normalize("the colon is long period") == "the is long"


def test_the_version_names_the_base():
    assert WhisperEnglish().version() in Dictated(base=WhisperEnglish()).version()
