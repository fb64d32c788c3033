"""Poles are turned and nothing else: a coefficient of 1 gives the recording back, another moves the resonances."""

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from callgap.alteration import McAdams, McAdamsBySpeaker
from callgap.alteration.lpc import polynomials_of, predictors, residual, roots, synthesis
from callgap.alteration.mcadams import turned
from callgap.audio import batch_of

RATE = 16000


def resonances(signal):
    """Hz of the sharp poles of a steady sound."""
    frame = signal[4000:8000].double() * torch.hann_window(4000, dtype=torch.float64)
    found = roots(predictors(frame[None], 20))[0]
    sharp = found[(found.abs() > 0.9) & (found.angle() > 0.05)]
    return sorted((sharp.angle() * RATE / (2 * math.pi)).tolist())


def nearest(found, wanted):
    return min(found, key=lambda hertz: abs(hertz - wanted))


def test_a_coefficient_of_one_gives_the_recording_back(speech):
    altered = McAdams(1.0).alter(speech)
    assert (altered.samples - speech.samples).abs().max() < 1e-6
    noise = torch.rand(8000, generator=torch.Generator().manual_seed(1)) * 2 - 1
    tone = 0.9 * torch.sin(torch.arange(8000) * 0.3)
    for signal in (noise, tone):
        back = McAdams(1.0).alter(batch_of([signal], RATE, ["u"])).signal(0)
        assert (back - signal).abs().max() < 1e-6


@pytest.mark.parametrize("coefficient", [0.8, 0.9, 1.1])
@pytest.mark.parametrize("hertz", [600.0, 1200.0, 3600.0])
def test_a_resonance_moves_to_the_power_of_its_angle(vowel, hertz, coefficient):
    sound = vowel([hertz], lambda time: np.full_like(time, 110.0))
    altered = McAdams(coefficient).alter(batch_of([sound], RATE, ["u"])).signal(0)
    angle = 2 * math.pi * hertz / RATE
    wanted = angle**coefficient * RATE / (2 * math.pi)
    assert abs(nearest(resonances(sound), hertz) - hertz) < 30
    assert abs(nearest(resonances(altered), wanted) - wanted) < 0.06 * wanted
    # Below one radian (2,546 Hz at this rate) it rises and above it falls, or the other way round.
    assert (wanted > hertz) == ((coefficient < 1) == (angle < 1))


def test_pitch_and_level_stay(vowel):
    sound = vowel([700, 1200, 2600], lambda time: np.full_like(time, 125.0))
    altered = McAdams(0.8).alter(batch_of([sound], RATE, ["u"])).signal(0)
    # 125 Hz is 128 samples.
    correlation = torch.fft.irfft(torch.fft.rfft(altered.double(), 2 * RATE).abs().square())[60:400]
    assert int(correlation.argmax()) + 60 == 128
    level = 10 * torch.log10(altered.square().mean() / sound.square().mean())
    assert abs(float(level)) < 1.5


def test_prediction_is_that_of_the_normal_equations():
    frames = torch.randn(3, 320, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found = predictors(frames, 12)
    for frame, a in zip(frames.numpy(), found.numpy(), strict=True):
        r = np.correlate(frame, frame, "full")[319 : 319 + 13]
        column = np.concatenate([[r[0] * (1 + 1e-9)], r[1:12]])
        assert np.allclose(a[1:], solve_toeplitz(column, -r[1:]), atol=1e-9)
    assert (roots(found).abs() < 1).all()


def test_the_filters_are_those_of_scipy():
    generator = torch.Generator().manual_seed(3)
    frames = torch.randn(4, 320, generator=generator, dtype=torch.float64)
    a = predictors(frames, 10)
    assert np.allclose(
        residual(frames, a), [lfilter(p, [1.0], x) for p, x in zip(a.numpy(), frames.numpy(), strict=True)]
    )
    assert np.allclose(
        synthesis(frames, a), [lfilter([1.0], p, x) for p, x in zip(a.numpy(), frames.numpy(), strict=True)]
    )
    assert torch.allclose(polynomials_of(roots(a)), a, atol=1e-10)


def test_turning_keeps_pairs_real_poles_and_radii():
    poles = torch.tensor([[0.9 + 0.3j, 0.9 - 0.3j, -0.5 + 0j, 0.4 + 0j]], dtype=torch.complex128)
    found = turned(poles, 0.7)
    assert torch.allclose(found.abs(), poles.abs())
    assert torch.equal(found[0, 2:], poles[0, 2:])
    assert torch.equal(found[0, 0], found[0, 1].conj())
    assert torch.allclose(found.angle()[0, 0], poles.angle()[0, 0] ** 0.7)
    assert turned(torch.tensor([[-0.5 + 0.1j]], dtype=torch.complex128), 2.0).angle().abs() <= math.pi


def test_a_speaker_has_one_coefficient_whatever_else_is_there(speech):
    unit = McAdamsBySpeaker(0.5, 0.9, seed=4)
    one = unit.told({"transfer": "anna", "stolen": "anna"}).alter(speech)
    fixed = McAdams(unit.coefficient_of("anna")).alter(speech)
    two = unit.told({"transfer": "anna", "stolen": "bert"}).alter(speech)
    assert torch.equal(one.samples, fixed.samples)
    assert torch.equal(two.signal(0), one.signal(0))
    assert not torch.equal(two.signal(1), one.signal(1))
    drawn = [unit.coefficient_of(f"s{k}") for k in range(400)]
    assert 0.5 <= min(drawn) < 0.51
    assert 0.89 < max(drawn) <= 0.9
    assert McAdamsBySpeaker(0.5, 0.9, seed=5).coefficient_of("anna") != unit.coefficient_of("anna")


def test_without_the_speakers_it_refuses(speech):
    with pytest.raises(ValueError, match="told"):
        McAdamsBySpeaker(0.5, 0.9, seed=4).alter(speech)
    with pytest.raises(ValidationError, match="lowest <= highest"):
        McAdamsBySpeaker(0.9, 0.5, seed=4)
