"""A graph that cannot be walked is refused in one sentence that names the node, before anything is heard."""

import time

import pytest
from calling import small
from patience import FOREVER_S
from pydantic import ValidationError
from routing import TO_DESK, TO_NUMBER, LastWord, asking

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.ivr import Answer, Call, Confirmation, Digits, End, Keys, Menu

BASE = small()
PERSON = Answer(goto="agent", phrases=("agent",), intents=("agent",), key="0")


def menu(*answers, **values):
    return Menu(prompt="What?", prompt_s=1.0, answers=answers, **values)


def nodes(**changed):
    return {"nodes": {**BASE.nodes, **changed}}


def going(goto, phrase="word", **values):
    return Answer(goto=goto, phrases=(phrase,), **values)


MAIN = BASE.nodes["main"].answers
DIGITS = {"prompt": "Number?", "prompt_s": 1.0, "length": 2}
YES_NO = {"prompt": "Right?", "prompt_s": 1.0, "agree": ("yes",), "refuse": ("no",)}


class Labelled:
    """A grammar of two words."""

    labels = frozenset({"Y", "N"})

    def match(self, text, tolerance=0):
        return None

    def phrases(self, limit):
        return ("yeah", "nope")


FAULTS = {
    "another version": ({"version": 2}, "version: found 2, accepted: 1"),
    "no such start": ({"start": "mian"}, "start: found 'mian'; did you mean 'main'?"),
    "nobody answers": ({"human": "paid"}, "human: found 'paid', where a person must answer"),
    "unknown target": (nodes(main=menu(*MAIN, going("dsek"))), "node 'main' leads nowhere: found 'dsek'; did you mean"),
    "unknown fallback": (
        nodes(main=menu(*MAIN, after_attempts="nowhere")),
        "node 'main', after_attempts: found 'nowhere'",
    ),
    "unknown confirmation": (
        nodes(number=Digits(**DIGITS, goto="paid", confirm="main")),
        "node 'number', confirm: found 'main'; accepted: sure",
    ),
    "no exit": (nodes(main=menu()), "node 'main' has no exit"),
    "unreachable node": (nodes(cellar=menu(going("paid"))), "node 'cellar' cannot be reached from the start"),
    "unreachable end": ({"ends": {**BASE.ends, "attic": End(kind="automatic")}}, "end 'attic' cannot be reached"),
    "loop": (
        nodes(main=menu(*MAIN, going("east")), east=menu(going("west")), west=menu(going("east")))
        | {"always": (), "stray": None},
        "node 'east' is in a loop without a way out: east, west lead to no end",
    ),
    "loop beside what every node takes": (
        nodes(main=menu(*MAIN, going("east")), east=menu(going("west")), west=menu(going("east"))),
        "node 'east' is in a loop without a way out: east, west lead to no end",
    ),
    "a node that leads to itself": (
        nodes(main=menu(*MAIN, going("east")), east=menu(going("east"))),
        "node 'east' is in a loop without a way out: east lead to no end",
    ),
    "a stray wish that nobody serves": (
        {"stray": "agnet"},
        "stray: found 'agnet', which no answer serves; did you mean",
    ),
    "a tag that nothing gives": (
        nodes(main=menu(*MAIN, going("paid", tags=("bal",)))),
        "node 'main': found the tag 'bal' and no grammar that could give it",
    ),
    "a label with no destination": (
        nodes(main=menu(*MAIN, going("paid", tags=("Y",)), grammar=Labelled())),
        "node 'main': the label 'N' of its grammar has no destination; accepted: an answer with this tag",
    ),
    "loop of fallbacks": (
        nodes(main=menu(*MAIN, going("east"), after_attempts="east"), east=menu(going("paid"), after_attempts="main")),
        "node 'main' is in a loop without a way out: after_attempts leads back to 'main'",
    ),
    "a confirmation of nothing": (
        nodes(main=menu(*MAIN, going("sure"))),
        "node 'main' leads to a confirmation: name it under confirm",
    ),
    "a confirmation at the start": ({"start": "sure"}, "node 'sure' is a confirmation and the start"),
    "a confirmed confirmation": (
        nodes(sure=Confirmation(**YES_NO, confirm="sure")),
        "node 'sure' is a confirmation: it cannot itself be confirmed",
    ),
    "two ways for a phrase": (
        nodes(main=menu(*MAIN, going("paid", "lost card"))),
        "node 'main': the phrase 'lost card' leads to 'desk' and to 'paid'",
    ),
    "two ways for an intent": (
        nodes(main=menu(*MAIN, going("paid", intents=("card",)))),
        "node 'main': the intent 'card' leads to 'desk' and to 'paid'",
    ),
    "nothing to say": (
        nodes(main=menu(*MAIN, Answer(goto="paid"))),
        "node 'main': the answer that leads to 'paid' has no phrase",
    ),
    "a bomb of optional words": (
        nodes(main=menu(*MAIN, going("paid", " ".join(["[very]"] * 40) + " well"))),
        "node 'main': the phrase '[very]",
    ),
    "a missing numeral": (
        {"numerals": {"1": ("one",)}},
        "node 'number' takes digits: numerals must hold words for all ten, found 1",
    ),
    "a key that means two things": (
        nodes(main=menu(*MAIN, going("paid", key="1"), keys=Keys(after=1, seconds=1.0))),
        "node 'main': the key '1' means more than one answer",
    ),
    "no keys": (
        nodes(main=menu(going("number"), going("desk", "other"), keys=Keys(after=1, seconds=1.0)))
        | {"always": (going("agent", "agent", intents=("agent",)),)},
        "node 'main' offers telephone keys and none of its answers has a key",
    ),
    "two ways for a tag": (
        nodes(main=asking(LastWord(), TO_NUMBER, TO_DESK, Answer(goto="agent", tags=("pay",)))),
        "node 'main': the tag 'pay' leads to 'number' and to 'agent'",
    ),
    "a call for what nobody serves": (
        {"calls": {"pizza": Call(wants=("pizza",), ends="paid")}},
        "call 'pizza': node 'main' serves nothing that is wanted, an intent with no destination: found pizza",
    ),
    "a call with another end": (
        {"calls": {"bill": Call(wants=("bill",), ends="desk")}},
        "call 'bill', ends: found 'desk', and a caller who is understood reaches 'paid' by way of main, number, sure",
    ),
    "a call to no end": ({"calls": {"bill": Call(wants=("bill",), ends="dsek")}}, "call 'bill', ends: found 'dsek'"),
    "a call that comes back": (
        nodes(main=menu(*MAIN, going("main", "again", intents=("again",))))
        | {"calls": {"again": Call(wants=("again",), ends="paid")}},
        "call 'again': a caller who is understood comes back to node 'main'",
    ),
    "a name twice": ({"ends": {**BASE.ends, "main": End(kind="automatic")}}, "'main' is a node and an end"),
    "a queue without priority": (
        {"ends": {**BASE.ends, "desk": End(kind="queue")}},
        "end 'desk': a queue has a priority and nothing else has one, found None",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_graph_is_one_sentence_that_names_the_place(fault):
    changes, message = FAULTS[fault]
    begin = time.process_time()
    with pytest.raises(ValidationError) as raised:
        small(**changes)
    assert time.process_time() - begin < FOREVER_S
    (error,) = raised.value.errors()
    assert error["msg"].startswith(f"Value error, {message}"), error["msg"]
    assert "\n" not in error["msg"]


def test_a_thousand_nodes_in_a_row_are_checked_before_it_takes_forever():
    chain = {f"n{i}": menu(going(f"n{i + 1}" if i < 999 else "paid", intents=("on",)), PERSON) for i in range(1000)}
    begin = time.process_time()
    long = small(
        start="n0",
        always=(),
        nodes=chain,
        ends={name: BASE.ends[name] for name in ("paid", "agent")},
        calls={"on": Call(wants=("on",), ends="paid")},
    )
    assert time.process_time() - begin < FOREVER_S
    assert long.limit("n999") == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ivr.version=2", "ivr: version: found 2, accepted: 1"),
        ("ivr.nodes.main.kind=manu", "ivr.nodes.main"),
        ("ivr.nodes.right.agree=[]", "ivr.nodes.right.confirmation.agree"),
        ("ivr.nodes.balance-account.length=0", "ivr.nodes.balance-account.digits.length: found 0"),
        ("+ivr.nodes.block.music=waltz", "ivr.nodes.block.menu.music"),
        ("ivr.nodes.block.prompt_s=-1", "ivr.nodes.block.menu.prompt_s: found -1"),
        ("ivr.ends.agent.priority=null", "ivr: end 'agent': a queue has a priority"),
        ("ivr.calls.pin.ends=bills", "ivr: call 'pin', ends: found 'bills'"),
    ],
)
def test_a_fault_in_a_configuration_names_the_node(change, message):
    with pytest.raises(InputError) as raised:
        units(plain(composed(["ivr=bank-calls", change])))
    assert message in str(raised.value)


def test_a_flag_is_no_number_of_attempts():
    with pytest.raises(ValidationError, match="valid integer"):
        small(attempts=True)
    with pytest.raises(ValidationError, match="valid integer"):
        Digits(**(DIGITS | {"length": True}), goto="paid")
