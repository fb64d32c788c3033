"""The services in conf/: who is understood reaches what is wanted, in English as in French, and many calls are fast."""

import dataclasses
import time

import numpy as np
import pyarrow as pa
import pytest
from calling import heard, lasting

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.ivr import Digits, make_plan, own_rows, walk, with_repetitions

NAMES = ("bank-calls", "utility", "administration", "health")
FEW = ["corpus.speakers_per_group=1", "recognizer=pocketsphinx"]


@pytest.fixture(scope="module", params=[f"{name}{language}" for name in NAMES for language in ("", "-fr")])
def service(request):
    """A service and the callers whose language it speaks."""
    language = "-fr" if request.param.endswith("-fr") else ""
    unit = units(plain(composed([f"ivr={request.param}", f"corpus=synthetic-services{language}", *FEW])))
    return unit["ivr"], with_repetitions(unit["ivr"], unit["corpus"].utterances())


def test_everybody_who_is_understood_reaches_what_is_wanted_at_the_first_attempt(service):
    graph, rows = service
    calls = walk(graph, rows, heard(graph, rows), lasting(rows)).to_pandas()
    assert set(calls["goal"]) == set(graph.calls)
    assert calls["completed"].all()
    assert not calls["reprompts"].any()
    assert calls.groupby("speaker_id").size().eq(graph.calls_per_speaker).all()
    assert calls["critical_heard"].dropna().all()
    assert calls["digits_exact_1"].dropna().all()


def test_nobody_who_is_not_heard_reaches_a_machine(service):
    graph, rows = service
    typed = walk(graph, rows, heard(graph, rows, lambda *_: ""), lasting(rows)).to_pandas()
    assert (typed["gave_up"] | typed["keys"]).all()
    mute = {name: dataclasses.replace(node, keys=None) for name, node in graph.nodes.items()}
    graph = dataclasses.replace(graph, nodes=mute)
    calls = walk(graph, rows, heard(graph, rows, lambda *_: ""), lasting(rows)).to_pandas()
    assert calls["gave_up"].all()
    assert not calls["contained"].any()
    assert (calls["turns"] == graph.limit(graph.start)).all()
    assert set(calls["reached"].dropna()) == {end for end in [graph.after_attempts] if end}


def test_every_phrase_is_understood_as_the_answer_that_it_stands_under(service):
    graph, _ = service
    for name in graph.nodes:
        known = {phrase: answer.goto for answer in graph.answers(name) for phrase in answer.spoken}
        assert set(known) <= set(graph.grammar(name).phrases)
        # A word that is spotted goes before a phrase in which it stands: both must lead to the same place.
        for spotted in (answer for answer in graph.answers(name) if answer.spotted):
            inside = [p for p in known if any(f" {word} " in f" {p} " for word in spotted.spoken)]
            assert {known[phrase] for phrase in inside} <= {spotted.goto}


def test_an_utterance_that_the_service_does_not_serve_probes_the_start(service):
    graph, rows = service
    plan = make_plan(graph, rows, 1)
    probes = {name.rsplit("-", 1)[1] for name in plan.probes[graph.grammar_ids[graph.start]]}
    assert {"taxi", "weather"} <= probes
    hypotheses = heard(graph, rows)
    scored = pa.array(own_rows(graph, rows, hypotheses)).to_pylist().count(True)
    served = sum(intent in graph.places for intent in rows["intent"].to_pylist())
    assert scored == served


@pytest.mark.parametrize("name", NAMES)
def test_the_french_service_is_the_english_one_in_other_words(name):
    english, french = (units(plain(composed([f"ivr={name}{suffix}"])))["ivr"] for suffix in ("", "-fr"))
    assert english.calls == french.calls
    assert english.ends == french.ends
    assert english.nodes.keys() == french.nodes.keys()
    for node in english.nodes:
        assert english.nodes[node].targets == french.nodes[node].targets
        assert [a.intents for a in english.answers(node)] == [a.intents for a in french.answers(node)]
        assert english.nodes[node].prompt != french.nodes[node].prompt
    numbers = [[node.length for node in g.nodes.values() if isinstance(node, Digits)] for g in (english, french)]
    assert numbers[0] == numbers[1]


def test_the_corpora_of_the_services_say_what_the_others_say_and_more():
    for language in ("", "-fr"):
        few, more = (
            units(plain(composed([f"corpus={name}{language}"])))["corpus"]
            for name in ("synthetic", "synthetic-services")
        )
        assert few.prompts.items() <= more.prompts.items()
        assert few.accents == more.accents
        assert few.speakers == more.speakers


def test_a_hundred_thousand_calls_are_walked_in_under_thirty_seconds():
    unit = units(plain(composed(["ivr=bank-calls", "corpus=synthetic-services"])))
    graph = dataclasses.replace(unit["ivr"], calls_per_speaker=645)
    rows = with_repetitions(graph, unit["corpus"].utterances())
    random = np.random.default_rng(1)
    texts = [*graph.grammar("main").phrases, ""]

    def hear(row, grammar):
        return row["text"] if random.random() < 0.7 else texts[random.integers(len(texts))]

    hypotheses = heard(graph, rows, hear)
    begin = time.process_time()
    calls = walk(graph, rows, hypotheses, lasting(rows))
    assert time.process_time() - begin < 30
    assert calls.num_rows > 100_000
    assert len(set(calls["call_id"].to_pylist())) == calls.num_rows
