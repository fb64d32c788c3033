"""Speech Commands in its published layout: a folder per word, two lists, and noise that is no utterance."""

import pytest

from callgap.corpus.speech_commands import SpeechCommandsCorpus
from callgap.errors import InputError

TEST = ("yes/0a1b2c3d_nohash_0.wav", "no/0a1b2c3d_nohash_0.wav", "yes/0a1b2c3d_nohash_10.wav")
VALIDATION = ("marvin/00c0ffee_nohash_3.wav",)
TRAIN = ("yes/deadbee0_nohash_0.wav", "yes/deadbee0_nohash_2.wav")


@pytest.fixture
def folder(archive):
    archive.text("LICENSE", "Creative Commons Attribution 4.0")
    archive.text("README.md", "# Speech Commands")
    archive.text("testing_list.txt", *TEST)
    archive.text("validation_list.txt", *VALIDATION)
    archive.text("_background_noise_/README.md", "noise")
    archive.sound("_background_noise_/white_noise.wav", seconds=2.0)
    for seconds, name in enumerate((*TEST, *VALIDATION, *TRAIN), start=4):
        archive.sound(name, seconds=seconds / 10)
    return archive.path


def corpus(folder, **options):
    return SpeechCommandsCorpus(root=folder, card="speech-commands", **options)


def ids(folder, **options):
    return [row["utterance_id"] for row in corpus(folder, **options).utterances().to_pylist()]


def test_the_test_list_is_read_by_word_speaker_and_take_and_every_word_is_heard(folder, heard):
    made = corpus(folder)
    assert heard(made) == {
        "no/0a1b2c3d_nohash_0": "ok",
        "yes/0a1b2c3d_nohash_0": "ok",
        "yes/0a1b2c3d_nohash_10": "ok",
    }
    last = made.utterances().to_pylist()[-1]
    assert (last["speaker_id"], last["text"], last["word"]) == ("0a1b2c3d", "yes", "yes")
    assert (last["prompt_id"], last["intent"], last["take"]) == ("yes", "yes", 10)


def test_the_other_parts_are_those_of_their_list_and_of_neither(folder):
    assert ids(folder, split="validation") == ["marvin/00c0ffee_nohash_3"]
    assert ids(folder, split="train") == ["yes/deadbee0_nohash_0", "yes/deadbee0_nohash_2"]


def test_all_parts_together_hold_every_recording_once_and_no_noise(folder):
    made = corpus(folder, split="all", groups=("split",)).utterances().to_pylist()
    assert {row["audio"].removeprefix(f"{folder}/"): row["split"] for row in made} == {
        **dict.fromkeys(TEST, "test"),
        **dict.fromkeys(VALIDATION, "validation"),
        **dict.fromkeys(TRAIN, "train"),
    }
    assert len({row["utterance_id"] for row in made}) == len(made) == 6


def test_a_list_may_have_windows_lines_and_begin_names_with_the_archives_dot(folder, archive):
    archive.text("testing_list.txt", *(f"./{name}" for name in TEST), "", "_background_noise_/tap.wav", ending="\r\n")
    assert ids(folder) == ["no/0a1b2c3d_nohash_0", "yes/0a1b2c3d_nohash_0", "yes/0a1b2c3d_nohash_10"]


def test_recordings_that_cannot_be_used_are_excluded_with_their_reason(folder, archive, heard):
    archive.text("testing_list.txt", *TEST, "no/ffffffff_nohash_0.wav", "yes/copy.wav")
    reasons = heard(corpus(folder))
    assert reasons["no/ffffffff_nohash_0"] == "missing_audio"
    assert reasons["yes/copy"] == "unknown_file_name"
    assert list(reasons.values()).count("ok") == 3


def test_the_card_knows_no_group_of_persons(folder):
    attributes = corpus(folder).card.attributes
    assert {name: (one.of_person, one.reference) for name, one in attributes.items()} == {"word": (False, None)}


@pytest.mark.parametrize("name", ["../yes/0a1b2c3d_nohash_0.wav", "/yes/0a1b2c3d_nohash_0.wav", "yes"])
def test_a_list_that_names_anything_else_is_one_sentence(folder, archive, name):
    archive.text("testing_list.txt", name)
    with pytest.raises(InputError, match=r"testing_list.txt, line 1: found '.*yes.*'; accepted: a recording below"):
        corpus(folder).utterances()


def test_empty_lists_hold_no_utterance(folder, archive):
    archive.text("testing_list.txt")
    with pytest.raises(InputError, match=r"holds no utterance of speech-commands; accepted: testing_list.txt"):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"layout of speech-commands; accepted: a folder that holds testing_list.txt"):
        corpus(tmp_path).utterances()
