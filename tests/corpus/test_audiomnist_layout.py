"""AudioMNIST in its published layout: a folder per speaker, and a table of speakers in JSON with quirks of its own."""

import json

import pytest

from callgap.corpus.audiomnist import AudioMnistCorpus
from callgap.errors import InputError

PEOPLE = {
    "01": {"accent": "german", "age": 30, "gender": "male", "native speaker": "no", "origin": "Europe, Germany, Ulm"},
    "45": {"accent": "German", "age": "1234", "gender": "male", "native speaker": "no", "origin": "Europe, Germany"},
    "26": {"accent": "Chinese", "age": "22", "gender": "female", "native speaker": "no", "origin": "Asia, China"},
}


@pytest.fixture
def folder(archive):
    archive.text("AudioMNIST/data/audioMNIST_meta.txt", json.dumps(PEOPLE, indent=4))
    archive.text("AudioMNIST/data/36/notes.txt", "3_19 is 3_20")
    for speaker, digits in (("01", "01"), ("26", "9"), ("45", "3")):
        for digit in digits:
            for take in (0, 10, 2):
                archive.sound(f"AudioMNIST/data/{speaker}/{digit}_{speaker}_{take}.wav", rate=48000)
    return archive.path


def corpus(folder, **options):
    return AudioMnistCorpus(root=folder, card="audiomnist", **options)


def test_recordings_come_by_speaker_digit_and_take(folder, heard):
    made = corpus(folder, takes=11, bands={"age": (30,)})
    rows = made.utterances().to_pylist()
    assert [row["utterance_id"] for row in rows[:4]] == ["0_01_0", "0_01_2", "0_01_10", "1_01_0"]
    assert rows[0]["text"] == "zero"
    assert (rows[0]["prompt_id"], rows[0]["take"], rows[0]["speaker_id"]) == ("digit-0", 0, "01")
    assert set(heard(made).values()) == {"ok"}


def test_groups_are_those_of_the_table_of_speakers(folder):
    rows = corpus(folder, bands={"age": (30,)}).utterances().to_pylist()
    by_speaker = {row["speaker_id"]: row for row in rows}
    named = ("accent", "gender", "native_speaker", "age_band")
    assert {speaker: tuple(row[name] for name in named) for speaker, row in by_speaker.items()} == {
        "01": ("german", "male", "no", "30 and over"),
        "26": ("Chinese", "female", "no", "under 30"),
        "45": ("German", "male", "no", None),
    }


def test_later_takes_can_be_left_out(folder):
    assert {row["take"] for row in corpus(folder, takes=3, bands={"age": (30,)}).utterances().to_pylist()} == {0, 2}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ('"german"', r"speaker '01': found 'german'; accepted: an object with accent"),
        ('{"accent": ["german"]}', r"speaker '01': accent is \['german'\]; accepted: a text or a whole number"),
        ('{"age": null}', "speaker '01': age is None; accepted: a text"),
    ],
)
def test_a_cell_of_another_kind_is_named(folder, archive, facts, found):
    archive.text("AudioMNIST/data/audioMNIST_meta.txt", f'{{"01": {facts}}}')
    with pytest.raises(InputError, match=found):
        corpus(folder).utterances()


@pytest.mark.parametrize("content", ["", "[]"])
def test_a_table_of_speakers_in_another_form_is_one_sentence(folder, archive, content):
    archive.text("AudioMNIST/data/audioMNIST_meta.txt", content)
    with pytest.raises(InputError, match=r"audioMNIST_meta.txt does not describe its speakers as JSON by number"):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"does not have the layout of audiomnist; accepted: a folder that holds data"):
        corpus(tmp_path).utterances()
