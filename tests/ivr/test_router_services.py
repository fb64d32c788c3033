"""The shipped services that listen to free speech: rules of words, and a router that has learned BANKING77."""

import csv

import pytest
from calling import heard, lasting
from runs import callgap

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.ivr import check_routers, make_plan, router_accuracies, walk, with_repetitions
from callgap.ivr.routers import Clinc150, Text
from callgap.ivr.routers.accuracy import measured

CALLERS = ["corpus=synthetic-services", "corpus.speakers_per_group=1"]
ROUTER = "ivr.nodes.main.router"
LEARNED = {
    "lost_or_stolen_card": ["i lost my card", "my card is lost", "somebody has stolen my card"],
    "compromised_card": ["somebody copied my card details", "my card details leaked"],
    "change_pin": ["change my pin", "i want another pin number", "can i change the pin"],
    "activate_my_card": ["activate my card", "how to activate the new card"],
    "exchange_rate": ["what is the exchange rate", "exchange rate of the euro"],
    "card_arrival": ["where is the card i ordered", "my card has not arrived"],
    "pending_transfer": ["my transfer of money is pending", "a transfer of money from savings is pending"],
    "direct_debit": ["i do not know this bill", "who took my money for electricity"],
    "balance_wrong": ["my balance is wrong", "what is this balance"],
}


SAID = [
    "what is my balance",
    "i lost my card",
    "transfer money to my savings account",
    "pay my electricity bill",
    "change my pin number",
]


def written(folder):
    for name in ("train.csv", "test.csv"):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            rows = [(text, intent) for intent, texts in LEARNED.items() for text in texts]
            further = " now" if name == "test.csv" else ""
            csv.writer(file).writerows([("text", "category"), *((text + further, intent) for text, intent in rows)])
    return folder


def learning(folder, *overrides):
    """The service on a few texts of the form of BANKING77, and its callers."""
    given = [f"{ROUTER}.texts.root={written(folder)}", f"+{ROUTER}.texts.sha256={{}}", f"{ROUTER}.outside=null"]
    given += [f"+{ROUTER}.threshold=0.0", f"+{ROUTER}.least_texts=1", f"+{ROUTER}.cache={folder / 'cache'}"]
    unit = units(plain(composed(["ivr=bank-banking77", *CALLERS, *given, *overrides])))
    return unit["ivr"], with_repetitions(unit["ivr"], unit["corpus"].utterances())


@pytest.fixture(scope="module")
def open_bank():
    unit = units(plain(composed(["ivr=bank-open", *CALLERS])))
    return unit["ivr"], with_repetitions(unit["ivr"], unit["corpus"].utterances())


def test_everybody_whose_text_is_written_down_rightly_reaches_what_is_wanted(open_bank):
    graph, rows = open_bank
    calls = walk(graph, rows, heard(graph, rows), lasting(rows)).to_pandas()
    assert set(calls["goal"]) == set(graph.calls)
    assert calls["completed"].all()
    assert not calls["reprompts"].any()


def test_the_open_bank_makes_the_calls_of_the_bank_of_menus_and_asks_for_the_same_numbers(open_bank):
    graph, _ = open_bank
    menus = units(plain(composed(["ivr=bank-calls"])))["ivr"]
    assert graph.calls == menus.calls
    assert graph.ends == menus.ends
    assert {name: node for name, node in graph.nodes.items() if name != "main"} == {
        name: node for name, node in menus.nodes.items() if name != "main"
    }
    assert [a.intents for a in graph.answers("main")] == [a.intents for a in menus.answers("main")]


def test_the_rules_are_checked_with_texts_of_every_intent_that_no_caller_of_the_corpus_says(open_bank):
    graph, rows = open_bank
    router = graph.nodes["main"].router
    held_out = router.held_out.split().test
    assert {text.intent for text in held_out} == {*router.intents, None}
    assert not {text.text for text in held_out} & set(rows["text"].to_pylist())
    found = router.accuracy()
    assert found.in_scope.texts == 8 * len(router.intents)
    # As documented.
    assert (found.in_scope.correct, found.out_of_scope.correct, found.out_of_scope.texts) == (34, 12, 12)


def test_a_router_that_was_learned_serves_some_intents_by_name_and_leaves_all_others_to_a_person(tmp_path):
    graph, rows = learning(tmp_path)
    check_routers(graph)
    router = graph.nodes["main"].router
    named = {tag for answer in graph.answers("main") for tag in answer.tags} - {"*"}
    assert named < set(router.intents)
    answers = graph.answers("main")
    intents = {text: routed.intent for text in SAID for routed in router.route([text])}
    ends = {text: [a.goto for a in answers if intent in a.tags] or ["agent"] for text, intent in intents.items()}
    assert ends["i lost my card"] == ["block"]
    calls = walk(graph, rows, heard(graph, rows), lasting(rows)).to_pandas()
    first = {goal: SAID[place] for place, goal in enumerate(("balance", "lost card", "transfer", "bill", "pin"))}
    for goal, text in first.items():
        here = {nodes[1] for nodes in calls.loc[calls["goal"] == goal, "nodes"]}
        assert here == set(ends[text]), goal


def test_without_its_texts_it_is_one_sentence_before_anything_is_heard(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    arguments = ["ivr=bank-banking77", *CALLERS, "engine.workers=0"]
    done = callgap("run", *arguments, f"hydra.run.dir={tmp_path / 'run'}", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert "train.csv lies neither in" in said
    assert "give ivr.nodes.main.router.texts.root=FOLDER" in said
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()


def test_a_tag_that_is_no_intent_of_the_texts_is_refused_by_the_name_of_the_node(tmp_path, monkeypatch):
    monkeypatch.delitem(LEARNED, "change_pin")
    graph, rows = learning(tmp_path)
    with pytest.raises(InputError, match=r"^node 'main': its router has no intent 'change_pin'; "):
        make_plan(graph, rows, 1)


def test_the_rules_do_on_the_texts_of_clinc150_as_documented(open_bank, data):
    names = {"balance": "balance", "report_lost_card": "lost-card", "transfer": "transfer", "pay_bill": "bill"}
    names |= {"pin_change": "pin"}
    test = [Text(text.text, names.get(text.intent)) for text in Clinc150(root=data / "clinc150").split().test]
    found = measured(open_bank[0].nodes["main"].router.route, "clinc150", test, ())
    assert (found.in_scope.correct, found.in_scope.texts) == (108, 150)
    assert (found.out_of_scope.correct, found.out_of_scope.texts) == (5157, 5350)


@pytest.mark.slow
def test_on_the_published_texts_it_is_as_often_right_as_documented(data):
    """All of BANKING77, and the texts of CLINC150 that are out of scope."""
    places = [f"{ROUTER}.texts.root={data / 'banking77'}", f"{ROUTER}.outside.root={data / 'clinc150'}"]
    unit = units(plain(composed(["ivr=bank-banking77", *CALLERS, *places])))
    graph, rows = unit["ivr"], with_repetitions(unit["ivr"], unit["corpus"].utterances())
    make_plan(graph, rows, 1)
    (row,) = router_accuracies(graph)
    found = row["accuracy"]
    assert (found["in_scope"]["correct"], found["in_scope"]["texts"]) == (2562, 3055)
    assert (found["out_of_scope"]["correct"], found["out_of_scope"]["texts"]) == (844, 998)
    calls = walk(graph, rows, heard(graph, rows), lasting(rows)).to_pandas()
    assert calls["completed"].all()
