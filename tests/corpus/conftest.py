"""Recordings and manifests that the tests write."""

import csv

import numpy as np
import pytest
import soundfile


@pytest.fixture
def voice():
    """Samples that are neither silent nor the same for two seeds."""

    def make(seconds=0.5, rate=16000, seed=0):
        return np.random.default_rng(seed).uniform(-0.3, 0.3, round(seconds * rate)).astype(np.float32)

    return make


@pytest.fixture
def folder(tmp_path, voice):
    """A folder with three recordings of two speakers; `rows` become its manifest."""

    class Folder:
        path = tmp_path
        manifest = tmp_path / "manifest.csv"
        rows = (
            {"path": "a.wav", "text": "one two", "speaker_id": "s1", "accent": "north", "age": "17"},
            {"path": "b.wav", "text": "three", "speaker_id": "s1", "accent": "north", "age": "17"},
            {"path": "c.wav", "text": "four", "speaker_id": "s2", "accent": "south", "age": "40"},
        )

        def sound(self, name, samples=None, rate=16000, **options):
            place = self.path / name
            soundfile.write(place, voice() if samples is None else samples, rate, **options)
            return place

        def write(self, rows=None, name="manifest.csv"):
            rows = self.rows if rows is None else rows
            names = list(dict.fromkeys(key for row in rows for key in row))
            with (self.path / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, names, restval="", delimiter="\t" if name.endswith("tsv") else ",")
                writer.writeheader()
                writer.writerows(rows)
            return self.path / name

    made = Folder()
    for seed, name in enumerate("abc"):
        made.sound(f"{name}.wav", voice(seed=seed))
    made.write()
    return made


@pytest.fixture
def archive(tmp_path, voice):
    """A folder in which a test builds a corpus in its published layout: `text` and `sound` write files into it."""

    class Archive:
        path = tmp_path / "archive"

        def text(self, name, *lines, ending="\n", encoding="utf-8"):
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes("".join(line + ending for line in lines).encode(encoding))
            return place

        def sound(self, name, rate=16000, seconds=0.3, channels=1, **options):
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            samples = voice(seconds, rate, seed=len(name))
            soundfile.write(place, np.repeat(samples[:, None], channels, 1), rate, **options)
            return place

    return Archive()


@pytest.fixture
def heard():
    """By utterance id, `ok` or the reason for which it is excluded, after all audio was read."""

    def listen(corpus):
        return {
            utterance: status.reason or str(status.status)
            for batch in corpus.load(corpus.utterances())
            for utterance, status in zip(batch.utterance_ids, batch.statuses, strict=True)
        }

    return listen
