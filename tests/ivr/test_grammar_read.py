"""Every element of SRGS XML and every sign of JSGF that is read says what it should."""

from pathlib import Path

import pocketsphinx
import pytest
from grammars_by_hand import derivations, grammars, in_jsgf, in_srgs, texts
from hypothesis import assume, given, settings

from callgap.errors import InputError
from callgap.ivr.grammars import GARBAGE, NULL, VOID, Match, Reference, Repeat, Tree, read_grammar

SAMPLES = Path(__file__).parent / "grammars"

BANK = [
    f"{please}{rest}"
    for please in ("please ", "")
    for rest in (
        "check my account balance",
        "my account balance",
        "card one one",
        "card one two",
        "card two one",
        "card two two",
        "my credit card is lost",
    )
]
"""What may be said, in the order of the weights."""


@pytest.mark.parametrize("sample", ["bank.grxml", "bank.jsgf"])
def test_a_menu_is_read_alike_from_both_notations(sample):
    tree = read_grammar(SAMPLES / sample)
    assert (tree.root, tree.language, tree.mode) == ("menu", "en-US", "voice")
    assert list(tree.phrases(14)) == BANK
    assert tree.match("Please check my account balance.") == Match(BANK[0], ("balance",), 0)
    assert tree.match("my credit card is lost").labels == ("card-lost",)
    assert tree.match("card two one").labels == ("2", "1")
    assert tree.match("never mind") is None
    assert tree.match("card three three") is None
    assert tree.match("my card is lost", tolerance=1) == Match("my credit card is lost", ("card-lost",), 1)


@pytest.mark.parametrize("sample", ["bank.grxml", "bank.jsgf"])
def test_a_sample_says_what_is_written_out_from_its_tree(sample):
    tree = read_grammar(SAMPLES / sample)
    ways = list(derivations(tree.rules, tree.rules["menu"].body, 20))
    assert {" ".join(words) for words, _ in ways} == set(BANK)
    for words, labels in ways:
        assert tree.match(" ".join(words)).labels == labels


def test_lines_are_those_of_the_file():
    tree = read_grammar(SAMPLES / "bank.grxml")
    assert {name: rule.line for name, rule in tree.rules.items()} == {"menu": 9, "number": 20, "digit": 23}
    tree = read_grammar(SAMPLES / "bank.jsgf")
    assert {name: rule.line for name, rule in tree.rules.items()} == {"menu": 6, "number": 13, "digit": 14}


def test_repeats_escapes_and_an_encoding_of_jsgf():
    with pytest.raises(
        InputError, match=r"line \d+: public rules: found 2 \(digits, digit\), accepted: one, or the name"
    ):
        read_grammar(SAMPLES / "digits.jsgf")
    tree = read_grammar(SAMPLES / "digits.jsgf", rule="digits")
    assert tree.language == "fr"
    assert tree.match("ZÉRO un merci merci").labels == ("0", "digit}\\", "last", "1", "digit}\\", "last")
    assert tree.match("merci") is None
    with pytest.raises(InputError, match=r"line 3, rule 'digits': repeats a part without end; accepted: up to 100 phr"):
        tree.phrases(100)
    assert read_grammar(SAMPLES / "digits.jsgf", rule="digit").phrases(2) == ("zéro", "un")


def test_garbage_around_a_request_for_a_person():
    tree = read_grammar(SAMPLES / "agent.xml")
    assert tree.rules["agent"].body.parts[0] is GARBAGE
    assert tree.match("I want to speak to a person right now!").labels == ("human",)
    assert tree.match("what is my balance") is None


def test_keys_of_a_telephone():
    tree = read_grammar(SAMPLES / "keys.grxml")
    assert (tree.mode, tree.language) == ("dtmf", None)
    assert tree.match("90#") == Match("9 0 #", ("end",), 0)
    assert tree.match("A*").labels == ("again",)
    assert tree.match("0000#") is None
    assert len(tree.phrases(1000)) == (3 + 9 + 27) * 2


def test_a_sign_after_words_belongs_to_the_last_of_them_and_after_quotes_to_all(tmp_path):
    path = tmp_path / "signs.gram"
    path.write_text('#JSGF V1.0;\ngrammar signs;\npublic <a> = uno dos* "tres uno"+ {x};\n', encoding="utf-8-sig")
    tree = read_grammar(path)
    assert tree.language is None
    assert tree.match("uno tres uno tres uno").labels == ("x",)
    assert tree.match("uno dos dos tres uno").labels == ("x",)
    assert tree.match("uno dos uno dos tres uno") is None
    assert tree.match("uno tres uno uno") is None


