"""What was understood decides where a call ends."""

import pytest

from callgap.ivr import Choice, Node, Service, walk
from callgap.records import COVARIATES, HYPOTHESES, table, utterances_schema

NODE = Node(
    "Say one, two or agent.",
    5.0,
    tuple(Choice(d, (d,), (p,)) for d, p in [("x", "one"), ("y", "two"), ("agent", "agent")]),
)


def service(attempts=2, after="agent"):
    return Service("s", "n", attempts, "agent", after, 0, {"n": NODE})


def calls(heard, made=None, intent="x", status="ok"):
    """One speaker says the same prompt in as many takes as there are texts."""
    names = [f"u{i}" for i in range(len(heard))]
    base = {
        "speaker_id": "s",
        "role": "caller",
        "prompt_id": "p",
        "text": "one",
        "language": "en",
        "slots": [],
        "intent": intent,
    }
    utterances = table([base | {"utterance_id": u, "take": i} for i, u in enumerate(names)], utterances_schema([]))
    rows = [
        {"utterance_id": u, "grammar_id": "n", "text": text, "n_best": [], "status": status if text is None else "ok"}
        for u, text in zip(names, heard, strict=True)
    ]
    covariates = table([{"utterance_id": u, "duration_s": 1.0} for u in names], COVARIATES)
    return walk(made or service(), utterances, table(rows, HYPOTHESES), covariates).to_pylist()


@pytest.mark.parametrize(
    ("text", "intent", "outcome", "reached"),
    [
        ("one", "x", "routed", "x"),
        ("two", "x", "misrouted", "y"),
        ("agent", "agent", "human", "agent"),
        ("agent", "x", "human", "agent"),
        ("", "x", "not_understood", None),
    ],
)
def test_one_understood_utterance_ends_where_it_leads(text, intent, outcome, reached):
    call = calls([text], intent=intent)[0]
    assert (call["outcome"], call["reached"], call["expected"]) == (outcome, reached, intent)
    assert (call["turns"], call["reprompts"]) == (1, 0)
    assert call["seconds"] == 6.0


def test_a_caller_who_is_not_understood_says_the_next_take():
    first, second = calls(["", "one"])
    assert (first["outcome"], first["turns"], first["reprompts"], first["seconds"]) == ("routed", 2, 1, 12.0)
    assert (second["outcome"], second["turns"]) == ("routed", 1)


def test_takes_go_round_but_are_never_said_twice():
    assert [c["turns"] for c in calls(["", "one", ""], service(attempts=3))] == [2, 1, 3]


def test_used_up_attempts_reach_a_person_or_nobody():
    assert {c["outcome"] for c in calls(["", ""])} == {"human"}
    assert {c["outcome"] for c in calls(["", ""], service(after=None))} == {"not_understood"}


def test_a_single_take_is_not_played_again():
    assert calls([""], service(attempts=3))[0]["turns"] == 1


def test_an_owed_text_is_lost_and_never_an_empty_answer():
    call = calls([None], status="failed")[0]
    assert (call["outcome"], call["turns"], call["reached"]) == ("lost", 0, None)


def test_a_later_take_whose_text_is_owed_is_passed_over():
    assert calls(["", None, "one"], service(attempts=2), status="failed")[0]["outcome"] == "routed"


def test_an_excluded_recording_begins_no_call():
    assert [c["call_id"] for c in calls([None, "one"], status="excluded")] == ["u1"]
