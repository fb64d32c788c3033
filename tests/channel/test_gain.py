"""Clipping clips, and the automatic gain settles where and when it says."""

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.channel import AutomaticGain, Clipping
from callgap.channel.gain import limited

GAIN = AutomaticGain(-26.0, 0.3, 2.0, 15.0, -55.0)


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(np.asarray(samples, np.float64))))


def of_level(tone, level, seconds=6.0, hertz=440):
    return tone(hertz, seconds, 8000, 10 ** (level / 20) * 2**0.5)


def after(unit, *signals):
    batch = batch_of([torch.cat(signals)], 8000, ["tone"])
    return unit.transmit(batch).signal(0)


@pytest.mark.parametrize(("level", "settled_s"), [(-40.0, 2.0), (-30.0, 2.0), (-26.0, 0.0), (-20.0, 0.3), (-12.0, 0.3)])
def test_a_steady_tone_settles_at_the_target_within_the_stated_time(level, settled_s, tone):
    heard = after(GAIN, of_level(tone, level))
    for begin in range(round(settled_s * 8000), len(heard) - 800, 400):
        assert level_db(heard[begin : begin + 800]) == pytest.approx(-26, abs=0.5)


def test_a_tone_settles_again_after_each_change_of_its_level(tone):
    heard = after(GAIN, of_level(tone, -36.0, 3.0), of_level(tone, -14.0, 3.0), of_level(tone, -38.0, 3.0))
    for begin, end in ((2.0, 3.0), (3.32, 6.0), (8.02, 9.0)):
        assert level_db(heard[round(begin * 8000) : round(end * 8000)]) == pytest.approx(-26, abs=0.5)
    assert level_db(heard[24000:24400]) > -20


def test_the_gain_stays_within_its_range(tone):
    assert level_db(after(GAIN, of_level(tone, -50.0))[-8000:]) == pytest.approx(-35, abs=0.5)
    assert level_db(after(GAIN, of_level(tone, -5.0))[-8000:]) == pytest.approx(-20, abs=0.5)


def test_the_gain_holds_while_nobody_speaks(tone):
    hiss = of_level(tone, -60.0, 4.0)
    assert torch.allclose(after(GAIN, hiss), hiss, atol=1e-7)
    held = after(GAIN, of_level(tone, -36.0, 4.0), hiss)
    assert level_db(held[36000:]) == pytest.approx(-50, abs=0.5)


def test_nothing_exceeds_full_scale(tone):
    eager = AutomaticGain(-1.0, 0.5, 0.1, 40.0, -80.0)
    for signal in (of_level(tone, -40.0), torch.rand(8000, generator=torch.Generator().manual_seed(1)) * 2 - 1):
        heard = after(eager, signal)
        assert heard.abs().max() <= 1
        assert heard.abs().max() > 0.5


def test_the_limiter_turns_down_around_peaks_and_leaves_the_rest():
    samples = np.full(8000, 0.5)
    samples[4000] = 2.0
    quiet = limited(samples, 8000)
    assert np.abs(quiet).max() <= 1
    assert quiet[4000] == pytest.approx(1)
    assert np.array_equal(quiet[:3900], samples[:3900])
    assert np.array_equal(quiet[4100:], samples[4100:])
    # The gain falls and rises over 5 ms: no step between neighbors.
    assert np.abs(np.diff(np.delete(quiet, 4000))).max() < 0.5 * 0.5 / 40 + 1e-9


def test_clipping_amplifies_cuts_at_full_scale_and_turns_back_if_asked():
    samples = torch.tensor([0.05, -0.05, 0.2, -0.2, 0.0])
    driven = Clipping(20.0, False).transmit(batch_of([samples], 8000, ["a"])).signal(0)
    assert torch.allclose(driven, torch.tensor([0.5, -0.5, 1.0, -1.0, 0.0]))
    restored = Clipping(20.0, True).transmit(batch_of([samples], 8000, ["a"])).signal(0)
    assert torch.allclose(restored, torch.tensor([0.05, -0.05, 0.1, -0.1, 0.0]))


def test_a_clipped_sine_has_the_third_harmonic_of_theory(tone):
    # Far beyond full scale a sine becomes a square wave, whose third harmonic is a third of the first.
    driven = Clipping(60.0, False).transmit(batch_of([tone(100, 1, 48000, 0.5)], 48000, ["a"])).signal(0)
    spectrum = torch.fft.rfft(driven.double()).abs()
    assert float(spectrum[300] / spectrum[100]) == pytest.approx(1 / 3, rel=0.01)
