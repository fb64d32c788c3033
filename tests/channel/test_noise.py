"""Noise stands where it is asked to stand below the speech, and babble is never the caller."""

import numpy as np
import pytest
import scipy.signal
import torch
from pydantic import ValidationError

from callgap.audio import batch_of
from callgap.channel import Noise, Overhears
from callgap.channel.level import speech_level
from callgap.errors import InputError
from callgap.records import Status


class Tones:
    """Five speakers, each a tone of its own: speaker k says `k-*` at 500 (k + 1) Hz, in whole periods."""

    sample_rate = 16000
    speakers = 5

    def recording(self, speaker):
        time = torch.arange(4000 + 800 * speaker, dtype=torch.float64) / self.sample_rate
        return (10.0**-speaker * torch.sin(2 * torch.pi * 500 * (speaker + 1) * time)).float()

    def others(self, utterance_id):
        return [self.recording(k) for k in range(self.speakers) if k != int(utterance_id[0])]


def heard_tones(noise, sample_rate):
    """Which of the five tones a noise holds, and their powers."""
    powers = []
    for speaker in range(5):
        wave = np.exp(-2j * np.pi * 500 * (speaker + 1) * np.arange(len(noise)) / sample_rate)
        powers.append(abs(np.mean(noise * wave)) ** 2)
    powers = np.array(powers)
    return {k for k in range(5) if powers[k] > powers.max() / 30}, powers


def snr_db(sent, heard, sample_rate):
    noise = heard.double().numpy() - sent.double().numpy()
    return speech_level(sent.numpy(), sample_rate).active_db - 10 * np.log10(np.mean(noise**2))


@pytest.mark.parametrize("kind", ["white", "pink"])
@pytest.mark.parametrize("asked_db", [-5.0, 0.0, 10.0, 30.0])
def test_noise_stands_where_it_is_asked_to_below_the_active_speech_level(kind, asked_db, speech):
    quiet = speech.map(lambda signal: signal * 0.05)
    heard = Noise(kind, asked_db, None, 1).transmit(quiet)
    assert snr_db(quiet.signal(0), heard.signal(0), quiet.sample_rate) == pytest.approx(asked_db, abs=0.1)


def test_babble_stands_where_it_is_asked_to_below_the_active_speech_level(speech):
    quiet = batch_of([speech.signal(0) * 0.05], speech.sample_rate, ["0-a"])
    heard = Noise("babble", 12.0, 3, 1).among(Tones()).transmit(quiet)
    assert snr_db(quiet.signal(0), heard.signal(0), quiet.sample_rate) == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize(("kind", "slope_db"), [("white", 0.0), ("pink", -3.01)])
def test_the_power_density_of_noise_falls_by_its_slope_in_each_octave(kind, slope_db, tone):
    sent = tone(100, 60, 16000, 0.01)
    noise = (Noise(kind, 0.0, None, 1).transmit(batch_of([sent], 16000, ["a"])).signal(0) - sent).numpy()
    frequencies, density = scipy.signal.welch(noise, 16000, nperseg=4096)
    octaves = [10 * np.log10(density[(frequencies >= f) & (frequencies < 2 * f)].mean()) for f in (125, 500, 2000)]
    assert np.diff(octaves) == pytest.approx([2 * slope_db] * 2, abs=0.3)


def test_digital_silence_stays_silent():
    silent = batch_of([torch.zeros(8000), torch.ones(8000) / 8], 8000, ["0-silent", "1-other"])
    for unit in (Noise("white", 5.0, None, 1), Noise("babble", 5.0, 2, 1).among(Tones())):
        heard = unit.transmit(silent)
        assert not heard.signal(0).any()
        assert heard.signal(1).std() > 0.01
        assert heard.statuses == silent.statuses


