"""A service of one's own with a fault: one sentence with file, line and node, exit status 2, nothing left behind."""

import csv

import pandas as pd
import pytest
from garage import FILE, RUN, SERVICE, changed, line_of, refused, write
from runs import callgap

from callgap import config_files

ANSWERS = """    answers:
      - {goto: workshop, intents: ["yes"], phrases: ["yes"]}
"""
BACK = [
    ("goto: workshop", "goto: repair"),
    ("always:\n  - {goto: desk, intents: [agent], phrases: [agent]}\n", ""),
    ("  workshop: {kind: queue, priority: 2, seconds: 10.0}\n", ""),
]
NODES = {
    "no exit": ([(ANSWERS, "")], "  repair:", "node 'repair' has no exit: it needs at least one answer"),
    "unreachable": ([("goto: repair", "goto: sold")], "  repair:", "node 'repair' cannot be reached from the start"),
    "a loop": (BACK, "  repair:", "node 'repair' is in a loop without a way out"),
    "a loop of fallbacks": (
        [("after_attempts: desk", "after_attempts: main")],
        "  main:",
        "node 'main' is in a loop without a way out: after_attempts leads back to 'main'",
    ),
    "no such place": (
        [("goto: sold", "goto: slod")],
        "  main:",
        "node 'main' leads nowhere: found 'slod'; did you mean 'sold'? accepted: desk, main, repair, sold, workshop",
    ),
    "an intent without destination": (
        [("wants: [balance]", "wants: [pizza]")],
        "  buy:",
        "call 'buy': node 'main' serves nothing that is wanted, an intent with no destination: found pizza",
    ),
    "an end nobody comes to": (
        [("  desk: {kind", "  attic: {kind: automatic}\n  desk: {kind")],
        "  attic: {kind",
        "end 'attic' cannot be reached from the start",
    ),
    "an optional word a thousand times": (
        [("phrases: [buy a car]", f"phrases: ['buy {'[a] ' * 1000}']")],
        "  main:",
        "node 'main': the phrase 'buy [a]",
    ),
    "a bracket that stays open": (
        [("[buy a car]", "['[buy a car']")],
        "  main:",
        "node 'main': the phrase '[buy a car' has a bracket without its pair",
    ),
    "a phrase without a word": ([("[buy a car]", "['']")], "  main:", "node 'main': the phrase '' says nothing"),
}


@pytest.mark.parametrize("fault", NODES)
def test_a_graph_that_cannot_be_walked_is_refused_with_its_file_its_line_and_the_node(tmp_path, fault):
    changes, place, said = NODES[fault]
    content = changed(*changes)
    write(tmp_path, content)
    assert refused(tmp_path).startswith(f"{FILE}, line {line_of(place, content)}: ivr: {said}")


VALUES = {
    "another version": ("version: 1", "version: 2", "ivr: version: found 2, accepted: 1"),
    "a version in quotes": ("version: 1", "version: '1'", "ivr: version: found '1', accepted: 1"),
    "a version that is no number": ("version: 1", "version: true", "ivr: version: found True, accepted: 1"),
    "another kind": ("kind: menu", "kind: manu", "ivr.nodes.main.kind: found 'manu'; did you mean 'menu'? accepted: "),
    "a misspelled key": ("start: main", "strat: main", "ivr.strat: there is no such key"),
    "no time at all": ("prompt_s: 2.0", "prompt_s: -1", "ivr.nodes.main.menu.prompt_s: found -1; Input should be grea"),
    "for ever": ("seconds: 60.0", "seconds: .inf", "ivr.ends.desk.seconds: found inf; Input should be a finite number"),
    "a word that YAML takes for true": (
        'phrases: ["yes"]',
        "phrases: [yes]",
        "ivr.nodes.repair.menu.answers.0.phrases",
    ),
    "no such class": ("ivr.Graph", "ivr.Grahp", "ivr._target_: callgap has no 'callgap.ivr.Grahp'"),
    "a class that is no service": ("ivr.Graph", "channel.Clean", "ivr.version: there is no such key"),
    "a key twice": ("name: garage", "name: garage\nname: tower", "'name' stands on line 4 already"),
    "keys of two kinds": ("  main:", "  1:", "the key 1 is no text; accepted: the same in quotation marks"),
    "a list that stays open": ("[balance], phrases: [buy a car]}", "[balance", "no YAML: "),
    "a tabulator": ("  repair:", "\trepair:", "no YAML: "),
    "itself": ("[balance]", "&it [*it]", "the alias *it stands inside what it stands for"),
}


