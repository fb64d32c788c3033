"""Rules apply at the borders of words, by priority, and a fault names the rule."""

import itertools
import re
import time

import pytest
from hydra.utils import instantiate
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from callgap.errors import InputError
from callgap.ivr.routers import KeywordRouter, Routed, Router, Rule, WrittenTexts
from callgap.ivr.routers.rules import read_rules

HELD_OUT = WrittenTexts(test={"lost": ("my card is lost",), "balance": ("balance",), "out-of-scope": ("a pizza",)})
RULES = (
    Rule("lost", any=("lost card", "stolen"), priority=5),
    Rule("lost", any=("lost",), all=("card",)),
    Rule("balance", any=("balance", "solde*")),
    Rule("agent", any=("a person", "agent", "speak to someone"), none=("travel agent",), priority=9),
)


def router(rules=RULES):
    return KeywordRouter(rules=rules, held_out=HELD_OUT)


def routed(text, rules=RULES):
    return router(rules).route([text])[0]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I have a LOST CARD.", "lost"),
        ("the card, it is lost", "lost"),
        ("lost cards", None),
        ("my unbalanced balance", "balance"),
        ("unbalanced", None),
        ("les soldes", "balance"),
        ("I'd rather speak to someone about my balance", "agent"),
        ("my travel agent", None),
        ("", None),
        ("balance lost-card", "lost"),
    ],
)
def test_a_rule_applies_to_whole_words_and_the_highest_priority_wins(text, intent):
    assert routed(text).intent == intent


def test_confidence_says_whether_other_rules_disagree():
    assert routed("balance") == Routed("balance", 1.0)
    assert routed("stolen balance") == Routed("lost", 0.5, "balance")
    assert routed("pizza") == Routed(None, 0.0)


def test_of_equal_priority_more_words_win_and_then_the_first_rule():
    rules = (Rule("short", any=("card",)), Rule("long", any=("new card",)), Rule("other", any=("please",)))
    assert routed("new card", rules).intent == "long"
    assert routed("card please", rules).intent == "short"
    assert routed("please card", rules[::-1]).intent == "other"


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "c"]), max_size=6)
PHRASES = st.lists(st.sampled_from(["a", "b", "a b", "ab", "a*", "b a*"]), max_size=2).map(tuple)


def occurs(phrase, words):
    """Brute force: at each place, word by word."""
    wanted = phrase.split()
    return any(
        all(
            word.startswith(want[:-1]) if want.endswith("*") else word == want
            for want, word in zip(wanted, words[place:], strict=False)
        )
        for place in range(len(words) - len(wanted) + 1)
    )


@given(WORDS, PHRASES, PHRASES, PHRASES)
def test_a_rule_applies_exactly_where_a_search_word_by_word_says_so(words, any_of, all_of, none_of):
    if not any_of and not all_of:
        return
    rule = Rule("x", any=any_of, all=all_of, none=none_of)
    applies = (
        (not any_of or any(occurs(phrase, words) for phrase in any_of))
        and all(occurs(phrase, words) for phrase in all_of)
        and not any(occurs(phrase, words) for phrase in none_of)
    )
    length = rule.length(f" {' '.join(words)} ")
    assert (length is not None) == applies
    if applies:
        longest = max((len(phrase.split()) for phrase in any_of if occurs(phrase, words)), default=0)
        assert length == longest + sum(len(phrase.split()) for phrase in all_of)


def test_a_text_is_routed_alike_alone_and_among_others():
    texts = [" ".join(words) for words in itertools.product(["lost", "card", "agent", "balance"], repeat=3)]
    together = router().route(texts + texts)
    assert together == [router().route([text])[0] for text in texts] * 2


