"""Speech and sounds that the tests of the alterations share."""

import importlib.util
import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from callgap.audio import batch_of
from callgap.corpus.espeak import espeak

RATE = 16000


@pytest.fixture(scope="session")
def speech():
    """Two spoken sentences at 16 kHz, some three seconds each."""
    texts = ("please transfer two hundred pounds to my savings", "my card was stolen yesterday in the city")
    said = [espeak().speak(text, "en-us", pitch=50, rate=170) for text in texts]
    return batch_of(said, espeak().sample_rate, ["transfer", "stolen"]).resampled(RATE)


@pytest.fixture(scope="session")
def needs():
    """Skip where an extra is not installed."""

    def skip_without(package, extra):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the extra callgap[{extra}] is not installed: no {package}")

    return skip_without


@pytest.fixture(scope="session")
def vowel():
    """A vowel of some resonances (Hz) on pulses whose pitch follows a function of time, float32 at 16 kHz."""

    def sung(resonances, pitch, seconds=1.0):
        time = np.arange(round(seconds * RATE)) / RATE
        phase = np.cumsum(pitch(time)) / RATE
        pulses = np.diff(np.floor(phase), prepend=0.0)
        for hertz in resonances:
            radius, angle = math.exp(-math.pi * 80 / RATE), 2 * math.pi * hertz / RATE
            pulses = lfilter([1.0], [1.0, -2 * radius * math.cos(angle), radius**2], pulses)
        return torch.from_numpy(0.5 * pulses / np.abs(pulses).max()).float()

    return sung
