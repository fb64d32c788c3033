"""Controls do what conversion and coding do, and nothing besides."""

import pickle

import pytest
import torch
from hydra.utils import instantiate
from pydantic import ValidationError

from callgap.alteration import Resampled, Transmitted
from callgap.audio import batch_of
from callgap.channel import Gsm610
from callgap.configuration import composed, plain


@pytest.mark.parametrize("name", ["g711u", "gsm610", "opus", "voip-lossy"])
def test_codec_only_is_the_channel_of_the_same_name_byte_for_byte(speech, name):
    line = plain(composed([f"channel={name}"]))["channel"]
    given = instantiate({"_target_": "callgap.alteration.Transmitted", "line": line}, _convert_="all")
    altered, carried = given.alter(speech), instantiate(line, _convert_="all").transmit(speech)
    assert altered.samples.numpy().tobytes() == carried.samples.numpy().tobytes()
    assert (altered.sample_rate, altered.statuses) == (carried.sample_rate, carried.statuses)
    assert torch.equal(altered.lengths, carried.lengths)


def test_a_line_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="a mapping without _target_ is no channel"):
        Transmitted({"law": "u"})
    with pytest.raises(ValidationError, match="a int is no channel"):
        Transmitted(3)
    assert pickle.loads(pickle.dumps(Transmitted(Gsm610()))).line == Gsm610()


def test_a_higher_rate_and_back_keeps_the_speech_and_a_lower_one_only_its_band(speech):
    higher = Resampled(24000).alter(speech)
    assert torch.equal(higher.lengths, speech.lengths)
    kept = (higher.samples - speech.samples).square().mean() / speech.samples.square().mean()
    assert 10 * torch.log10(kept) < -30
    tone = 0.5 * torch.sin(2 * torch.pi * 6000 / 16000 * torch.arange(16000))
    lower = Resampled(8000).alter(batch_of([tone], 16000, ["u"])).signal(0)
    assert lower[500:-500].abs().max() < 1e-3


def test_the_same_rate_changes_nothing(speech):
    assert torch.equal(Resampled(16000).alter(speech).samples, speech.samples)


def test_an_echo_of_the_future_ends_with_the_look_ahead():
    click = torch.zeros(8000)
    click[4000] = 0.9
    altered = Resampled(11025).alter(batch_of([click], 8000, ["u"])).signal(0)
    first = int(altered.abs().gt(1e-6).nonzero()[0])
    assert 0 <= 4000 - first <= Resampled(11025).look_ahead_s * 8000
