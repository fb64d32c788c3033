"""The Speech Accent Archive in the layout of Kaggle: a table with unnamed columns, recordings two folders deep."""

import pytest

from callgap.corpus.speech_accent_archive import SpeechAccentArchiveCorpus
from callgap.errors import InputError

TABLE = (
    "age,age_onset,birthplace,filename,native_language,sex,speakerid,country,file_missing?,,,",
    '24,12,"port, somewhere",haitian,haitian,male,7001,haiti,TRUE,,,',
    '25,13,"port, somewhere",haitian,haitian,female,7002,haiti,TRUE,,,',
    '27,9,"a town, south africa",afrikaans91,afrikaans,female,7003,south africa,FALSE,,,',
    '31.5,0,"a city, uk",english991,english,male,7004,uk,FALSE,,,',
    '52,14.5,"a village, taiwan",taiwanese97,taiwanese,famale,7005,taiwan,FALSE,,,',
    ",,,tok91,tok,male,7006,,FALSE,,,",
    "0,0,,synthesized9,synthesized,male,7007,,FALSE,,,",
)
HEARD = ("afrikaans91", "english991", "taiwanese97")


@pytest.fixture
def folder(archive):
    archive.text("speakers_all.csv", *TABLE)
    archive.text("reading-passage.txt", "Please bring her  things,", "and meet her at noon. ")
    for place, name in enumerate((*HEARD, "synthesized9"), start=1):
        stereo = 2 if name == "english991" else 1
        rate = 22050 if place == 1 else 44100
        archive.sound(f"recordings/recordings/{name}.mp3", rate=rate, channels=stereo, format="MP3")
    return archive.path


def corpus(folder, **options):
    options = {"bands": {"age": (30, 50)}, "audio_channel": 0, **options}
    return SpeechAccentArchiveCorpus(root=folder, card="speech-accent-archive", **options)


def test_every_person_reads_the_passage_and_no_synthesized_voice_does(folder, heard):
    made = corpus(folder)
    rows = made.utterances().to_pylist()
    assert [(row["utterance_id"], row["speaker_id"]) for row in rows] == [
        ("haitian-7001", "7001"),
        ("haitian-7002", "7002"),
        ("afrikaans91-7003", "7003"),
        ("english991-7004", "7004"),
        ("taiwanese97-7005", "7005"),
        ("tok91-7006", "7006"),
    ]
    assert {row["text"] for row in rows} == {"Please bring her things, and meet her at noon."}
    assert {row["prompt_id"] for row in rows} == {"reading-passage"}
    assert list(heard(made).values()) == ["missing_audio", "missing_audio", "ok", "ok", "ok", "missing_audio"]


def test_a_row_without_its_recording_is_at_fault_before_anything_is_opened(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert [row["speaker_id"] for row in rows if row["fault"] == "missing_audio"] == ["7001", "7002", "7006"]


def test_groups_are_those_of_the_table_but_for_one_typo(folder):
    rows = corpus(folder, groups=("first_language", "gender", "age", "age_onset", "birthplace", "country")).utterances()
    named = ("first_language", "gender", "age_band", "age_onset", "birthplace", "country")
    assert {row["speaker_id"]: tuple(row[name] for name in named) for row in rows.to_pylist()[2:]} == {
        "7003": ("afrikaans", "female", "under 30", "9", "a town, south africa", "south africa"),
        "7004": ("english", "male", "30-49", "0", "a city, uk", "uk"),
        "7005": ("taiwanese", "female", "50 and over", "14.5", "a village, taiwan", "taiwan"),
        "7006": ("tok", "male", None, None, None, None),
    }


def test_recordings_one_folder_deep_are_found_too(folder, heard):
    (folder / "recordings" / "recordings").rename(folder / "elsewhere")
    (folder / "recordings").rmdir()
    (folder / "elsewhere").rename(folder / "recordings")
    assert list(heard(corpus(folder)).values()).count("ok") == len(HEARD)


def test_the_card_is_about_columns_of_the_table(folder):
    made = corpus(folder)
    assert set(made.card.attributes) == {"first_language", "gender", "age_band", "country"}
    assert set(made.card.attributes) <= set(made.utterances().column_names)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ("age,filename,sex,speakerid", "24,a,male,1"),
            r"the column 'native_language' is missing; found: age, filename",
        ),
        ((*TABLE, "24,12"), r"speakers_all.csv, line 9: found 2 cells, the header has 12"),
        ((*TABLE, '24,"12'), r"speakers_all.csv, line 9: unexpected end of data"),
        (("",), r"the column 'filename' is missing"),
    ],
)
def test_a_table_in_another_form_is_one_sentence(folder, archive, lines, said):
    archive.text("speakers_all.csv", *lines)
    with pytest.raises(InputError, match=said):
        corpus(folder).utterances()


def test_a_missing_passage_is_one_sentence(folder):
    (folder / "reading-passage.txt").unlink()
    with pytest.raises(InputError, match=r"reading-passage.txt cannot be read"):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(
        InputError, match=r"layout of speech-accent-archive; accepted: a folder that holds speakers_all"
    ):
        corpus(tmp_path).utterances()
