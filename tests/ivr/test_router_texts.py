"""Labeled texts: what is read, which parts they fall into, and what is refused."""

import csv
import json
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.errors import InputError
from callgap.ivr.routers import Banking77, Clinc150, TableTexts, Text, TextSet, WrittenTexts
from callgap.ivr.routers.texts import digest, distinct, in_scope, normalized


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I've LOST my card!", "i've lost my card"),
        ("J\u2019ai perdu\u00a0ma carte\u2026", "j'ai perdu ma carte"),
        ("re-send 'quoted' e-mail", "re send quoted e mail"),
        ("  24\thours \n", "24 hours"),
        ("cafe\u0301", "caf\u00e9"),
        ("?!  ", ""),
    ],
)
def test_written_text_becomes_what_a_recognizer_would_write(text, found):
    assert normalized(text) == found


@given(st.text())
def test_normalizing_twice_changes_nothing_more_and_leaves_no_punctuation(text):
    once = normalized(text)
    assert normalized(once) == once
    assert all(unicodedata.category(sign)[0] not in "PSZC" for sign in once if sign not in "' ")
    assert "  " not in once
    assert once == once.strip()


@given(st.lists(st.tuples(st.text(max_size=3), st.none() | st.text(max_size=3)), max_size=4))
def test_a_digest_changes_with_every_text_label_and_place(rows):
    texts = [Text(*row) for row in rows]
    assert digest(texts) == digest(list(texts))
    assert digest([*texts, Text("a", None)]) != digest(texts)
    assert digest([*texts, Text("a", "")]) != digest([*texts, Text("a", None)])
    assert digest(texts, [Text("a", "b")]) != digest([*texts, Text("a", "b")], [])


def test_texts_that_are_known_are_told_apart_by_their_words_alone():
    known = [Text("Lost card!", "a")]
    assert distinct([Text("lost CARD", "b"), Text("lost cards", "b")], known) == (Text("lost cards", "b"),)


def test_an_intent_that_a_router_lacks_is_out_of_scope():
    assert in_scope([Text("x", "a"), Text("y", "b"), Text("z", None)], ["a"]) == (
        Text("x", "a"),
        Text("y", None),
        Text("z", None),
    )


def table(tmp_path, content, name="texts.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return TableTexts(path)


@pytest.mark.parametrize(("name", "separator"), [("t.csv", ","), ("t.tsv", "\t")])
def test_a_table_is_read_into_its_parts(tmp_path, name, separator):
    rows = [("part", "text", "intent"), ("train", "my card", "card"), ("test", "a pizza", "out-of-scope")]
    texts = table(tmp_path, "\ufeff" + "\r\n".join(separator.join(row) for row in rows), name)
    assert isinstance(texts, TextSet)
    split = texts.split()
    assert split.train == (Text("my card", "card"),)
    assert split.validation == ()
    assert split.test == (Text("a pizza", None),)
    assert split.intents == ("card",)
    assert texts.identity()["texts"] == name


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("text,intent\na,b\n", "t.csv", r"t\.csv: there is no column 'part'; found: text, intent"),
        ("", "t.csv", r"there is no column 'text'; found: none"),
        ("text,intent,part\na,b,tset\n", "t.csv", r"line 2: found the part 'tset'; did you mean 'test'\?"),
        ("text,intent,part\n!!,b,test\n", "t.csv", r"line 2: the column 'text' is empty"),
        ("text,intent,part\na,,test\n", "t.csv", r"line 2: the column 'intent' is empty"),
        ("text,intent,part\na\n", "t.csv", r"line 2: the column 'intent' is empty"),
        ("text,intent,part\na,b,test,more\n", "t.csv", r"line 2: the row has more cells"),
        (b"text,intent,part\n\xff,b,test\n", "t.csv", r"cannot be read as a table in UTF-8"),
        ("x", "t.xlsx", r"found the ending '\.xlsx'; accepted: \.csv, \.tsv"),
    ],
)
def test_a_faulty_table_is_one_sentence_with_its_line(tmp_path, content, name, message):
    with pytest.raises(InputError, match=message):
        table(tmp_path, content, name).split()


