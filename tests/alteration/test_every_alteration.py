"""What holds for every alteration without weights: nothing is seen of the batch, the order or another run."""

import importlib.util
import math
import pickle
from types import SimpleNamespace

import pytest
import torch
from hydra.utils import instantiate

from callgap.altering import altering
from callgap.audio import batch_of
from callgap.configuration import composed, plain
from callgap.records import UTTERANCES, ItemStatus, Status, table

EXTRAS = {"denoise": "noisereduce", "pitch-flatten": "pyworld", "pitch-shift": "pyworld", "pitch-widen": "pyworld",
          "vocoder-only": "pyworld"}  # fmt: skip
NAMES = ("identity", "mcadams", "mcadams-by-speaker", "presence", "resample-only", "codec-only", *EXTRAS)
# In samples at 16 kHz: one, around a frame, and whole words.
SIZES = (1, 319, 321, 4000, 12001)
IDS = [f"u{size}" for size in SIZES]
SPEAKERS = table(
    [{"utterance_id": name, "speaker_id": f"s{len(name)}"} for name in [*IDS, "silent", "bad"]], UTTERANCES
)


@pytest.fixture(scope="module", params=NAMES)
def unit(request):
    package = EXTRAS.get(request.param)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    content = plain(composed([f"alteration={request.param}"]))["alteration"]
    return altering(instantiate(content, _convert_="all"), SimpleNamespace(has_audio=True), SPEAKERS, seed=1)


@pytest.fixture(scope="module")
def sent(speech):
    said = speech.signal(0)[8000:]
    return batch_of([said[:size] for size in SIZES], 16000, IDS)


def test_the_result_is_the_same_bits_alone_in_another_order_and_in_a_copy(unit, sent):
    together = unit.alter(sent)
    order = [3, 0, 4, 2, 1]
    copy = pickle.loads(pickle.dumps(unit))
    shuffled = copy.alter(batch_of([sent.signal(i) for i in order], 16000, [IDS[i] for i in order]))
    alone = unit.alter(batch_of([sent.signal(3)], 16000, [IDS[3]]))
    for place, index in enumerate(order):
        assert shuffled.statuses[place] == together.statuses[index]
        assert torch.equal(shuffled.signal(place), together.signal(index))
    assert torch.equal(alone.signal(0), together.signal(3))


def test_recordings_stay_as_long_finite_and_within_full_scale(unit, sent):
    altered = unit.alter(sent)
    assert [status.status for status in altered.statuses] == [Status.OK] * len(SIZES)
    ratio = altered.sample_rate / 16000
    assert altered.lengths.tolist() == [math.ceil(size * ratio) for size in SIZES]
    assert torch.isfinite(altered.samples).all()
    assert altered.samples.abs().max() <= 1
    assert altered.signal(4).abs().max() > 0.01


def test_silence_stays_silence_and_what_is_not_ok_stays_untouched(unit, sent):
    missing = ItemStatus(Status.EXCLUDED, "missing_audio")
    ok = ItemStatus(Status.OK)
    signals = [torch.zeros(0), torch.zeros(8000), sent.signal(3)]
    altered = unit.alter(batch_of(signals, 16000, ["bad", "silent", IDS[3]], [missing, ok, ok]))
    assert altered.statuses == (missing, ok, ok)
    assert altered.lengths[0] == 0
    # The smallest step of G.711 is not zero.
    assert altered.signal(1).abs().max() < 0.001
    assert torch.equal(altered.signal(2), unit.alter(sent).signal(3))


def test_a_sample_that_is_no_number_fails_its_item_alone(unit, sent):
    if type(unit).__name__ in ("Identity", "Transmitted"):
        pytest.skip("what they do to it is what the recognizer or the channel does")
    broken = torch.full((4000,), torch.nan)
    altered = unit.alter(batch_of([broken, sent.signal(3)], 16000, ["silent", IDS[3]]))
    assert altered.statuses[0] == ItemStatus(Status.FAILED, "input_not_finite")
    assert altered.statuses[1].status is Status.OK
    assert torch.equal(altered.signal(1), unit.alter(sent).signal(3))


def test_the_look_ahead_is_stated(unit):
    stated = unit.look_ahead_s
    assert stated is None or stated >= 0
