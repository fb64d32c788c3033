"""Covariates measure what they say, on signals whose properties are known."""

import numpy as np
import pytest

from callgap.fairness import measure

RATE = 16000


def tone(hz, seconds=1.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def harmonic(hz, seconds=1.0):
    return sum(tone(hz * k, seconds, 0.3 / k) for k in range(1, 10))


@pytest.mark.parametrize("hz", [90, 140, 220, 330])
def test_f0_of_a_harmonic_tone(hz):
    assert measure(harmonic(hz), RATE, 1)["f0"] == pytest.approx(hz, rel=0.02)


def test_duration_and_clipping():
    signal = tone(200, 2.0)
    signal[:320] = 1.0
    found = measure(signal, RATE, 4)
    assert found["duration_s"] == 2.0
    assert found["clipping"] == pytest.approx(0.01)


@pytest.mark.parametrize("cutoff", [1000, 3400, 6000])
def test_bandwidth_of_filtered_noise(cutoff):
    noise = np.random.default_rng(0).standard_normal(RATE)
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(RATE, 1 / RATE) > cutoff] = 0
    signal = (np.fft.irfft(spectrum) * 0.1).astype(np.float32)
    assert measure(signal, RATE, 1)["bandwidth_hz"] == pytest.approx(cutoff, abs=120)


def test_snr_ranks_recordings_by_their_noise():
    speech = np.concatenate([np.zeros(RATE // 2, np.float32), tone(150), np.zeros(RATE // 2, np.float32)])
    noise = np.random.default_rng(1).standard_normal(len(speech)).astype(np.float32)
    found = [measure(speech + level * noise, RATE, 1)["snr_db"] for level in (0.001, 0.01, 0.1)]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[1] == pytest.approx(20, abs=2)


def test_rate_counts_words_per_second_of_speech_not_of_silence():
    speech = np.concatenate([tone(150, 2.0), np.zeros(2 * RATE, np.float32)])
    assert measure(speech, RATE, 6)["speaking_rate"] == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize("signal", [np.zeros(RATE, np.float32), tone(100, 0.05), np.zeros(0, np.float32)])
def test_what_cannot_be_measured_is_absent_never_zero(signal):
    found = measure(signal, RATE, 1)
    assert found["duration_s"] == len(signal) / RATE
    assert {found[name] for name in ("snr_db", "speaking_rate", "f0", "bandwidth_hz", "clipping")} == {None}
