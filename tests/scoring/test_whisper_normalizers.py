"""Whisper's normalizers are the library's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from callgap.scoring import WhisperEnglish, WhisperMultilingual

TEXTS = [
    "Mr. O'Brien's twenty-five dollars (laughs) won't arrive on the 21st, uh, of colour",
    "¿Qué tal? ¡Muy bien! [risas]",
    "L'été dernier, à Zürich — 1 234 personnes…",
    "مرحبا بالعالم، كيف الحال؟",
    "你好\uff0c世界\uff01",
    "नमस्ते दुनिया",
    "",
    "!!!",
]
PAIRS = [(WhisperEnglish(), EnglishTextNormalizer()), (WhisperMultilingual(), BasicTextNormalizer())]


@pytest.mark.parametrize(("ours", "library"), PAIRS, ids=["english", "multilingual"])
@pytest.mark.parametrize("text", TEXTS)
def test_words_and_spaces_are_the_library_s_but_for_outer_spaces(ours, library, text):
    assert ours(text) == library(text).strip()


@given(st.text(), st.sampled_from(PAIRS))
def test_any_text_gives_the_library_s_words(text, pair):
    ours, library = pair
    assert ours(text).split() == library(text).split()


@given(st.text())
def test_a_text_without_words_is_empty(text):
    once = WhisperMultilingual()(text)
    assert once == once.strip()


def test_accents_are_kept_and_marks_of_their_own_are_not():
    whisper = WhisperMultilingual()
    assert whisper("Élève, où ?") == "élève où"
    assert whisper("हिन्दी") != "हिन्दी"


def test_the_version_is_the_library_s():
    assert WhisperMultilingual().version() == WhisperEnglish().version()
