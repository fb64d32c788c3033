"""Matching and listing agree with writing out every way of saying something, for any grammar."""

import time

import pytest
from grammars_by_hand import derivations, expected_labels, faults, grammars, texts
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from patience import FOREVER_S

from callgap.errors import InputError
from callgap.ivr.grammars import (
    GARBAGE,
    NULL,
    VOID,
    Alternatives,
    Match,
    Reference,
    Repeat,
    Rule,
    Sequence,
    Tag,
    Tree,
    Word,
)

ANY_TREE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
FINITE = {"circular": False, "repeats": ((0, 1), (0, 2), (1, 1), (2, 3), (0, 0))}


def tree_of(rules):
    try:
        return Tree("any.jsgf", rules, "a")
    except InputError:
        assume(False)


def menu(*options):
    """Options of a menu: a phrase and its label."""
    parts = tuple(Sequence((*map(Word, phrase.split()), Tag(label))) for phrase, label in options)
    return Tree("menu.jsgf", {"m": Rule("m", Alternatives(parts, (1.0,) * len(parts)))}, "m")


@ANY_TREE
@given(grammars(**FINITE))
def test_the_phrases_are_those_written_out_by_hand_each_once(rules):
    tree = tree_of(rules)
    written = {" ".join(words) for words, _ in derivations(rules, rules["a"].body, 200) if words}
    phrases = tree.phrases(1000)
    assert set(phrases) == written
    assert len(set(phrases)) == len(phrases)
    for phrase in phrases:
        assert tree.match(phrase).phrase == phrase


@ANY_TREE
@given(grammars(**FINITE))
def test_one_phrase_fewer_than_there_are_is_refused(rules):
    tree = tree_of(rules)
    phrases = tree.phrases(1000)
    assert tree.phrases(len(phrases)) == phrases
    if len(phrases) > 1:
        with pytest.raises(InputError, match=rf"any\.jsgf, line 1, rule '[abc]': has more than {len(phrases) - 1} "):
            tree.phrases(len(phrases) - 1)


@ANY_TREE
@given(grammars(circular=True, specials=(NULL, VOID, GARBAGE)))
def test_an_exact_match_meets_the_tags_of_the_first_way_to_say_the_text(rules):
    tree = tree_of(rules)
    for text in texts(3):
        found = tree.match(" ".join(text))
        expected = expected_labels(rules, "a", text, 0)
        assert (found and (found.labels, found.edits)) == expected
        assert found is None or found.phrase == " ".join(text)


@settings(ANY_TREE, max_examples=40)
@given(grammars(circular=True, specials=(NULL, VOID, GARBAGE)), st.sampled_from((1, 2)), st.data())
def test_a_near_match_is_the_nearest_phrase_and_none_where_the_nearest_disagree(rules, tolerance, data):
    tree = tree_of(rules)
    text = data.draw(st.sampled_from([*texts(3), ("otro", "uno"), ("uno", "otro", "dos"), ("otro",)]))
    found = tree.match(" ".join(text), tolerance)
    assert (found and (found.labels, found.edits)) == expected_labels(rules, "a", text, tolerance)


@settings(ANY_TREE, max_examples=200)
@given(grammars(circular=True))
def test_a_rule_that_begins_with_itself_or_has_no_end_is_refused_and_no_other(rules):
    circular, endless = faults(rules)
    try:
        Tree("any.jsgf", rules, "a")
    except InputError as error:
        refused = str(error)
        assert refused.startswith("any.jsgf, line 1, rule ")
        if "begins with itself" in refused:
            assert refused.split("'")[1] in circular
        elif "has no end" in refused:
            assert refused.split("'")[1] in endless
        else:
            assert "nothing can be said" in refused
    else:
        assert circular == set()
        assert endless == set()


def test_silence_is_no_phrase_and_matches_nothing():
    tree = Tree("t", {"a": Rule("a", Repeat(Word("uno"), 0, 1))}, "a")
    assert tree.phrases(5) == ("uno",)
    assert [tree.match(text, tolerance=2) for text in ("", "  ", "...", "- !")] == [None] * 4


def test_case_and_punctuation_around_words_do_not_count():
    tree = menu(("what's my rendez-vous", "date"), ("3.5 percent", "rate"))
    assert tree.match('  "What\u2019s my RENDEZ-VOUS?" ') == Match("what's my rendez-vous", ("date",), 0)
    assert tree.match("3.5 percent.").labels == ("rate",)
    assert tree.match("35 percent") is None
    assert menu(("cafe\u0301", "c")).match("CAF\u00c9").labels == ("c",)


