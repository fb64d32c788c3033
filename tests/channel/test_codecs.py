"""The codecs agree with another implementation of the same standard and delay nothing."""

import io
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from callgap.audio import batch_of
from callgap.channel import G722, G726, AmrNb, Gsm610, Opus, codecs_available, sndfile
from callgap.channel.amr_nb import MODES
from callgap.channel.carry import padded, to_pcm
from callgap.channel.g711 import band_limit
from callgap.errors import InputError
from callgap.records import Status

try:
    import av
except ModuleNotFoundError:
    av = None

NEEDS_AV = pytest.mark.skipif(av is None, reason="the extra callgap[codecs] is not installed: no PyAV")
# The unit, its rate, and by how many samples its output may be displaced.
FREE = [(Gsm610, 0), (lambda: G726(24), 0), (lambda: G726(32), 0), (lambda: G726(40), 0)]
FREE += [(lambda rate=rate: Opus(rate, 24.0), 2) for rate in (8000, 12000, 16000, 24000, 48000)]
EXTRA = [(G722, 0), (lambda: G726(16), 0), *((lambda mode=mode: AmrNb(mode), 1) for mode in MODES)]
CODECS = pytest.mark.parametrize(
    ("make", "displaced"), [*FREE, *(pytest.param(*codec, marks=NEEDS_AV) for codec in EXTRA)]
)


def narrow(batch):
    """What a narrowband codec is given."""
    return batch.resampled(8000).map(band_limit).signal(0)


def ffmpeg_decodes(content, **options):
    with av.open(io.BytesIO(content), **options) as source:
        return np.concatenate([frame.to_ndarray().ravel() for frame in source.decode(audio=0)])


@CODECS
def test_what_comes_out_is_as_long_as_what_went_in_and_not_delayed(make, displaced, speech, lag):
    heard = make().transmit(speech)
    assert heard.statuses[0].status is Status.OK
    sent = speech.resampled(heard.sample_rate)
    assert heard.lengths.tolist() == sent.lengths.tolist()
    assert abs(lag(sent.signal(0), heard.signal(0))) <= displaced


@NEEDS_AV
def test_gsm_speech_is_what_ffmpegs_decoder_makes_of_the_same_bits(speech):
    pcm = padded(to_pcm(narrow(speech)), 0, 320)
    theirs = ffmpeg_decodes(sndfile.encode(pcm, 8000, "WAV", "GSM610"))
    ours = to_pcm(Gsm610().transmit(speech).signal(0))
    assert np.array_equal(ours, theirs[: len(ours)])


@NEEDS_AV
@pytest.mark.parametrize(("kbits", "subtype"), [(24, "G723_24"), (32, "G721_32")])
def test_adpcm_speech_is_what_ffmpegs_decoder_makes_of_the_same_bits(kbits, subtype, speech, decibel):
    pcm = padded(to_pcm(narrow(speech)), 0, 120)
    theirs = ffmpeg_decodes(sndfile.encode(pcm, 8000, "AU", subtype))
    ours = to_pcm(G726(kbits).transmit(speech).signal(0))
    # The two round their predictors differently and drift apart without losing each other: 10 dB tells this from the
    # decoder of another code, which gives less than 0.
    assert decibel(ours, theirs[: len(ours)]) > 10


