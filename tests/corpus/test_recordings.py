"""A recording is heard whole, or excluded with the reason; what is long is cut at silences in bounded memory."""

import io
import struct
import subprocess
import sys

import numpy as np
import pytest
import scipy.signal
import soundfile
import torch

from callgap.corpus import files
from callgap.corpus.files import converted, items_of, read_batches, sha256_of
from callgap.corpus.sound import Extract
from callgap.corpus.windows import cut, windows_of
from callgap.records import Status


def reason(sound, **place):
    (item,) = items_of("u", Extract(sound, **place), 16000, 30.0)
    return item.status.reason


def wav(samples, *, data_size=None, riff_size=None, channels=1, rate=16000):
    """A 16-bit WAV file whose header may say anything."""
    data = np.round(samples * 32767).astype("<i2").tobytes()
    riff = len(data) + 36 if riff_size is None else riff_size
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, channels, rate, rate * 2, 2, 16)
    return head + struct.pack("<4sI", b"data", len(data) if data_size is None else data_size) + data


def encoded(samples, form, subtype=None, rate=16000):
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format=form, subtype=subtype)
    return stream.getvalue()


def speech_with_pauses(seconds, rate, seed=0):
    """Noise in bursts of 2 to 5 s with pauses of 0.4 s, and which samples belong to a pause."""
    random = np.random.default_rng(seed)
    parts, pauses, length = [], [], 0
    while length < seconds * rate:
        burst = random.normal(0, 0.1, round(random.uniform(2, 5) * rate))
        pause = random.normal(0, 0.0005, round(0.4 * rate))
        parts += [burst, pause]
        pauses += [np.zeros(len(burst), bool), np.ones(len(pause), bool)]
        length += len(burst) + len(pause)
    return np.concatenate(parts).astype(np.float32), np.concatenate(pauses)


FORMATS = [
    ("WAV", "PCM_16"), ("WAV", "ULAW"), ("WAV", "ALAW"), ("WAV", "GSM610"), ("WAV", "IMA_ADPCM"), ("RF64", "PCM_16"),
    ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "subtype"), FORMATS)
