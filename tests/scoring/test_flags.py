"""A flag is raised where two texts show the fault, and where they do not tell it is null and never guessed."""

import csv
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.scoring import Basic
from callgap.scoring.flags import Flags, Rule, flag_texts
from callgap.scoring.flags.hallucination import LONGEST_PHRASE, Loop, loops
from callgap.scoring.flags.language import CANDIDATES, _identifier, other_script
from callgap.scoring.flags.words import spoken_letters, words_of

CUT = "pay my bill"
WHOLE = "pay my bill and also I would like to know when the next payment is due please"
WORDS = st.lists(st.sampled_from("abc"), max_size=24)


def flagged(reference, hypothesis, language="en-US"):
    return flag_texts([reference], [hypothesis], [language])[0]


def copies(phrase, times, reference="call the bank"):
    return Rule.LOOP in flagged(reference, " ".join([phrase] * times)).rules


@pytest.mark.parametrize(("phrase", "fewest"), [("agent", 6), ("thank you", 4), ("pay my bill", 3), ("a b c d e f", 3)])
def test_a_phrase_loops_from_a_number_of_copies_on_that_falls_with_its_length(phrase, fewest):
    assert not copies(phrase, fewest - 1)
    assert copies(phrase, fewest)


def test_a_phrase_that_the_caller_repeats_loops_only_beyond_twice_as_often():
    said = "no no no no I said checking"
    assert not copies("no", 8, said)
    assert copies("no", 9, said)


def test_figures_are_no_loop_where_the_caller_said_figures():
    zeros = " ".join(["zero"] * 8)
    assert not flagged("my number is 500000000", f"my number is five {zeros}").rules
    assert flagged("my number is in the letter", f"my number is {zeros}").rules == (Rule.LOOP,)


@given(WORDS)
def test_loops_are_what_trying_every_place_finds(words):
    expected = set()
    for size in range(1, LONGEST_PHRASE + 1):
        for begin in range(len(words)):
            end = begin + size
            while end < len(words) and words[end] == words[end - size]:
                end += 1
            inner = begin and begin + size - 1 < len(words) and words[begin - 1] == words[begin + size - 1]
            if end - begin >= 2 * size and not inner:
                expected.add((begin, Loop(tuple(words[begin : begin + size]), (end - begin) // size)))
    assert sorted(map(str, loops(words))) == sorted(str(loop) for _, loop in expected)


@given(st.text())
def test_a_text_that_equals_its_reference_shows_nothing(text):
    flags = flagged(text, text)
    assert flags.rules == ()
    assert flags.hallucinated is False


@pytest.mark.parametrize("reference", ["", "...", "[silence]", "<noise>", "(heavy breathing)"])
def test_words_where_nothing_was_said_are_invented_and_sounds_are_not(reference):
    assert flagged(reference, "thank you").rules == (Rule.SILENCE,)
    for sound in ("", "[music]", "uh", "\u266a", "(laughing)"):
        assert flagged(reference, sound) == Flags(False, None)


def test_more_words_than_the_reference_holds_are_not_judged_where_it_may_be_cut_short():
    assert flagged(CUT, WHOLE) == Flags(None, False)


def test_words_amid_recognized_ones_are_a_burst():
    invented = "I lost my card when we were going to the market with her old brother yesterday in town"
    assert flagged("I lost my card yesterday in town", invented).rules == (Rule.BURST,)


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        (
            "if we openthedoorthatletstheairpass air rushes in",
            "if we open the door that lets the air pass air rushes in",
        ),
        ("IV 1250750", "i v one million two hundred and fifty thousand seven hundred and fifty"),
        ("Pain, fever; cough.", "pain comma fever semicolon cough full stop and then a new line"),
        ("my name is Nguyen", "my name is n g u y e n n g u y e n"),
    ],
)
def test_what_takes_long_to_read_aloud_is_no_burst(reference, hypothesis):
    assert len(words_of(hypothesis)) - len(words_of(reference)) >= 6
    assert flagged(reference, hypothesis).rules == ()


def test_a_text_that_is_owed_or_has_no_published_reference_is_undetermined():
    assert flag_texts(["yes", None], [None, "yes"], ["en", "en"]) == [Flags(None, None)] * 2


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="zip"):
        flag_texts(["yes", "no"], ["yes"], ["en", "en"])