def test_babble_never_holds_the_speaker_of_the_utterance_and_as_many_others_as_asked(tone):
    # The callers whistle at 125 Hz, which no voice in the background does.
    names = [f"{k}-{take}" for k in range(5) for take in range(6)]
    sent = batch_of([tone(125, 2, 8000, 0.05)] * len(names), 8000, names)
    line = Noise("babble", 0.0, 2, 7).among(Tones()).transmit(sent)
    companies = set()
    for index, name in enumerate(names):
        heard, _ = heard_tones((line.signal(index) - sent.signal(index)).numpy(), 8000)
        assert int(name[0]) not in heard
        assert len(heard) == 2
        companies.add(frozenset(heard))
    assert len(companies) > 5


def test_windows_of_one_recording_are_still_said_by_its_speaker(tone):
    sent = batch_of([tone(125, 2, 8000, 0.05)] * 6, 8000, ["3-a"] * 6)
    windows = torch.stack([torch.arange(6) * 100, torch.arange(6) * 100 + 16000], dim=1)
    cut = type(sent)(sent.samples, sent.lengths, 8000, sent.utterance_ids, windows, sent.statuses)
    line = Noise("babble", 0.0, 2, 7).among(Tones()).transmit(cut)
    noises = [(line.signal(i) - cut.signal(i)).numpy() for i in range(6)]
    assert all(3 not in heard_tones(noise, 8000)[0] for noise in noises)
    assert len({noise.tobytes() for noise in noises}) == 6


def test_the_talkers_of_babble_are_equally_loud_whatever_the_level_of_their_recordings(tone):
    sent = batch_of([tone(125, 8, 8000, 0.05)], 8000, ["0-a"])
    line = Noise("babble", 0.0, 4, 7).among(Tones()).transmit(sent)
    heard, powers = heard_tones((line.signal(0) - sent.signal(0)).numpy(), 8000)
    assert heard == {1, 2, 3, 4}
    # The active level counts the time that the envelope takes to rise, which weighs on such short recordings.
    assert 10 * np.log10(powers[1:].max() / powers[1:].min()) < 2


def test_a_corpus_with_too_few_speakers_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="talkers=5 needs a corpus of 6 speakers, this one has 5; lower talkers"):
        Noise("babble", 5.0, 5, 1).among(Tones())
    assert Noise("babble", 5.0, 4, 1).among(Tones()) is not None


def test_silent_recordings_are_no_talkers_and_an_item_without_talkers_fails(tone):
    class Mostly(Tones):
        def others(self, utterance_id):
            return [torch.zeros(0), torch.zeros(500), self.recording(3), torch.zeros(1)]

    sent = batch_of([tone(125, 2, 8000, 0.05)], 8000, ["0-a"])
    one = Noise("babble", 0.0, 1, 7).among(Mostly()).transmit(sent)
    assert heard_tones((one.signal(0) - sent.signal(0)).numpy(), 8000)[0] == {3}
    two = Noise("babble", 0.0, 2, 7).among(Mostly()).transmit(sent)
    assert (two.statuses[0].status, two.statuses[0].reason) == (Status.FAILED, "too_few_voices")


def test_only_what_overhears_needs_voices(speech):
    white = Noise("white", 5.0, None, 1)
    assert isinstance(white, Overhears)
    assert white.among(Tones()) is white
    with pytest.raises(ValueError, match="babble has no voices"):
        Noise("babble", 5.0, 2, 1).transmit(speech)


@pytest.mark.parametrize(("kind", "talkers"), [("white", 3), ("babble", None), ("babble", 0), ("brown", None)])
def test_values_that_do_not_fit_together_are_refused(kind, talkers):
    with pytest.raises(ValidationError):
        Noise(kind, 5.0, talkers, 1)


def test_loud_speech_and_noise_stay_within_full_scale(tone):
    loud = batch_of([tone(300, 1, 8000, 1.0)], 8000, ["a"])
    assert Noise("white", -10.0, None, 1).transmit(loud).samples.abs().max() <= 1