def test_every_format_is_heard_whole_and_a_file_that_was_cut_off_is_not(voice, form, subtype):
    whole = encoded(voice(3, seed=1), form, subtype)
    (window,) = windows_of(Extract(whole), None)
    # Codecs fill up their last frame; none loses sound.
    assert 48000 <= len(window.samples) < 48000 + 1200
    assert reason(whole[: len(whole) * 6 // 10]) == "truncated_audio"


@pytest.mark.parametrize("form", ["WAV", "FLAC", "AIFF", "AU"])
def test_lossless_samples_are_those_that_soundfile_reads(voice, form):
    sound = encoded(voice(2), form, "PCM_16")
    (window,) = windows_of(Extract(sound), None)
    assert np.array_equal(window.samples, soundfile.read(io.BytesIO(sound), dtype="float32")[0])


@pytest.mark.parametrize(
    ("data_size", "riff_size"),
    [(0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (0, 36), (0x7FFFF000, 0x7FFFF024), (0x80000000, 0x80000024)],
)
def test_a_header_that_a_pipe_left_open_is_no_damage(voice, data_size, riff_size):
    samples = voice(1)
    (window,) = windows_of(Extract(wav(samples, data_size=data_size, riff_size=riff_size)), None)
    assert np.allclose(window.samples, samples, atol=1e-4)


def test_a_flac_stream_of_unstated_length_is_heard_whole(voice):
    samples = voice(30)
    sound = bytearray(encoded(samples, "FLAC", "PCM_16"))
    # The 36 bits of STREAMINFO that state the number of samples (RFC 9639, section 8.2).
    sound[21] &= 0xF0
    sound[22:26] = bytes(4)
    (window,) = windows_of(Extract(bytes(sound)), None)
    assert len(window.samples) == len(samples)


def test_an_ogg_file_without_its_last_page_is_cut_off(voice):
    sound = encoded(voice(3), "OGG", "VORBIS")
    assert reason(sound) is None
    assert reason(sound[: sound.rfind(b"OggS")]) == "truncated_audio"


def test_what_a_file_that_was_cut_off_still_holds_can_be_heard(voice):
    sound = wav(voice(3))[:-32000]
    assert reason(sound, begin_s=0.5, end_s=1.5) is None
    assert reason(sound, begin_s=0.5, end_s=2.5) == "truncated_audio"
    assert reason(sound, begin_s=0.5) == "truncated_audio"


def test_each_fault_of_a_recording_has_its_reason(tmp_path, voice):
    nan = voice()
    nan[100] = np.nan
    text = tmp_path / "text.wav"
    text.write_text("this is no sound")
    raw = tmp_path / "sound.raw"
    raw.write_bytes(bytes(100))
    found = {
        "absent": reason(tmp_path / "nowhere.wav"),
        "a folder": reason(tmp_path),
        "an impossible name": reason(tmp_path / "x\0y"),
        "a name too long": reason(tmp_path / ("x" * 5000)),
        "text": reason(text),
        "raw": reason(raw),
        "nothing": reason(b""),
        "no channel": reason(wav(voice(), channels=0)),
        "no rate": reason(wav(voice(), rate=0)),
        "a rate beyond all use": reason(wav(voice(), rate=2**31 - 1)),
        "nine channels": reason(wav(np.tile(voice(0.2), 9), channels=9)),
        "4 kHz": reason(wav(voice(), rate=4000)),
        "no samples": reason(wav(np.zeros(0))),
        "not a number": reason(encoded(nan, "WAV", "FLOAT")),
        "silence": reason(wav(np.zeros(8000))),
        "a constant": reason(wav(np.full(8000, 0.25))),
    }
    assert found == {
        "absent": "missing_audio",
        "a folder": "missing_audio",
        "an impossible name": "missing_audio",
        "a name too long": "missing_audio",
        "text": "unreadable_audio",
        "raw": "unreadable_audio",
        "nothing": "unreadable_audio",
        "no channel": "unreadable_audio",
        "no rate": "unreadable_audio",
        "a rate beyond all use": "unreadable_audio",
        "nine channels": "several_channels",
        "4 kHz": "low_sample_rate",
        "no samples": "empty_audio",
        "not a number": "not_finite",
        "silence": "silent_audio",
        "a constant": "silent_audio",
    }


def test_silence_ends_at_one_step_of_16_bits_around_the_mean():
    idle = np.tile([0.5, 0.5 + 2 / 32767], 4000)
    assert reason(wav(idle)) == "silent_audio"
    assert reason(wav(np.tile([0.5, 0.5 + 4 / 32767], 4000))) is None


def test_a_channel_is_heard_alone(voice):
    left, right = voice(1, seed=1), voice(1, seed=2)
    sound = wav(np.stack([left, right], axis=1).ravel(), channels=2)
    (window,) = windows_of(Extract(sound, audio_channel=1), None)
    assert np.allclose(window.samples, right, atol=1e-4)
    assert reason(sound, audio_channel=2) == "no_such_channel"
    assert reason(sound) == "several_channels"


@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("WAV", "GSM610")])
def test_a_segment_is_exactly_its_samples(voice, form, subtype):
    sound = encoded(voice(5), form, subtype)
    whole = soundfile.SoundFile(io.BytesIO(sound)).read(80000, dtype="float32") if subtype != "GSM610" else None
    (window,) = windows_of(Extract(sound, begin_s=1.25, end_s=3.5), None)
    if whole is None:
        (everything,) = windows_of(Extract(sound), None)
        whole = everything.samples
    assert np.array_equal(window.samples, whole[20000:56000])
    assert (window.begin, window.end) == (0, 36000)


def test_a_segment_may_overshoot_by_half_a_second_as_in_kaldi(voice):
    sound = wav(voice(2))
    (window,) = windows_of(Extract(sound, begin_s=1.0, end_s=2.4), None)
    assert len(window.samples) == 16000
    assert reason(sound, begin_s=1.0, end_s=2.6) == "bad_segment"
    assert reason(sound, begin_s=2.0) == "bad_segment"
    assert reason(sound, begin_s=9.0, end_s=9.1) == "bad_segment"


def test_rates_without_a_common_divisor_are_converted_in_little_memory():
    rate = 44101
    seconds = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * 440 * seconds).astype(np.float32)
    found = converted(tone, rate, 16000).numpy()
    expected = np.sin(2 * np.pi * 440 * np.arange(len(found)) / 16000)
    assert len(found) == 16000
    assert np.abs(found - expected)[500:-500].max() < 0.01


def test_common_rates_agree_with_scipy():
    tone = np.sin(2 * np.pi * 300 * np.arange(44100) / 44100).astype(np.float32)
    found = converted(tone, 44100, 16000).numpy()
    other = scipy.signal.resample_poly(tone, 160, 441)
    assert np.abs(found - other)[500:-500].max() < 0.01


def test_windows_cover_a_long_recording_without_gap_or_overlap_and_are_cut_in_its_pauses():
    rate = 8000
    samples, pauses = speech_with_pauses(200, rate)
    sound = encoded(samples, "WAV", "FLOAT", rate)
    windows = list(windows_of(Extract(sound), 30.0))
    assert np.array_equal(np.concatenate([window.samples for window in windows]), samples)
    assert [window.end for window in windows[:-1]] == [window.begin for window in windows[1:]]
    assert (windows[0].begin, windows[-1].end) == (0, len(samples))
    assert all(15 * rate <= len(window.samples) <= 30 * rate for window in windows[:-1])
    assert len(windows[-1].samples) <= 30 * rate
    cuts = [window.begin for window in windows[1:]]
    assert len(cuts) >= 6
    # The whole quiet stretch of 0.3 s around each cut lies in a pause.
    assert all(pauses[place - 1199 : place + 1199].all() for place in cuts)