@pytest.mark.parametrize("language", [None, "ha-NG", "tlh", "en"])
def test_a_text_too_short_or_a_language_unknown_to_the_identifier_is_undetermined(language):
    heard = "merci beaucoup" if language in ("en", "ha-NG") else "merci d'avoir regard\u00e9 cette vid\u00e9o"
    assert flagged("I would like to pay", heard, language).wrong_language is None


def test_a_text_in_another_language_is_found_and_not_where_the_caller_spoke_it():
    french = "je voudrais parler \u00e0 un conseiller"
    assert flagged("I would like to speak to somebody", french).rules == (Rule.LANGUAGE,)
    assert flagged("je veux qu'on me passe quelqu'un", french).wrong_language is None
    assert flagged("je veux qu'on me passe quelqu'un", french, "fr-CA").wrong_language is False


def test_another_script_is_found_in_a_single_word_and_not_in_a_symbol():
    assert flagged("yes", "\u0434\u0430").rules == (Rule.SCRIPT,)
    assert flagged("alpha blockers", "\u03b1 \u03b2").rules == ()


def test_serbian_is_written_in_two_scripts():
    latin, cyrillic = ["\u017eelim"], ["\u0436\u0435\u043b\u0438\u043c"]
    assert not other_script(latin, cyrillic, "sr-RS")
    assert other_script(latin, cyrillic, "hr-HR")


def test_the_identifier_knows_every_candidate():
    assert set(_identifier().labels) == CANDIDATES


@given(st.text(st.characters(max_codepoint=126, exclude_characters="[]<>()")))
def test_words_of_ascii_texts_are_those_of_the_normalizer_basic(text):
    assert words_of(text) == Basic()(text).split()


@pytest.mark.parametrize(
    ("text", "letters"), [("", 0), ("caf\u00e9 x", 5), ("it's", 3), ("50 %", 30), ("[noise] hi", 2)]
)
def test_a_figure_and_a_mark_are_long_when_they_are_read_aloud(text, letters):
    assert spoken_letters(text) == letters


def test_every_row_of_an_utterance_carries_its_flags_and_an_owed_text_none():
    scorer = units(plain(composed([])))["scoring"]
    heard = {
        "loop": {"text": "no " * 12, "status": "ok"},
        "french": {"text": "je voudrais parler \u00e0 un conseiller", "status": "ok"},
        "owed": {"text": None, "status": "failed"},
    }
    references = [(name, "I would like to speak to somebody") for name in heard]
    rows = scorer.score(references, heard, languages=dict.fromkeys(heard, "en-US")).to_pylist()
    found = {(row["utterance_id"], row["hallucinated"], row["wrong_language"]) for row in rows}
    assert len(rows) == 3 * len(scorer.normalizers) * len(scorer.units)
    assert {row for row in found if row[0] != "loop"} == {("french", False, True), ("owed", None, None)}
    assert {row[1] for row in found if row[0] == "loop"} == {True}


def test_english_of_many_accents_is_never_taken_for_another_language(data):
    table = next((data / "afrispeech200").glob("*whisper*.csv"), None)
    if table is None:
        pytest.skip("no AfriSpeech table in the folder of public corpora")
    csv.field_size_limit(sys.maxsize)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:1000]
    # Beside the reference of another recording nothing is shared, so every long text goes to the identifier.
    others = random.Random(1).sample([row["reference"] for row in rows], len(rows))
    flags = flag_texts(others, [row["prediction"] for row in rows], ["en"] * len(rows))
    assert sum(flag.wrong_language is False for flag in flags) > 900
    assert [row["prediction"] for row, flag in zip(rows, flags, strict=True) if flag.wrong_language] == []
