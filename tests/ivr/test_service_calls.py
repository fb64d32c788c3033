"""Calls are dealt alike to every speaker, repetitions are heard through fresh noise, and a replay errs never."""

import numpy as np
import pyarrow as pa
import pytest
from calling import TEXTS, heard, lasting, small, spoken

from callgap.errors import InputError
from callgap.ivr import (
    Call,
    Digits,
    make_plan,
    own_rows,
    reference_hypotheses,
    replay,
    walk,
    with_repetitions,
    without_repetitions,
)
from callgap.ivr.callers import AGAIN, calls_of, recordings


def test_every_speaker_makes_the_same_calls_in_the_declared_shares():
    graph = small(calls_per_speaker=9)
    dealt = calls_of(graph, recordings(graph, spoken({"a": 2, "b": 3})))
    # 4.5, 2.25 and 2.25 of nine: the largest remainder takes the call that is left.
    assert dealt.mix == {"bill": 5, "card": 2, "person": 2}
    rows = np.stack([dealt.kind, dealt.repeat], axis=1).reshape(5, 9, 2)
    assert (rows == rows[0]).all()


def test_what_nobody_can_say_is_no_part_of_the_mix_and_what_one_speaker_lacks_is_not_made_up():
    graph = small()
    mute = {name: text for name, text in TEXTS.items() if name != "yes"}
    everyone = calls_of(graph, recordings(graph, spoken({"a": 2}, texts=mute)))
    assert everyone.mix == {"card": 4, "person": 4}
    some = pa.concat_tables([spoken({"a": 1}), spoken({"b": 1}, texts=mute)])
    dealt = calls_of(graph, recordings(graph, some))
    assert dealt.mix == {"bill": 4, "card": 2, "person": 2}
    assert np.bincount(dealt.speaker).tolist() == [8, 4]


def test_a_corpus_that_cannot_make_a_whole_call_is_one_sentence():
    rows = spoken({"a": 1}, texts={"pizza": "one pizza"})
    with pytest.raises(
        InputError, match=r"ivr=small serves no intent of the corpus that makes a whole call: found pizza"
    ):
        make_plan(small(), rows, 1)


def test_a_whole_number_of_the_wrong_length_is_one_sentence_that_names_the_node():
    base = small()
    number = Digits(prompt="?", prompt_s=1.0, length=2, goto="paid", confirm="sure", whole="whole")
    graph = small(nodes={**base.nodes, "number": number})
    rows = spoken({"a": 1}, takes=1, texts={"whole": "four two one"})
    message = "utterance a0-whole-0, intent whole: found 'four two one'; accepted at node 'number': 2 digits"
    with pytest.raises(InputError, match=message):
        make_plan(graph, rows, 1)


def test_repetitions_fill_up_what_a_speaker_lacks_and_are_left_out_again():
    graph = small(retakes=3)
    rows = spoken({"a": 1}, takes=2)
    more = with_repetitions(graph, rows)
    ids = more["utterance_id"].to_pylist()
    assert len(set(ids)) == len(ids) == len(TEXTS) * 3
    assert more.slice(0, rows.num_rows).equals(rows)
    assert without_repetitions(more).equals(rows)
    (again,) = [name for name in ids if name.startswith("a0-bill") and AGAIN in name]
    assert again == f"a0-bill-0{AGAIN}2"
    assert with_repetitions(graph, spoken({"a": 1}, takes=3)).num_rows == len(TEXTS) * 3


def test_a_repetition_is_heard_for_itself_and_counted():
    graph = small(retakes=2)
    rows = with_repetitions(graph, spoken({"a": 1}, takes=1))

    def hear(row, grammar):
        return row["text"] if AGAIN in row["utterance_id"] else ""

    calls = walk(graph, rows, heard(graph, rows, hear), lasting(rows)).to_pandas().set_index("goal")
    assert (calls.loc["card", "turns"] == [2, 1]).all()
    assert (calls.loc["card", "repetitions"] == 1).all()
    assert calls.loc["card", "completed"].all()


