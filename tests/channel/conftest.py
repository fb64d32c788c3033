"""Speech and measures that the tests of the channels share."""

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.corpus.espeak import espeak

SENTENCE = "please transfer two hundred pounds from my savings to my checking account"


@pytest.fixture(scope="session")
def speech():
    """One spoken sentence, a batch at espeak-ng's own rate."""
    said = espeak().speak(SENTENCE, "en-us", pitch=50, rate=160)
    return batch_of([said], espeak().sample_rate, ["sentence"])


@pytest.fixture(scope="session")
def decibel():
    """The ratio of a signal's energy to that of a deviation from it, in dB."""

    def ratio(signal, heard):
        signal, heard = np.asarray(signal, np.float64), np.asarray(heard, np.float64)
        return 10 * np.log10(np.sum(signal**2) / np.sum((signal - heard) ** 2))

    return ratio


@pytest.fixture(scope="session")
def lag():
    """By how many samples a signal lags another, from the peak of their cross-correlation."""

    def shift(sent, heard, most=400):
        size = 2 * (len(sent) + len(heard))
        product = np.fft.rfft(np.asarray(heard, np.float64), size) * np.conj(np.fft.rfft(np.asarray(sent), size))
        correlation = np.fft.irfft(product, size)
        return int(np.argmax(np.concatenate([correlation[-most:], correlation[: most + 1]]))) - most

    return shift


@pytest.fixture(scope="session")
def tone():
    """A sine of a frequency and an amplitude, float32."""

    def sine(hertz, seconds, sample_rate, amplitude):
        time = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate
        return (amplitude * torch.sin(2 * torch.pi * hertz * time)).float()

    return sine
