"""A Kaldi data folder becomes utterances; a command in it is never run."""

import re

import numpy as np
import pytest
import soundfile

from callgap.corpus.kaldi import KaldiCorpus, is_kaldi
from callgap.errors import InputError
from callgap.records import Status

FILES = {
    "wav.scp": "u1 a.wav\nu2\tb.wav\nu3 c.wav\n",
    "text": "u1 ONE TWO\nu2 THREE\nu3 FOUR\n",
    "utt2spk": "u1 s1\nu2 s1\nu3 s2\n",
    "spk2gender": "s1 f\ns2 m\n",
    "spk2age": "s1 9\ns2 33\n",
    "spk2utt": "s1 u1 u2\ns2 u3\n",
}


@pytest.fixture
def root(folder):
    for name, content in FILES.items():
        (folder.path / name).write_text(content)
    return folder.path


def corpus(root, **options):
    return KaldiCorpus(root=root, **{"groups": ("gender",), **options})


def rows_of(root, **options):
    return {row["utterance_id"]: row for row in corpus(root, **options).utterances().to_pylist()}


def reasons(made):
    return {
        utterance: status.reason
        for batch in made.load(made.utterances())
        for utterance, status in zip(batch.utterance_ids, batch.statuses, strict=True)
    }


def test_the_files_are_joined(root):
    rows = rows_of(root, groups=("gender", "age"), bands={"age": (18,)})
    assert [(row["text"], row["speaker_id"], row["gender"], row["age_band"]) for row in rows.values()] == [
        ("ONE TWO", "s1", "f", "under 18"), ("THREE", "s1", "f", "under 18"), ("FOUR", "s2", "m", "18 and over"),
    ]  # fmt: skip
    assert reasons(corpus(root)) == {"u1": None, "u2": None, "u3": None}


def test_speakers_lists_of_utterances_are_no_attribute(root):
    with pytest.raises(InputError, match=r"no column 'utt' to group by; accepted: age, gender"):
        corpus(root, groups=("utt",)).utterances()


def test_a_command_is_never_run(root):
    (root / "wav.scp").write_text(f"u1 a.wav\nu2 touch {root}/ran; cat b.wav |\nu3 c.wav\n")
    assert reasons(corpus(root)) == {"u1": None, "u2": "pipe_not_run", "u3": None}
    assert corpus(root).fingerprint()
    assert not (root / "ran").exists()


def test_what_one_file_lacks_is_a_fault_of_the_utterance(root):
    (root / "wav.scp").write_text("u1 a.wav\nu2 b.wav\nu4 c.wav\n")
    (root / "text").write_text("u1 ONE\nu2\nu3 FOUR\n")
    (root / "utt2spk").write_text("u1 s1\nu2 s1\nu3 s2\n")
    rows = rows_of(root)
    assert {name: row["fault"] for name, row in rows.items()} == {
        "u1": None,
        "u2": "empty_reference",
        "u4": "missing_speaker",
        "u3": "missing_audio",
    }
    assert rows["u4"]["gender"] is None


def test_segments_are_cut_out_of_their_recordings(root, voice):
    soundfile.write(root / "call.wav", voice(4), 16000, "PCM_16")
    (root / "wav.scp").write_text("call call.wav\n")
    (root / "segments").write_text("u1 call 0.5 1.25\nu2 call 1.25 -1\nu3 other 0 1\n")
    made = corpus(root)
    (batch,) = made.load(made.utterances())
    whole = soundfile.read(root / "call.wav", dtype="float32")[0]
    assert np.array_equal(batch.signal(0).numpy(), whole[8000:20000])
    assert np.array_equal(batch.signal(1).numpy(), whole[20000:])
    assert batch.statuses[2].reason == "missing_audio"


@pytest.mark.parametrize("segment", ["call", "call 1", "call one two", "call 3 2", "call 9 10"])
def test_a_segment_that_is_none_is_a_bad_one(root, voice, segment):
    soundfile.write(root / "call.wav", voice(4), 16000)
    (root / "wav.scp").write_text("call call.wav\n")
    (root / "segments").write_text(f"u1 {segment}\nu2 call 0 1\nu3 call 1 2\n")
    assert reasons(corpus(root)) == {"u1": "bad_segment", "u2": None, "u3": None}


def test_an_old_segment_names_its_channel(root, voice):
    soundfile.write(root / "call.wav", np.stack([voice(2, seed=1), voice(2, seed=2)], axis=1), 16000)
    (root / "wav.scp").write_text("call call.wav\n")
    (root / "segments").write_text("u1 call 0 1 0\nu2 call 0 1 1\nu3 call 0 1 B\n")
    assert reasons(corpus(root)) == {"u1": None, "u2": None, "u3": "no_such_channel"}


def test_language_and_duration_are_taken_where_they_are_stated(root):
    (root / "utt2lang").write_text("u1 cmn\n")
    (root / "utt2dur").write_text("u1 0.5\n")
    rows = rows_of(root)
    assert (rows["u1"]["language"], rows["u1"]["duration_s"]) == ("cmn", 0.5)
    assert (rows["u2"]["language"], rows["u2"]["duration_s"]) == ("en-US", None)


def test_paths_may_start_from_another_folder(root):
    (root / "train").mkdir()
    for name in FILES:
        (root / name).rename(root / "train" / name)
    assert set(reasons(corpus(root / "train")).values()) == {"missing_audio"}
    assert set(reasons(corpus(root / "train", audio_root=root)).values()) == {None}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("wav.scp", None, "wav.scp cannot be read"),
        ("text", None, "text cannot be read"),
        ("text", b"u1 caf\xe9\n", "text: the bytes at 6 are not UTF-8"),
        ("utt2spk", b"u1 s1\nu2 s1\nu1 s2\n", "utt2spk, lines 1 and 3: both begin with 'u1'"),
    ],
)
def test_a_bad_file_is_one_sentence(root, name, content, message):
    (root / name).unlink()
    if content is not None:
        (root / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)):
        corpus(root).utterances()


def test_an_empty_folder_of_lists_is_one_sentence(root):
    for name in ("wav.scp", "text", "utt2spk"):
        (root / name).write_text("")
    with pytest.raises(InputError, match="holds no utterance"):
        corpus(root).utterances()


def test_a_kaldi_folder_is_known_by_its_files(root):
    assert is_kaldi(root)
    (root / "utt2spk").unlink()
    assert not is_kaldi(root)


def test_data_that_is_nowhere_is_one_sentence_that_says_what_to_give(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"give corpus\.root=PATH, or set CALLGAP_DATA"):
        KaldiCorpus(place="speechocean762", groups=("age",)).utterances()


def test_speechocean762_is_heard_and_compared_by_age_and_gender(data, monkeypatch):
    from callgap.assembly import units
    from callgap.configuration import composed, plain

    monkeypatch.setenv("CALLGAP_DATA", str(data))
    made = units(plain(composed(["corpus=speechocean762"])))["corpus"]
    table = made.utterances()
    frame = table.to_pandas()
    speakers = frame.groupby("speaker_id").first()
    assert speakers.groupby("age_band").size().to_dict() == {"18 and over": 128, "under 18": 122}
    assert speakers.groupby("gender").size().to_dict() == {"f": 125, "m": 125}
    assert frame["fault"].isna().all()
    assert made.card.attributes["age_band"].reference == "18 and over"
    assert set(made.card.attributes) == {"age_band", "gender"}
    # Every twentieth: the whole hour takes seconds.
    rows = table.take(list(range(0, len(table), 20)))
    statuses = [status.status for batch in made.load(rows) for status in batch.statuses]
    assert statuses == [Status.OK] * 50