@pytest.mark.parametrize("fault", VALUES)
def test_a_value_that_is_not_accepted_is_refused_with_its_file_and_line(tmp_path, fault):
    old, new, said = VALUES[fault]
    write(tmp_path, changed((old, new)))
    place, _, sentence = refused(tmp_path).partition(": ")
    path, _, line = place.partition(", line ")
    assert path == FILE
    assert sentence.startswith(said)
    # A list that stays open is noticed where it should have ended.
    assert 0 <= int(line) - line_of(old.splitlines()[0]) <= 1


def test_a_service_without_a_version_or_a_class_is_refused_with_its_file(tmp_path):
    write(tmp_path, changed(("version: 1\n", "")))
    assert refused(tmp_path) == f"{FILE}: ivr: version: found nothing, accepted: 1"
    write(tmp_path, changed(("_target_: callgap.ivr.Graph\n", "")))
    assert refused(tmp_path).startswith(f"{FILE}: ivr._target_: found None; accepted: the name of a")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": found nothing; accepted: a mapping"),
        ("- main\n- repair\n", ": found a list; accepted: a mapping"),
        ("garage\n", ": found a single value; accepted: a mapping"),
        (SERVICE.encode().replace(b"urgent", b"urg\xe9nt"), f", line {line_of('urgent')}: the bytes are not UTF-8"),
        (SERVICE.encode("utf-16"), ", line 1: the bytes are not UTF-8"),
        (SERVICE.replace("urgent", "urg\0nt"), ": no YAML: "),
    ],
)
def test_what_is_no_configuration_is_refused_with_its_file(tmp_path, content, said):
    write(tmp_path, content)
    assert refused(tmp_path).startswith(f"{FILE}{said}")


def laughs(times):
    """Lists of aliases of the list before: nine to the power of `times` values, which no computer holds."""
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, times)]
    return "a0: &a0 [ha]\n" + "".join(lines) + SERVICE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (laughs(100), "line 6: stands for more than the accepted 100,000 values"),
        (SERVICE + "x: " + "[" * 90_000, f"line {len(SERVICE.splitlines()) + 1}: nested deeper than the accepted 50"),
        (changed(("What can we do for you?", "{a: " * 300 + "}" * 300)), "line 15: nested deeper than the accepted 50"),
        (SERVICE + "#" * 200_000, "the file is larger than the accepted 200,000 bytes"),
    ],
)
def test_a_bomb_is_refused_before_it_is_written_out(tmp_path, content, said, monkeypatch):
    write(tmp_path, content)
    # Nothing is composed of it: that would never end.
    monkeypatch.setattr(config_files.yaml, "compose", None)
    assert said in refused(tmp_path)


def test_values_are_counted_as_if_every_alias_were_written_out(tmp_path, monkeypatch):
    path = write(tmp_path, "x: &x [a, b]\ny: [*x, *x]\n")
    for most in (14, 13, 12, 11, 10):
        monkeypatch.setattr(config_files, "MAX_VALUES", most)
        # The mapping, two keys, three for the first list, and one and twice three for the second.
        if most >= 1 + 2 + 3 + 1 + 2 * 3:
            config_files.check_file(path)
        else:
            with pytest.raises(config_files.InputError, match=rf"line 2: stands for more than the accepted {most} val"):
                config_files.check_file(path)


def test_a_file_with_the_name_of_a_choice_of_the_suite_is_refused_for_it_would_not_be_read(tmp_path):
    write(tmp_path).rename(tmp_path / "own" / "ivr" / "bank.yaml")
    assert "own/ivr/bank.yaml: ivr=bank comes with callgap and would be taken instead" in refused(tmp_path, "ivr=bank")


def test_a_value_of_the_command_line_is_not_looked_for_in_the_file(tmp_path):
    write(tmp_path)
    assert refused(tmp_path, "ivr.start=mian").startswith("ivr: start: found 'mian'; did you mean 'main'?")


