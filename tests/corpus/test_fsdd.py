"""FSDD is read from a folder or fetched from a server, and no name of a speaker comes out."""

import functools
import http.server
import re
import threading

import numpy as np
import pytest
import soundfile
from local_server import LocalServer

from callgap.corpus import fsdd
from callgap.corpus.fsdd import DIGITS, FsddCorpus, read_speakers
from callgap.errors import InputError
from callgap.records import Status

METADATA = """
'''A dictionary.'''
metadata = {
    'zoe': {'gender': 'female', 'accent': 'ACCENT/two', 'language': 'english'},
    'abe': {'gender': 'male', 'accent': 'ACCENT/one', 'language': 'english'},
}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "metadata.py").write_text(METADATA)
    (tmp_path / "recordings").mkdir()
    for name in ("zoe", "abe"):
        for digit in range(10):
            for take in range(2):
                samples = np.sin(np.arange(4000) * (0.1 + digit / 50)) * 0.3
                soundfile.write(tmp_path / "recordings" / f"{digit}_{name}_{take}.wav", samples, 8000)
    return tmp_path


def test_speakers_are_numbered_in_the_order_of_their_names_and_stay_nameless(folder):
    rows = FsddCorpus(root=folder).utterances().to_pandas()
    assert len(rows) == 40
    assert dict(zip(rows["speaker_id"], rows["accent"], strict=True)) == {"s01": "ACCENT/one", "s02": "ACCENT/two"}
    assert rows["utterance_id"].is_unique
    assert not rows.drop(columns="audio").astype(str).apply(lambda c: c.str.contains("abe|zoe")).any().any()
    assert set(rows["text"]) == set(DIGITS)


def test_takes_limits_the_takes(folder):
    assert len(FsddCorpus(root=folder, takes=1).utterances()) == 20


def test_audio_arrives_at_8_khz(folder):
    corpus = FsddCorpus(root=folder)
    batch = next(corpus.load(corpus.utterances().slice(0, 3)))
    assert batch.sample_rate == 8000
    assert batch.lengths.tolist() == [4000, 4000, 4000]
    assert 0.25 < float(batch.samples.abs().max()) < 0.35


def test_a_damaged_recording_is_excluded_and_the_others_are_read(folder):
    corpus = FsddCorpus(root=folder)
    rows = corpus.utterances().slice(0, 3)
    (folder / "recordings" / "0_abe_0.wav").write_bytes(b"not a recording")
    soundfile.write(folder / "recordings" / "0_abe_1.wav", np.zeros((0,)), 8000)
    statuses = next(corpus.load(rows)).statuses
    assert [(s.status, s.reason) for s in statuses] == [
        (Status.EXCLUDED, "unreadable_audio"),
        (Status.EXCLUDED, "empty_audio"),
        (Status.OK, None),
    ]


def test_the_fingerprint_follows_the_recordings(folder):
    before = FsddCorpus(root=folder).fingerprint()
    soundfile.write(folder / "recordings" / "0_abe_0.wav", np.zeros(10), 8000)
    assert FsddCorpus(root=folder).fingerprint() != before


def test_recordings_that_are_not_the_pinned_ones_are_counted_in_the_revision(folder, pinned):
    assert FsddCorpus(root=folder).revision() == FsddCorpus(root=folder).card.revision
    soundfile.write(folder / "recordings" / "0_abe_0.wav", np.zeros(10), 8000)
    assert FsddCorpus(root=folder).revision().endswith(", 1 recordings changed")


def test_metadata_is_parsed_and_never_executed(folder):
    (folder / "metadata.py").write_text("raise SystemExit(1)\nmetadata = {'abe': {'gender': 'male', 'accent': 'x'}}\n")
    assert read_speakers(folder) == {"abe": {"accent": "x", "gender": "male"}}
    (folder / "metadata.py").write_text("metadata = dict(abe=print('executed'))")
    with pytest.raises(InputError, match=r"metadata\.py does not give accent and gender"):
        read_speakers(folder)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / "metadata.py").unlink(), "neither metadata.py nor speakers.csv"),
        (lambda f: (f / "metadata.py").write_bytes(b"\xff\xfe"), "does not give accent and gender"),
        (lambda f: (f / "recordings").rename(f / "elsewhere"), "no folder `recordings`"),
        (lambda f: [p.unlink() for p in (f / "recordings").iterdir()], "holds no recordings/"),
    ],
)
def test_a_wrong_folder_is_one_sentence(folder, break_it, message):
    break_it(folder)
    with pytest.raises(InputError, match=re.escape(message)):
        FsddCorpus(root=folder).utterances()


def test_nothing_is_fetched_without_being_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"corpus\.root=FOLDER.*corpus\.download=true"):
        FsddCorpus().utterances()


@pytest.fixture
def server(folder):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
    with LocalServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()


@pytest.fixture
def pinned(folder, monkeypatch):
    sums = {"metadata.py": fsdd.sha256_of(folder / "metadata.py")}
    for path in sorted((folder / "recordings").iterdir()):
        digit, name, take = path.stem.split("_")
        sums[f"{digit}_{'s01' if name == 'abe' else 's02'}_{take}"] = fsdd.sha256_of(path)
    monkeypatch.setattr(fsdd, "checksums", lambda: sums)
    return sums


def test_a_download_is_checked_file_by_file(server, pinned, tmp_path):
    fetched = fsdd.fetch(server, tmp_path / "cache")
    assert len(FsddCorpus(root=fetched).utterances()) == 40


def test_a_changed_file_is_refused(server, pinned, folder, tmp_path):
    (folder / "recordings" / "3_zoe_1.wav").write_bytes(b"changed")
    with pytest.raises(InputError, match="cannot be fetched"):
        fsdd.fetch(server, tmp_path / "cache")


def test_a_server_that_is_not_there_is_one_sentence(pinned, tmp_path):
    with pytest.raises(InputError, match="cannot be fetched"):
        fsdd.fetch("http://127.0.0.1:9/", tmp_path / "cache")


def test_the_pinned_checksums_are_those_of_the_recordings(data):
    sums = fsdd.checksums()
    corpus = FsddCorpus(root=data / "fsdd")
    rows = corpus.utterances().to_pylist()
    assert len(rows) == len(sums) - 1 == 3000
    assert all(sums[row["utterance_id"]] == fsdd.sha256_of(__import__("pathlib").Path(row["audio"])) for row in rows)
