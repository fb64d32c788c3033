"""Voice conversion of coqui-tts, on a small module with the same calls: the package itself is not installed here."""

import hashlib
import pickle
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import soundfile
import torch

from callgap.alteration import Coqui
from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.records import OK, ItemStatus, Status


class Synthesizer:
    """Takes and gives what TTS.utils.synthesizer.Synthesizer of coqui-tts 0.28 does."""

    output_sample_rate = 24000

    def __init__(self, *, vc_checkpoint, vc_config, vocoder_checkpoint=None, vocoder_config=None, use_cuda=False):
        if Path(vc_checkpoint).read_bytes() != b"weights":
            raise KeyError("model")
        self.device = None

    def to(self, device):
        self.device = device
        return self

    def voice_conversion(self, source_wav, target_wav=None, *, speaker_id=None, voice_dir=None):
        samples, rate = soundfile.read(source_wav, dtype="float32")
        if len(samples) < 1000:
            raise RuntimeError("Calculated padded input size per channel: (3). Kernel size: (5).")
        assert all(Path(target).is_file() for target in target_wav)
        drawn = torch.randn(round(len(samples) / rate * self.output_sample_rate))
        return (0.1 * drawn).numpy()


@pytest.fixture
def made(tmp_path, monkeypatch):
    package, utils = types.ModuleType("TTS"), types.ModuleType("TTS.utils")
    module = types.ModuleType("TTS.utils.synthesizer")
    package.__spec__, package.__path__ = ModuleSpec("TTS", None, is_package=True), []
    module.Synthesizer = Synthesizer
    for name, found in (("TTS", package), ("TTS.utils", utils), ("TTS.utils.synthesizer", module)):
        monkeypatch.setitem(sys.modules, name, found)
    for name in ("model.pth", "config.json", "voice.wav"):
        (tmp_path / name).write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()

    def unit(**options):
        given = {"checkpoint": tmp_path / "model.pth", "sha256": digest, "config": tmp_path / "config.json"}
        return Coqui(**given | {"target": (tmp_path / "voice.wav",), "seed": 1, "device": "cpu"} | options)

    return unit


def sent():
    signals = [torch.rand(length, generator=torch.Generator().manual_seed(1)) - 0.5 for length in (4000, 900, 6000)]
    return batch_of(signals, 16000, list("abc"))


def test_each_utterance_is_converted_and_one_that_cannot_be_fails_alone(made):
    altered = made().alter(sent())
    assert altered.statuses == (OK, ItemStatus(Status.FAILED, "model_error"), OK)
    assert (altered.sample_rate, altered.lengths.tolist()) == (16000, [4000, 0, 6000])


def test_what_the_model_draws_follows_from_the_utterance(made):
    together = made().alter(sent())
    alone = pickle.loads(pickle.dumps(made())).alter(batch_of([sent().signal(2)], 16000, ["c"]))
    assert torch.equal(alone.signal(0), together.signal(2))
    assert not torch.equal(made(seed=2).alter(sent()).signal(2), together.signal(2))


def test_a_checkpoint_that_is_not_the_pinned_one_is_refused(made, tmp_path):
    with pytest.raises(InputError, match=r"its SHA-256 is \w{64}, alteration.sha256 is 0{64}"):
        made(sha256="0" * 64).check()
    with pytest.raises(InputError, match="accepted: 64 hexadecimal digits"):
        made(sha256="newest").check()
    with pytest.raises(InputError, match=r"alteration.target.0: there is no file"):
        made(target=(tmp_path / "gone.wav",)).check()
    with pytest.raises(InputError, match="accepted: both or neither"):
        made(vocoder=tmp_path / "model.pth").check()


def test_a_model_that_does_not_load_is_one_sentence(made, tmp_path):
    (tmp_path / "other.pth").write_bytes(b"else")
    unit = made(checkpoint=tmp_path / "other.pth", sha256=hashlib.sha256(b"else").hexdigest())
    with pytest.raises(InputError, match=r"other.pth cannot be loaded: 'model'"):
        unit.alter(sent())


def test_without_the_package_the_command_that_installs_it_is_named(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "TTS", None)
    with pytest.raises(InputError, match=r"needs the package 'TTS', .* pip install 'callgap\[coqui\]'"):
        made()
