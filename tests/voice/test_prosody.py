"""Pitch, pauses and levels of sounds whose pitch, pauses and levels are known."""

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.fairness import measure
from callgap.records import ItemStatus, Status
from callgap.voice import Prosody
from callgap.voice.contour import pitch
from callgap.voice.prosody import manner

RATE = 16000


def seconds(duration):
    return np.arange(round(duration * RATE)) / RATE


@pytest.mark.parametrize("hertz", [75, 110, 180, 260, 400, 480])
def test_a_steady_vowel_has_its_pitch_and_no_range(vowel, hertz):
    found = manner(vowel(np.full(RATE, hertz)), RATE)
    assert found["f0_mean_hz"] == pytest.approx(hertz, rel=0.005)
    assert found["f0_sd_semitones"] < 0.1
    assert found["f0_range_semitones"] < 0.1


@pytest.mark.parametrize("rate", [8000, 16000, 22050])
def test_a_glide_over_an_octave_is_followed_at_every_rate(rate):
    time = np.arange(2 * rate) / rate
    curve = 100 * 2 ** (time / 2)
    phase = 2 * np.pi * np.cumsum(curve) / rate
    signal = (0.1 * sum(np.sin(k * phase) / k for k in range(1, 12))).astype(np.float32)
    track = pitch(signal, rate)
    middles = 0.025 + track.hop_s * np.arange(len(track.f0_hz))
    assert track.voiced.all()
    assert 12 * np.abs(np.log2(track.f0_hz / (100 * 2 ** (middles / 2)))).max() < 0.3
    assert manner(signal, rate)["f0_range_semitones"] == pytest.approx(0.9 * 12 * 1.95 / 2, rel=0.05)


def test_a_period_that_alternates_is_no_octave_below(vowel):
    # Every second period a little louder: at exactly twice the lag the sound repeats better.
    signal = vowel(np.full(RATE, 200.0))
    signal *= 1 + 0.05 * np.sign(np.sin(2 * np.pi * 100 * seconds(1))).astype(np.float32)
    assert manner(signal, RATE)["f0_mean_hz"] == pytest.approx(200, rel=0.02)


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.1
    assert pitch(noise, RATE).voiced.mean() < 0.1
    assert len(pitch(np.zeros(RATE, np.float32), RATE).f0_hz) == 0
    assert len(pitch(np.ones(100, np.float32), RATE).f0_hz) == 0


def test_speech_has_the_pitch_that_the_covariates_and_praat_find(speech):
    for index in range(len(speech)):
        signal = speech.signal(index).numpy()
        found = manner(signal, speech.sample_rate)["f0_mean_hz"]
        assert found == pytest.approx(measure(signal, speech.sample_rate, 1)["f0"], rel=0.1)


def test_every_frame_is_as_praat_hears_it(speech):
    parselmouth = pytest.importorskip("parselmouth", reason="the package praat-parselmouth is not installed")
    for index in range(len(speech)):
        signal = speech.signal(index).numpy()
        track = pitch(signal, speech.sample_rate)
        sound = parselmouth.Sound(signal.astype(np.float64), speech.sample_rate)
        theirs = sound.to_pitch_ac(time_step=track.hop_s, pitch_floor=65, pitch_ceiling=500)
        middles = 0.025 + track.hop_s * np.arange(len(track.f0_hz))
        heard = np.array([theirs.get_value_at_time(time) for time in middles])
        both = track.voiced & ~np.isnan(heard)
        assert both.sum() > 0.85 * max(track.voiced.sum(), (~np.isnan(heard)).sum())
        assert np.median(np.abs(np.log2(track.f0_hz[both] / heard[both]))) < 0.005


def test_pauses_are_counted_between_words_and_not_around_them(vowel):
    word, silence = vowel(np.full(RATE // 2, 150.0)), np.zeros(RATE // 2, np.float32)
    short = np.zeros(round(0.1 * RATE), np.float32)
    signal = np.concatenate([silence, word, silence, word, short, word, silence, silence])
    found = manner(signal, RATE, words=6)
    assert found["pause_share"] == pytest.approx(0.5 / 2.1, abs=0.02)
    assert found["pauses_per_s"] == pytest.approx(1 / 2.1, abs=0.02)
    assert found["speaking_rate"] == pytest.approx(6 / 1.5, rel=0.03)
    assert found["duration_s"] == 3.6


def test_a_gain_moves_the_level_and_nothing_else(speech):
    signal = speech.signal(0).numpy()
    loud, soft = manner(signal, speech.sample_rate), manner(signal / 4, speech.sample_rate)
    assert loud["energy_dbfs"] - soft["energy_dbfs"] == pytest.approx(12.04, abs=0.01)
    for name in loud.keys() - {"energy_dbfs", "speaking_rate"}:
        assert soft[name] == pytest.approx(loud[name], rel=1e-4), name


def test_what_is_found_of_an_item_does_not_depend_on_its_neighbors(speech):
    together = Prosody({"low-0": 9}).measure(speech)
    alone = Prosody({"low-0": 9}).measure(batch_of([speech.signal(0)], speech.sample_rate, ["low-0"]))
    for name, values in alone.items():
        assert together[name][0] == values[0], name
    assert together["speaking_rate"][1:] == [None] * 3


def test_an_item_that_cannot_be_measured_leaves_the_others():
    good = torch.sin(torch.arange(RATE) / 20).float()
    bad = [torch.full((RATE,), torch.nan), torch.zeros(RATE), good[:800], torch.zeros(0)]
    statuses = [ItemStatus(Status.OK)] * 4 + [ItemStatus(Status.FAILED, "lost")]
    batch = batch_of([good, *bad], RATE, list("abcde"), statuses)
    found = Prosody().measure(batch)
    assert found["reason"] == [None, "not_finite", "silent", "too_short", None]
    assert found["f0_mean_hz"][0] is not None
    assert all(values[1:] == [None] * 4 for name, values in found.items() if name != "reason")
