"""G.711 agrees with libsndfile, and the band limit with ITU-T G.712."""

import io

import numpy as np
import pytest
import scipy.signal
import soundfile
import torch

from callgap.audio import batch_of
from callgap.channel.g711 import G711, SAMPLE_RATE, band_limit, decode, encode
from callgap.records import ItemStatus, Status

SUBTYPE = {"u": "ULAW", "a": "ALAW"}
LAWS = pytest.mark.parametrize("law", ["u", "a"])


def libsndfile_codes(samples, law):
    raw = io.BytesIO()
    soundfile.write(raw, samples, SAMPLE_RATE, format="RAW", subtype=SUBTYPE[law])
    return np.frombuffer(raw.getvalue(), np.uint8)


@LAWS
def test_codes_of_a_million_floats_equal_libsndfile(law):
    samples = np.random.default_rng(1).uniform(-1, 1, 1_000_000).astype(np.float32)
    samples[:6] = [0.0, -0.0, 1e-9, -1e-9, 1.0, -1.0]
    assert np.array_equal(encode(torch.from_numpy(samples), law).numpy(), libsndfile_codes(samples, law))


@LAWS
def test_codes_at_every_level_and_decision_level_equal_libsndfile(law):
    steps = 0x7FFF / (4 if law == "u" else 16)
    grid = np.arange(-2 * int(steps) - 1, 2 * int(steps) + 2) / (2 * steps)
    samples = np.clip(grid, -1, 1).astype(np.float32)
    assert np.array_equal(encode(torch.from_numpy(samples), law).numpy(), libsndfile_codes(samples, law))


@LAWS
def test_every_code_expands_as_in_libsndfile(law):
    codes = np.arange(256, dtype=np.uint8)
    raw = io.BytesIO(codes.tobytes())
    expected, _ = soundfile.read(
        raw, dtype="int16", format="RAW", subtype=SUBTYPE[law], channels=1, samplerate=SAMPLE_RATE
    )
    assert np.array_equal((decode(torch.from_numpy(codes), law) * 32768).numpy().astype(np.int16), expected)


def test_band_limit_stays_inside_the_masks():
    impulse = torch.zeros(8001)
    impulse[4000] = 1
    frequencies, response = scipy.signal.freqz(band_limit(impulse).numpy(), worN=8192, fs=SAMPLE_RATE)
    level_db = 20 * np.log10(np.abs(response) + 1e-12)
    passband = (frequencies >= 300) & (frequencies <= 3400)
    assert np.abs(level_db[passband]).max() < 0.5
    assert level_db[(frequencies <= 200) | (frequencies >= 3600)].max() < -30


def test_a_result_depends_on_its_own_utterance_alone():
    generator = torch.Generator().manual_seed(3)
    signals = [torch.rand(n, generator=generator) * 1.6 - 0.8 for n in (5001, 12000, 333, 22050)]
    names = ["a", "b", "c", "d"]
    together = G711("u").transmit(batch_of(signals, 22050, names))
    for index, (signal, name) in enumerate(zip(signals, names, strict=True)):
        alone = G711("u").transmit(batch_of([signal], 22050, [name]))
        assert torch.equal(together.signal(index), alone.signal(0))


def test_the_line_has_8_khz_and_silence_behind_each_item():
    batch = G711("a").transmit(batch_of([torch.ones(16000), torch.ones(160)], 16000, ["long", "short"]))
    assert batch.sample_rate == 8000
    assert batch.lengths.tolist() == [8000, 80]
    assert not batch.samples[1, 80:].any()


def test_a_bad_item_passes_with_its_status_and_leaves_the_others():
    missing = ItemStatus(Status.EXCLUDED, "missing_audio")
    good = ItemStatus(Status.OK)
    batch = batch_of([torch.zeros(0), torch.ones(800) / 2], 8000, ["bad", "good"], [missing, good])
    heard = G711("u").transmit(batch)
    assert heard.statuses == (missing, good)
    assert heard.lengths.tolist() == [0, 800]