def test_nothing_is_guessed_between_two_options_that_are_equally_near():
    tree = menu(("lost card", "lost"), ("new card", "new"), ("a new card please", "new"))
    assert tree.match("my card", tolerance=1) is None
    assert tree.match("the lost card", tolerance=1) == Match("lost card", ("lost",), 1)
    assert tree.match("a new card", tolerance=1).labels == ("new",)
    assert tree.match("please", tolerance=3) == Match("a new card please", ("new",), 3)


def test_a_text_of_which_no_word_was_heard_matches_nothing_within_any_tolerance():
    tree = menu(("yes", "yes"))
    assert tree.match("hello", tolerance=5) is None
    assert tree.match("oh yes", tolerance=1).labels == ("yes",)


def test_a_tolerance_below_0_or_beyond_use_is_one_sentence():
    for tolerance in (-1, 11):
        with pytest.raises(InputError, match=rf"^menu\.jsgf: tolerance: found {tolerance}, accepted: 0 to 10 word edi"):
            menu(("yes", "y")).match("yes", tolerance)
    with pytest.raises(InputError, match="limit of phrases: found 0, accepted: 1 or more"):
        menu(("yes", "y")).phrases(0)


def test_the_heavier_alternative_wins_and_then_the_first_written():
    same = tuple(Sequence((Word("uno"), Tag(label))) for label in "xyz")
    for weights, first in (((1.0, 1.0, 1.0), "x"), ((1.0, 2.0, 2.0), "y"), ((0.0, 0.5, 1.0), "z")):
        tree = Tree("t", {"a": Rule("a", Alternatives(same, weights))}, "a")
        assert tree.match("uno").labels == (first,)


def test_a_part_of_weight_0_is_never_said():
    tree = Tree("t", {"a": Rule("a", Alternatives((Word("uno"), Word("dos")), (0.0, 1.0)))}, "a")
    assert tree.phrases(5) == ("dos",)
    assert tree.match("uno") is None


def test_a_grammar_that_refers_to_itself_is_matched_and_its_phrases_are_refused():
    nested = Sequence((Word("open"), Repeat(Reference("a"), 0, 1), Word("close"), Tag("pair")))
    tree = Tree("t.jsgf", {"a": Rule("a", nested, line=7)}, "a")
    assert tree.match("open open open close close close").labels == ("pair",) * 3
    assert tree.match("open open close") is None
    with pytest.raises(InputError, match=r"^t\.jsgf, line \d+, rule 'a': refers to itself, so its phrases are without"):
        tree.phrases(10)


def test_garbage_stands_for_any_words_and_cannot_be_listed():
    tree = Tree("t.jsgf", {"a": Rule("a", Sequence((GARBAGE, Word("agent"), Tag("human"), GARBAGE)), line=3)}, "a")
    assert tree.match("could i speak to an agent please") == Match("could i speak to an agent please", ("human",), 0)
    assert tree.match("agent").labels == ("human",)
    assert tree.match("a person") is None
    with pytest.raises(InputError, match="holds GARBAGE"):
        tree.phrases(10)


def test_keys_are_compared_one_by_one():
    keys = Repeat(Alternatives((Word("1"), Word("#")), (1.0, 1.0)), 2, 3)
    tree = Tree("t", {"a": Rule("a", keys)}, "a", mode="dtmf")
    assert tree.match("1#1").phrase == "1 # 1"
    assert tree.match("1 1").phrase == "1 1"
    assert tree.match("1") is None
    with pytest.raises(InputError, match="mode: found 'pulse', accepted: voice, dtmf"):
        Tree("t", {"a": Rule("a", Word("1"))}, "a", mode="pulse")


def test_a_tree_cannot_be_changed():
    tree = menu(("yes", "y"))
    with pytest.raises(TypeError):
        tree.rules["n"] = Rule("n", Word("no"))
    with pytest.raises(AttributeError):
        tree.root = "n"


def test_a_long_text_against_an_ambiguous_grammar_takes_less_than_two_seconds():
    digit = Alternatives(tuple(Sequence((Word("one"), Tag(label))) for label in "xy"), (1.0, 1.0))
    tree = Tree("t", {"a": Rule("a", Repeat(Repeat(digit, 1, None), 1, None))}, "a")
    before = time.process_time()
    assert tree.match(" ".join(["one"] * 60)).labels == ("x",) * 60
    assert tree.match(" ".join(["one"] * 59 + ["two"]), tolerance=1) is None
    assert tree.match(" ".join(["one"] * 5000)) is None
    assert time.process_time() - before < FOREVER_S
