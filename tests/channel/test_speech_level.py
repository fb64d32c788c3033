"""The active speech level is that of ITU-T P.56, method B."""

import math

import numpy as np
import pytest

from callgap.channel.level import speech_level


def step_by_step(samples, sample_rate):
    """The recommendation's own procedure, one sample at a time and one threshold at a time."""
    keep = math.exp(-1 / (0.03 * sample_rate))
    hangover = math.ceil(0.2 * sample_rate)
    thresholds = [2.0**-j for j in range(1, 25)]
    counts, waits = [0] * 24, [hangover] * 24
    first = second = energy = 0.0
    for sample in samples.tolist():
        energy += sample * sample
        first = keep * first + (1 - keep) * abs(sample)
        second = keep * second + (1 - keep) * first
        for j, threshold in enumerate(thresholds):
            if second >= threshold:
                counts[j] += 1
                waits[j] = 0
            elif waits[j] < hangover:
                counts[j] += 1
                waits[j] += 1
    previous = None
    for count, threshold in zip(counts, thresholds, strict=True):
        if not count:
            continue
        level, excess = 10 * math.log10(energy / count), 0.0
        excess = level - 20 * math.log10(threshold) - 15.9
        if excess >= 0:
            return previous[0] + (level - previous[0]) * previous[1] / (previous[1] - excess)
        previous = level, excess
    raise AssertionError


def bursts(sample_rate, on_s, off_s, times):
    time = np.arange(round(on_s * sample_rate)) / sample_rate
    burst = 0.1 * np.sin(2 * np.pi * 440 * time)
    return np.tile(np.concatenate([burst, np.zeros(round(off_s * sample_rate))]), times).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [8000, 16000, 48000])
def test_the_level_of_a_steady_sine_is_its_rms(sample_rate):
    sine = 0.25 * np.sin(2 * np.pi * 440 * np.arange(10 * sample_rate) / sample_rate)
    level = speech_level(sine.astype(np.float32), sample_rate)
    assert level.active_db == pytest.approx(20 * math.log10(0.25 / math.sqrt(2)), abs=0.05)
    assert level.activity == pytest.approx(1, abs=0.01)


def test_speech_half_of_the_time_is_three_decibels_above_its_mean():
    level = speech_level(bursts(8000, 5.0, 5.0, 4), 8000)
    assert level.active_db - level.long_term_db == pytest.approx(3.01, abs=0.5)
    # 0.2 s of hangover behind each burst, and what the envelope takes to fall, count as speech.
    assert 0.52 <= level.activity < 0.56


def test_pauses_shorter_than_the_hangover_are_speech():
    level = speech_level(bursts(8000, 0.3, 0.15, 30), 8000)
    assert level.active_db == pytest.approx(level.long_term_db, abs=0.1)


def test_silence_around_speech_changes_nothing():
    speech = bursts(16000, 1.0, 0.1, 4)
    alone = speech_level(speech, 16000)
    silence = np.zeros(80000, np.float32)
    among = speech_level(np.concatenate([silence, speech, silence]), 16000)
    assert among.active_db == pytest.approx(alone.active_db, abs=0.35)
    assert among.long_term_db < alone.long_term_db - 4


def test_twice_the_amplitude_is_six_decibels_more(speech):
    samples = speech.resampled(8000).signal(0).numpy()
    quiet, loud = (speech_level(samples * np.float32(gain), 8000) for gain in (0.1, 0.2))
    assert loud.active_db - quiet.active_db == pytest.approx(6.02, abs=0.2)


@pytest.mark.parametrize("gain", [1.0, 0.05, 0.001])
def test_speech_with_pauses_agrees_with_the_procedure_done_step_by_step(gain, speech):
    said = speech.resampled(8000).signal(0).numpy() * np.float32(gain)
    samples = np.concatenate([said, np.zeros(8000, np.float32), said[:9000], np.zeros(16000, np.float32)])
    assert speech_level(samples, 8000).active_db == pytest.approx(step_by_step(samples, 8000), abs=1e-9)


def test_digital_silence_has_no_level():
    assert speech_level(np.zeros(8000, np.float32), 8000) is None
    assert speech_level(np.zeros(0, np.float32), 8000) is None


@pytest.mark.parametrize("size", [1, 3, 80])
def test_all_of_a_clip_that_is_too_short_for_the_envelope_is_active(size):
    level = speech_level(np.full(size, 0.5, np.float32), 8000)
    assert level.active_db == pytest.approx(20 * math.log10(0.5))