@NEEDS_AV
@pytest.mark.parametrize("kbits", [16, 24, 32, 40])
def test_adpcm_distorts_as_much_as_ffmpegs_codec_at_the_same_rate(kbits, speech, decibel):
    sent = narrow(speech)
    raw = io.BytesIO()
    with av.open(raw, "w", format="wav") as output:
        stream = output.add_stream("g726", rate=8000, layout="mono")
        stream.codec_context.bit_rate = kbits * 1000
        frame = av.AudioFrame.from_ndarray(padded(to_pcm(sent), 0, 120)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    theirs = ffmpeg_decodes(raw.getvalue())[: len(sent)] / 32768
    ours = G726(kbits).transmit(speech).signal(0)
    assert decibel(sent, ours) == pytest.approx(decibel(sent, theirs), abs=1)


def test_each_bit_more_of_adpcm_halves_the_distortion(speech, decibel):
    # 6.02 dB for each bit of a quantizer, less what its adaptation costs.
    ratios = [decibel(narrow(speech), G726(kbits).transmit(speech).signal(0)) for kbits in (24, 32, 40)]
    assert np.diff(ratios) == pytest.approx([6.02, 6.02], abs=1)


@NEEDS_AV
@pytest.mark.parametrize("rate", [8000, 12000, 16000])
def test_opus_speech_is_what_ffmpegs_own_decoder_makes_of_the_same_bits(rate, speech, decibel):
    unit = Opus(rate, 24.0)
    sent = speech.resampled(rate).signal(0)
    content = sndfile.encode(sent.numpy(), rate, "OGG", "OPUS", compression_level=(256 - 24) / 250)
    theirs = batch_of([torch.from_numpy(ffmpeg_decodes(content)).float()], 48000, ["theirs"]).resampled(rate)
    assert len(theirs.signal(0)) == pytest.approx(len(sent), abs=1)
    ours = unit.transmit(speech).signal(0)
    size = min(len(ours), len(theirs.signal(0)))
    assert decibel(ours[:size], theirs.signal(0)[:size]) > 25


@pytest.mark.parametrize("kbits", [12.0, 24.0, 64.0])
def test_opus_keeps_to_its_bit_rate(kbits, speech):
    sent = speech.resampled(16000).signal(0)
    content = sndfile.encode(sent.numpy(), 16000, "OGG", "OPUS", compression_level=Opus(16000, kbits)._compression)
    # What the pages of the container add is below 2.5 kbit/s.
    assert -0.15 * kbits < len(content) * 8 / 1000 / (len(sent) / 16000) - kbits < 0.1 * kbits + 2.5


def test_a_higher_opus_rate_is_closer_to_the_speech(speech, decibel):
    sent = speech.resampled(16000).signal(0)
    ratios = [decibel(sent, Opus(16000, kbits).transmit(speech).signal(0)) for kbits in (8.0, 16.0, 32.0, 64.0)]
    assert ratios == sorted(ratios)
    assert ratios[-1] - ratios[0] > 10


@NEEDS_AV
def test_g722_carries_the_50_to_7000_hz_of_the_recommendation(tone):
    batch = batch_of([tone(f, 1, 16000, 0.1) for f in (50, 100, 1000, 3900, 6400, 7000)], 16000, list("abcdef"))
    heard = G722().transmit(batch)
    levels = 20 * torch.log10(heard.samples[:, 4000:12000].norm(dim=1) / batch.samples[:, 4000:12000].norm(dim=1))
    assert levels.abs().max() < 1


@NEEDS_AV
@pytest.mark.parametrize(("hertz", "bits"), [(1020, 6), (6000, 2)])
def test_g722_distorts_a_tone_by_no_more_than_a_quantizer_of_its_bits(hertz, bits, tone, decibel):
    # Six bits a sample below 4 kHz and two above; what its predictor gains comes on top of 6.02 dB for each.
    for amplitude in (0.5, 0.2, 0.05):
        sent = tone(hertz, 2, 16000, amplitude)
        heard = G722().transmit(batch_of([sent], 16000, ["tone"])).signal(0)
        assert decibel(sent[4000:-4000], heard[4000:-4000]) > 6.02 * bits


@NEEDS_AV
@pytest.mark.parametrize("kbits", [4.75, 12.2])
def test_amr_speech_is_what_the_reference_decoder_makes_of_the_same_bits(kbits, speech, decibel):
    pcm = padded(to_pcm(narrow(speech)), 40, 160)
    encoder = av.CodecContext.create("libopencore_amrnb", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    encoder.bit_rate = round(kbits * 1000)
    packets = []
    for begin in range(0, len(pcm), 160):
        frame = av.AudioFrame.from_ndarray(pcm[None, begin : begin + 160].copy(), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, begin
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("libopencore_amrnb", "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    theirs = np.concatenate([f.to_ndarray().ravel() for p in packets for f in decoder.decode(p)])
    ours = to_pcm(AmrNb(kbits).transmit(speech).signal(0))
    assert {packet.size for packet in packets} == {1 + -(-round(kbits * 20) // 8)}
    # The reference computes in 16-bit fixed point, FFmpeg in floats.
    assert decibel(theirs[40 : 40 + len(ours)], ours) > 20


def test_what_exceeds_full_scale_is_clipped_and_never_wraps():
    loud = torch.tensor([2.0, -2.0, 1.0, -1.0, 0.5, 1e9, -1e9])
    assert to_pcm(loud).tolist() == [32767, -32768, 32767, -32768, 16384, 32767, -32768]


@CODECS
def test_an_item_that_a_codec_cannot_take_fails_and_leaves_the_others(make, displaced, tone):
    broken = tone(440, 0.5, 16000, 0.3)
    broken[100] = float("nan")
    good = tone(440, 0.5, 16000, 0.3)
    heard = make().transmit(batch_of([broken, good], 16000, ["broken", "good"]))
    assert [status.status for status in heard.statuses] == [Status.FAILED, Status.OK]
    assert heard.statuses[0].reason == "not_finite"
    assert heard.lengths.tolist() == [0, heard.sample_rate // 2]
    assert torch.equal(heard.signal(1), make().transmit(batch_of([good], 16000, ["good"])).signal(0))


def test_an_item_whose_codec_fails_carries_the_reason(monkeypatch, tone):
    def refuse(raw, samples, *_, **__):
        if len(samples) > 8000:
            raise sndfile.soundfile.LibsndfileError(1)
        write(raw, samples, *_, **__)

    write = sndfile.soundfile.write
    monkeypatch.setattr(sndfile.soundfile, "write", refuse)
    batch = batch_of([tone(440, 2, 8000, 0.3), tone(440, 0.5, 8000, 0.3)], 8000, ["long", "short"])
    heard = Gsm610().transmit(batch)
    assert [(s.status, s.reason) for s in heard.statuses] == [(Status.FAILED, "gsm610_not_encoded"), (Status.OK, None)]


def test_every_codec_that_needs_no_extra_is_available():
    states = codecs_available()
    assert all(states[name].startswith("ok (libsndfile ") for name in ("gsm610", "g726", "opus"))


@NEEDS_AV
def test_with_the_extra_every_codec_is_available():
    assert {state.split(" (")[0] for state in codecs_available().values()} == {"ok"}


def test_without_the_extra_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    needed = "needs the package 'av', which is not installed: pip install 'callgap\\[codecs\\]'"
    for make in (G722, lambda: AmrNb(12.2), lambda: G726(16)):
        with pytest.raises(InputError, match=needed):
            make()
    states = codecs_available()
    assert "callgap[codecs]" in states["g722"]
    assert states["opus"].startswith("ok")
    assert G726(32).kbits == 32


def test_a_libsndfile_without_a_codec_is_named_before_anything_is_carried(monkeypatch):
    monkeypatch.setattr(sndfile.soundfile, "available_subtypes", lambda _: {})
    for make in (Gsm610, lambda: G726(32), lambda: Opus(16000, 24.0)):
        with pytest.raises(InputError, match=r"needs a libsndfile that can encode it; libsndfile \d"):
            make()


@pytest.mark.parametrize("make", [lambda: AmrNb(12.0), lambda: G726(33), lambda: Opus(44100, 24.0)])
def test_a_value_that_no_codec_has_is_refused(make):
    with pytest.raises(ValidationError):
        make()
