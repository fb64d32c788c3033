"""A converter that gives everyone one voice, as recordings of a closed product, is caught by who is told apart."""

import importlib.util

import pyarrow.parquet as pq
import pytest
import soundfile
from runs import TINY, callgap

from callgap.corpus.espeak import espeak
from callgap.effect_pairs import pairs
from callgap.finished import Finished
from callgap.identities import identity_rows
from callgap.report.voice_words import identity_sentences, sounds_alike

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("resemblyzer") is None, reason="resemblyzer is not installed"),
]
# Ten voices that are all different, and nothing said in less than a third of a second.
HOW = [
    *("voice=none", "voice.voiceprint=true", "voice.least_speech_s=0.2", "engine.workers=0", "channel=clean"),
    "~corpus.accents.en-gb",
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Rows of `identities` by alteration: one voice for everyone, and a codec."""
    folder = tmp_path_factory.mktemp("one-voice")
    callgap("run", *TINY, *HOW, f"hydra.run.dir={folder / 'identity'}", cwd=folder)
    recordings = folder / "recordings"
    recordings.mkdir()
    for row in pq.read_table(folder / "identity" / "utterances.parquet").to_pylist():
        said = espeak().speak(row["text"], "en-us+m3", pitch=50, rate=160)
        soundfile.write(recordings / f"{row['utterance_id']}.wav", said.numpy(), espeak().sample_rate, "PCM_16")
    # What a product says in its own time has neither the length nor the rhythm of before.
    own_time = ("alteration.length_within=10", "alteration.likeness=null")
    ways = {"files": (f"alteration.path={recordings}", *own_time), "codec-only": ()}
    for name, options in ways.items():
        callgap("run", *TINY, *HOW, f"alteration={name}", *options, f"hydra.run.dir={folder / name}", cwd=folder)
    runs = [Finished.open(folder / name) for name in ("identity", *ways)]
    found = [row for row in identity_rows(pairs(runs)) if row["attribute"] == "all"]
    return {row["after"]: row for row in found}


def test_one_voice_for_everyone_is_caught(rows):
    row = rows["files"]
    assert row["speakers"] == 10
    assert row["distance_ratio"] < 0.25
    assert row["error_rate_after"] > row["error_rate_before"]
    assert row["still_themselves"] < row["still_themselves_before"]
    assert sounds_alike(row)
    assert "Everyone sounds alike after it." in list(identity_sentences([row]))


def test_a_codec_is_not_taken_for_it(rows):
    row = rows["codec-only"]
    assert row["distance_ratio"] > 0.5
    assert not sounds_alike(row)
