"""Scores are integer counts, equal to jiwer's, and an owed text has none."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.scoring import Basic, NoNormalizer, WhisperEnglish

TEXTS = [
    ("what is my balance", "what is my balance"),
    ("i want to speak to a person", "i wanna speak to person"),
    ("Twenty-five dollars, please!", "25 dollars please"),
    ("colour", "color"),
    ("three", ""),
    ("pay my bill", "pay my electricity bill now"),
]


@pytest.fixture(scope="module")
def scorer():
    return units(plain(composed([])))["scoring"]


def score(scorer, texts, status="ok"):
    references = [(f"u{i}", reference) for i, (reference, _) in enumerate(texts)]
    heard = {f"u{i}": {"text": h if status == "ok" else None, "status": status} for i, (_, h) in enumerate(texts)}
    return scorer.score(references, heard).to_pylist()


def test_counts_equal_jiwer_under_every_normalizer_and_unit(scorer):
    rows = score(scorer, TEXTS)
    assert len(rows) == len(TEXTS) * 3 * 2
    for row in rows:
        reference, hypothesis = (scorer.normalizers[row["normalizer"]](t) for t in TEXTS[int(row["utterance_id"][1:])])
        compare = jiwer.process_words if row["unit"] == "word" else jiwer.process_characters
        expected = compare(reference, hypothesis)
        counts = [row[name] for name in ("hits", "substitutions", "deletions", "insertions")]
        assert counts == [expected.hits, expected.substitutions, expected.deletions, expected.insertions]
        assert row["reference_tokens"] == sum(counts[:3])


def test_an_empty_text_is_flagged_and_counts_as_deletions(scorer):
    row = next(r for r in score(scorer, [("three", "")]) if r["normalizer"] == "none" and r["unit"] == "word")
    assert (row["empty"], row["deletions"], row["hits"]) == (True, 1, 0)


def test_errors_of_plausible_length_are_no_findings(scorer):
    assert {(r["hallucinated"], bool(r["wrong_language"])) for r in score(scorer, TEXTS)} == {(False, False)}


@pytest.mark.parametrize("status", ["failed", "refused", "missing"])
def test_an_owed_text_has_reference_tokens_and_no_counts(scorer, status):
    rows = score(scorer, TEXTS, status)
    assert all(row["hits"] is None and row["empty"] is None and row["reference_tokens"] > 0 for row in rows)


def test_an_excluded_utterance_is_not_scored(scorer):
    assert score(scorer, TEXTS, "excluded") == []


def test_the_primary_normalizer_must_be_declared():
    with pytest.raises(InputError, match=r"scoring.*primary.*'whisper'.*did you mean"):
        units(plain(composed(["scoring.primary=whisper"])))


def test_whisper_normalizes_numbers_spelling_and_contractions():
    whisper = WhisperEnglish()
    assert whisper("I'm paying twenty-five dollars for the colour, uh, chart") == "i am paying $25 for the color chart"


def test_basic_keeps_words_and_inner_apostrophes():
    assert Basic()("  Don\u2019t 'quote' ME, \u00c9lodie\u2014ever! ") == "don't quote me \u00e9lodie ever"


@given(st.text())
def test_basic_is_idempotent(text):
    once = Basic()(text)
    assert Basic()(once) == once
    assert "  " not in once
    assert once == once.strip()


@given(st.text())
def test_none_changes_nothing(text):
    assert NoNormalizer()(text) == text