def test_it_is_a_router_that_says_how_well_it_does():
    made = router()
    assert isinstance(made, Router)
    made.check()
    assert made.intents == ("agent", "balance", "lost")
    found = made.accuracy()
    assert (found.in_scope.texts, found.in_scope.correct) == (2, 2)
    assert found.out_of_scope_recall == 1.0
    assert made.identity()["rules"] == "4"
    assert router(RULES[1:]).identity() != made.identity()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"intent": "x"}, "rule for 'x': it asks for no phrase"),
        ({"intent": "x", "any": ("?",)}, r"rule for 'x': the phrase '\?' holds no word"),
        ({"intent": "x", "any": ("*",)}, r"the phrase '\*' holds no word"),
        ({"intent": "x", "all": ("ca*rd",)}, "the phrase 'ca\\*rd' has a star inside a word"),
        ({"intent": "out-of-scope", "any": ("a",)}, "what no rule applies to is out of scope already"),
    ],
)
def test_a_faulty_rule_is_told_by_its_intent(values, message):
    with pytest.raises(ValidationError, match=message):
        Rule(**values)


def test_two_rules_that_only_their_order_decides_are_refused_with_both_numbers():
    with pytest.raises(
        ValidationError, match=r"rule 1 \('a'\) and rule 3 \('b'\) both wait for 'New card' with priority 0"
    ):
        router((Rule("a", any=("new card",)), Rule("a", any=("x",)), Rule("b", any=("New card",))))
    router((Rule("a", any=("new card",)), Rule("b", any=("new card",), priority=1)))
    with pytest.raises(ValidationError, match="there is no rule"):
        router(())


def test_rules_in_a_file_are_the_same_rules(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(
        "- {intent: lost, any: [lost card, stolen], priority: 5}\n"
        "- {intent: lost, any: [lost], all: [card]}\n"
        "- {intent: balance, any: [balance, 'solde*']}\n"
        "- intent: agent\n  any: [a person, agent, speak to someone]\n  none: [travel agent]\n  priority: 9\n"
    )
    assert read_rules(path) == RULES
    content = {
        "_target_": "callgap.ivr.routers.KeywordRouter",
        "file": str(path),
        "held_out": {"_target_": "callgap.ivr.routers.WrittenTexts", "test": {"lost": ["lost card"]}},
    }
    made = instantiate(content, _convert_="all")
    assert made.identity() == router().identity()
    assert made.route(["lost card"]) == [Routed("lost", 1.0)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- {intent: a, any: [x]}\n- {intent: b}\n", r"line 2, rule 2: .*rule for 'b': it asks for no phrase"),
        ("- {intent: a, any: [x], prio: 1}\n", r"line 1, rule 1: prio: "),
        ("- {intent: a, any: [yes]}\n", r"line 1, rule 1: any\.0: Input should be a valid string"),
        ("- {intent: a, any: [x]}\n- {intent: b, any: [x]}\n", r"rule 1 \('a'\) and rule 2 \('b'\) both wait for 'x'"),
        ("intent: a\n", "accepted is a list of rules"),
        ("", "accepted is a list of rules"),
        ("[]", "there is no rule"),
        ("- {intent: a\n", r"is no YAML: .*line 2"),
        ("- &a {intent: a, any: [x]}\n- *a\n", r"line 2: found an alias"),
        ("[" * 100_000, r"line 1: found lists within lists"),
        ("- 'x" + "y" * 300_000 + "'\n", "is larger than 262144 bytes"),
        ("- !!python/object/apply:os.system ['true']\n", r"line 1, rule 1: could not determine a constructor"),
    ],
    ids=lambda value: re.sub(r"\W+", "-", value)[:30],
)
def test_a_faulty_file_is_one_sentence_with_file_line_and_rule_at_once(tmp_path, content, message):
    path = tmp_path / "rules.yaml"
    path.write_text(content)
    begin = time.perf_counter()
    with pytest.raises(InputError, match=message) as raised:
        read_rules(path)
    assert time.perf_counter() - begin < 1
    assert "rules.yaml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_told_before_anything_is_routed(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml cannot be read"):
        KeywordRouter(file=tmp_path / "none.yaml", held_out=HELD_OUT).check()


def test_rules_come_from_one_place():
    with pytest.raises(ValidationError, match="found neither of rules and file; accepted: one"):
        KeywordRouter(held_out=HELD_OUT)
    with pytest.raises(ValidationError, match="found both of rules and file; accepted: one"):
        KeywordRouter(rules=RULES, file="rules.yaml", held_out=HELD_OUT)
