"""A corpus begins from a folder of recordings, and a run refuses it until its card is filled in."""

import re

import pandas
import pytest
import yaml

from callgap.corpus.checking import check_corpus
from callgap.corpus.folder import FolderCorpus
from callgap.corpus.grouping import unfilled_fields
from callgap.corpus.starting import init_corpus
from callgap.errors import InputError


@pytest.fixture
def recordings(folder, voice):
    """Two speakers with a folder each, and no manifest."""
    folder.manifest.unlink()
    for name in "abc":
        (folder.path / f"{name}.wav").unlink()
    for speaker in ("anna", "ben"):
        (folder.path / speaker).mkdir()
        for number in range(2):
            folder.sound(f"{speaker}/{number}.wav", voice(seed=number), 16000)
            (folder.path / speaker / f"{number}.txt").write_text(f"take {number}\n")
    return folder


def test_a_manifest_and_a_card_are_written(recordings):
    started = init_corpus(recordings.path)
    rows = pandas.read_csv(started.manifest)
    assert rows["path"].tolist() == ["anna/0.wav", "anna/1.wav", "ben/0.wav", "ben/1.wav"]
    assert rows["speaker_id"].tolist() == ["anna", "anna", "ben", "ben"]
    assert rows["text"].tolist() == ["take 0", "take 1"] * 2
    assert started.recordings == 4
    assert "Add a column for each group" in started.next_steps
    assert "callgap corpus check" in started.next_steps


def test_recordings_without_folders_have_no_speaker_yet(folder):
    folder.manifest.unlink()
    started = init_corpus(folder.path)
    assert pandas.read_csv(started.manifest)["speaker_id"].isna().all()
    assert "3 have no speaker" in started.next_steps
    assert "3 of them have no text" in started.next_steps


def test_one_folder_is_no_speaker(recordings):
    import shutil

    shutil.rmtree(recordings.path / "ben")
    assert "2 have no speaker" in init_corpus(recordings.path).next_steps


def test_a_table_of_transcripts_gives_texts_speakers_and_groups(folder):
    folder.manifest.unlink()
    (folder.path / "said.tsv").write_text(
        "file_name\tsentence\tspeaker_id\taccent\na.wav\tone\ts1\tnorth\nb.wav\ttwo\ts2\tsouth\n"
    )
    started = init_corpus(folder.path)
    rows = pandas.read_csv(started.manifest, keep_default_na=False)
    assert rows.to_dict("list") == {
        "path": ["a.wav", "b.wav", "c.wav"], "text": ["one", "two", ""], "speaker_id": ["s1", "s2", ""],
        "accent": ["north", "south", ""],
    }  # fmt: skip
    assert list(yaml.safe_load(started.card.read_text())["attributes"]) == ["accent"]


@pytest.mark.parametrize("name", ["manifest.csv", "card.yaml"])
def test_nothing_is_overwritten(recordings, name):
    (recordings.path / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{name} is there already and is never overwritten"):
        init_corpus(recordings.path)
    assert (recordings.path / name).read_text() == "mine"
    assert {"manifest.csv", "card.yaml"} - {path.name for path in recordings.path.iterdir()}


def test_a_folder_without_recordings_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"holds no recordings; accepted endings: \.wav"):
        init_corpus(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        init_corpus(tmp_path / "nowhere")


def test_a_text_in_latin_1_is_one_sentence(recordings):
    (recordings.path / "anna" / "0.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"0\.txt: the bytes are not UTF-8"):
        init_corpus(recordings.path)


def test_every_field_that_a_person_has_to_write_is_marked_and_refused(recordings):
    started = init_corpus(recordings.path)
    unfilled = unfilled_fields(started.card)
    assert {"summary", "license", "consent", "speech_condition", "text_source", "language"} <= set(unfilled)
    with pytest.raises(InputError, match=r"card\.yaml, field summary: it still says 'FILL IN'"):
        FolderCorpus(manifest=started.manifest).utterances()


def test_a_card_that_was_filled_in_is_a_card(recordings):
    started = init_corpus(recordings.path)
    text = started.card.read_text()
    for field, value in {"speech_condition": "read", "text_source": "prompt", "label_source": "assigned"}.items():
        text = re.sub(rf'({field}): "FILL IN[^"]*"', rf"\1: {value}", text)
    text = re.sub(r'"FILL IN: name of a column[^"]*"', "accent", text)
    text = re.sub(r'reference: "FILL IN[^"]*"', "reference: north", text)
    spoken = re.sub(r'^language: "FILL IN[^"]*"', "language: en-GB", text, flags=re.MULTILINE)
    started.card.write_text(re.sub(r'"FILL IN[^"]*"', '"x"', spoken))
    rows = pandas.read_csv(started.manifest)
    rows["accent"] = ["north", "north", "south", "south"]
    rows.to_csv(started.manifest, index=False)
    made = FolderCorpus(manifest=started.manifest)
    assert made.card.attributes["accent"].reference == "north"
    assert made.card.sample_rate == 16000
    assert check_corpus(recordings.path).fit
