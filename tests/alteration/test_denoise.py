"""Noise between the words is turned down, and the words stay."""

import pytest
import torch

from callgap.alteration import Denoise
from callgap.audio import batch_of


@pytest.mark.parametrize("stationary", [False, True])
def test_the_noise_falls_and_the_speech_stays(needs, speech, stationary):
    needs("noisereduce", "denoise")
    noise = 0.005 * torch.randn(48000, generator=torch.Generator().manual_seed(1))
    noisy = noise.clone()
    said = speech.signal(0)[:24000]
    noisy[12000 : 12000 + len(said)] += said
    altered = Denoise(stationary, 1.0, 2.0).alter(batch_of([noisy], 16000, ["u"])).signal(0)

    def level(signal):
        return float(10 * torch.log10(signal.square().mean()))

    quieter = level(noisy[40000:47000]) - level(altered[40000:47000])
    softer = level(noisy[12000:36000]) - level(altered[12000:36000])
    assert quieter > 15
    # It takes some of the speech with it.
    assert -1 < softer < 8


def test_nothing_is_reduced_by_nothing(needs, speech):
    needs("noisereduce", "denoise")
    altered = Denoise(False, 0.0, 2.0).alter(speech)
    assert (altered.samples - speech.samples).abs().max() < 1e-4
