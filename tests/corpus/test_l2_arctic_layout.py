"""L2-ARCTIC in its published layout: a folder per speaker, and a table of speakers in the README."""

import pytest

from callgap.corpus.l2_arctic import L2ArcticCorpus
from callgap.errors import InputError

TOP = "l2arctic_release_v5.0"
README = (
    "# L2-ARCTIC corpus",
    "",
    "### File summary and speaker information",
    "|Speaker|Gender|Native Language|# Wav Files|# Annotations|",
    "|---|---|---|---|---|",
    "|ABA|M|Arabic|1129|150|",
    "|BWC|M|Chinese|1130|150|",
    "|SVBI|F|Hindi|1132|150|",
    "|**Total**|||**26867**|**3599**|",
    "",
    "|Index|ARPAbet|Example|Annotation|Type|",
    "|---|---|---|---|---|",
    "|1|AA|odd|AA D|vowel|",
)


@pytest.fixture
def folder(archive):
    archive.text(f"{TOP}/README.md", *README)
    archive.text(f"{TOP}/PROMPTS", '( arctic_a0001 "The boat came in at noon, Philip." )')
    for speaker, stems in (("ABA", ("a0001", "a0002")), ("BWC", ("a0001",)), ("SVBI/SVBI", ("a0002",))):
        for stem in stems:
            archive.sound(f"{TOP}/{speaker}/wav/arctic_{stem}.wav", rate=44100)
            archive.text(f"{TOP}/{speaker}/transcript/arctic_{stem}.txt", "The boat came in at noon, Philip.")
    archive.text(f"{TOP}/ABA/annotation/arctic_a0001.TextGrid", 'File type = "ooTextFile"')
    archive.text(f"{TOP}/ABA/wav/._arctic_a0001.wav", "resource fork")
    archive.text(f"{TOP}/__MACOSX/ABA/wav/._arctic_a0001.wav", "resource fork")
    for speaker in ("aba", "bwc"):
        archive.sound(f"{TOP}/suitcase_corpus/wav/{speaker}.wav", rate=44100)
        archive.text(f"{TOP}/suitcase_corpus/transcript/{speaker}.txt", "a man drop his suitcase")
    return archive.path


def corpus(folder, **options):
    return L2ArcticCorpus(root=folder, card="l2-arctic", **options)


def test_sentences_come_by_speaker_and_name_with_gaps_left_as_they_are(folder, heard):
    made = corpus(folder)
    rows = made.utterances().to_pylist()
    assert [(row["utterance_id"], row["speaker_id"], row["prompt_id"]) for row in rows] == [
        ("ABA-arctic_a0001", "ABA", "arctic_a0001"),
        ("ABA-arctic_a0002", "ABA", "arctic_a0002"),
        ("BWC-arctic_a0001", "BWC", "arctic_a0001"),
        ("SVBI-arctic_a0002", "SVBI", "arctic_a0002"),
    ]
    assert {row["text"] for row in rows} == {"The boat came in at noon, Philip."}
    assert set(heard(made).values()) == {"ok"}


def test_groups_are_those_of_the_table_in_the_readme_word_for_word(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert {row["speaker_id"]: (row["first_language"], row["gender"]) for row in rows} == {
        "ABA": ("Arabic", "M"),
        "BWC": ("Chinese", "M"),
        "SVBI": ("Hindi", "F"),
    }


def test_the_stories_can_be_heard_instead(folder, heard):
    made = corpus(folder, suitcase=True)
    rows = made.utterances().to_pylist()
    assert [(row["utterance_id"], row["first_language"], row["text"]) for row in rows] == [
        ("ABA-aba", "Arabic", "a man drop his suitcase"),
        ("BWC-bwc", "Chinese", "a man drop his suitcase"),
    ]
    assert set(heard(made).values()) == {"ok"}


def test_what_lacks_its_transcript_its_recording_or_its_row_is_told(folder, archive, heard):
    archive.sound(f"{TOP}/BWC/wav/arctic_a0003.wav", rate=44100)
    archive.text(f"{TOP}/BWC/transcript/arctic_a0004.txt", "Nobody recorded this.")
    archive.sound(f"{TOP}/XYZ/wav/arctic_a0001.wav", rate=44100)
    archive.text(f"{TOP}/XYZ/transcript/arctic_a0001.txt", "The table lacks me.")
    made = corpus(folder)
    rows = {row["utterance_id"]: row for row in made.utterances().to_pylist()}
    reasons = heard(made)
    assert rows["BWC-arctic_a0003"]["fault"] == reasons["BWC-arctic_a0003"] == "empty_reference"
    assert reasons["BWC-arctic_a0004"] == "missing_audio"
    assert rows["XYZ-arctic_a0001"]["first_language"] is None
    assert reasons["XYZ-arctic_a0001"] == "ok"


def test_a_readme_that_is_missing_or_has_no_table_is_one_sentence(folder, archive):
    archive.text(f"{TOP}/README.md", "# L2-ARCTIC corpus")
    with pytest.raises(InputError, match=r"README.md holds no table with the columns Speaker, Gender, Native Language"):
        corpus(folder).utterances()
    (folder / TOP / "README.md").unlink()
    with pytest.raises(InputError, match=r"README.md is missing; its table of speakers says"):
        corpus(folder).utterances()


def test_a_speaker_whose_archive_is_not_unpacked_is_one_sentence(folder, archive):
    archive.text(f"{TOP}/ABA.zip", "unpacked already")
    assert len(corpus(folder).utterances()) == 4
    (folder / TOP / "BWC").rename(folder.parent / "elsewhere")
    archive.text(f"{TOP}/BWC.zip", "packed")
    with pytest.raises(InputError, match=r"BWC.zip is an archive; unpack it beside README.md"):
        corpus(folder).utterances()


def test_the_card_is_about_columns_of_the_table(folder):
    made = corpus(folder)
    assert set(made.card.attributes) == {"first_language", "gender"}
    assert set(made.card.attributes) <= set(made.utterances().column_names)


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(
        InputError, match=r"does not have the layout of l2-arctic; accepted: a folder that holds README"
    ):
        corpus(tmp_path).utterances()
