"""What a node takes a text for: phrases, words spotted anywhere, near phrases, labels of a grammar, intents, digits."""

import itertools
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from calling import heard, lasting, small, spoken
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from routing import LastWord

from callgap.ivr import Answer, Call, Digits, End, Intent, Menu, make_plan, walk
from callgap.ivr.understanding import NOTHING, Texts, plain_words, read_digits, understand, word_edits
from callgap.records import OPEN

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6)


def taken(graph, node, *texts, confidence=None):
    size = len(texts)
    given = Texts(
        list(texts),
        np.array(confidence or [np.nan] * size, np.float64),
        np.zeros(size, bool),
        np.zeros(size, bool),
    )
    return understand(graph, node, given, size)


def one_menu(*answers, **values):
    """A service of one menu whose answers lead to x, y and z in turn."""
    main = values.pop("main", None) or Menu(prompt="?", prompt_s=1.0, answers=answers, **values)
    return small(
        always=(),
        stray=None,
        after_attempts="agent",
        nodes={"main": main},
        ends={n: End(kind="automatic") for n in {a.goto for a in main.answers}}
        | {"agent": End(kind="queue", priority=1)},
        calls={"w": Call(wants=("w",), ends=main.answers[0].goto)},
    )


@given(WORDS, WORDS)
def test_word_edits_are_those_of_levenshtein(one, other):
    assert word_edits(one, other) == Levenshtein.distance(one, other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What is my balance?", "what is my balance"),
        ("  I CAN\u2019T\tbreathe.", "i can't breathe"),
        ("e\u0301-a", "\u00e9 a"),
    ],
)
def test_case_punctuation_and_spelling_of_accents_do_not_count(text, words):
    assert plain_words(text) == words


@pytest.mark.parametrize(
    ("text", "digits"),
    [("four two", "42"), ("4 2", "42"), ("42", "42"), ("Four, 2.", "42"), ("four", "4"), ("", None), ("for two", None)],
)
def test_digits_are_read_from_words_and_from_figures(text, digits):
    assert read_digits(small(), text) == digits


def test_a_number_of_another_length_is_none():
    found = taken(small(), "number", "four two", "four", "four two one", "agent", "mumble")
    assert found.number.tolist() == [42, NOTHING, NOTHING, NOTHING, NOTHING]
    assert found.digit.tolist() == [NOTHING, 4, NOTHING, NOTHING, NOTHING]
    assert found.answer.tolist() == [NOTHING, NOTHING, NOTHING, 0, NOTHING]


def test_a_phrase_is_taken_whole_and_a_spotted_one_wherever_it_stands():
    graph = one_menu(
        Answer(goto="x", phrases=("my pain",), intents=("w",)), Answer(goto="y", phrases=("pain",), spotted=True)
    )
    said = ["my pain", "pain", "a pain here", "painful", "my"]
    assert taken(graph, "main", *said).answer.tolist() == [1, 1, 1, NOTHING, NOTHING]


@given(st.lists(st.sampled_from(["my", "new", "bill", "card", "lost"]), min_size=1, max_size=4), st.integers(0, 2))
def test_a_near_phrase_is_the_only_nearest_one_within_the_tolerance(words, tolerance):
    phrases = [("my bill", 0), ("new bill", 1), ("my lost card", 2), ("card", 2)]
    answers = (
        Answer(goto="x", phrases=("my bill",), intents=("w",)),
        Answer(goto="y", phrases=("new bill",)),
        Answer(goto="z", phrases=("my lost card", "card")),
    )
    found = taken(one_menu(*answers, tolerance=tolerance), "main", " ".join(words)).answer[0]
    near = [(Levenshtein.distance(words, p.split()), place) for p, place in phrases]
    near = [
        (d, place) for (d, place), (p, _) in zip(near, phrases, strict=True) if d <= tolerance and d < len(p.split())
    ]
    best = {place for d, place in near if d == min(near)[0]}
    assert found == (best.pop() if len(best) == 1 else NOTHING)


@dataclass(frozen=True)
class Labelled:
    """A grammar in which every phrase has a label."""

    known: dict

    @property
    def labels(self):
        return frozenset(self.known.values())

    def match(self, text, tolerance=0):
        return SimpleNamespace(labels=(self.known[text],)) if text in self.known else None

    def phrases(self, limit):
        return tuple(itertools.islice(self.known, limit))


def test_a_grammar_is_heard_with_its_phrases_and_understood_by_its_labels():
    grammar = Labelled({"pay now": "pay", "block it": "block"})
    graph = one_menu(
        Answer(goto="x", tags=("pay",), intents=("w",)), Answer(goto="y", tags=("block",)), grammar=grammar
    )
    assert graph.grammar("main").phrases == ("pay now", "block it")
    assert taken(graph, "main", "block it", "Pay now!", "sing", "").answer.tolist() == [1, 0, NOTHING, NOTHING]
    assert graph.grammar("main", "w").phrases == ("block it",)


def test_a_router_hears_free_speech_each_text_once_and_its_doubt_counts():
    router = LastWord()
    main = Intent(
        prompt="?",
        prompt_s=1.0,
        router=router,
        answers=(Answer(goto="x", tags=("pay",), intents=("w",)), Answer(goto="y", tags=("block",))),
    )
    graph = one_menu(main=main)
    assert graph.grammar("main").phrases == ()
    found = taken(graph, "main", "i want to pay", "", "please block", "I want to pay", "sing",
                  confidence=[0.9, 0.9, 0.5, np.nan, 0.9])  # fmt: skip
    assert found.answer.tolist() == [0, NOTHING, 1, 0, NOTHING]
    assert found.confidence[[0, 2, 3]].tolist() == [0.6, 0.5, 0.6]
    assert router.asked == ["i want to pay", "please block", "sing"]
    utterances = spoken({"a": 1}, texts={"w": "well i pay"})
    assert make_plan(graph, utterances, 1).calls.keys() == {OPEN}
    assert make_plan(graph, utterances, 1).grammars == {}
    assert walk(graph, utterances, heard(graph, utterances), lasting(utterances))["completed"].to_pylist() == [True] * 8


def test_a_number_recorded_whole_is_used_whole_and_the_same_at_each_attempt():
    base = small()
    number = Digits(prompt="?", prompt_s=1.0, length=2, goto="paid", confirm="sure", whole="whole")
    graph = small(nodes={**base.nodes, "number": number})
    texts = {"bill": "pay a bill", "card": "lost card", "agent": "agent", "yes": "yes", "no": "no", "whole": "four two"}
    utterances = spoken({"a": 1}, texts=texts)

    def hear(row, grammar):
        return "four three" if row["utterance_id"] == "a0-whole-0" else row["text"]

    hypotheses = heard(graph, utterances, hear)
    whole = hypotheses.to_pandas().query("utterance_id.str.contains('whole')")
    assert set(whole["grammar_id"]) == {OPEN}
    calls = walk(graph, utterances, hypotheses, lasting(utterances)).to_pandas()
    bills = calls[calls["goal"] == "bill"]
    assert (bills["digits_exact_1"] == False).all()  # noqa: E712
    assert bills["digits_exact_2"].all()
    assert bills["completed"].all()
