"""PESQ and STOI fall with noise, and are measured where there is a clean recording and nowhere else."""

import importlib

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.voice import Intelligibility


@pytest.fixture(scope="module")
def compared(needs, speech):
    needs("pesq", "pystoi")
    clean = speech.resampled(16000)
    signal = clean.signal(0)
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal(len(signal)).astype(np.float32))
    heard = [signal, clean.signal(1) + 0.01 * noise[: len(clean.signal(1))], clean.signal(2)[:-4000], torch.zeros(8000)]
    ids = ["low-0", "low-1", "high-0", "high-1"]
    batch = batch_of([*heard, signal], 16000, [*ids, "stranger"])
    return Intelligibility(speech).measure(batch)


def test_the_recording_itself_is_all_there_and_noise_takes_of_it(compared):
    assert compared["stoi"][0] == pytest.approx(1, abs=1e-3)
    assert compared["pesq"][0] > 4.5
    assert compared["stoi"][1] < compared["stoi"][0]
    assert compared["pesq"][1] < 3


def test_an_item_that_cannot_be_compared_says_why(compared):
    assert compared["reason"] == [None, None, "lengths_differ", "silent", "no_clean_recording"]
    assert compared["pesq"][2:] == compared["stoi"][2:] == [None] * 3


def test_a_missing_package_is_named(monkeypatch, speech):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=r"'pesq', which is not installed: pip install 'callgap\[voice\]'"):
        Intelligibility(speech).measure(speech)
