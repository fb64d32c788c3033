"""A service asks its routers: checked before anything is heard, lost where one owes an answer, known by its figures."""

import pytest
from calling import WORDS, heard, lasting, small, spoken
from chatter import chatting, named
from pydantic import ValidationError
from routing import HELD_OUT, TO_DESK, TO_NUMBER, LastWord, asking, routed_service

from callgap.errors import InputError
from callgap.ivr import Answer, check_routers, make_plan, router_accuracies, router_identities, walk
from callgap.ivr.routers import ChatRouter, Clinc150, KeywordRouter, Rule, TfidfRouter, WrittenTexts

TEXTS = {"bill": "i want to pay", "card": "please block", "agent": "agent", "yes": "yes", "no": "no"}
TEXTS |= {f"digit-{value}": word for value, word in enumerate(WORDS)}


def as_said(row, grammar):
    return row["text"]


def walked(graph, utterances, hear=as_said):
    calls = walk(graph, utterances, heard(graph, utterances, hear), lasting(utterances)).to_pandas()
    return calls.assign(group=calls["speaker_id"].str[0])


def test_only_a_router_is_taken_for_one():
    with pytest.raises(ValidationError, match="router"):
        asking(lambda texts: [])


def test_a_router_is_checked_before_anything_is_heard_and_asked_nothing_by_then():
    router = LastWord()
    make_plan(routed_service(router), spoken({"a": 1}, texts=TEXTS), 1)
    assert router.checks == 1
    assert router.asked == []


FITS = {
    "no such tag": (
        (Answer(goto="number", tags=("pya",)), TO_DESK),
        "node 'main': its router has no intent 'pya'; did you mean 'pay'?",
    ),
    "no destination": (
        (TO_NUMBER, Answer(goto="desk", phrases=("desk",), intents=("card",))),
        "node 'main': the intent 'block' of its router has no destination",
    ),
}


@pytest.mark.parametrize("fault", FITS)
def test_a_router_that_does_not_fit_its_node_is_one_sentence_that_names_it(fault):
    answers, message = FITS[fault]
    calls = {name: call for name, call in routed_service(LastWord()).calls.items() if name == "person"}
    graph = routed_service(LastWord(), *answers, calls=calls)
    with pytest.raises(InputError) as raised:
        check_routers(graph)
    assert str(raised.value).startswith(message)


def test_a_star_takes_every_intent_that_no_answer_names_and_nothing_out_of_scope():
    router = LastWord(intents=("block", "pay", "fee", "rate"))
    rest = Answer(goto="agent", tags=("*",))
    graph = routed_service(router, TO_NUMBER, TO_DESK, rest)
    check_routers(graph)
    rows = spoken({"a": 1, "b": 1, "c": 1}, texts=TEXTS)
    said = {"b": "what is the fee", "c": "please sing"}

    def hear(row, grammar):
        return said.get(row["speaker_id"][0], row["text"]) if row["intent"] == "card" else row["text"]

    cards = walked(graph, rows, hear).query("goal == 'card'").groupby("group")
    assert cards["reached"].unique().map(list).to_dict() == {"a": ["desk"], "b": ["agent"], "c": ["agent"]}
    assert cards["gave_up"].all().to_dict() == {"a": False, "b": False, "c": True}
    assert cards["no_matches"].first().to_dict() == {"a": 0, "b": 0, "c": 3}


def test_a_call_that_a_router_owes_an_answer_is_lost_and_of_the_others_nothing_changes():
    graph = routed_service(LastWord())
    rows = spoken({"a": 1, "b": 1}, texts=TEXTS)

    def hear(row, grammar):
        silent = row["speaker_id"] == "b0" and row["intent"] == "card"
        return "nobody" if silent else row["text"]

    calls = walked(graph, rows, hear)
    lost = (calls["group"] == "b") & (calls["goal"] == "card")
    assert lost.sum() == 2
    assert (calls.loc[lost, "outcome"] == "lost").all()
    # Nothing is said of a lost call: it is no failure of the caller's and none of the service's.
    assert calls.loc[lost, ["reached", "completed", "no_matches", "gave_up"]].isna().all(axis=None)
    found, unhurt = (walk(graph, rows, heard(graph, rows, h), lasting(rows)).to_pylist() for h in (hear, as_said))
    assert [row for row, gone in zip(found, lost, strict=True) if not gone] == [
        row for row, gone in zip(unhurt, lost, strict=True) if not gone
    ]