JSGF = "#JSGF V1.0;\ngrammar garage;\n"
XML = (
    '<?xml version="1.0"?>\n<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en" root="a">\n'
)
GRAMMARS = {
    "an undefined rule": ("g.jsgf", JSGF + "public <a> = <cra>;\n<car> = x;", ", line 3, rule 'a': refers to 'cra'"),
    "left recursion": ("g.jsgf", JSGF + "public <a> = [x] <a> y | z;", ", line 3, rule 'a': begins with itself"),
    "no end": ("g.jsgf", JSGF + "public <a> = x <a>;", ", line 3, rule 'a': has no end"),
    "brackets": ("g.jsgf", JSGF + "public <a> = " + "(" * 40_000, ", line 3, rule 'a': brackets are nested deeper"),
    "too long": (
        "g.jsgf",
        JSGF + "public <a> = <b><b>;\n<b> = " + "x y z " * 3000 + ";",
        ", line 3, rule 'a': has no phrase of fewer than",
    ),
    "a huge repeat": (
        "g.grxml",
        XML + '<rule id="a">\n<item repeat="0-1000000">x</item></rule></grammar>',
        ", line 4, rule 'a': repeat: found 0-1000000, accepted: numbers up to",
    ),
    "a repeat of a billion": (
        "g.grxml",
        XML + '<rule id="a">\n<item repeat="0-1000000000">x</item></rule></grammar>',
        ", line 4, rule 'a': repeat: found '0-1000000000', accepted: a number (3), a range",
    ),
    "an external entity": (
        "g.grxml",
        XML.replace("<grammar", '<!DOCTYPE g [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<grammar')
        + '<rule id="a">&e;</rule></grammar>',
        ", line 2: found a document type declaration (DOCTYPE), accepted: a file without one",
    ),
    "deep elements": ("g.grxml", XML + '<rule id="a">' + "<item>" * 10_000, ", line 3, rule 'a': elements are nested"),
    "no XML": ("g.grxml", XML + '<rule id="a">\n<item></rule></grammar>', ", line 4: is no well-formed XML"),
    "another ending": ("g.txt", "x", ": ending: found '.txt', accepted: .grxml, .xml, .jsgf, .gram"),
    "no file": ("", "", "g.jsgf: No such file or directory"),
}


def with_grammar(name, tag="buy"):
    grammar = f"    grammar: {{_target_: callgap.ivr.grammars.read_grammar, path: {name}}}\n    answers:"
    return changed(("    answers:", grammar), ("phrases: [buy a car]", f"tags: [{tag}]"))


@pytest.mark.parametrize("fault", GRAMMARS)
def test_a_faulty_grammar_of_a_menu_is_refused_with_its_file_its_line_and_the_rule(tmp_path, fault):
    name, content, said = GRAMMARS[fault]
    if name:
        (tmp_path / name).write_text(content)
    write(tmp_path, with_grammar(name or "g.jsgf"))
    sentence = refused(tmp_path)
    assert sentence.partition("ivr: ")[2].startswith(f"{name}{said}"), sentence


def test_a_grammar_that_cannot_be_listed_for_the_recognizer_is_refused_before_anything_is_heard(tmp_path):
    (tmp_path / "g.jsgf").write_text(JSGF + "public <a> = (x | y)+ {buy};")
    write(tmp_path, with_grammar("g.jsgf"))
    assert "g.jsgf, line 3, rule 'a': repeats a part without end" in refused(tmp_path)


def test_a_label_that_a_grammar_never_gives_is_refused_with_the_node(tmp_path):
    (tmp_path / "g.jsgf").write_text(JSGF + "public <a> = buy {buy} | sell {sell};")
    write(tmp_path, with_grammar("g.jsgf", tag="bye"))
    line = line_of("  main:")
    said = "ivr: node 'main': its grammar never gives the label 'bye'; did you mean 'buy'? accepted: buy, sell"
    assert refused(tmp_path) == f"{FILE}, line {line}: {said}"


@pytest.mark.slow
def test_a_service_of_ones_own_with_a_grammar_of_ones_own_is_called_from_a_folder_of_the_user(tmp_path):
    (tmp_path / "g.jsgf").write_text(JSGF + "public <a> = [i want to] buy {buy};")
    write(tmp_path, with_grammar("g.jsgf"))
    said = [("i want to buy", "balance"), ("repair", "lost-card"), ("yes", "yes"), ("agent", "agent")]
    with (tmp_path / "said.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["utterance_id", "speaker_id", "accent", "text", "intent", "heard"])
        for speaker in range(4):
            for text, intent in said:
                # The last one's wish to buy is misheard.
                heard = "agent" if (speaker, intent) == (3, "balance") else text
                writer.writerow([f"{speaker}-{intent}", f"s{speaker}", "north", text, intent, heard])
    texts = [
        "corpus=table",
        "corpus.file=said.csv",
        "corpus.groups=[accent]",
        "recognizer=transcripts",
        "recognizer.file=said.csv",
    ]
    callgap(*RUN[:3], *texts, "recognizer.column=heard", RUN[-1], "hydra.run.dir=made", cwd=tmp_path)
    outcomes = pd.read_parquet(tmp_path / "made" / "outcomes.parquet")
    assert set(outcomes["expected"]) == {"sold", "workshop", "desk"}
    wrong = outcomes[outcomes["reached"] != outcomes["expected"]]
    assert set(wrong["speaker_id"]) == {"s3"}
    assert set(zip(wrong["expected"], wrong["reached"], strict=True)) == {("sold", "desk")}