def test_a_table_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv cannot be read: No such file"):
        TableTexts(tmp_path / "gone.csv").split()


def test_written_texts_keep_their_order_and_refuse_one_without_a_word():
    split = WrittenTexts(test={"b": ("two", "one"), "out-of-scope": ("pizza",)}).split()
    assert split.test == (Text("two", "b"), Text("one", "b"), Text("pizza", None))
    with pytest.raises(InputError, match=r"train, intent 'a': the text '\?' holds no word"):
        WrittenTexts(train={"a": ("?",)}).split()


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return Counter((" ".join(row["text"].split()), row["category"]) for row in csv.DictReader(file))


def test_banking77_is_all_there_and_its_parts_share_no_row(data):
    texts = Banking77(root=data / "banking77")
    split = texts.split()
    pairs = [Counter((text.text, text.intent) for text in part) for part in (split.train, split.validation, split.test)]
    assert pairs[0] + pairs[1] == rows_of(data / "banking77" / "train.csv")
    assert pairs[2] == rows_of(data / "banking77" / "test.csv")
    assert len(split.intents) == 77
    trained = Counter(text.intent for text in (*split.train, *split.validation))
    assert Counter(text.intent for text in split.validation) == {i: -(-n // 10) for i, n in trained.items()}
    assert texts.split() == Banking77(root=data / "banking77").split()


def test_clinc150_has_its_published_parts(data):
    split = Clinc150(root=data / "clinc150").split()
    content = json.loads((data / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    for part, names in [
        ("train", ["train", "oos_train"]),
        ("validation", ["val", "oos_val"]),
        ("test", ["test", "oos_test"]),
    ]:
        rows = [row for name in names for row in content[name]]
        assert [(t.text, t.intent or "oos") for t in getattr(split, part)] == [tuple(row) for row in rows]
    assert len(split.intents) == 150


def test_a_domain_of_clinc150_keeps_what_is_out_of_scope(data):
    split = Clinc150(root=data / "clinc150", domains=("banking",)).split()
    assert len(split.intents) == 15
    assert Counter(text.intent for text in split.test)[None] == 1000
    with pytest.raises(InputError, match=r"ivr\.router\.texts\.domains: found 'bankin'; did you mean 'banking'\?"):
        Clinc150(root=data / "clinc150", domains=("bankin",)).split()


@pytest.mark.parametrize("kind", [Banking77, Clinc150])
def test_texts_that_are_nowhere_are_one_sentence_that_says_how_to_get_them(monkeypatch, tmp_path, kind):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"ivr\.router\.texts\.download=true"):
        kind().split()


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path):
    (tmp_path / "data_full.json").write_text("{}")
    with pytest.raises(InputError, match=r"its SHA-256 is .*, ivr\.router\.texts\.sha256 is"):
        Clinc150(root=tmp_path).split()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds no JSON object"),
        ("{", "cannot be read as JSON"),
        ('{"train": []}', "holds no list 'oos_train'; found: train"),
        ('{"train": [["a"]]}', r"train\[0\]: accepted is a text and its intent, found \['a'\]"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_another_form_of_clinc150_is_one_sentence(tmp_path, content, message):
    (tmp_path / "data_full.json").write_text(content)
    with pytest.raises(InputError, match=message):
        Clinc150(root=tmp_path, sha256={}).split()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n", "found the columns a, b; accepted: text, category"),
        ("text,category\nx\n", "row 2: accepted is a text and its category"),
        ("", "cannot be read as a table"),
    ],
)
def test_another_form_of_banking77_is_one_sentence(tmp_path, content, message):
    (tmp_path / "train.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        Banking77(root=tmp_path, sha256={}).split()
