"""A grammar with a fault is one sentence with file, line and rule, in less than a second."""

import time

import pytest
from patience import FOREVER_S

from callgap.errors import InputError
from callgap.ivr.grammars import Alternatives, Reference, Repeat, Rule, Sequence, Tree, Word, read_grammar

JSGF = "#JSGF V1.0;\ngrammar g;\n"
OPEN = '<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en" root="a">\n'
XML = '<?xml version="1.0"?>\n' + OPEN
END = "</grammar>"


def rule(content, name="a"):
    return f'<rule id="{name}">{content}</rule>\n'


def refused(tmp_path, name, content):
    """The one sentence with which a file is refused, after the path."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = time.process_time()
    with pytest.raises(InputError) as raised:
        read_grammar(path)
    assert time.process_time() - before < FOREVER_S
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500 + len(str(path))
    assert str(raised.value).startswith(str(path))
    return str(raised.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "public <a> = <balanse>;\n<balance> = x;",
            ", line 3, rule 'a': refers to 'balanse', which is not defined; did",
        ),
        ("public <a> = <a> x | y;", ", line 3, rule 'a': begins with itself before a word is heard (a -> a); accepted"),
        ("public <a> = [x] {t} <b>;\n<b> = (y)* <a> | z;", ", line 3, rule 'a': begins with itself before a word is"),
        (
            "public <a> = x;\n<b> = <NULL> <c>;\n<c> = [z] <b> y;",
            ", line 4, rule 'b': begins with itself before a word",
        ),
        ("public <a> = (x [<a>])* ;\n<b> = (<b>)+;", ", line 4, rule 'b': begins with itself"),
        ("public <a> = x <a>;", ", line 3, rule 'a': has no end: every way through it comes to a rule without end"),
        ("public <a> = y;\n<b> = x <c>;\n<c> = y <b>;", ", line 4, rule 'b': has no end"),
        ("public <a> = <VOID>;", ", line 3, rule 'a': nothing can be said: every way through the root rule holds VOID"),
        ("public <a> = <NULL> {x};", ", line 3, rule 'a': nothing can be said: the root rule comes to no word"),
        ("public <a> = x;\n<a> = y;", ", line 4, rule 'a': is defined on line 3 already; accepted: one definition"),
        ("<a> = x;", ": public rules: found none, accepted: one, or the name of the one that is meant"),
        ("public <a> = x;\npublic <b> = y;", ", line 4: public rules: found 2 (a, b), accepted: one"),
        ("public <NULL> = x;", ", line 3, rule 'NULL': the name is reserved; accepted: any but NULL, VOID and GARBAGE"),
        ("public <a.b> = x;", ", line 3, rule 'a.b': the defined name has a dot; accepted: a name without dots"),
        (
            "import <com.acme.dates.*>;\npublic <a> = x;",
            ", line 3: import: found '<com.acme.dates.*>', accepted: rules",
        ),
        ("public <a> = x <com.acme.day>;", ", line 3, rule 'a': reference: found 'com.acme.day', accepted: rules of"),
        (
            "public <a> = /2/ x | y;",
            ", line 3, rule 'a': weights: found before some alternatives only, accepted: before",
        ),
        (
            "public <a> =\n /0/ x | /0/ y;",
            ", line 4, rule 'a': weights: found 0 before every alternative, accepted: one",
        ),
        ("public <a> = /-1/ x | /1/ y;", ", line 3, rule 'a': weight: found '-1', accepted: a number of 0 or more"),
        ("public <a> = x {};", ", line 3, rule 'a': tag: found an empty one, accepted: a label between the braces"),
        ('public <a> = "";', ", line 3, rule 'a': word: found '', accepted: a word with a letter or a digit"),
        ("public <a> = x ... y;", ", line 3, rule 'a': word: found '...', accepted: a word with a letter or a digit"),
        ("public <a> = x\n | ;", ", line 4, rule 'a': found ';', accepted: "),
        ("public <a> = (x;", ", line 3, rule 'a': found ';', accepted: "),
        ("public <a> = x **;", ", line 3, rule 'a': found '*', accepted: "),
        ("public <a> = x\n\n", ", line 5, rule 'a': found the end of the file, accepted: "),
        ("public <a> = x; /* open", ", line 3, rule 'a': found '/', accepted: "),
        (
            "public <a> = " + "(" * 60 + "x" + ")" * 60 + ";",
            ", line 3, rule 'a': brackets are nested deeper than the ac",
        ),
    ],
)
def test_a_faulty_jsgf_rule_is_named_with_its_line(tmp_path, body, said):
    assert refused(tmp_path, "g.jsgf", JSGF + body).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": the file is empty; accepted: a grammar in SRGS XML or in JSGF"),
        ("grammar g;", ", line 1: header: found 'grammar g;', accepted: one such as '#JSGF V1.0 UTF-8 en;'"),
        ("#ABNF 1.0;\n", ", line 1: header: found the ABNF form of SRGS, accepted: one such as"),
        ("#JSGF V2.0;\n", ", line 1: version: found '2.0', accepted: 1.0"),
        ("#JSGF V1.0 KOI8-R ru;\n", ", line 1: encoding: found 'KOI8-R', accepted: UTF-8, US-ASCII, ISO-8859-1"),
        ("#JSGF V1.0 klingon tlh;\n", ", line 1: encoding: found 'klingon', accepted: UTF-8, US-ASCII, ISO-8859-1"),
        ("#JSGF V1.0 UTF-8 4;\n", ", line 1: language: found '4', accepted: a tag such as en-US or fr"),
        (
            b"#JSGF V1.0;\ngrammar g;\n<a> = \xe9;",
            ", line 3: encoding: found the byte 0xe9, accepted: text in UTF-8, or",
        ),
        ("#JSGF V1.0;\npublic <a> = x;", ", line 2: found 'public', accepted: grammar"),
        ("#JSGF V1.0;\x00", ", line 1: found '\\x00', accepted: "),
        ("#JSGF V1.0;\n" + "/" * 100_000, ": the file is larger than the accepted 100,000 bytes"),
    ],
)
def test_a_faulty_jsgf_header_or_file_is_one_sentence(tmp_path, content, said):
    assert refused(tmp_path, "g.gram", content).startswith(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rule('x\n<ruleref uri="#b"/>'), ", line 4, rule 'a': refers to 'b', which is not defined; defined: a"),
        (
            rule('<item repeat="0-1">x</item><ruleref uri="#a"/>'),
            ", line 3, rule 'a': begins with itself before a word",
        ),
        (rule('x <ruleref uri="#a"/>'), ", line 3, rule 'a': has no end"),
        (
            rule('<item repeat="0-1000000">x</item>'),
            ", line 3, rule 'a': repeat: found 0-1000000, accepted: numbers up",
        ),
        (
            rule('<item repeat="3-2">x</item>'),
            ", line 3, rule 'a': repeat: found 3-2, accepted: two numbers, the smaller",
        ),
        (rule('<item repeat="-2">x</item>'), ", line 3, rule 'a': repeat: found '-2', accepted: a number (3), a range"),
        (
            rule('<item repeat="2" repeat-prob="2">x</item>'),
            ", line 3, rule 'a': repeat-prob: found '2', accepted: 0 to",
        ),
        (
            rule('<item repeat-prob=".5">x</item>'),
            ", line 3, rule 'a': repeat-prob: found '.5', accepted: 0 to 1, beside",
        ),
        (
            rule('<item weight="2">x</item>'),
            ", line 3, rule 'a': weight: found '2', accepted: only at an item directly in",
        ),
        (
            rule('<one-of><item weight="-1">x</item></one-of>'),
            ", line 3, rule 'a': weight: found '-1', accepted: a numb",
        ),
        (
            rule('<one-of><item weight="0">x</item></one-of>'),
            ", line 3, rule 'a': <one-of>: found only the weight 0, acc",
        ),
        (rule("<one-of></one-of>"), ", line 3, rule 'a': <one-of>: found no item, accepted: an item that may be said"),
        (rule("<one-of>x</one-of>"), ", line 3, rule 'a': found 'x' in <one-of>, accepted: <item>"),
        (rule(" "), ", line 3, rule 'a': found nothing in it, accepted: words, or <ruleref special=\"NULL\"/>"),
        (
            rule('<ruleref uri="http://example.com/g.grxml#d"/>'),
            ", line 3, rule 'a': uri: found 'http://example.com/g.gr",
        ),
        (
            rule('<ruleref uri="#b" special="NULL"/>'),
            ", line 3, rule 'a': <ruleref>: found both, accepted: uri or speci",
        ),
        (rule("<ruleref/>"), ", line 3, rule 'a': <ruleref>: found neither, accepted: uri or special"),
        (
            rule('<ruleref special="NOISE"/>'),
            ", line 3, rule 'a': special: found 'NOISE', accepted: NULL, VOID, GARBAGE",
        ),
        (rule("<token></token>"), ", line 3, rule 'a': <token>: found nothing in it, accepted: text"),
        (rule("<tag/>"), ", line 3, rule 'a': <tag>: found nothing in it, accepted: text"),
        (rule('say "this'), ", line 3, rule 'a': found 'say \"this', accepted: quotation marks in pairs"),
        (rule("x ?"), ", line 3, rule 'a': word: found '?', accepted: a word with a letter or a digit"),
        (
            rule('<item xml:lang="fr">x</item>'),
            ", line 3, rule 'a': xml:lang: found 'fr', accepted: en, that of the gramm",
        ),
        (
            rule("<script>x</script>"),
            ", line 3, rule 'a': found <script> in <rule> (nothing of a grammar is executed), ac",
        ),
        (
            rule("<sing>x</sing>"),
            ", line 3, rule 'a': found <sing> in <rule>, accepted: <example>, <item>, <one-of>, <rul",
        ),
        (
            rule('<item loud="yes">x</item>'),
            ", line 3, rule 'a': <item>: found the attribute 'loud', accepted: repeat,",
        ),
        (rule("x") + rule("y"), ", line 4, rule 'a': is defined on line 3 already; accepted: one definition"),
        (rule("x", "GARBAGE"), ", line 3, rule 'GARBAGE': the name is reserved"),
        (rule("x", "b"), ": the root rule 'a' is not defined; defined: b"),
        ("<rule>x</rule>", ", line 3: id: found '', accepted: a name without blanks"),
        (
            '<rule id="a" scope="secret">x</rule>',
            ", line 3, rule 'a': scope: found 'secret', accepted: private, public",
        ),
        (
            '<lexicon uri="x"/>' + rule("x"),
            ", line 3: found <lexicon> in <grammar> (pronunciations belong to the recogn",
        ),
        (
            "<tag>var x;</tag>" + rule("x"),
            ", line 3: found <tag> in <grammar> (outside a rule it is a script, and nothi",
        ),
        ("words" + rule("x"), ", line 3: found 'words' in <grammar>, accepted: <meta>, <metadata>, <rule>"),
        (
            rule("<item>" * 60 + "x" + "</item>" * 60),
            ", line 3, rule 'a': elements are nested deeper than the accepted",
        ),
        (rule("&bomb;"), ", line 3: is no well-formed XML: undefined entity"),
        (rule("<item>x</rule>"), ", line 3: is no well-formed XML: mismatched tag"),
    ],
)
def test_a_faulty_srgs_element_is_named_with_its_line(tmp_path, body, said):
    assert refused(tmp_path, "g.grxml", XML + body + END).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<vxml/>", ", line 1: found <vxml> as the whole of the file, accepted: <grammar>"),
        (XML.replace('"1.0" xmlns', '"2.0" xmlns') + END, ", line 2: version: found '2.0', accepted: 1.0"),
        (
            XML.replace(' root="a"', "") + rule("x") + END,
            ", line 2: root: found none, accepted: the id of a rule, or the",
        ),
        (
            XML.replace(' xml:lang="en"', "") + rule("x") + END,
            ", line 2: xml:lang: found none, accepted: a tag such as",
        ),
        (
            XML.replace("2001/06", "2002/06") + END,
            ", line 2: xmlns: found 'http://www.w3.org/2002/06/grammar', accepted",
        ),
        (XML.replace('"en"', '"e"') + END, ", line 2: language: found 'e', accepted: a tag such as en-US or fr"),
        (XML.replace("root", 'mode="morse" root') + END, ", line 2: mode: found 'morse', accepted: voice, dtmf"),
        (
            XML.replace("root", 'mode="dtmf" root') + rule("12") + END,
            ", line 3, rule 'a': key: found '12', accepted in mode",
        ),
        (
            XML.replace("root", 'tag-format="semantics/1.0" root') + END,
            ", line 2: tag-format: found 'semantics/1.0', accepted: semantics/1.0-literals",
        ),
        (
            f'<?xml version="1.0"?>\n<!DOCTYPE grammar SYSTEM "grammar.dtd">\n{OPEN}{rule("x")}{END}',
            ", line 2: found a document type declaration (DOCTYPE), accepted: a file without one",
        ),
        (
            f'<?xml version="1.0"?>\n<!DOCTYPE g [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n{OPEN}{rule("&e;")}{END}',
            ", line 2: found a document type declaration (DOCTYPE), accepted: a file without one",
        ),
        (
            '<?xml version="1.0" encoding="klingon"?>\n' + OPEN + END,
            ", line 1: cannot be read as XML: unknown encoding: klingon",
        ),
        (XML.encode() + b"\xe9" + END.encode(), ", line 3: is no well-formed XML: not well-formed (invalid token)"),
    ],
)
def test_a_faulty_srgs_header_or_file_is_one_sentence(tmp_path, content, said):
    assert refused(tmp_path, "g.xml", content).startswith(said)


def test_a_file_that_is_not_there_or_of_another_kind_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"g\.txt: ending: found '\.txt', accepted: \.grxml, \.xml, \.jsgf, \.gram"):
        read_grammar(tmp_path / "g.txt")
    with pytest.raises(InputError, match=r"g\.gram: No such file or directory"):
        read_grammar(tmp_path / "g.gram")
    (tmp_path / "d.gram").mkdir()
    with pytest.raises(InputError, match=r"d\.gram: Is a directory"):
        read_grammar(tmp_path / "d.gram")


def test_only_a_public_rule_of_the_file_can_be_asked_for(tmp_path):
    path = tmp_path / "g.jsgf"
    path.write_text(JSGF + "public <a> = x <b>; public <c> = z; <b> = y;")
    assert read_grammar(path, rule="c").phrases(1) == ("z",)
    for name in ("b", "d"):
        with pytest.raises(InputError, match=rf"rule: found '{name}', accepted: a, c"):
            read_grammar(path, rule=name)


def laughs(first, last, times):
    """Rules that each say the next one several times."""
    rules = "".join(f"<r{n}> = {' '.join([f'<r{n + 1}>'] * times)};\n" for n in range(first, last))
    return f"{rules}<r{last}> = ha;\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "g.jsgf",
            JSGF + "public <a> = <r0>;\n" + laughs(0, 60, 10),
            "rule 'a': has no phrase of fewer than 1,000,000,000",
        ),
        (
            "g.jsgf",
            JSGF + "public <a> = " + "x y z " * 3330 + ";",
            "has no phrase of fewer than 9,990 words; accepted: a",
        ),
        (
            "g.jsgf",
            JSGF + "public <a> = " + "x | " * 24_000 + "x;",
            "words, signs and tags are more than the accepted 10,000",
        ),
        ("g.jsgf", JSGF + "public <a> = " + "[" * 90_000, "brackets are nested deeper than the accepted 50"),
        ("g.jsgf", JSGF + "public <a> = " + "{" * 90_000, "line 3, rule 'a': found '{', accepted: "),
        ("g.jsgf", JSGF + "public <a> = " + '"' * 90_001, "line 3, rule 'a': words, signs and tags are more than the"),
        ("g.jsgf", JSGF + "public <a> = x " + "/*" * 40_000, "words, signs and tags are more than the accepted 10,000"),
        (
            "g.jsgf",
            JSGF + "public <r0> = <r1>;\n" + "".join(f"<r{n}> = [x] <r{(n + 1) % 1240}>;\n" for n in range(1, 1240)),
            "line 3, rule 'r0': begins with itself before a word is heard (r0 -> r1 -> r2 -> ... -> r1238 -> r1239 ->",
        ),
        (
            "g.jsgf",
            JSGF + "public <r0> = x <r1>;\n" + "".join(f"<r{n}> = y <r{(n * 7) % 1240}>;\n" for n in range(1, 1240)),
            "line 3, rule 'r0': has no end",
        ),
        (
            "g.grxml",
            XML + rule('<item repeat="1000">' * 9 + "x" + "</item>" * 9) + END,
            "fewer than 1,000,000,000 words",
        ),
        (
            "g.grxml",
            XML + rule("x " * 45_000) + END,
            "has no phrase of fewer than 45,000 words; accepted: a phrase of at",
        ),
        ("g.grxml", XML + rule("<item>" * 14_000), "elements are nested deeper than the accepted 50"),
        ("g.grxml", XML + "<metadata>" + "<x>" * 30_000, "is no well-formed XML"),
        ("g.grxml", XML + rule("<item>x</item>" * 6_000) + END, "has no phrase of fewer than 6,000 words"),
    ],
)
def test_a_grammar_bomb_is_refused_before_it_goes_off(tmp_path, name, content, said):
    assert said in refused(tmp_path, name, content)


def test_a_grammar_of_too_many_phrases_or_too_many_ways_is_refused_when_it_is_asked(tmp_path):
    path = tmp_path / "g.jsgf"
    halves = "".join(f"<r{n}> = [<r{n + 1}>] [<r{n + 1}>];\n" for n in range(40))
    path.write_text(JSGF + f"public <a> = go <r0>;\n{halves}<r40> = ha;\n")
    tree = read_grammar(path)
    before = time.process_time()
    with pytest.raises(
        InputError, match=r"line \d+, rule 'r\d+': (has more than 1,000 phrases|takes more than 2,000,000)"
    ):
        tree.phrases(1000)
    with pytest.raises(
        InputError, match=r"a text of 201 words can be said in too many ways within 0 edits; accepted: fe"
    ):
        tree.match("go" + " ha" * 200)
    assert time.process_time() - before < FOREVER_S
    assert tree.match("go ha ha").edits == 0


def test_a_tree_made_in_code_is_checked_like_one_read():
    deep = Word("x")
    for _ in range(60):
        deep = Sequence((deep,))
    for body, said in (
        (deep, "parts are nested deeper than the accepted 50"),
        (Repeat(Word("x"), 0, 1001), "repeat: found 0-1001, accepted: numbers up to 1000"),
        (Repeat(Word("x"), -1, None), "repeat: found -1-, accepted: two numbers, the smaller one first"),
        (Reference("b"), "refers to 'b', which is not defined"),
        (Alternatives((), ()), "nothing can be said"),
    ):
        with pytest.raises(InputError) as raised:
            Tree("made", {"a": Rule("a", body)}, "a")
        assert said in str(raised.value)
