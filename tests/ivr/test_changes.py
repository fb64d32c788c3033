"""A changed service differs from the given one in one thing, and needs no other recognition."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from calling import heard, lasting, offered, small, spoken
from routing import LastWord

from callgap.ivr import Answer, Call, Digits, End, Intent, Menu, changes, make_plan, walk
from callgap.ivr.changes import ALWAYS, AS_IT_IS, KEYS_S, NEVER, SPOTTED
from callgap.ivr.nodes import Confirmation
from callgap.ivr.routers import Routed

CONFIDENCES = np.linspace(0.05, 0.95, 91)


class Sorter(LastWord):
    """Knows two intents and is never sure."""

    def route(self, texts):
        return [Routed(next((intent for intent in self.intents if intent in text), None), 0.3) for text in texts]


def unsure(row, grammar):
    return row["text"], float(CONFIDENCES[hash_of(row["utterance_id"]) % 91])


def hash_of(name):
    return sum(ord(letter) * (place + 7) for place, letter in enumerate(name))


@pytest.fixture(scope="module")
def utterances():
    return spoken({"a": 2, "b": 1})


def made(graph, utterances, hear=unsure):
    return changes(graph, heard(graph, utterances, hear))


def said(graph, utterances):
    """Pairs of grammar and utterance that calls can need."""
    calls = make_plan(graph, utterances, 1).calls
    return {(grammar, utterance) for grammar, utterances in calls.items() for utterance in utterances}


def values(found, name):
    return [change.value for change in found if change.name == name]


def one(found, name, value):
    return next(change for change in found if (change.name, change.value) == (name, value))


@pytest.mark.parametrize(
    "graph",
    [small(), small(keys=offered()), small(attempts=7), small(confirm_below=0.123, reject_below=0.017)],
    ids=["plain", "keys", "attempts", "thresholds"],
)
def test_exactly_one_change_of_each_kind_is_the_service_as_it_is(graph, utterances):
    hypotheses = heard(graph, utterances, unsure)
    found = changes(graph, hypotheses)
    assert set(Counter(change.name for change in found if change.is_base).values()) == {1}
    assert {change.name for change in found} == {"attempts", "reject_below", "confirm_below", "keys", "grammar"}
    walked = walk(graph, utterances, hypotheses, lasting(utterances))
    for change in found:
        if change.is_base:
            assert walk(change.graph, utterances, hypotheses, lasting(utterances)).equals(walked)


def test_what_no_single_value_says_of_the_service_is_called_as_it_is(utterances):
    graph = small()
    nodes = dict(graph.nodes) | {"main": replace(graph.nodes["main"], attempts=2)}
    found = made(replace(graph, nodes=nodes), utterances)
    assert values(found, "attempts") == [AS_IT_IS, "1", "2", "3", "4", "5"]
    assert one(found, "attempts", AS_IT_IS).is_base


def test_attempts_hold_for_every_node_whatever_it_says_of_its_own(utterances):
    graph = small()
    nodes = {name: replace(node, attempts=2) for name, node in graph.nodes.items()}
    found = made(replace(graph, nodes=nodes), utterances)
    for count in range(1, 6):
        changed = one(found, "attempts", str(count)).graph
        assert {changed.limit(name) for name in changed.nodes} == {count}
    assert one(found, "attempts", "2").is_base


def test_only_one_thing_differs(utterances):
    graph = small(keys=offered(), confirm_below=0.3, reject_below=0.1)

    def facts(service):
        return {
            "attempts": [service.limit(name) for name in service.nodes],
            "reject_below": [service.threshold(name) for name in service.nodes],
            "confirm_below": [(node.confirm, node.confirm_below) for node in service.nodes.values()],
            "keys": [node.keys for node in service.nodes.values()],
            "grammar": [
                (getattr(service.nodes[name], "tolerance", 0), [answer.spotted for answer in service.answers(name)])
                for name in service.nodes
            ],
        }

    for change in made(graph, utterances):
        if change.is_base or change.value == NEVER:
            continue
        now, before = facts(change.graph), facts(graph)
        assert [name for name in before if now[name] != before[name]] == [change.name]


def test_thresholds_are_the_deciles_of_the_confidences_and_none_where_there_is_no_confidence(utterances):
    graph = small(confirm_below=0.5)
    hypotheses = heard(graph, utterances, unsure)
    found = changes(graph, hypotheses)
    deciles = np.quantile(hypotheses["confidence"].to_numpy(), np.arange(1, 10) / 10)
    assert [float(value) for value in values(found, "reject_below")[1:]] == pytest.approx(np.unique(deciles), abs=5e-4)
    without = made(graph, utterances, lambda row, _: row["text"])
    assert values(without, "reject_below") == []
    assert values(without, "confirm_below") == [AS_IT_IS, NEVER, ALWAYS]
    # One and the same confidence everywhere is one threshold.
    assert values(made(graph, utterances, lambda row, _: (row["text"], 0.4)), "reject_below") == ["none", "0.4"]


def test_never_asking_back_has_no_confirmation_and_always_asks_every_time(utterances):
    graph = small(confirm_below=0.5)
    hypotheses = heard(graph, utterances, lambda row, _: (row["text"], 0.9))
    counted = {}
    for change in changes(graph, hypotheses):
        if change.name == "confirm_below":
            calls = walk(change.graph, utterances, hypotheses, lasting(utterances)).to_pandas()
            counted[change.value] = calls.loc[calls["goal"] == "bill", "confirmations"].mean()
    assert counted[NEVER] == 0
    assert counted[ALWAYS] == 1
    never = one(changes(graph, hypotheses), "confirm_below", NEVER).graph
    assert not any(isinstance(node, Confirmation) for node in never.nodes.values())


def test_a_service_without_confirmations_has_none_to_change(utterances):
    graph = small()
    nodes = {name: node for name, node in graph.nodes.items() if name != "sure"}
    nodes["number"] = replace(nodes["number"], confirm=None)
    assert values(made(replace(graph, nodes=nodes), utterances), "confirm_below") == []


def test_keys_are_offered_where_something_can_be_typed_and_take_the_seconds_of_the_service(utterances):
    found = made(small(keys=offered(1)), utterances)
    assert values(found, "keys") == [AS_IT_IS, "none", "0", "1", "2"]
    at_once = one(found, "keys", "0").graph
    assert {name for name in at_once.nodes if at_once.keys_of(name)} == {"main", "number"}
    assert {at_once.keys_of(name).seconds for name in ("main", "number")} == {7.0}
    assert one(made(small(), utterances), "keys", "0").graph.keys_of("main").seconds == KEYS_S
    # Of two attempts, keys after two failures are never offered.
    assert values(made(small(attempts=2), utterances), "keys") == ["none", "0", "1"]


def test_keys_that_mean_two_things_are_not_offered(utterances):
    graph = small()
    answers = tuple(replace(answer, key="1") for answer in graph.nodes["main"].answers)
    nodes = dict(graph.nodes) | {"main": replace(graph.nodes["main"], answers=answers)}
    at_once = one(made(replace(graph, nodes=nodes), utterances), "keys", "0").graph
    assert {name for name in at_once.nodes if at_once.keys_of(name)} == {"number"}


def test_every_grammar_is_one_that_was_recognized(utterances):
    graph = small(keys=offered(), confirm_below=0.3)
    stored = said(graph, utterances)
    for change in made(graph, utterances):
        assert change.left_out == ""
        assert said(change.graph, utterances) <= stored


def test_a_change_that_needs_other_recognition_is_left_out_and_says_why():
    """A menu of yes and no borrows the grammar of the confirmation before it, which would be gone."""
    ends = {"done": End(kind="automatic"), "desk": End(kind="queue", priority=1)}
    graph = small(
        always=(),
        stray=None,
        after_attempts="desk",
        human="desk",
        nodes={
            "sure": Confirmation(prompt="Right?", prompt_s=1.0, agree=("yes",), refuse=("no",)),
            "main": Digits(prompt="Number?", prompt_s=1.0, length=2, goto="more", confirm="sure"),
            "more": Menu(
                prompt="A receipt?",
                prompt_s=1.0,
                answers=(
                    Answer(goto="done", intents=("yes",), phrases=("yes",)),
                    Answer(goto="desk", intents=("no",), phrases=("no",)),
                ),
            ),
        },
        ends=ends,
        calls={"receipt": Call(wants=("yes",), ends="done")},
    )
    utterances = spoken({"a": 1})
    never = one(changes(graph, heard(graph, utterances)), "confirm_below", NEVER)
    assert never.left_out == "node 'more' would have to be heard with another grammar"
    others = [change for change in changes(graph, heard(graph, utterances)) if change.value != NEVER]
    assert not any(change.left_out for change in others)


def test_a_change_that_leaves_a_service_that_cannot_be_walked_is_left_out_and_says_why(utterances):
    """Where a confirmation alone leads to an end, nothing does without it."""
    graph = small()
    nodes = dict(graph.nodes) | {"sure": replace(graph.nodes["sure"], after_attempts="desk2")}
    ends = dict(graph.ends) | {"desk2": End(kind="queue", priority=3)}
    never = one(made(replace(graph, nodes=nodes, ends=ends), utterances), "confirm_below", NEVER)
    assert never.left_out == "end 'desk2' cannot be reached from the start"


def test_edits_are_of_menus_and_every_phrase_is_spotted():
    graph = small()
    utterances = spoken({"a": 1})
    hypotheses = heard(graph, utterances, lambda row, _: f"{row['text']} please")
    done = {
        change.value: walk(change.graph, utterances, hypotheses, lasting(utterances)).to_pandas()
        for change in changes(graph, hypotheses)
        if change.name == "grammar"
    }
    cards = {value: calls[calls["goal"] == "card"]["completed"].all() for value, calls in done.items()}
    assert cards == {"0": False, "1": True, "2": True, SPOTTED: True}
    # At the number only the answers that every node takes are spotted.
    assert not done[SPOTTED].loc[done[SPOTTED]["goal"] == "bill", "completed"].any()


def test_the_threshold_of_a_router_stays(utterances):
    graph = small()
    nodes = dict(graph.nodes) | {
        "main": Intent(
            prompt="What is it?",
            prompt_s=1.0,
            router=Sorter(intents=("bill", "card")),
            reject_below=0.25,
            answers=(
                Answer(goto="number", intents=("bill",), tags=("bill",)),
                Answer(goto="desk", intents=("card",), tags=("card",)),
            ),
        )
    }
    for change in made(replace(graph, nodes=nodes), utterances):
        assert change.graph.threshold("main") == 0.25
