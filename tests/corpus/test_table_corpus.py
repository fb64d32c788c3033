"""References without audio: nothing is heard, every row is there, and a second table tells the groups."""

import re

import pytest

from callgap.corpus.table import TableCorpus
from callgap.errors import InputError
from callgap.records import Status

COLUMNS = {"utterance_id": "file", "text": "sentence", "speaker_id": "who"}


@pytest.fixture
def file(tmp_path):
    place = tmp_path / "said.tsv"
    place.write_text("who\tfile\tsentence\taccent\tseconds\ns1\tu1\tone two\tus\t1.5\ns2\tu2\tthree\tNA\t\n")
    return place


def corpus(file, **options):
    return TableCorpus(file=file, **{"columns": COLUMNS, "groups": ("accent",), **options})


def test_columns_are_renamed_and_unknown_cells_are_no_group(file):
    rows = corpus(file, columns={**COLUMNS, "duration_s": "seconds"}).utterances().to_pylist()
    assert [(r["utterance_id"], r["speaker_id"], r["text"], r["accent"], r["duration_s"]) for r in rows] == [
        ("u1", "s1", "one two", "us", 1.5), ("u2", "s2", "three", None, None),
    ]  # fmt: skip
    assert {row["audio"] for row in rows} == {None}
    assert {row["fault"] for row in rows} == {None}


def test_nothing_can_be_heard(file):
    made = corpus(file)
    assert not made.has_audio
    (batch,) = made.load(made.utterances())
    assert (batch.lengths.tolist(), batch.sample_rate) == ([0, 0], 16000)
    assert {status.status for status in batch.statuses} == {Status.OK}
    assert list(made.load(made.utterances().slice(0, 0))) == []


def test_a_row_without_words_is_excluded(file):
    with file.open("a") as lines:
        lines.write("s2\tu3\t...\tus\t1\n")
    made = corpus(file)
    (batch,) = made.load(made.utterances())
    assert batch.statuses[2].reason == "empty_reference"


def test_a_second_table_tells_the_groups_of_speakers(file, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("who,gender\ns2,f\ns9,m\n")
    rows = corpus(file, speakers=people, groups=("gender", "accent")).utterances().to_pylist()
    assert [row["gender"] for row in rows] == [None, "f"]


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ("who,gender\ns2,f\ns1,m\ns2,m\n", "row 1 and row 3: both describe the speaker 's2'"),
        ("who,accent\ns1,us\n", "the column 'accent' also stands in the table of utterances"),
        ("speaker,gender\ns1,f\n", "the column 'who' is missing; found: speaker, gender"),
    ],
)
def test_a_bad_table_of_speakers_is_one_sentence(file, tmp_path, people, message):
    (tmp_path / "people.csv").write_text(people)
    with pytest.raises(InputError, match=re.escape(message)):
        corpus(file, speakers=tmp_path / "people.csv").utterances()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({**COLUMNS, "text": "sentense"}, "corpus.columns.text=sentense: there is no such column; did you mean 'sent"),
        ({**COLUMNS, "txt": "sentence"}, "corpus.columns.txt: there is no such column; did you mean 'text'?"),
        ({}, "the column 'utterance_id' is missing; found: who, file, sentence, accent, seconds"),
    ],
)
def test_a_wrong_column_is_one_sentence(file, columns, message):
    with pytest.raises(InputError, match=re.escape(message)):
        corpus(file, columns=columns).utterances()


def test_the_fingerprint_follows_the_rows_and_not_the_place(file, tmp_path):
    before = corpus(file).fingerprint()
    moved = file.rename(tmp_path / "other.tsv")
    assert corpus(moved).fingerprint() == before
    moved.write_text(moved.read_text().replace("three", "tree"))
    assert corpus(moved).fingerprint() != before


def test_artie_has_the_groups_that_its_readme_counts(data, monkeypatch):
    from callgap.assembly import units
    from callgap.configuration import composed, plain

    monkeypatch.setenv("CALLGAP_DATA", str(data))
    made = units(plain(composed(["corpus=artie-bias"])))["corpus"]
    frame = made.utterances().to_pandas()
    assert (len(frame), frame["speaker_id"].nunique()) == (1712, 969)
    assert {name: a.reference for name, a in made.card.attributes.items()} == {
        "accent": "us",
        "gender": "male",
        "age": "twenties",
    }
    # The distributions of its README, by clip.
    assert frame["gender"].value_counts().to_dict() == {"male": 1431, "female": 257, "other": 4}
    assert frame["gender"].isna().sum() == 20
    assert frame["accent"].isna().sum() == 562
    assert (frame["accent"] == "indian").sum() == 264
    assert frame["age"].isna().sum() == 14
    assert frame["fault"].isna().all()
