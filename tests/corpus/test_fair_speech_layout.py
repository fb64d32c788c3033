"""Fair-Speech in its published layout: a table under any name, recordings by hash, what a Mac adds; invented texts."""

import pytest

from callgap.corpus.fair_speech import FairSpeechCorpus
from callgap.errors import InputError

HEADER = ("hash_name", "transcription", "age", "gender", "first_language", "socioeconomic_bkgd", "ethnicity")
NAMES = [f"{'0' * 29}ab{last}" for last in "cde"]
ROWS = (
    (NAMES[0], "hey device play some jazz", "18 - 22", "female", "English", "Low", "Black or African American"),
    (NAMES[1], "set an alarm for six", "46 - 65", "male", "Spanish", "Medium", "Hispanic, Latino, or Spanish"),
    (NAMES[2], "call my sister", "31 - 45", "female", "Mandarin", "Affluent", "White"),
)
TRAITS = HEADER[2:]
TABLE = "asr_fairness_metadata.tsv"


def lines(*rows):
    return ["\t".join(cells) for cells in rows]


@pytest.fixture
def folder(archive):
    archive.text(TABLE, *lines(HEADER, *ROWS))
    archive.text(f"._{TABLE}", "\t".join(HEADER), "Mac OS X")
    archive.text("terms.txt", "What was accepted.")
    archive.text(f"__MACOSX/{TABLE}", "\t".join(HEADER))
    archive.text("asr_fairness_audio/._junk.wav", "Mac OS X")
    for name in NAMES:
        archive.sound(f"asr_fairness_audio/{name}.wav", subtype="PCM_16")
    return archive.path


def corpus(folder):
    return FairSpeechCorpus(root=folder, card="fair-speech")


def test_every_recording_of_the_table_is_heard_and_nothing_that_a_mac_adds(folder, heard):
    assert heard(corpus(folder)) == dict.fromkeys(NAMES, "ok")


def test_texts_and_groups_are_those_of_the_table_word_for_word(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert [(row["utterance_id"], row["text"], *(row[name] for name in TRAITS)) for row in rows] == list(ROWS)
    assert set(corpus(folder).card.attributes) == set(TRAITS)


def test_each_recording_stands_for_a_speaker_and_nothing_is_judged(folder):
    made = corpus(folder)
    assert [row["speaker_id"] for row in made.utterances().to_pylist()] == NAMES
    (fault,) = made.faults()
    assert (fault["fault"], fault["consequence"], fault["utterances"]) == ("no_speaker_ids", "not judged", 3)


@pytest.mark.parametrize("name", ["downloaded_file.tsv", "speech_fairness.txt"])
def test_the_table_may_have_any_name_quoted_cells_and_windows_lines(folder, archive, heard, name):
    (folder / TABLE).unlink()
    quoted = (NAMES[0], '"play ""that"" song"', *ROWS[0][2:6], '"Hispanic, Latino, or Spanish"')
    archive.text(name, *lines(HEADER, quoted), ending="\r\n", encoding="utf-8-sig")
    (row,) = corpus(folder).utterances().to_pylist()
    assert (row["text"], row["ethnicity"]) == ('play "that" song', "Hispanic, Latino, or Spanish")
    assert list(heard(corpus(folder)).values()) == ["ok"]


def test_a_row_without_a_name_a_text_or_a_recording_is_excluded(folder, archive, heard):
    rows = (("", *ROWS[0][1:]), (NAMES[1], "", *ROWS[1][2:]), ("f" * 32, *ROWS[2][1:]))
    archive.text(TABLE, *lines(HEADER, *rows))
    assert list(heard(corpus(folder)).values()) == ["missing_speaker", "empty_reference", "missing_audio"]


def test_a_table_that_lacks_columns_of_groups_leaves_them_empty(folder, archive):
    archive.text(TABLE, *lines(HEADER[:4], ROWS[0][:4]))
    (row,) = corpus(folder).utterances().to_pylist()
    assert [row[name] for name in TRAITS] == ["18 - 22", "female", None, None, None]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((("hash_name", "text"), ("a", "b")), r"found the columns hash_name, text; accepted: hash_name, transcription"),
        ((HEADER, ROWS[0][:3]), r"asr_fairness_metadata.tsv, line 2: found 3 cells, the header has 7$"),
        ((HEADER,), r"holds no utterance of fair-speech; accepted: a table"),
    ],
)
def test_a_table_in_another_form_is_one_sentence_that_holds_no_text(folder, archive, rows, sentence):
    archive.text(TABLE, *lines(*rows))
    with pytest.raises(InputError, match=sentence):
        corpus(folder).utterances()


def test_two_tables_are_refused_by_name(folder, archive):
    archive.text("downloaded_file.tsv", *lines(HEADER, *ROWS))
    with pytest.raises(
        InputError, match=r"several tables .*, asr_fairness_metadata.tsv, downloaded_file.tsv; accepted"
    ):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"layout of fair-speech; accepted: a folder that holds a table"):
        corpus(tmp_path).utterances()
