"""Voices measured in runs: each utterance once, as the alteration left it."""

import importlib.util
import shutil

import pyarrow.parquet as pq
import pytest
import torch
from runs import TINY, callgap

from callgap.alteration import Chain, Identity
from callgap.audio import batch_of
from callgap.corpus.espeak import espeak
from callgap.records import ItemStatus, Status
from callgap.run_directory import RunDirectory
from callgap.voice import Measures
from callgap.voice_records import VOICES

HOW = ["voice=prosody", "batch_size=5", "engine.workers=0"]
NEEDS_EMBEDDINGS = pytest.mark.skipif(
    importlib.util.find_spec("resemblyzer") is None, reason="resemblyzer is not installed"
)


class Runs(dict):
    """By name the directory of a run, made when it is first asked for; `again` is one more without any alteration."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def __missing__(self, name):
        if name == "again":
            # It takes over what the first one measured.
            assert self["identity"].exists()
        alteration = "mcadams" if name == "mcadams" else "identity"
        self[name] = path = self.folder / name
        callgap("run", *TINY, *HOW, f"alteration={alteration}", f"hydra.run.dir={path}", cwd=self.folder)
        return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return Runs(tmp_path_factory.mktemp("voices"))


def voices(path):
    return pq.read_table(path / "voices.parquet")


def test_every_utterance_has_one_row_in_the_order_of_the_run(runs):
    found = voices(runs["identity"])
    utterances = pq.read_table(runs["identity"] / "utterances.parquet")["utterance_id"].to_pylist()
    assert found.schema.names == VOICES.names
    assert sorted(found["utterance_id"].to_pylist()) == sorted(utterances)
    assert set(found["status"].to_pylist()) == {"ok"}
    assert all(hertz > 50 for hertz in found["f0_mean_hz"].to_pylist())
    assert found["embedding"].null_count == len(found)


@pytest.mark.slow
def test_nothing_altered_is_the_same_to_the_bit_and_keeps_its_contours(runs):
    first, second = (voices(runs[name]) for name in ("identity", "again"))
    assert first.equals(second)
    assert first["f0_scale"].to_pylist() == pytest.approx([1.0] * len(first))


@pytest.mark.slow
def test_an_alteration_is_measured_after_it(runs):
    before, after = (voices(runs[name]) for name in ("identity", "mcadams"))
    assert before["utterance_id"].equals(after["utterance_id"])
    assert before["energy_dbfs"].to_pylist() != after["energy_dbfs"].to_pylist()
    notes = RunDirectory.open(runs["mcadams"]).provenance()["alteration"]
    assert notes["look_ahead_s"] == pytest.approx(0.02)
    assert notes["compute_s_per_s"] > RunDirectory.open(runs["identity"]).provenance()["alteration"]["compute_s_per_s"]


@pytest.mark.slow
def test_a_run_that_goes_on_measures_what_is_left_and_no_more(runs, tmp_path):
    path = tmp_path / "torn"
    shutil.copytree(runs["identity"], path)
    last = max((path / "hypotheses").glob("part-*.parquet"))
    for stream in ("hypotheses", "covariates", "timings"):
        (path / stream / last.name).unlink()
    (path / "voices.parquet").unlink()
    callgap("run", f"resume={path}", cwd=tmp_path)
    assert voices(path).equals(voices(runs["identity"]))


@pytest.mark.slow
def test_what_was_measured_beside_stays_with_a_run_that_goes_on_elsewhere(runs, tmp_path):
    path = tmp_path / "moved"
    shutil.copytree(runs["again"], path)
    assert not (path / "voices").exists()
    last = max((path / "hypotheses").glob("part-*.parquet"))
    last.unlink()
    callgap("run", f"resume={path}", cwd=tmp_path)
    assert voices(path).equals(voices(runs["identity"]))


def test_without_measures_there_is_no_table(finished):
    assert not (finished[0] / "voices.parquet").exists()
    assert not (finished[0] / "voices").exists()


@pytest.mark.slow
def test_judging_again_keeps_the_voices(runs, tmp_path):
    callgap("score", runs["identity"], "scoring.primary=none", cwd=tmp_path)
    made = next(path for path in runs["identity"].parent.glob("identity-score-*"))
    assert voices(made).equals(voices(runs["identity"]))


def test_stored_transcripts_have_no_voices(tmp_path):
    stored = ("corpus=artie-bias", "recognizer=artie-google-en-us", "ivr=none")
    done = callgap("run", *stored, "voice=prosody", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "voice=prosody" in done.output
    assert "accepted: voice=none" in done.output


@pytest.mark.slow
def test_a_sweep_measures_the_voices_of_one_alteration_once(runs, tmp_path):
    path = runs["identity"].parent / "other-line"
    callgap("run", *TINY, *HOW, "channel=clean", "alteration=identity", f"hydra.run.dir={path}", cwd=tmp_path)
    assert voices(path).equals(voices(runs["identity"]))
    assert not (path / "voices").exists()
    alone = tmp_path / "alone" / "other-line"
    callgap("run", *TINY, *HOW, "channel=clean", "alteration=identity", f"hydra.run.dir={alone}", cwd=tmp_path)
    assert (alone / "voices").exists()
    assert voices(alone).equals(voices(path))


@NEEDS_EMBEDDINGS
def test_another_person_is_excluded_where_the_run_asks_for_it():
    speaker = espeak()
    said = "please transfer two hundred pounds to my checking account"
    one, other = (
        speaker.speak(said, voice, pitch=pitch, rate=160) for voice, pitch in (("en-us+m3", 20), ("en-us+f4", 90))
    )
    before = batch_of([one, one, one], speaker.sample_rate, ["same", "swapped", "lost"])
    lost = ItemStatus(Status.FAILED, "timeout")
    after = batch_of([one, other, torch.zeros(0)], speaker.sample_rate, ["same", "swapped", "lost"],
                     [ItemStatus(Status.OK), ItemStatus(Status.OK), lost])  # fmt: skip
    found = Measures(least_similarity=0.8).checked(before, after)
    assert found.statuses[0].status is Status.OK
    assert torch.equal(found.signal(0), one)
    assert found.statuses[1] == ItemStatus(Status.EXCLUDED, "after_other_speaker")
    assert len(found.signal(1)) == 0
    assert found.statuses[2] == lost
    assert Measures().checked(before, after) is after


def test_a_chain_alters_link_by_link_and_needs_alterations():
    class Half(Identity):
        def alter(self, batch):
            return batch.with_signals([batch.signal(i) / 2 for i in range(len(batch))], batch.sample_rate)

    chain = Chain((Half(), Half()))
    altered = chain.alter(batch_of([torch.ones(10)], 8000, ["u"]))
    assert altered.signal(0).tolist() == [0.25] * 10
    assert chain.look_ahead_s == 0
    with pytest.raises(ValueError, match="link 1 is a int and no alteration"):
        Chain((Half(), 3))
