"""The repository of Koenecke et al. 2020: a table of transcripts that calls its MP3 files .wav."""

import csv

import pytest

from callgap.corpus.koenecke_audio import KoeneckeAudioCorpus
from callgap.errors import InputError

HEADER = (
    "segment_filename", "basefile", "age", "gender", "source", "duration", "race_ethnicity", "content",
    "google_transcription", "ibm_transcription", "amazon_transcription", "msft_transcription", "apple_transcription",
)  # fmt: skip
DCB, ROC = "DCB_se1_ag1_f_01_1", "ROC_se0_ag2_m_01_1"
ROWS = (
    (f"{DCB}_1000_6000.wav", DCB, 17, "Female", "DCB", 5.0, "Black", 'She aks "who", (laughing) <ts> you know?', "she"),
    (f"{DCB}_9000_15000.wav", DCB, 17, "Female", "DCB", 6.0, "Black", "with /RD-NAME-2/ there", "with"),
    (f"{ROC}_2000_9000.wav", ROC, 52, "Male", "ROC", 7.0, "Black", "Kodak, mostly.", "kodak"),
    (f"{ROC}_9900_19000.wav", ROC, 52, "Male", "ROC", 9.1, "Black", "it was /unintelligible/", ""),
)


@pytest.fixture
def folder(archive):
    write(archive, HEADER, ROWS)
    for row in ROWS:
        stem = row[0].removesuffix(".wav")
        archive.sound(f"asr-disparities/input/CORAAL_audio/{stem[:3].lower()}/{stem}.mp3", rate=44100, format="MP3")
    archive.text("asr-disparities/output/Matched_WER.csv", '"segment_filename","basefile","black_flag"')
    return archive.path


def write(archive, header, rows):
    place = archive.text("asr-disparities/input/CORAAL_transcripts.csv", "")
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(header)
        writer.writerows([*row, *[""] * (len(header) - len(row))] for row in rows)


def corpus(folder, **options):
    return KoeneckeAudioCorpus(root=folder, card="koenecke-2020-audio", bands={"age": (30, 45, 60)}, **options)


def test_snippets_are_heard_from_the_files_that_the_table_calls_otherwise(folder, heard):
    made = corpus(folder)
    rows = made.utterances().to_pylist()
    assert [row["utterance_id"] for row in rows] == [row[0].removesuffix(".wav") for row in ROWS]
    assert [row["speaker_id"] for row in rows] == [DCB, DCB, ROC, ROC]
    assert [row["duration_s"] for row in rows] == [5.0, 6.0, 7.0, 9.1]
    assert [rows[0]["text"], rows[2]["text"]] == ['She aks "who", you know?', "Kodak, mostly."]
    assert list(heard(made).values()) == ["ok", "redacted", "ok", "unintelligible"]


def test_groups_are_those_of_the_table(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert {row["speaker_id"]: (row["gender"], row["age_band"], row["source"]) for row in rows} == {
        DCB: ("Female", "under 30", "DCB"),
        ROC: ("Male", "45-59", "ROC"),
    }


def test_columns_are_looked_up_by_name_and_some_may_be_missing(folder, archive, heard):
    write(archive, ("content", "basefile", "segment_filename"), [("Kodak, mostly.", ROC, f"{ROC}_2000_9000.wav")])
    made = corpus(folder)
    (row,) = made.utterances().to_pylist()
    assert (row["text"], row["gender"], row["age_band"], row["duration_s"]) == ("Kodak, mostly.", None, None, None)
    assert heard(made) == {f"{ROC}_2000_9000": "ok"}


def test_a_snippet_without_its_recording_is_told(folder, heard):
    (folder / f"asr-disparities/input/CORAAL_audio/roc/{ROC}_2000_9000.mp3").unlink()
    assert heard(corpus(folder))[f"{ROC}_2000_9000"] == "missing_audio"


def test_the_card_says_that_races_cannot_be_compared():
    card = KoeneckeAudioCorpus(root=None, card="koenecke-2020-audio").card
    assert "race" not in card.attributes
    assert any("comparison of races cannot be made" in fault for fault in card.known_faults)


def test_a_table_without_a_needed_column_is_one_sentence(folder, archive):
    write(archive, ("segment_filename", "basefile"), [(f"{ROC}_2000_9000.wav", ROC)])
    with pytest.raises(
        InputError, match=r"CORAAL_transcripts.csv: the column 'content' is missing; found: segment_fil"
    ):
        corpus(folder).utterances()


def test_the_card_is_about_columns_of_the_table(folder):
    made = corpus(folder)
    assert set(made.card.attributes) == {"gender", "age_band", "source"}
    assert set(made.card.attributes) <= set(made.utterances().column_names)


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(
        InputError, match=r"does not have the layout of koenecke-2020-audio; accepted: a folder that hol"
    ):
        corpus(tmp_path).utterances()
