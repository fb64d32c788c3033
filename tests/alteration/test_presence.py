"""The equalizer is the cookbook's filter, and does at its center what it says."""

import math

import numpy as np
import pytest
import torch
import torchaudio.functional
from scipy.signal import freqz, lfilter

from callgap.alteration import Presence
from callgap.alteration.presence import peaking
from callgap.audio import batch_of
from callgap.errors import InputError


@pytest.mark.parametrize("gain_db", [-12.0, 0.0, 6.0])
@pytest.mark.parametrize("q", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("hertz", [200.0, 3000.0])
def test_the_gain_is_all_there_at_the_center_and_half_at_the_edges(gain_db, q, hertz):
    found = peaking(hertz, gain_db, q, 16000)
    center, none, _ = np.abs(freqz(found.b, found.a, [hertz, 0.0, 8000.0], fs=16000)[1])
    assert 20 * math.log10(center) == pytest.approx(gain_db, abs=1e-9)
    assert none == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("hertz", "gain_db", "q"), [(3000.0, 6.0, 1.0), (100.0, 12.0, 0.1), (60.0, -9.0, 20.0)])
def test_it_is_the_recursive_filter(hertz, gain_db, q):
    noise = 0.1 * torch.randn(20000, generator=torch.Generator().manual_seed(1))
    altered = Presence(hertz, gain_db, q).alter(batch_of([noise], 16000, ["u"])).signal(0)
    found = peaking(hertz, gain_db, q, 16000)
    assert np.abs(altered.numpy() - lfilter(found.b, found.a, noise.double().numpy())).max() < 1e-7


def test_torchaudio_agrees():
    noise = 0.1 * torch.randn(8000, generator=torch.Generator().manual_seed(2))
    altered = Presence(2500.0, 6.0, 0.9).alter(batch_of([noise], 16000, ["u"])).signal(0)
    other = torchaudio.functional.equalizer_biquad(noise.double(), 16000, 2500.0, 6.0, 0.9)
    assert (altered - other).abs().max() < 1e-6


def test_a_tone_at_the_center_gains_what_was_asked():
    tone = 0.1 * torch.sin(2 * torch.pi * 3000 / 16000 * torch.arange(16000))
    altered = Presence(3000.0, 6.0, 1.0).alter(batch_of([tone], 16000, ["u"])).signal(0)
    gain = (altered[2000:].square().mean() / tone[2000:].square().mean()).log10() * 10
    assert float(gain) == pytest.approx(6.0, abs=0.01)


def test_no_gain_changes_nothing_but_the_last_bit(speech):
    altered = Presence(3000.0, 0.0, 1.0).alter(speech)
    assert (altered.samples - speech.samples).abs().max() < 1e-7


def test_nothing_is_heard_before_it_was_said():
    click = torch.zeros(1000)
    click[500] = 0.5
    altered = Presence(3000.0, 9.0, 1.0).alter(batch_of([click], 16000, ["u"])).signal(0)
    assert altered[:500].abs().max() < 1e-9


def test_a_band_that_the_recordings_lack_is_refused():
    with pytest.raises(InputError, match=r"alteration.center_hz: found 4000, and recordings of 8000 Hz"):
        Presence(4000.0, 6.0, 1.0).alter(batch_of([torch.zeros(100)], 8000, ["u"]))
