"""Embeddings: the form of the network, its parts, and that the result is the utterance's own."""

import importlib.util
import sys
import types

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.voice import Voiceprint
from callgap.voice.voiceprint import Encoder, mel_powers, part_starts, spoken

RATE = 16000


def hertz_to_mel(hertz):
    """Slaney's scale: linear below 1 kHz, 27 steps for a factor of 6.4 above."""
    return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def mel_to_hertz(mel):
    return 200 * mel / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def test_mel_powers_are_those_of_the_definition():
    signal = np.random.default_rng(0).standard_normal(2000).astype(np.float32)
    padded = np.pad(signal.astype(np.float64), 200)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = [padded[start : start + 400] * window for start in range(0, 2001, 160)]
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = [mel_to_hertz(m) for m in np.linspace(0, hertz_to_mel(8000), 42)]
    found = mel_powers(torch.from_numpy(signal)).numpy()
    assert found.shape == (13, 40)
    for band in range(40):
        low, top, high = edges[band : band + 3]
        bins = np.arange(201) * RATE / 400
        weight = np.clip(np.minimum((bins - low) / (top - low), (high - bins) / (high - top)), 0, None)
        expected = power @ weight * 2 / (high - low)
        assert found[:, band] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("samples", [1, 8000, 25599, 25600, 30000, 40000, 47000, 100000])
def test_parts_cover_the_utterance_but_for_a_short_end(samples):
    starts = part_starts(samples)
    assert starts[0] == 0
    assert set(np.diff(starts)) <= {77}
    assert samples - (starts[-1] + 160) * 160 <= 77 * 160
    if len(starts) > 1:
        assert samples - starts[-1] * 160 >= 0.75 * 160 * 160


def test_quiet_speech_is_raised_and_long_silence_cut():
    tone = 0.001 * torch.sin(torch.arange(RATE) / 10)
    left = spoken(torch.cat([torch.zeros(RATE), tone, torch.zeros(RATE)]))
    assert len(left) == pytest.approx(RATE + 6 * 480, abs=960)
    assert float(left.abs().max()) > 0.03


def test_an_embedding_has_norm_1_and_is_the_mean_of_its_parts(one_thread):
    torch.manual_seed(0)
    network = Encoder().eval()
    signal = torch.randn(50000) * 0.1
    with torch.inference_mode():
        found = network.embedded(signal)
        mels = mel_powers(torch.nn.functional.pad(signal, (0, 30000)))
        parts = [network(mels[start : start + 160][None])[0] for start in part_starts(50000)]
    mean = torch.stack(parts).mean(dim=0)
    assert len(parts) > 1
    assert float(found.norm()) == pytest.approx(1, abs=1e-6)
    assert torch.allclose(found, mean / mean.norm(), atol=1e-5)


def test_a_missing_package_is_named_with_the_command(monkeypatch, speech):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"'resemblyzer', which is not installed: pip install 'callgap\[voice\]'"):
        Voiceprint().measure(speech)


def test_voices_are_nearer_to_themselves_and_no_item_touches_another(needs, speech, one_thread):
    needs("resemblyzer")
    found = Voiceprint().measure(speech)
    low, low_too, high, _ = (np.array(vector) for vector in found["embedding"])
    assert low @ low_too > low @ high + 0.05
    bad = batch_of(
        [torch.full((RATE,), torch.nan), torch.zeros(RATE), torch.ones(3000), speech.signal(0)],
        speech.sample_rate,
        ["nan", "silent", "short", "low-0"],
    )
    beside = Voiceprint().measure(bad)
    assert beside["reason"] == ["not_finite", "silent", "too_short", None]
    assert beside["embedding"][:3] == [None] * 3
    assert beside["embedding"][3] == found["embedding"][0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.slow
def test_the_embedding_is_that_of_resemblyzer(needs, speech, monkeypatch, one_thread):
    needs("resemblyzer", "librosa")
    if importlib.util.find_spec("webrtcvad") is None:
        # Its detector of speech is not used here; without it the package cannot be imported.
        monkeypatch.setitem(sys.modules, "webrtcvad", types.ModuleType("webrtcvad"))
    try:
        from resemblyzer import VoiceEncoder
    except ImportError as error:
        pytest.skip(f"resemblyzer cannot be imported: {error}")
    theirs = VoiceEncoder("cpu", verbose=False)
    network = Encoder().eval()
    network.load_state_dict({name: theirs.state_dict()[name] for name in network.state_dict()})
    signal = spoken(speech.resampled(RATE).signal(0))
    with torch.inference_mode():
        ours = network.embedded(signal).numpy()
    assert ours == pytest.approx(theirs.embed_utterance(signal.numpy()), abs=1e-4)
