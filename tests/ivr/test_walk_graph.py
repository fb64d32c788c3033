"""The fast walk gives every call what a walk by hand gives it."""

import dataclasses
import random

import numpy as np
import pytest
from calling import TEXTS, PlainCall, heard, lasting, offered, small, spoken
from hypothesis import given, settings
from hypothesis import strategies as st

from callgap.ivr import Keys, walk
from callgap.ivr.callers import numbers_said
from callgap.records import OUTCOMES


def by_hand(graph, utterances, hypotheses):
    """The same calls in the same order, one at a time."""
    takes = {}
    for row in utterances.to_pylist():
        takes.setdefault(row["speaker_id"], {}).setdefault(row["intent"], []).append(row["utterance_id"])
    texts = {(r["utterance_id"], r["grammar_id"]): (r["text"], r["confidence"]) for r in hypotheses.to_pylist()}
    counts = {"bill": 4, "card": 2, "agent": 2}
    numbers = numbers_said(graph, "number", "bill", 4)
    return [
        PlainCall(graph, kind, said, texts, repeat, tuple(numbers[repeat % 4])).follow()
        for said in takes.values()
        for kind, count in counts.items()
        for repeat in range(count)
    ]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    wrong=st.sampled_from([0.0, 0.2, 0.5, 0.9]),
    attempts=st.integers(1, 4),
    reject=st.sampled_from([None, 0.3, 0.7]),
    below=st.sampled_from([None, 0.0, 0.5]),
    keys=st.sampled_from([None, 0, 1, 2]),
    after=st.sampled_from([None, "agent"]),
)
def test_every_call_goes_as_it_goes_by_hand(seed, wrong, attempts, reject, below, keys, after):
    draw = random.Random(seed)
    graph = small(
        keys=None if keys is None else Keys(after=keys, seconds=7.0),
        confirm_below=below,
        attempts=attempts,
        reject_below=reject,
        after_attempts=after,
    )
    utterances = spoken({"a": 2, "b": 1}, takes=3)

    def hear(row, grammar):
        text = draw.choice([*TEXTS.values(), "", "mumble"]) if draw.random() < wrong else row["text"]
        return text, draw.choice([None, draw.random()])

    hypotheses = heard(graph, utterances, hear)
    found = walk(graph, utterances, hypotheses, lasting(utterances)).to_pylist()
    expected = by_hand(graph, utterances, hypotheses)
    for call, hand in zip(found, expected, strict=True):
        assert call["nodes"] == hand.path
        assert (call["turns"], call["no_matches"], call["gave_up"], call["keys"]) == (
            hand.turns,
            hand.no_matches,
            hand.gave_up,
            hand.keys,
        )
        assert call["seconds"] == pytest.approx(hand.seconds)
        assert bool(call["wrong_number_accepted"]) == hand.wrong_number
        if call["digits_exact_1"] is not None:
            assert [call[f"digits_exact_{n}"] for n in (1, 2, 3)] == [
                hand.exact is not None and hand.exact <= n for n in (1, 2, 3)
            ]


def test_a_recognizer_that_errs_never_completes_every_call_of_every_group():
    graph = small()
    utterances = spoken({"a": 3, "b": 3})
    calls = walk(graph, utterances, heard(graph, utterances), lasting(utterances)).to_pandas()
    assert calls["completed"].all()
    assert not calls["gave_up"].any()
    assert (calls[["reprompts", "no_matches"]] == 0).all(axis=None)
    assert calls.groupby("speaker_id").size().eq(8).all()
    means = calls.assign(group=calls["speaker_id"].str[0]).groupby("group")[["turns", "seconds"]].mean()
    assert means.loc["a"].equals(means.loc["b"])


def test_one_group_that_is_misheard_is_misrouted_and_nobody_else():
    graph = small()
    utterances = spoken({"a": 3, "b": 3})

    def hear(row, grammar):
        return "lost card" if row["accent"] == "b" and row["intent"] == "bill" else row["text"]

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas()
    astray = (calls["goal"] == "bill") & calls["speaker_id"].str.startswith("b")
    assert (calls.loc[astray, "outcome"] == "misrouted").all()
    assert (calls.loc[astray, "reached"] == "desk").all()
    assert calls.loc[~astray, "completed"].all()


def test_a_group_that_is_not_heard_gives_up_and_reaches_a_person_late():
    graph = small()
    utterances = spoken({"a": 1, "b": 1})
    calls = walk(
        graph, utterances, heard(graph, utterances, lambda row, _: "" if row["accent"] == "b" else row["text"]),
        lasting(utterances),
    ).to_pandas()  # fmt: skip
    deaf = calls[calls["speaker_id"] == "b0"]
    assert deaf["gave_up"].all()
    assert (deaf["turns"] == 3).all()
    # Prompt, two repetitions of it, three times a second of speech, and the queue.
    assert (deaf["human_seconds"] == 4 + 2 + 2 + 3 + 100).all()
    assert not calls.loc[calls["speaker_id"] == "a0", "gave_up"].any()


