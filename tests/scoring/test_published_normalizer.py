"""Published rates become errors of so many words; no text is normalized for them and no text is left to them."""

import pytest

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.scoring import Basic, Published, Scorer


@pytest.fixture
def scorer():
    return units(plain(composed(["scoring=published"])))["scoring"]


def rated(rate, status="ok"):
    return {"text": None, "error_rate": rate, "status": status}


def test_errors_are_the_rate_times_the_words_and_nothing_else_is_counted(scorer):
    heard = {"a": rated(1 / 3), "b": rated(0.0), "c": rated(1.6)}
    rows = scorer.score([(u, None) for u in heard], heard, {"a": 9, "b": 4, "c": 5}).to_pylist()
    assert [(r["utterance_id"], r["errors"], r["reference_tokens"]) for r in rows] == [
        ("a", 9 * (1 / 3), 9), ("b", 0.0, 4), ("c", 8.0, 5),
    ]  # fmt: skip
    assert {(r["normalizer"], r["unit"]) for r in rows} == {("published", "word")}
    counts = ("hits", "substitutions", "deletions", "insertions", "empty", "hallucinated", "wrong_language")
    assert all(row[name] is None for row in rows for name in counts)


def test_an_owed_rate_has_words_and_no_errors_and_an_excluded_one_no_row(scorer):
    heard = {"a": rated(None, "missing"), "b": rated(None, "excluded")}
    (row,) = scorer.score([("a", None), ("b", None)], heard, {"a": 9, "b": 0}).to_pylist()
    assert (row["utterance_id"], row["errors"], row["reference_tokens"]) == ("a", None, 9)


def test_where_everything_is_excluded_there_are_no_rows_and_no_complaint_about_texts(scorer):
    assert scorer.score([("a", None)], {"a": rated(None, "excluded")}, {"a": 0}).num_rows == 0


def test_errors_of_texts_are_the_sum_of_the_counts():
    scorer = Scorer(primary="basic", normalizers={"basic": Basic()}, units=("word",))
    (row,) = scorer.score([("a", "one two three")], {"a": {"text": "one too", "status": "ok"}}).to_pylist()
    assert row["errors"] == row["substitutions"] + row["deletions"] + row["insertions"] == 2.0
    (owed,) = scorer.score([("a", "one two")], {"a": {"text": None, "status": "failed"}}).to_pylist()
    assert (owed["errors"], owed["reference_tokens"]) == (None, 2)


def test_rates_cannot_be_normalized_and_texts_cannot_be_left_to_publishers(scorer):
    texts = units(plain(composed([])))["scoring"]
    with pytest.raises(InputError, match="published error rates, which have no text; accepted: scoring=published"):
        texts.score([("a", None)], {"a": rated(0.5)}, {"a": 4})
    with pytest.raises(InputError, match=r"scoring\.normalizers\.published: these are texts"):
        scorer.score([("a", "one")], {"a": {"text": "one", "status": "ok"}})
    characters = Scorer(primary="published", normalizers={"published": Published()}, units=("word", "character"))
    with pytest.raises(InputError, match="in units of word, character"):
        characters.check(textless=True)
    with pytest.raises(InputError, match="cannot be applied to 'one'"):
        Published()("one")


def test_a_rate_without_words_and_a_text_without_a_reference_are_refused(scorer):
    with pytest.raises(InputError, match="'a' has neither a text nor a number of words"):
        scorer.score([("a", None)], {"a": rated(0.5)}, {"a": None})
    with pytest.raises(InputError, match="'a' has a recognized text and no reference"):
        scorer.score([("a", None)], {"a": {"text": "one", "error_rate": None, "status": "ok"}}, {"a": 4})


def test_the_provenance_says_whose_normalizer_it_is(scorer):
    assert scorer.versions() == {"published": "the publishers' own: not stated"}
