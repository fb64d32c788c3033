"""Packets are lost as often as their model says, and concealed as ITU-T G.711 Appendix I does."""

import time

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from callgap.audio import batch_of
from callgap.channel import Bernoulli, GilbertElliott, PacketLoss
from callgap.channel.concealment import conceal

RATES = pytest.mark.parametrize("rate", [8000, 16000])


def bursts_of(lost):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(int), [0]])))
    return edges[1::2] - edges[::2]


def periodic(rate, hertz, seconds=1.0):
    """A voiced sound of ten harmonics; its period is a whole number of samples where hertz divides the rate."""
    time = np.arange(round(seconds * rate)) / rate
    return 0.05 * sum(np.cos(2 * np.pi * hertz * k * time + k * k) / k for k in range(1, 11))


def lost_at(packets, *which):
    lost = np.zeros(packets, bool)
    lost[list(which)] = True
    return lost


def draw(model, packets):
    return model.lost(packets, np.random.default_rng(5))


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
def test_bernoulli_loses_its_share_and_each_packet_alone(rate):
    lost = draw(Bernoulli(rate), 200_000)
    # Four standard errors of a binomial share; bursts of a memoryless loss are 1 / (1 - rate) long on average.
    assert lost.mean() == pytest.approx(rate, abs=4 * (rate * (1 - rate) / 200_000) ** 0.5)
    assert bursts_of(lost).mean() == pytest.approx(1 / (1 - rate), rel=0.03)


@pytest.mark.parametrize(("p", "r"), [(0.03, 0.47), (0.0175, 0.3325), (0.1, 0.1)])
def test_gilbert_loses_its_stationary_share_in_bursts_of_their_mean_length(p, r):
    lost = draw(GilbertElliott(p, r, 0.0, 1.0), 400_000)
    assert lost.mean() == pytest.approx(p / (p + r), rel=0.04)
    assert bursts_of(lost).mean() == pytest.approx(1 / r, rel=0.04)


def test_elliott_loses_in_both_states_as_often_as_the_chain_stays_there():
    p, r, good, bad = 0.05, 0.2, 0.01, 0.5
    lost = draw(GilbertElliott(p, r, good, bad), 400_000)
    share = p / (p + r)
    assert lost.mean() == pytest.approx((1 - share) * good + share * bad, rel=0.03)
    # The covariance of two neighbors: the states' covariance decays by 1 - p - r from packet to packet.
    covariance = share * (1 - share) * (1 - p - r) * (bad - good) ** 2
    assert np.cov(lost[:-1], lost[1:])[0, 1] == pytest.approx(covariance, rel=0.06)


def test_the_chain_starts_as_it_is_in_the_long_run():
    model = GilbertElliott(0.1, 0.3, 0.0, 1.0)
    first = [model.lost(1, np.random.default_rng(seed))[0] for seed in range(4000)]
    assert np.mean(first) == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 4000) ** 0.5)


@pytest.mark.parametrize("bad", [{"p": 0.0, "r": 0.0}, {"p": 1.1}, {"r": -0.1}, {"loss_bad": 2.0}])
def test_probabilities_that_are_none_are_refused(bad):
    with pytest.raises(ValidationError):
        GilbertElliott(**{"p": 0.1, "r": 0.1, "loss_good": 0.0, "loss_bad": 1.0, **bad})


@pytest.mark.parametrize("packet_ms", [10, 20, 30])
def test_the_share_of_a_long_recording_that_falls_silent_is_the_share_of_the_losses(packet_ms):
    batch = batch_of([torch.ones(8000 * 240)], 8000, ["long"])
    heard = PacketLoss(packet_ms, Bernoulli(0.1), "silence", 3).transmit(batch).signal(0).numpy()
    packets = heard.reshape(-1, packet_ms * 8)
    assert set(np.unique(packets.mean(axis=1))) == {0.0, 1.0}
    assert (packets[:, 0] == 0).mean() == pytest.approx(0.1, abs=4 * (0.09 / len(packets)) ** 0.5)


def test_no_loss_changes_nothing_and_full_loss_leaves_silence(speech):
    for concealment in ("silence", "repeat", "waveform"):
        kept = PacketLoss(20, Bernoulli(0.0), concealment, 1).transmit(speech)
        assert torch.equal(kept.samples, speech.samples)
        gone = PacketLoss(20, Bernoulli(1.0), concealment, 1).transmit(speech)
        assert not gone.samples.any()


def test_repeat_plays_the_last_packet_that_arrived_again():
    samples = np.arange(1.0, 48.0)
    heard = conceal(samples, lost_at(6, 0, 2, 3, 5), 8, 800, "repeat")
    second, fifth = samples[8:16], samples[32:40]
    assert np.array_equal(heard, np.concatenate([np.zeros(8), second, second, second, fifth, fifth[:7]]))