def test_old_line_ends_and_comments_do_not_move_the_lines(tmp_path):
    path = tmp_path / "old.jsgf"
    path.write_bytes(b"#JSGF V1.0;\rgrammar old;\r/* one\r\n two */ public <a> = uno\r\n  <b>;\n<b> = dos // tres\n;")
    tree = read_grammar(path)
    assert tree.phrases(1) == ("uno dos",)
    assert [rule.line for rule in tree.rules.values()] == [4, 6]


def test_a_tag_is_a_label_and_is_never_executed(tmp_path):
    path = tmp_path / "tags.jsgf"
    path.write_text("#JSGF V1.0;\ngrammar tags;\npublic <a> = uno { __import__('os').abort(); };\n")
    assert read_grammar(path).match("uno").labels == ("__import__('os').abort();",)


@settings(max_examples=60, deadline=None)
@given(rules=grammars(circular=False, specials=(NULL, VOID, GARBAGE)))
def test_a_grammar_written_in_srgs_is_read_as_it_was(tmp_path_factory, rules):
    _same_meaning(tmp_path_factory, rules, in_srgs, "written.grxml")


@settings(max_examples=60, deadline=None)
@given(rules=grammars(circular=False, repeats=((0, 1), (0, None), (1, None))))
def test_a_grammar_written_in_jsgf_is_read_as_it_was(tmp_path_factory, rules):
    _same_meaning(tmp_path_factory, rules, in_jsgf, "written.jsgf")


def _same_meaning(folders, rules, write, name):
    try:
        tree = Tree("t", rules, "a")
    except InputError:
        assume(False)
    path = folders.mktemp("written") / name
    path.write_text(write(rules, "a"), encoding="utf-8")
    read = read_grammar(path)
    for text in texts(3):
        assert read.match(" ".join(text)) == tree.match(" ".join(text))


@settings(max_examples=60, deadline=None)
@given(rules=grammars(circular=False, specials=(NULL,), repeats=((0, 1), (0, None), (1, None))))
def test_pocketsphinx_takes_the_same_texts_from_a_jsgf_grammar(tmp_path_factory, rules):
    path = tmp_path_factory.mktemp("sphinx") / "written.gram"
    path.write_text(in_jsgf(rules, "a"), encoding="utf-8")
    try:
        tree = read_grammar(path)
    except InputError:
        assume(False)
    jsgf = pocketsphinx.Jsgf(str(path))
    network = jsgf.build_fsg(jsgf.get_rule("written.a"), pocketsphinx.LogMath(), 1.0)
    for text in texts(3):
        assert network.accept(" ".join(text)) == (tree.match(" ".join(text)) is not None)


def test_pocketsphinx_takes_the_same_texts_from_a_rule_that_goes_on_with_itself(tmp_path):
    path = tmp_path / "on.gram"
    path.write_text("#JSGF V1.0;\ngrammar on;\npublic <a> = (uno | dos tres) <a> | dos;\n")
    tree, jsgf = read_grammar(path), pocketsphinx.Jsgf(str(path))
    assert isinstance(tree.rules["a"].body.parts[0].parts[1], Reference)
    network = jsgf.build_fsg(jsgf.get_rule("on.a"), pocketsphinx.LogMath(), 1.0)
    taken = [text for text in texts(4) if network.accept(" ".join(text))]
    assert len(taken) == 1 + 1 + 2 + 3
    assert taken == [text for text in texts(4) if tree.match(" ".join(text))]


def test_an_optional_part_is_a_repeat_from_0_to_1(tmp_path):
    for name, content in (
        ("o.gram", "#JSGF V1.0;\ngrammar o;\npublic <a> = [uno] dos;"),
        (
            "o.grxml",
            '<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="es" root="a">'
            '<rule id="a"><item repeat="0-1">uno</item>dos</rule></grammar>',
        ),
    ):
        path = tmp_path / name
        path.write_text(content)
        assert isinstance(read_grammar(path).rules["a"].body.parts[0], Repeat)
        assert read_grammar(path).phrases(2) == ("uno dos", "dos")
