"""A service is validated with messages that name the node, and its grammar holds what may be said."""

import pyarrow as pa
import pytest

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.ivr import Choice, Node, Service, make_plan
from callgap.ivr.service import expand
from callgap.records import table, utterances_schema


@pytest.fixture(scope="module")
def bank():
    return units(plain(composed([])))["ivr"]


def utterances(*rows):
    base = {"role": "caller", "prompt_id": "p", "text": "t", "language": "en-US", "slots": []}
    return table([base | row for row in rows], utterances_schema([]))


def test_words_in_brackets_may_be_left_out():
    assert expand("[what is] my [account] balance") == [
        "what is my account balance",
        "what is my balance",
        "my account balance",
        "my balance",
    ]


def test_every_phrase_of_the_bank_leads_to_one_place(bank):
    for name, node in bank.nodes.items():
        for phrase in bank.grammar(name).phrases:
            assert node.match(phrase.upper()) in {choice.goto for choice in node.choices}
        assert node.match("something else") is None
        assert node.match("") is None


def test_a_grammar_without_a_destination_lacks_all_its_phrases(bank):
    lacking = bank.grammar("main", "agent")
    assert lacking.grammar_id == "main-without-agent"
    assert set(bank.grammar("main").phrases) - set(lacking.phrases) == set(
        next(c for c in bank.nodes["main"].choices if c.goto == "agent").spoken
    )


def test_the_bank_has_a_way_to_a_person_at_its_menus(bank):
    assert bank.human == "agent"
    assert bank.nodes["main"].match("i want to speak to a person") == "agent"
    assert bank.nodes["digits"].match("zero") == "agent"


def test_each_served_utterance_is_heard_at_its_node_and_others_probe_the_start(bank):
    rows = utterances(
        {"utterance_id": "a", "speaker_id": "s", "intent": "digit-3"},
        {"utterance_id": "b", "speaker_id": "s", "intent": "balance"},
        {"utterance_id": "c", "speaker_id": "s", "intent": None},
        {"utterance_id": "d", "speaker_id": "s", "intent": "balance", "role": "agent"},
    )
    plan = make_plan(bank, rows, seed=1)
    assert plan.calls == {"digits": ("a",), "main": ("b",)}
    assert plan.probes == {"digits-without-transfer": ("a",), "main": ("c",), "main-without-balance": ("b",)}
    assert len(plan.work()) == 5


def test_probes_are_few_per_speaker_and_the_same_for_the_same_seed(bank):
    rows = [{"utterance_id": f"{s}{d}", "speaker_id": s, "intent": f"digit-{d}"} for s in "st" for d in range(10)]
    plan = make_plan(bank, utterances(*rows), seed=1)
    probed = [u for ids in plan.probes.values() for u in ids]
    assert sorted(u[0] for u in probed) == ["s"] * bank.probes_per_speaker + ["t"] * bank.probes_per_speaker
    assert make_plan(bank, utterances(*rows[::-1]), seed=1).probes.keys() == plan.probes.keys()


def test_a_corpus_that_the_service_does_not_serve_is_one_sentence(bank):
    with pytest.raises(InputError, match=r"ivr=bank serves no intent of the corpus: found pizza; accepted: balance"):
        make_plan(bank, utterances({"utterance_id": "a", "speaker_id": "s", "intent": "pizza"}), seed=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ivr.start=lobby", "start: found 'lobby', accepted: main, digits, confirm"),
        ("ivr.attempts=0", "ivr.attempts: found 0"),
        ("ivr.nodes.confirm.choices=[]", "ivr.nodes.confirm.choices"),
        (
            "ivr.nodes.confirm.choices.1.intents=[balance]",
            "node 'confirm': the intent 'balance' is served at node 'main'",
        ),
        ("ivr.nodes.confirm.choices.1.phrases=['yes']", "the phrase 'yes' leads to 'block-card' and to 'keep-card'"),
        ("+ivr.nodes.confirm.music=waltz", "ivr.nodes.confirm.music"),
    ],
)
def test_a_faulty_service_is_one_sentence_that_names_the_place(change, message):
    with pytest.raises(InputError) as raised:
        units(plain(composed([change])))
    assert message in str(raised.value)


def test_a_service_can_be_built_in_code():
    node = Node("Yes or no?", 1.0, (Choice("y", ("yes",), ("yes",)), Choice("n", ("no",), ("no",))))
    service = Service("tiny", "ask", 1, "n", None, 0, {"ask": node})
    assert service.places == {"yes": ("ask", "y"), "no": ("ask", "n")}
    assert isinstance(
        make_plan(service, utterances({"utterance_id": "a", "speaker_id": "s", "intent": "no"}), 1).calls, dict
    )
    assert pa.types.is_map(utterances_schema([]).field("slots").type)
