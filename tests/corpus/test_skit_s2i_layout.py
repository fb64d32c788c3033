"""Skit-S2I in its published layout: four tables, and templates where transcripts should be."""

import pytest

from callgap.corpus.skit_s2i import SkitS2ICorpus
from callgap.errors import InputError

TRAIN = (
    "0,6,Please tell me the code of my branch,wav_audios/a-0.wav,3",
    "1,6,What is the code,wav_audios/a-1.wav,11",
)
TEST = (
    "0,6,Please tell me the code of my branch,wav_audios/b-0.wav,1",
    "1,2,Last <numeric> transaction details,wav_audios/b-1.wav,2",
    '2,13,"I lost my (credit/debit) card, what now",wav_audios/b-2.wav,1',
    '3,13,"I lost my card (again), what now",b-3.wav,2',
)
INTENTS = (
    "intent_class,intent_name,description",
    "2,past_transactions,enquiry about payments",
    "6,ifsc_code,enquiry about the code",
    '13,lost,"lost card, any kind"',
)
SPEAKERS = (
    "speaker_id,native_language,languages_spoken,places_lived,gender",
    '1,Hindi,"Hindi, English","Bihar, Karnataka",female',
    '2,Bengali,"Bengali, Hindi, English",West Bengal,male',
    "3,Kannada,English,Karnataka,male",
)
HEADER = "id,intent_class,template,audio_path,speaker_id"


@pytest.fixture
def folder(archive):
    for name, lines in (("train", (HEADER, *TRAIN)), ("test", (HEADER, *TEST)), ("intent_info", INTENTS)):
        archive.text(f"speech-to-intent/{name}.csv", *lines)
    archive.text("speech-to-intent/speaker_info.csv", *SPEAKERS)
    for name in ("a-0", "a-1", "b-0", "b-1", "b-2", "b-3"):
        archive.sound(f"speech-to-intent/wav_audios/{name}.wav", rate=8000, subtype="PCM_16")
    return archive.path


def corpus(folder, **options):
    return SkitS2ICorpus(root=folder, card="skit-s2i", **options)


def test_templates_with_a_placeholder_are_excluded_and_all_others_are_heard(folder, heard):
    assert heard(corpus(folder)) == {
        "test-0": "ok",
        "test-1": "placeholder_reference",
        "test-2": "placeholder_reference",
        "test-3": "ok",
    }


def test_templates_are_kept_word_for_word_as_prompts(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert [row["text"] for row in rows] == [
        "Please tell me the code of my branch",
        "Last <numeric> transaction details",
        "I lost my (credit/debit) card, what now",
        "I lost my card (again), what now",
    ]
    assert {row["text_source"] for row in rows} == {"prompt"}


def test_intents_have_their_names_and_speakers_their_traits(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert [row["intent"] for row in rows] == ["ifsc_code", "past_transactions", "lost", "lost"]
    assert [(row["speaker_id"], row["native_language"], row["gender"]) for row in rows] == [
        ("1", "Hindi", "female"),
        ("2", "Bengali", "male"),
        ("1", "Hindi", "female"),
        ("2", "Bengali", "male"),
    ]


def test_both_parts_together_hold_every_utterance_under_an_id_of_its_own(folder, heard):
    assert list(heard(corpus(folder, split="train"))) == ["train-0", "train-1"]
    assert list(heard(corpus(folder, split="all"))) == [*(f"test-{n}" for n in range(4)), "train-0", "train-1"]


def test_a_speaker_or_an_intent_that_no_table_describes_leaves_its_cell_empty(folder, archive):
    archive.text("speech-to-intent/test.csv", HEADER, "0,99,What is the code,wav_audios/b-0.wav,12")
    (row,) = corpus(folder).utterances().to_pylist()
    assert (row["speaker_id"], row["native_language"], row["gender"], row["intent"]) == ("12", None, None, None)


def test_a_row_without_a_speaker_a_path_or_a_recording_is_excluded(folder, archive, heard):
    rows = ("0,6,What,wav_audios/b-0.wav,", "1,6,What,,1", "2,6,What,wav_audios/none.wav,1", "3,6,,b-3.wav,1")
    archive.text("speech-to-intent/test.csv", HEADER, *rows)
    assert list(heard(corpus(folder)).values()) == [
        "missing_speaker", "missing_path", "missing_audio", "empty_reference",
    ]  # fmt: skip


def test_the_cards_attributes_are_columns_and_it_compares_none(folder):
    card = corpus(folder).card
    assert set(card.attributes) == {"native_language", "gender"} <= set(corpus(folder).utterances().column_names)
    assert {one.reference for one in card.attributes.values()} == {None}


def test_a_table_without_a_needed_column_is_one_sentence(folder, archive):
    archive.text("speech-to-intent/test.csv", "id,intent_class,audio_path,speaker_id", "0,6,wav_audios/b-0.wav,1")
    with pytest.raises(InputError, match=r"test.csv: the column 'template' is missing; found: id, intent_class, audio"):
        corpus(folder).utterances()


def test_a_table_that_describes_one_twice_is_one_sentence(folder, archive):
    archive.text("speech-to-intent/speaker_info.csv", *SPEAKERS, SPEAKERS[1])
    with pytest.raises(InputError, match=r"speaker_info.csv, row 4: found the speaker_id '1' again; accepted: one row"):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"layout of skit-s2i; accepted: a folder that holds train.csv, test.csv"):
        corpus(tmp_path).utterances()
