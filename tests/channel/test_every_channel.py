"""What holds for every channel of conf/channel: nothing is seen of the batch, the order or another run."""

import functools
import importlib.util
import sys

import pytest
import torch
from hydra.utils import instantiate

from callgap.audio import batch_of
from callgap.channel import Overhears
from callgap.configuration import composed, plain
from callgap.records import ItemStatus, Status
from callgap.resources import conf_dir

NAMES = sorted(path.stem for path in (conf_dir() / "channel").glob("*.yaml"))
EXTRA = ("amr-nb", "g722")
DRAWN = ("babble", "burst-loss", "mobile-bad", "noise", "open-plan", "packet-loss", "voip-lossy")
PRESETS = ("mobile-bad", "open-plan", "pstn", "voip-lossy")
# In samples at 16 kHz: 1 sample, 0.01 s, and around the blocks of the codecs.
SIZES = (1, 2, 160, 319, 320, 321, 5000, 16000, 24001)


class Crowd:
    sample_rate = 24000
    speakers = 8

    def others(self, utterance_id):
        generator = torch.Generator().manual_seed(9)
        return [torch.rand(3000 + 500 * k, generator=generator) - 0.5 for k in range(7)]


@functools.cache
def content(name, seed):
    return plain(composed([f"channel={name}", f"seed={seed}"]))["channel"]


def channel(name, seed=1):
    if name in EXTRA and importlib.util.find_spec("av") is None:
        pytest.skip("the extra callgap[codecs] is not installed: no PyAV")
    unit = instantiate(content(name, seed), _convert_="all")
    return unit.among(Crowd()) if isinstance(unit, Overhears) else unit


@pytest.fixture(scope="module")
def sent(speech):
    said = speech.resampled(16000).signal(0)[6000:]
    return batch_of([said[:size] for size in SIZES], 16000, [f"u{size}" for size in SIZES])


def test_the_stated_channels_are_there():
    assert {"amr-nb", "automatic-gain", "clipping", "g722", "g726", "gsm610", "opus", *DRAWN, *PRESETS} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_clips_of_every_length_arrive_whole_and_within_full_scale(name, sent):
    heard = channel(name).transmit(sent)
    assert [status.status for status in heard.statuses] == [Status.OK] * len(SIZES)
    assert heard.lengths.tolist() == [-(-size * heard.sample_rate // 16000) for size in SIZES]
    assert torch.isfinite(heard.samples).all()
    assert heard.samples.abs().max() <= 1
    assert heard.signal(7).abs().max() > 0.01
    assert heard.utterance_ids == sent.utterance_ids


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bits_alone_in_a_batch_and_in_another_order(name, sent):
    unit = channel(name)
    together = unit.transmit(sent)
    order = [8, 3, 0, 6, 2, 7, 1, 5, 4]
    shuffled = unit.transmit(batch_of([sent.signal(i) for i in order], 16000, [sent.utterance_ids[i] for i in order]))
    for place, index in enumerate(order):
        assert torch.equal(shuffled.signal(place), together.signal(index))
    for index in (0, 2, 6):
        alone = unit.transmit(batch_of([sent.signal(index)], 16000, [sent.utterance_ids[index]]))
        assert torch.equal(alone.signal(0), together.signal(index))


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_draws_anew_and_the_same_seed_the_same(name, sent):
    first, again, other = (channel(name, seed).transmit(sent).samples for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name not in DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_two_utterances_of_the_same_samples_draw_differently(name, sent):
    twins = batch_of([sent.signal(8)] * 2, 16000, ["one", "two"])
    heard = channel(name).transmit(twins)
    assert not torch.equal(heard.signal(0), heard.signal(1))


@pytest.mark.parametrize("name", NAMES)
def test_an_item_that_is_not_ok_passes_untouched_and_leaves_the_others(name, sent):
    missing, silent = ItemStatus(Status.EXCLUDED, "missing_audio"), torch.zeros(8000)
    good = sent.signal(6)
    statuses = [missing, ItemStatus(Status.OK), ItemStatus(Status.OK)]
    heard = channel(name).transmit(
        batch_of([torch.zeros(0), good, silent], 16000, ["bad", "u5000", "silent"], statuses)
    )
    assert heard.statuses == tuple(statuses)
    assert heard.lengths[0] == 0
    assert torch.equal(heard.signal(1), channel(name).transmit(sent).signal(6))
    assert heard.signal(2).abs().max() < 0.002


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_needs_no_extra(name, sent, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    heard = channel(name).transmit(sent)
    assert all(status.status is Status.OK for status in heard.statuses)