def test_windows_of_a_segment_count_from_its_beginning(voice):
    sound = wav(voice(50), rate=16000)
    windows = list(windows_of(Extract(sound, begin_s=5.0, end_s=45.0), 10.0))
    assert (windows[0].begin, windows[-1].end) == (0, 40 * 16000)
    whole = soundfile.read(io.BytesIO(sound), dtype="float32")[0]
    assert np.array_equal(np.concatenate([w.samples for w in windows]), whole[5 * 16000 : 45 * 16000])


@pytest.mark.parametrize("sizes", [1, 7, 1000])
def test_the_cuts_do_not_depend_on_the_blocks(sizes):
    samples = np.random.default_rng(3).normal(size=5000).astype(np.float32)
    pieces = list(cut([samples], 800, 40))
    blocks = [samples[begin : begin + sizes] for begin in range(0, len(samples), sizes)]
    again = list(cut(blocks, 800, 40))
    assert [piece.tolist() for piece in pieces] == [piece.tolist() for piece in again]


def test_a_long_recording_with_a_fault_at_its_end_is_one_excluded_item(voice):
    samples = voice(90, rate=8000)
    samples[-1] = np.inf
    sound = encoded(samples, "WAV", "FLOAT", 8000)
    cut_off = encoded(voice(90, rate=8000), "FLAC", "PCM_16", 8000)[:-2000]
    for bad, why in ((sound, "not_finite"), (cut_off, "truncated_audio"), (wav(np.zeros(90 * 16000)), "silent_audio")):
        items = list(items_of("u", Extract(bad), 16000, 30.0))
        assert [(item.status.status, item.status.reason, len(item.signal)) for item in items] == [
            (Status.EXCLUDED, why, 0)
        ]


def test_windows_are_counted_at_the_rate_of_the_recording(voice):
    items = list(items_of("u", Extract(encoded(voice(40, rate=8000), "WAV", "PCM_16", 8000)), 16000, 10.0))
    assert items[-1].window[1] == 40 * 8000
    assert sum(len(item.signal) for item in items) == 40 * 16000


def test_batches_are_bounded_with_their_padding(voice, monkeypatch):
    monkeypatch.setattr(files, "BATCH_S", 30.0)
    long, short = wav(voice(45, rate=16000)), wav(voice(0.5))
    sounds = [(f"u{i}", long if i == 3 else short) for i in range(20)]
    items = [item for name, sound in sounds for item in items_of(name, Extract(sound), 16000, 10.0)]
    batches = list(read_batches(iter(items), 16000))
    assert len(batches) > 3
    assert all(batch.samples.numel() <= 30 * 16000 for batch in batches)
    assert [u for batch in batches for u in batch.utterance_ids] == [item.utterance_id for item in items]
    signals = [batch.signal(i) for batch in batches for i in range(len(batch))]
    assert all(torch.equal(signal, item.signal) for signal, item in zip(signals, items, strict=True))
    begins = [item_id for batch in batches for item_id in batch.item_ids if item_id.startswith("u3")]
    assert begins[0] == "u3"
    assert all(item_id.startswith("u3@") for item_id in begins[1:])


def test_the_checksum_of_a_file_is_that_of_its_bytes(tmp_path):
    import hashlib

    content = bytes(range(256)) * 9000
    (tmp_path / "x").write_bytes(content)
    assert sha256_of(tmp_path / "x") == hashlib.sha256(content).hexdigest()


_MEASURE = """
import resource, sys
from pathlib import Path
from callgap.corpus.folder import FolderCorpus
corpus = FolderCorpus(manifest=Path(sys.argv[1]), groups=("accent",))
table = corpus.utterances()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
samples = sum(int(batch.lengths.sum()) for batch in corpus.load(table))
print(samples, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_two_hours_stream_through_in_bounded_memory(tmp_path):
    rate = 16000
    random = np.random.default_rng(0)
    with soundfile.SoundFile(tmp_path / "call.wav", "w", rate, 1, "PCM_16") as file:
        for _ in range(120):
            file.write(random.uniform(-0.2, 0.2, 60 * rate).astype(np.float32))
    (tmp_path / "manifest.csv").write_text("path,text,speaker_id,accent\ncall.wav,hello,s1,north\n")
    command = [sys.executable, "-c", _MEASURE, str(tmp_path / "manifest.csv")]
    samples, mebibytes = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert samples == 7200 * rate
    # The whole would be 440 MiB; ten minutes are 37, held as items, as a batch, and as the batch before.
    assert mebibytes < 200
