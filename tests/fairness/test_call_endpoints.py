"""Endpoints of calls that were walked through a graph, beside plain rules read call by call."""

import pytest
from walked import evidence_of_calls, walked_calls

from callgap.fairness.call_endpoints import CALL_ENDPOINTS
from callgap.fairness.endpoints import CONTRASTED

CALLS = walked_calls({"a": 3, "b": 4}, calls=30, seed=3)
TOLD = [call for call in CALLS if call["outcome"] != "lost"]


def to_a_person(call):
    return call["asked_for_human"] and call["reached"] in ("desk", "agent")


def known(column):
    return lambda call: call[column] is not None


# By endpoint: which calls it concerns, and what it counts of each.
RULES = {
    "misrouted": (lambda c: True, lambda c: c["outcome"] == "misrouted"),
    "not_understood": (lambda c: True, lambda c: c["outcome"] == "not_understood"),
    "routed": (lambda c: True, lambda c: c["outcome"] == "routed"),
    "human": (lambda c: True, lambda c: c["outcome"] == "human"),
    "not_completed": (lambda c: True, lambda c: not c["completed"]),
    "human_not_reached": (lambda c: c["asked_for_human"], lambda c: c["reached"] not in ("desk", "agent")),
    "human_turns": (to_a_person, lambda c: c["human_turns"]),
    "human_seconds": (to_a_person, lambda c: c["human_seconds"]),
    "reprompts_per_call": (lambda c: True, lambda c: c["reprompts"]),
    "seconds_per_call": (lambda c: True, lambda c: c["seconds"]),
    "no_match": (lambda c: True, lambda c: c["no_matches"] > 0),
    "gave_up": (lambda c: True, lambda c: c["gave_up"]),
    "contained": (lambda c: True, lambda c: c["contained"]),
    "wrong_priority": (known("wrong_priority"), lambda c: c["wrong_priority"]),
    "digits_wrong_1": (known("digits_exact_1"), lambda c: not c["digits_exact_1"]),
    "digits_wrong_2": (known("digits_exact_2"), lambda c: not c["digits_exact_2"]),
    "digits_wrong_3": (known("digits_exact_3"), lambda c: not c["digits_exact_3"]),
    "wrong_number": (known("wrong_number_accepted"), lambda c: c["wrong_number_accepted"]),
    "critical_missed": (known("critical_heard"), lambda c: not c["critical_heard"]),
    "confident_error": (known("confident_error"), lambda c: c["confident_error"]),
}


@pytest.fixture(scope="module")
def observed():
    return evidence_of_calls(CALLS).observations


@pytest.mark.parametrize("endpoint", RULES)
def test_an_endpoint_counts_what_its_rule_says_of_each_call(observed, endpoint):
    concerns, counts = RULES[endpoint]
    expected = {c["call_id"]: float(counts(c)) for c in TOLD if concerns(c)}
    frame = observed[endpoint]
    assert len(expected) > 3
    assert dict(zip(frame["utterance_id"], frame["numerator"].astype(float), strict=True)) == pytest.approx(expected)
    assert (frame["denominator"] == 1).all()


def test_every_endpoint_of_calls_has_a_rule_but_those_of_single_questions(observed):
    single = {"not_within_1", "not_within_2", "not_within_3"}
    assert {endpoint.name for endpoint in CALL_ENDPOINTS} == {*RULES, *single}
    # Turns at several nodes are no attempts at one question.
    assert all(observed[name].empty for name in single)


def test_lost_calls_count_as_not_completed_where_losses_are_charged():
    evidence = evidence_of_calls(CALLS)
    charged = evidence.observed("none", charged=True)["not_completed"]
    wrong = set(charged.loc[charged["numerator"] == 1, "utterance_id"])
    assert wrong == {c["call_id"] for c in CALLS if c["outcome"] == "lost" or not c["completed"]}
    assert len(charged) == len(CALLS)


def test_means_and_what_is_no_harm_are_never_judged():
    by_name = {endpoint.name: endpoint for endpoint in CALL_ENDPOINTS}
    assert not {"seconds_per_call", "human_seconds", "human_turns", "reprompts_per_call"} & set(CONTRASTED)
    assert not {"contained", "routed", "human"} & set(CONTRASTED)
    assert {"wrong_priority", "critical_missed", "wrong_number", "gave_up"} < set(CONTRASTED)
    assert not any(of.is_share for of in by_name.values() if of.is_mean)