@RATES
@pytest.mark.parametrize("hertz", [80, 100, 125, 160, 200])
def test_a_periodic_sound_goes_on_through_a_lost_packet_of_10_ms(rate, hertz, decibel):
    sound = periodic(rate, hertz)
    heard = conceal(sound, lost_at(100, 50), rate // 100, rate, "waveform")
    begin = rate // 2
    assert decibel(sound[begin : begin + rate // 100], heard[begin : begin + rate // 100]) > 30
    # Nothing is touched but the gap, 3.75 ms before it (the delay of the recommendation) and 10 ms behind it.
    before, behind = begin - round(0.00375 * rate), begin + rate // 50
    assert np.array_equal(heard[:before], sound[:before])
    assert np.array_equal(heard[behind:], sound[behind:])


@RATES
def test_the_level_falls_by_a_fifth_every_10_ms_after_the_first_and_is_silence_after_60(rate):
    hertz, frame = 200, rate // 100
    sound = periodic(rate, hertz)
    heard = conceal(sound, lost_at(50, *range(20, 30)), 2 * frame, rate, "waveform")
    begin = 40 * frame
    # A frame holds two periods, so the mean of the ramp over a frame is the ratio of the amplitudes.
    sizes = []
    for k in range(8):
        gap = slice(begin + k * frame, begin + (k + 1) * frame)
        sizes.append(np.dot(heard[gap], sound[gap]) / np.dot(sound[gap], sound[gap]))
    assert sizes[:6] == pytest.approx([1, 0.9, 0.7, 0.5, 0.3, 0.1], abs=0.02)
    assert sizes[6:] == [0, 0]
    assert not heard[begin + 6 * frame : begin + 20 * frame].any()
    # 10 ms of overlap lead back into what is received.
    assert np.array_equal(heard[begin + 21 * frame :], sound[begin + 21 * frame :])


@RATES
def test_concealment_makes_no_steps_where_it_begins_and_ends(rate):
    sound = periodic(rate, 90)
    heard = conceal(sound, lost_at(50, 20, 21, 30), rate // 50, rate, "waveform")
    assert np.abs(np.diff(heard)).max() < 1.5 * np.abs(np.diff(sound)).max()
    cut = conceal(sound, lost_at(50, 20, 21, 30), rate // 50, rate, "silence")
    assert np.abs(np.diff(cut)).max() > 2 * np.abs(np.diff(heard)).max()


@RATES
def test_what_was_lost_is_not_looked_at(rate, speech):
    sound = speech.resampled(rate).signal(0).double().numpy()
    packet = rate // 50
    lost = np.random.default_rng(2).random(-(-len(sound) // packet)) < 0.2
    poisoned = np.where(np.repeat(lost, packet)[: len(sound)], np.nan, sound)
    for concealment in ("silence", "repeat", "waveform"):
        heard = conceal(poisoned, lost, packet, rate, concealment)
        assert np.array_equal(heard, conceal(sound, lost, packet, rate, concealment))
        assert np.isfinite(heard).all()


@RATES
def test_replicated_speech_is_closer_in_spectrum_than_repeats_and_silence(rate, speech):
    batch = speech.resampled(rate)
    sound = batch.signal(0).double().numpy()
    distances = {}
    for concealment in ("silence", "repeat", "waveform"):
        found = []
        for seed in range(8):
            lossy = PacketLoss(20, Bernoulli(0.1), concealment, seed).transmit(batch).signal(0).double().numpy()
            found.append(spectral_distance(sound, lossy, rate // 50))
        distances[concealment] = np.mean(found)
    assert distances["waveform"] < distances["repeat"] < distances["silence"]


def spectral_distance(sent, heard, size):
    """Log-spectral distance in dB, the mean over frames of the RMS over frequencies, floor 60 dB below the loudest."""

    def spectra(samples):
        frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2] * np.hanning(size)
        return np.abs(np.fft.rfft(frames)) ** 2

    ours, theirs = spectra(sent), spectra(heard)
    floor = ours.max() * 1e-6
    difference = 10 * np.log10((ours + floor) / (theirs + floor))
    return np.sqrt(np.mean(difference**2, axis=1)).mean()


def test_a_minute_of_lossy_speech_is_concealed_in_less_time_than_it_lasts_by_far(speech):
    long = batch_of([speech.signal(0).repeat(14)], speech.sample_rate, ["minute"]).resampled(16000)
    begun = time.perf_counter()
    PacketLoss(10, Bernoulli(0.2), "waveform", 1).transmit(long)
    assert time.perf_counter() - begun < 10
