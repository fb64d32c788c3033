"""The pitch goes where it is told to, and the resonances stay."""

import numpy as np
import pytest
import torch

from callgap.alteration import PitchRange, PitchShift
from callgap.alteration.lpc import predictors, residual
from callgap.audio import batch_of

RATE = 16000


@pytest.fixture(scope="module", autouse=True)
def _world(needs):
    needs("pyworld", "world")


def pitch(signal):
    """F0 (Hz) frame by frame, by the autocorrelation of what linear prediction leaves: pulses without resonances."""
    found = []
    for begin in range(3000, len(signal) - 4000, 800):
        frame = signal[begin : begin + 960].double()[None]
        left = residual(frame, predictors(frame * torch.hann_window(960, dtype=torch.float64), 16))[0, 32:]
        correlation = torch.fft.irfft(torch.fft.rfft(left, 2048).abs().square())[:320]
        # 80 to 213 Hz: no sound here has another pitch, and none has half of its own there.
        found.append(RATE / (75 + int(correlation[75:201].argmax())))
    return np.array(found)


@pytest.fixture(scope="module")
def melody(vowel):
    return vowel([650, 1100, 2600], lambda time: 140 * 2 ** (0.3 * np.sin(2 * np.pi * 1.5 * time)), 1.2)


@pytest.mark.parametrize("semitones", [-5.0, 4.0, 7.0])
@pytest.mark.parametrize("estimator", ["dio", "harvest"])
def test_a_shift_moves_the_pitch_by_its_semitones(vowel, semitones, estimator):
    sound = vowel([650, 1100, 2600], lambda time: np.full_like(time, 140.0))
    altered = PitchShift(semitones, estimator).alter(batch_of([sound], RATE, ["u"])).signal(0)
    moved = 12 * np.log2(np.median(pitch(altered)) / np.median(pitch(sound)))
    assert moved == pytest.approx(semitones, abs=0.3)


def test_a_shift_leaves_the_resonances(vowel):
    sound = vowel([650, 1900], lambda time: np.full_like(time, 110.0))
    altered = PitchShift(5.0, "dio").alter(batch_of([sound], RATE, ["u"])).signal(0)

    def band(signal, low, high):
        power = torch.fft.rfft(signal.double()).abs().square()
        hertz = torch.arange(len(power)) * RATE / len(signal)
        return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())

    for low, high in ((450, 900), (1650, 2150)):
        assert band(altered, low, high) == pytest.approx(band(sound, low, high), abs=0.15)


@pytest.mark.parametrize(("factor", "low", "high"), [(0.0, 0.0, 0.2), (0.333, 0.2, 0.5), (1.5, 1.3, 1.7)])
def test_the_range_is_multiplied_and_its_middle_stays(melody, factor, low, high):
    altered = PitchRange(factor, "dio").alter(batch_of([melody], RATE, ["u"])).signal(0)
    before, after = np.log2(pitch(melody)), np.log2(pitch(altered))
    assert low <= after.std() / before.std() <= high
    assert after.mean() == pytest.approx(before.mean(), abs=0.05)


def test_the_vocoder_alone_keeps_pitch_and_range(melody):
    altered = PitchShift(0.0, "dio").alter(batch_of([melody], RATE, ["u"])).signal(0)
    semitones = np.abs(12 * np.log2(pitch(altered) / pitch(melody)))
    assert np.median(semitones) < 0.3
    assert semitones.max() < 1.5


@pytest.mark.parametrize("rate", [8000, 11025, 16000])
def test_below_16_khz_the_vocoder_works_at_a_multiple_of_the_rate_and_gives_the_same_bits_again(
    melody, monkeypatch, rate
):
    import pyworld

    rates = []
    d4c = pyworld.d4c

    def noted(samples, f0, times, sample_rate):
        rates.append(sample_rate)
        return d4c(samples, f0, times, sample_rate)

    monkeypatch.setattr(pyworld, "d4c", noted)
    sounds = [melody[begin : begin + 8000] for begin in range(0, 8000, 2000)]
    batch = batch_of(sounds, RATE, [f"u{n}" for n in range(len(sounds))]).resampled(rate)
    first = PitchShift(4.0, "harvest").alter(batch)
    # What a faulty read would find is another thing the second time.
    poison = [np.full(size, 1e3) for size in range(100, 4000, 7)]
    del poison
    second = PitchShift(4.0, "harvest").alter(batch)
    assert set(rates) == {{8000: 16000, 11025: 22050, 16000: 16000}[rate]}
    assert torch.equal(first.samples, second.samples)
    assert torch.equal(first.lengths, batch.lengths)