def test_what_is_said_at_a_node_is_planned_with_its_grammar():
    graph = small()
    rows = spoken({"a": 1}, takes=1)
    planned = {
        grammar: {name.split("-", 1)[1] for name in ids} for grammar, ids in make_plan(graph, rows, 1).calls.items()
    }
    assert planned["main"] == {"bill-0", "card-0", "agent-0"}
    assert planned["sure"] == {"yes-0", "no-0"}
    # Who is led to the number by mistake asks for a person there.
    assert planned["number"] == {f"digit-{value}-0" for value in range(10)} | {"agent-0"}


def test_each_recording_is_scored_once_and_only_what_lacks_its_answer_is_a_probe():
    graph = small(probes_per_speaker=13)
    rows = pa.concat_tables([spoken({"a": 1}, takes=1), spoken({"a": 1}, takes=1, texts={"pizza": "one pizza"})])
    hypotheses = heard(graph, rows)
    names, grammars = hypotheses["utterance_id"].to_pylist(), hypotheses["grammar_id"].to_pylist()
    own = own_rows(graph, rows, hypotheses)
    scored = [name for name, is_own in zip(names, own, strict=True) if is_own]
    assert sorted(scored) == sorted(row["utterance_id"] for row in rows.to_pylist() if row["intent"] != "pizza")
    plan = make_plan(graph, rows, 1)
    for name, grammar, is_own in zip(names, grammars, own, strict=True):
        if is_own is False and "pizza" not in name:
            said = next(row["text"] for row in rows.to_pylist() if row["utterance_id"] == name)
            assert said not in plan.grammars[grammar].phrases
    neither = {(n, g) for n, g, is_own in zip(names, grammars, own, strict=True) if is_own is None}
    assert neither == {("a0-agent-0", "number")}


def test_a_replay_leaves_what_the_service_itself_does_not_understand():
    graph = small()
    texts = TEXTS | {"bill": "settle my account"}
    rows = pa.concat_tables([spoken({"a": 2}), spoken({"b": 2}, texts=texts)])

    def hear(row, grammar):
        return "" if row["speaker_id"] == "a0" else row["text"]

    hypotheses = heard(graph, rows, hear)
    real = walk(graph, rows, hypotheses, lasting(rows)).to_pandas()
    ideal = replay(graph, rows, hypotheses, lasting(rows), 1).to_pandas()
    assert (real[["speaker_id", "goal"]] == ideal[["speaker_id", "goal"]]).all(axis=None)
    lost = (~ideal["completed"].astype(bool)).groupby(ideal["speaker_id"]).mean()
    assert lost.to_dict() == {"a0": 0.0, "a1": 0.0, "b0": 0.5, "b1": 0.5}
    beyond = (~real["completed"].astype(bool)).groupby(real["speaker_id"]).mean() - lost
    # Who is not heard at all reaches the person that one call in four wants.
    assert beyond.to_dict() == {"a0": 0.75, "a1": 0.0, "b0": 0.0, "b1": 0.0}


def test_a_replay_excludes_what_was_excluded():
    graph = small()
    rows = spoken({"a": 1}, takes=2)
    hypotheses = heard(graph, rows, lambda row, g: "excluded" if row["utterance_id"] == "a0-card-0" else row["text"])
    ideal = replay(graph, rows, hypotheses, lasting(rows), 1).to_pandas()
    assert set(ideal.loc[ideal["goal"] == "card", "call_id"]) == {"a0-card-1", "a0-card-1#2"}
    assert reference_hypotheses(graph, rows, 1).num_rows == hypotheses.num_rows


def test_the_order_of_the_rows_and_further_kinds_of_call_change_no_number():
    graph = small()
    more = small(calls={**graph.calls, "second card": Call(wants=("card",), ends="desk")}, calls_per_speaker=10)
    rows = spoken({"a": 2})
    one, other = (walk(g, rows, heard(g, rows), lasting(rows)).to_pandas() for g in (graph, more))
    same = one[one["goal"] == "bill"].reset_index(drop=True)
    assert same["call_id"].equals(other[other["goal"] == "bill"].reset_index(drop=True)["call_id"])
