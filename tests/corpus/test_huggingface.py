"""Data sets of Hugging Face are read from folders and Parquet files; nothing is fetched that is not pinned."""

import io
import pickle
import re
import socket
import sys

import numpy as np
import pytest
import soundfile

from callgap.corpus.huggingface import HuggingFaceCorpus
from callgap.errors import InputError
from callgap.records import Status

datasets = pytest.importorskip("datasets", reason="the extra callgap[huggingface] is not installed")


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    """The package's cache lies in the test's folder, and no connection leaves the machine."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()

    def refuse(*_):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def bytes_of(samples, rate=16000, form="WAV"):
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format=form)
    return stream.getvalue()


def made(first):
    """Three rows whose bytes are inside; the last are no sound."""
    sounds = [first, bytes_of(np.sin(np.arange(8000) / 5), 8000, "FLAC"), b"no sound"]
    return datasets.Dataset.from_dict(
        {
            "clip": [{"bytes": sound, "path": None} for sound in sounds],
            "sentence": ["one two", "three", "four"],
            "who": ["s1", "s2", "s2"],
            "gender": [0, 1, -1],
            "age": [17, 40, None],
        },
        features=datasets.Features(
            {
                "clip": {"bytes": datasets.Value("binary"), "path": datasets.Value("string")},
                "sentence": datasets.Value("string"),
                "who": datasets.Value("string"),
                "gender": datasets.ClassLabel(names=["female", "male"]),
                "age": datasets.Value("int32"),
            }
        ),
    ).cast_column("clip", datasets.Audio(decode=False))


@pytest.fixture
def data(voice):
    return made(bytes_of(voice(seed=1)))


COLUMNS = {"audio": "clip", "text": "sentence", "speaker_id": "who"}


def corpus(path, **options):
    return HuggingFaceCorpus(path=str(path), **{"columns": COLUMNS, "groups": ("gender",), **options})


def heard(found):
    return [
        (utterance, status.status, status.reason)
        for batch in found.load(found.utterances())
        for utterance, status in zip(batch.utterance_ids, batch.statuses, strict=True)
    ]


def saved(data, path):
    data.save_to_disk(path)
    return path


def parquet(data, path):
    path.mkdir()
    data.to_parquet(path / "part-0.parquet")
    return path


@pytest.mark.parametrize("write", [saved, parquet])
def test_a_folder_is_read_with_its_columns_renamed(data, tmp_path, write, voice):
    found = corpus(write(data, tmp_path / "set"), groups=("gender", "age"), bands={"age": (18,)})
    rows = found.utterances().to_pylist()
    assert [(row["text"], row["speaker_id"], row["gender"], row["age_band"]) for row in rows] == [
        ("one two", "s1", "female", "under 18"), ("three", "s2", "male", "18 and over"), ("four", "s2", None, None),
    ]  # fmt: skip
    assert [item[1:] for item in heard(found)] == [
        (Status.OK, None), (Status.OK, None), (Status.EXCLUDED, "unreadable_audio"),
    ]  # fmt: skip
    (batch,) = found.load(found.utterances())
    assert np.allclose(batch.signal(0).numpy(), voice(seed=1), atol=1e-4)
    assert batch.lengths.tolist() == [8000, 16000, 0]


def test_a_corpus_that_was_used_can_be_sent_to_another_process(data, tmp_path):
    found = corpus(saved(data, tmp_path / "set"))
    before = heard(found)
    assert heard(pickle.loads(pickle.dumps(found))) == before


def test_some_rows_in_another_order_are_those_rows(data, tmp_path):
    found = corpus(saved(data, tmp_path / "set"))
    (batch,) = found.load(found.utterances().take([1, 0]))
    assert batch.lengths.tolist() == [16000, 8000]


def test_a_file_and_a_pattern_name_parquet_too(data, tmp_path):
    folder = parquet(data, tmp_path / "set")
    for path in (folder / "part-0.parquet", folder / "part-*.parquet"):
        assert len(corpus(path).utterances()) == 3


def test_audio_may_lie_beside_the_data(tmp_path, voice):
    folder = tmp_path / "set"
    folder.mkdir()
    soundfile.write(folder / "a.wav", voice(), 16000)
    rows = {"clip": ["a.wav", "gone.wav"], "sentence": ["one", "two"], "who": ["s1", "s2"], "gender": ["f", "m"]}
    datasets.Dataset.from_dict(rows).to_parquet(folder / "x.parquet")
    assert [reason for _, _, reason in heard(corpus(folder))] == [None, "missing_audio"]


def test_an_id_of_its_own_is_taken_and_a_row_without_one_is_named_by_its_split(data, tmp_path):
    datasets.DatasetDict({"test": data}).save_to_disk(tmp_path / "set")
    assert corpus(tmp_path / "set").utterances()["utterance_id"].to_pylist()[0] == "test-000001"
    named = data.add_column("id", ["a", "b", "c"])
    named.save_to_disk(tmp_path / "named")
    found = corpus(tmp_path / "named", columns={**COLUMNS, "utterance_id": "id"}).utterances()
    assert found["utterance_id"].to_pylist() == ["a", "b", "c"]


def test_the_fingerprint_follows_the_bytes_and_not_the_place(data, tmp_path, voice):
    before = corpus(saved(data, tmp_path / "one")).fingerprint()
    assert corpus(saved(data, tmp_path / "two")).fingerprint() == before
    changed = made(bytes_of(voice(seed=5)))
    assert corpus(saved(changed, tmp_path / "three")).fingerprint() != before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "dev"}, "corpus.split: found 'dev'; accepted: test, train"),
        ({"split": None}, "corpus.split: found None; accepted: test, train"),
        (
            {"split": "test", "columns": {"audio": "klip"}},
            "corpus.columns.audio=klip: there is no such column",
        ),
        ({"split": "test", "columns": {"audio": "sentence", "text": "who", "speaker_id": "nobody"}}, "nobody"),
        ({"split": "test", "columns": {"audio": "age"}}, "the column 'age' holds no audio"),
        ({"split": "test", "groups": ("genre",)}, "no column 'genre' to group by; did you mean 'gender'?"),
    ],
)
def test_a_wrong_choice_is_one_sentence(data, tmp_path, options, message):
    datasets.DatasetDict({"train": data, "test": data}).save_to_disk(tmp_path / "set")
    with pytest.raises(InputError, match=re.escape(message)):
        corpus(tmp_path / "set", **options).utterances()


@pytest.mark.parametrize("revision", [None, "main", "abc123", "A" * 40])
def test_an_id_of_the_hub_is_refused_without_a_pinned_commit(revision, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"corpus\.revision: found .*40 hexadecimal digits"):
        corpus("someone/something", revision=revision).utterances()


def test_a_place_that_is_none_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="found no such folder or file, and it is no id of the hub"):
        corpus(tmp_path / "nowhere", revision="a" * 40).utterances()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="neither Parquet files nor what save_to_disk writes"):
        corpus(tmp_path / "empty").utterances()


def test_a_loading_script_is_never_run(tmp_path):
    folder = tmp_path / "scripted"
    folder.mkdir()
    (folder / "scripted.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(InputError, match="has a loading script, which is never run"):
        corpus(folder).utterances()
    assert not (tmp_path / "ran").exists()


def test_a_damaged_parquet_file_is_one_sentence(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"x\.parquet cannot be read"):
        corpus(tmp_path / "x.parquet").utterances()


def test_without_the_package_one_sentence_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"pip install 'callgap\[huggingface\]'"):
        corpus(tmp_path).utterances()
