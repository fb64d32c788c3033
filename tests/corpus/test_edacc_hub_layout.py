"""EdAcc in the layout of its copy on Hugging Face: Parquet files by split, tags and unscored segments in the texts."""

import io
import socket

import numpy as np
import pytest
import soundfile

from callgap.corpus.card import load_card
from callgap.corpus.edacc_hub import EdaccHubCorpus
from callgap.errors import InputError

datasets = pytest.importorskip("datasets", reason="the extra callgap[huggingface] is not installed")

ROWS = (
    ("EDACC-C06-A", "C ELEVEN DASH P ONE", "Indian English", "Standard Indian English", "male", "Hindi"),
    ("EDACC-C06-B", "YEAH <laugh> RIGHT", "Ghanain English", "", "female", "Twi"),
    ("EDACC-C06-B", "IGNORE_TIME_SEGMENT_IN_SCORING", "Ghanain English", "", "female", "Twi"),
    ("EDACC-C06-B", "<overlap>", "Ghanain English", "", "female", "Twi"),
)
NAMES = ("speaker", "text", "accent", "raw_accent", "gender", "l1")


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    """The package's cache lies in the test's folder, and no connection leaves the machine."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()

    def refuse(*_):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def write(rows, path):
    stream = io.BytesIO()
    soundfile.write(stream, np.sin(np.arange(9600) / 9).astype(np.float32), 32000, format="WAV")
    cells = dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True))
    sounds = [{"bytes": stream.getvalue(), "path": f"{place}.wav"} for place in range(len(rows))]
    made = datasets.Dataset.from_dict({**cells, "audio": sounds})
    made.cast_column("audio", datasets.Audio(sampling_rate=32000, decode=False)).to_parquet(path)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "edacc" / "data"
    place.mkdir(parents=True)
    write(ROWS[:1], place / "test-00000-of-00002-0a1b2c3d4e5f6a7b.parquet")
    write(ROWS[1:], place / "test-00001-of-00002-8c9d0e1f2a3b4c5d.parquet")
    write([("EDACC-C07-A", "HELLO", "Polish", "polish", "male", "Polish")], place / "validation-00000-of-00001.parquet")
    return place


def corpus(folder, **options):
    columns = {"speaker_id": "speaker", **options.pop("columns", {})}
    return EdaccHubCorpus(path=f"{folder}/test-*.parquet", card="edacc-hub", columns=columns, **options)


def test_a_pattern_reads_one_split_with_its_labels_word_for_word(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert [(row["speaker_id"], row["accent"], row["l1"], row["gender"], row["raw_accent"]) for row in rows] == [
        ("EDACC-C06-A", "Indian English", "Hindi", "male", "Standard Indian English"),
        *[("EDACC-C06-B", "Ghanain English", "Twi", "female", None)] * 3,
    ]
    assert set(load_card("edacc-hub").attributes) <= set(rows[0])


def test_tags_are_no_words_and_what_is_not_scored_has_its_reason(folder, heard):
    made = corpus(folder)
    assert made.utterances()["text"].to_pylist()[:2] == ["C ELEVEN DASH P ONE", "YEAH RIGHT"]
    assert list(heard(made).values()) == ["ok", "ok", "ignored_segment", "empty_reference"]


def test_a_table_without_the_column_of_texts_is_one_sentence(folder):
    with pytest.raises(InputError, match=r"corpus.columns.text=transcript: there is no such column"):
        corpus(folder, columns={"text": "transcript"}).utterances()


def test_a_place_without_parquet_files_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="neither Parquet files nor what save_to_disk writes"):
        corpus(tmp_path).utterances()