def test_a_wrong_number_that_is_confirmed_by_mistake_is_no_completed_call():
    graph = small()
    utterances = spoken({"a": 1})

    def hear(row, grammar):
        return {"no": "yes"}.get(row["intent"], "nine" if row["intent"].startswith("digit") else row["text"])

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas()
    bills = calls[calls["goal"] == "bill"]
    wrong = bills["wrong_number_accepted"].astype(bool)
    assert wrong.any()
    assert (bills["reached"] == "paid").all()
    assert (bills["completed"] == ~wrong).all()


def test_a_priority_that_was_not_reached_is_wrong_whoever_answers_or_nobody():
    graph = small(after_attempts=None)
    utterances = spoken({"a": 1})

    def hear(row, grammar):
        return "" if row["intent"] == "card" else row["text"]

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas().set_index("goal")
    assert calls.loc["card", "wrong_priority"].all()
    assert calls.loc["card", "reached"].isna().all()
    assert (calls.loc["card", "outcome"] == "not_understood").all()
    assert not calls.loc["person", "wrong_priority"].any()
    assert calls.loc["bill", "wrong_priority"].isna().all()


def test_what_is_typed_is_understood_whatever_the_recognizer_hears():
    graph = small(keys=offered(1))
    utterances = spoken({"a": 1})
    calls = walk(
        graph, utterances, heard(graph, utterances, lambda row, grammar: "" if grammar == "main" else row["text"]),
        lasting(utterances),
    ).to_pandas()  # fmt: skip
    assert calls["keys"].all()
    assert calls["completed"].all()
    assert (calls["no_matches"] == 1).all()


def test_a_stray_asks_for_a_person():
    graph = small()
    utterances = spoken({"a": 1})

    def hear(row, grammar):
        return "bill" if row["intent"] == "card" else row["text"]

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas().set_index("goal")
    assert [list(path) for path in calls.loc["card", "nodes"]] == [["main", "number", "agent"]] * 2


def test_a_single_take_is_heard_again_and_counted_as_a_repetition():
    graph = small()
    utterances = spoken({"a": 1}, takes=1)
    calls = walk(graph, utterances, heard(graph, utterances, lambda *_: ""), lasting(utterances)).to_pandas()
    assert (calls["repetitions"] == calls["turns"] - 1).all()


def test_a_text_that_is_owed_ends_the_call_as_lost_and_nothing_is_said_of_it():
    graph = small()
    utterances = spoken({"a": 1}, takes=1)

    def hear(row, grammar):
        return "failed" if row["intent"].startswith("digit") else row["text"]

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas().set_index("goal")
    lost = calls.loc["bill"]
    assert (lost["outcome"] == "lost").all()
    unknown = OUTCOMES.names[OUTCOMES.names.index("completed") :]
    assert lost[[*unknown, "reached", "seconds"]].isna().all(axis=None)
    assert calls.loc[["card", "person"], "completed"].all()


def test_an_excluded_recording_is_said_by_nobody():
    graph = small()
    utterances = spoken({"a": 2}, takes=2)

    def hear(row, grammar):
        return "excluded" if row["utterance_id"] == "a0-card-0" else row["text"]

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas()
    cards = calls[calls["goal"] == "card"].groupby("speaker_id")["call_id"].apply(list)
    assert cards["a0"] == ["a0-card-1", "a0-card-1#2"]
    assert cards["a1"] == ["a1-card-0", "a1-card-1"]
    assert calls["completed"].all()


def test_errors_are_confident_only_where_there_is_a_confidence():
    graph = small(confident_from=0.8)
    utterances = spoken({"a": 1, "b": 1, "c": 1}, takes=1)
    confidence = {"a": 0.9, "b": 0.5, "c": None}

    def hear(row, grammar):
        return "lost card" if row["intent"] == "bill" else row["text"], confidence[row["accent"]]

    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas()
    found = calls[calls["goal"] == "bill"].groupby("speaker_id")["confident_error"].first()
    assert (found["a0"], found["b0"]) == (True, False)
    assert found.isna()["c0"]
    assert not calls.loc[(calls["goal"] != "bill") & (calls["speaker_id"] == "a0"), "confident_error"].any()


def test_numbers_are_the_same_for_all_speakers_and_differ_between_calls_and_seeds():
    graph = small()
    numbers = numbers_said(graph, "number", "bill", 50)
    assert len({tuple(row) for row in numbers.tolist()}) > 10
    assert np.array_equal(numbers[:4], numbers_said(graph, "number", "bill", 4))
    assert not np.array_equal(numbers, numbers_said(dataclasses.replace(graph, seed=2), "number", "bill", 50))


def test_with_enough_takes_no_recording_of_a_digit_is_heard_twice_in_a_call():
    graph = small()
    utterances = spoken({"a": 1}, takes=6)
    calls = walk(graph, utterances, heard(graph, utterances, lambda row, g: "" if g == "number" else row["text"]),
                 lasting(utterances)).to_pandas()  # fmt: skip
    assert (calls.loc[calls["goal"] == "bill", "repetitions"] == 0).all()