def test_a_server_that_fails_for_some_texts_loses_their_calls_and_misroutes_none(tmp_path):
    def answer(text):
        return (503, {}) if "stolen" in text else named("pay" if "pay" in text else "block")

    with chatting(answer) as server:
        wants = {"pay": "wants to pay a bill", "block": "wants a card blocked"}
        given = {"base_url": server.url, "model": "m", "descriptions": wants, "held_out": HELD_OUT, "retries": 0}
        graph = routed_service(ChatRouter(**given, cache=tmp_path))
        rows = spoken({"a": 1, "b": 1}, texts=TEXTS)

        def hear(row, grammar):
            return "my card was stolen" if row["speaker_id"] == "b0" and row["intent"] == "card" else row["text"]

        calls = walked(graph, rows, hear)
    outcomes = calls.groupby(["group", "goal"])["outcome"].unique().map(list).to_dict()
    assert outcomes["b", "card"] == ["lost"]
    assert {name for key, found in outcomes.items() if key != ("b", "card") for name in found} == {"routed", "human"}
    assert not (calls["outcome"] == "misrouted").any()


def test_a_server_that_cannot_be_reached_stops_the_calls_and_leaves_the_figure_open(tmp_path):
    with chatting(lambda text: named("pay")) as server:
        url = server.url
    wants = {"pay": "wants to pay a bill", "block": "wants a card blocked"}
    given = {"base_url": url, "model": "m", "descriptions": wants, "held_out": HELD_OUT, "retries": 0}
    graph = routed_service(ChatRouter(**given, cache=tmp_path))
    rows = spoken({"a": 1}, texts=TEXTS)
    with pytest.raises(InputError, match=r"^ivr\.nodes\.main\.router\.base_url: \S+ cannot be reached"):
        walked(graph, rows)
    (row,) = router_accuracies(graph)
    assert row["accuracy"] is None
    assert row["why_none"].startswith("ivr.nodes.main.router.base_url: ")


@pytest.mark.parametrize(("sure", "failed"), [(0.6, 0), (0.4, 3)])
def test_a_router_in_doubt_is_not_believed(sure, failed):
    nodes = {**small().nodes, "main": asking(LastWord(confidence=sure), reject_below=0.5)}
    calls = walked(small(nodes=nodes), spoken({"a": 1}, texts=TEXTS))
    assert (calls.loc[calls["goal"] == "card", "no_matches"] == failed).all()


def test_a_fault_of_a_router_names_the_key_at_which_it_stands(monkeypatch, tmp_path):
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    rule = Rule(intent="pay", any=("pay",)), Rule(intent="block", any=("block",))
    keywords = KeywordRouter(rules=rule, held_out=Clinc150(root=tmp_path))
    with pytest.raises(InputError, match=r"^ivr\.nodes\.main\.router\.held_out\.root="):
        check_routers(routed_service(keywords))
    texts = WrittenTexts(train={"pay": ("pay",), "block": ("block",)})
    learned = TfidfRouter(texts=texts, outside=Clinc150(root=tmp_path), cache=tmp_path, least_texts=1)
    with pytest.raises(InputError, match=r"^ivr\.nodes\.main\.router\.outside\.root="):
        check_routers(routed_service(learned))
    unread = KeywordRouter(file=tmp_path / "rules.yaml", held_out=HELD_OUT)
    with pytest.raises(InputError, match=r"^node 'main': \S+rules\.yaml cannot be read"):
        check_routers(routed_service(unread))


def test_the_figures_of_a_router_are_its_own():
    graph = routed_service(LastWord())
    assert router_identities(graph) == {"main": {"router": "last word", "confidence": "0.6"}}
    (row,) = router_accuracies(graph)
    assert (row["node"], row["router"], row["lowest"], row["why_none"]) == ("main", "last word", "block", None)
    # Of the three texts, one of two ends with the name of its intent.
    assert row["accuracy"]["in_scope"] == {"texts": 2, "correct": 1, "refused": 1, "owed": 0, "share": 0.5}
    assert row["accuracy"]["out_of_scope"] == {"texts": 1, "correct": 1, "refused": 1, "owed": 0, "share": 1.0}
