"""AfriSpeech-200 in its published layout: one table or many, quoted line breaks, and paths of another machine."""

import pytest

from callgap.corpus.afrispeech200_audio import Afrispeech200AudioCorpus
from callgap.corpus.card import load_card
from callgap.errors import InputError

HEADER = (
    "idx,user_ids,accent,age_group,country,transcript,nchars,audio_ids,audio_paths,duration,origin,domain,split,gender"
)
ONE, TWO, NAME, OTHER = "8f0e2d1c-aaaa", "1c2d3e4f-bbbb", "11112222", "99990000"


def row(idx, session, name, *, who="0a1b", accent="ibibio", text="Wound packed with gauze.", gender="Female", age=""):
    path = f"/AfriSpeech-100/test/{session}/{name}.wav"
    return f"{idx},{who},{accent},{age},NG,{text},24,{name},{path},0.3,nigerian,clinical,test,{gender}"


ROWS = (
    row(901306, ONE, NAME, age="19-25"),
    row(
        901307, TWO, NAME, who="ffee", accent='"luo, swahili"', text='"On Monday,\nthe ""talks"" go on."', gender="Male"
    ),
    row(901308, TWO, OTHER, accent="hausa/fulani", text="BP 120/80 mmHg STABLE", gender="Other"),
    row(901309, ONE, NAME, text="Wound packed with gauze."),
    row(901310, ONE, "5555", who="", text="Nobody."),
    row(901311, TWO, "7777", text="Gone."),
    row(901312, ONE, "6666", text='""'),
)


@pytest.fixture
def folder(archive):
    archive.text("afrispeech-200/transcripts/test.csv", HEADER, *ROWS)
    archive.text("afrispeech-200/transcripts/ibibio/test.csv", HEADER, ROWS[0])
    archive.text("afrispeech-200/accents.json", "{}")
    # Below audio/ as the archives may unpack, and where a user put the rest.
    inner = "afrispeech-200/audio/ibibio/test/test_ibibio_0"
    for place in (f"{inner}/{ONE}/{NAME}", f"{inner}/{ONE}/5555", f"{inner}/{ONE}/6666", f"unpacked/{TWO}/{NAME}"):
        archive.sound(place.replace("unpacked", "afrispeech-200/unpacked") + ".wav", rate=44100)
    archive.sound(f"afrispeech-200/audio/luo-swahili/test/{TWO}/{OTHER}.wav", rate=44100)
    archive.sound(f"afrispeech-200/copy/{TWO}/{OTHER}.wav", rate=44100)
    return archive.path


def corpus(folder, **options):
    return Afrispeech200AudioCorpus(root=folder, card="afrispeech200-audio", **options)


def test_recordings_of_one_name_are_told_apart_by_their_session(folder):
    rows = {row["utterance_id"]: row for row in corpus(folder).utterances().to_pylist()}
    assert list(rows)[:3] == [f"{ONE}/{NAME}", f"{TWO}/{NAME}", f"{TWO}/{OTHER}"]
    assert rows[f"{TWO}/{NAME}"]["audio"].endswith(f"afrispeech-200/unpacked/{TWO}/{NAME}.wav")
    assert rows[f"{TWO}/{OTHER}"]["audio"].endswith(f"afrispeech-200/audio/luo-swahili/test/{TWO}/{OTHER}.wav")
    assert rows[f"{ONE}/{NAME}"]["duration_s"] == pytest.approx(0.3)


def test_texts_and_groups_are_those_of_the_table_word_for_word(folder):
    rows = corpus(folder).utterances().to_pylist()
    named = ("speaker_id", "accent", "age_group", "country", "gender", "domain")
    assert [tuple(row[name] for name in named) for row in rows[:3]] == [
        ("0a1b", "ibibio", "19-25", "NG", "Female", "clinical"),
        ("ffee", "luo, swahili", None, "NG", "Male", "clinical"),
        ("0a1b", "hausa/fulani", None, "NG", "Other", "clinical"),
    ]
    assert rows[1]["text"] == 'On Monday,\nthe "talks" go on.'
    assert set(load_card("afrispeech200-audio").attributes) <= set(rows[0])


def test_what_cannot_be_used_is_told_with_its_reason(folder, heard):
    assert heard(corpus(folder)) == {
        f"{ONE}/{NAME}": "ok",
        f"{TWO}/{NAME}": "ok",
        f"{TWO}/{OTHER}": "ok",
        f"{ONE}/{NAME}~2": "repeated_recording",
        f"{ONE}/5555": "missing_speaker",
        f"{TWO}/7777": "missing_audio",
        f"{ONE}/6666": "empty_reference",
    }


def test_tables_of_accents_are_read_where_there_is_none_of_all(folder, archive):
    (folder / "afrispeech-200/transcripts/test.csv").unlink()
    archive.text("afrispeech-200/transcripts/luo-swahili/test.csv", HEADER, ROWS[1])
    archive.text("afrispeech-200/transcripts/luo-swahili/dev.csv", HEADER, ROWS[2])
    assert [row["accent"] for row in corpus(folder).utterances().to_pylist()] == ["ibibio", "luo, swahili"]
    assert [row["accent"] for row in corpus(folder, split="dev").utterances().to_pylist()] == ["hausa/fulani"]


def test_a_table_without_optional_columns_states_nothing_there(folder, archive):
    archive.text(
        "afrispeech-200/transcripts/test.csv",
        "user_ids,transcript,audio_paths",
        f"0a1b,Stable.,/AfriSpeech-100/test/{ONE}/{NAME}.wav",
    )
    (found,) = corpus(folder).utterances().to_pylist()
    assert (found["text"], found["accent"], found["domain"], found["fault"]) == ("Stable.", None, None, None)


def test_a_split_that_is_not_there_is_one_sentence(folder):
    with pytest.raises(InputError, match=r"transcripts holds no table of corpus.split=train; accepted: train.csv, in"):
        corpus(folder, split="train").utterances()


def test_a_table_without_a_needed_column_is_one_sentence(folder, archive):
    archive.text("afrispeech-200/transcripts/test.csv", HEADER.replace("transcript,", "text,"), ROWS[0])
    with pytest.raises(InputError, match=r"test.csv: the column 'transcript' is missing; found: idx, user_ids"):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"does not have the layout of afrispeech200-audio; accepted: a folder that"):
        corpus(tmp_path).utterances()
