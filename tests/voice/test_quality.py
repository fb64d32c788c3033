"""DNSMOS: what the network hears, and that its figures are those of the package it comes from."""

import importlib
import pickle
import sys

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.voice import Quality
from callgap.voice.quality import windows

RATE, WINDOW = 16000, 144160


@pytest.fixture(scope="module")
def rated(needs, speech):
    needs("speechmos", "onnxruntime")
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal(len(speech.signal(0))).astype(np.float32))
    noisy = (speech.signal(0) + 0.1 * noise).clamp(-1, 1)
    bad = torch.zeros(1000), torch.ones(1000)
    batch = batch_of([speech.signal(0), noisy, *bad], speech.sample_rate, ["clean", "noisy", "silent", "short"])
    return Quality().measure(batch)


def test_a_short_utterance_is_repeated_into_one_window():
    samples = np.arange(1, 50001, dtype=np.float32)
    (window,) = windows(samples, 1)
    assert len(window) == WINDOW
    assert window.tolist() == np.resize(samples, WINDOW).tolist()


@pytest.mark.parametrize(("seconds", "most", "count"), [(9.01, 3, 1), (9.5, 3, 2), (40, 3, 3), (40, 1, 1), (20, 9, 3)])
def test_a_long_utterance_is_heard_from_end_to_end_in_no_more_windows_than_asked(seconds, most, count):
    samples = np.arange(round(seconds * RATE), dtype=np.float32)
    found = windows(samples, most)
    assert len(found) == count
    assert {len(window) for window in found} == {WINDOW}
    middle = (found[0][0] + found[-1][-1]) / 2
    assert middle == pytest.approx((len(samples) - 1) / 2, abs=1)
    if count > 1:
        assert (found[0][0], found[-1][-1]) == (0, len(samples) - 1)


def test_without_a_limit_there_is_a_window_every_second():
    assert len(windows(np.ones(5 * RATE, np.float32), None)) == 1
    assert len(windows(np.ones(3 * RATE, np.float32), None)) == 3
    assert len(windows(np.ones(20 * RATE, np.float32), None)) == 11


def test_noise_lowers_the_rating_of_the_background_and_bad_items_leave_the_others(rated):
    assert rated["reason"] == [None, None, "silent", "too_short"]
    for name in ("dnsmos_overall", "dnsmos_speech", "dnsmos_background"):
        assert rated[name][2:] == [None, None]
        assert all(1 <= value <= 5 for value in rated[name][:2])
    assert rated["dnsmos_background"][1] < rated["dnsmos_background"][0] - 0.5


def test_a_rating_is_the_same_bits_alone_and_in_another_process(rated, speech):
    sent = pickle.loads(pickle.dumps(Quality()))
    alone = sent.measure(batch_of([speech.signal(0)], speech.sample_rate, ["clean"]))
    assert alone["dnsmos_overall"] == rated["dnsmos_overall"][:1]


def test_missing_packages_are_named(monkeypatch, speech, needs):
    with monkeypatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(InputError, match="'speechmos', which is not installed"):
            Quality().measure(speech)
    needs("speechmos")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="'onnxruntime', which is not installed"):
        Quality().measure(speech)


@pytest.mark.slow
def test_without_a_limit_the_ratings_are_those_of_speechmos(needs, speech):
    needs("speechmos", "onnxruntime", "librosa", "requests")
    from speechmos import dnsmos

    ours = Quality(None).measure(batch_of([speech.signal(0)], speech.sample_rate, ["one"]))
    theirs = dnsmos.run(speech.resampled(RATE).signal(0).clamp(-1, 1).numpy(), RATE)
    for name, key in (("overall", "ovrl_mos"), ("speech", "sig_mos"), ("background", "bak_mos")):
        assert ours[f"dnsmos_{name}"][0] == pytest.approx(float(theirs[key]), abs=1e-3)
