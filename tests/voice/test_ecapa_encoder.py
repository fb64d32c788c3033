"""ECAPA-TDNN as SpeechBrain saves it: loaded without running its settings, and compared with SpeechBrain itself."""

import importlib.util
import pickle
import sys
import warnings

import numpy as np
import pytest
import torch
from voice_checkpoints import ECAPA_SETTINGS, ecapa

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.voice import NamedEncoder, NamedVoiceprint
from callgap.voice.ecapa import classes, settings_of
from callgap.voice.voiceprint import spoken

NEEDS_SPEECHBRAIN = pytest.mark.skipif(
    importlib.util.find_spec("speechbrain") is None, reason="speechbrain is not installed"
)
# SpeechBrain and what it imports warn of their own calls.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ecapa(tmp_path_factory.mktemp("ecapa"))


def unit(folder, **options):
    return NamedVoiceprint(NamedEncoder(str(folder), kind="ecapa", device="cpu", **options))


@NEEDS_SPEECHBRAIN
def test_the_embedding_is_that_of_speechbrain(folder, speech, one_thread):
    from speechbrain.inference.speaker import EncoderClassifier

    found = unit(folder).measure(speech)
    assert found["reason"] == [None] * 4
    features, normalization, network = classes("voice.encoder")
    ecapa_tdnn = network(40, lin_neurons=12, channels=[16] * 4 + [48], attention_channels=8)
    ecapa_tdnn.load_state_dict(torch.load(folder / "embedding_model.ckpt", weights_only=True))
    parts = {
        "compute_features": features(n_mels=40),
        "mean_var_norm": normalization(norm_type="sentence", std_norm=False),
        "embedding_model": ecapa_tdnn,
        "classifier": torch.nn.Identity(),
    }
    theirs = EncoderClassifier(parts, hparams={"label_encoder": None})
    for index, embedding in enumerate(found["embedding"]):
        vector = theirs.encode_batch(spoken(speech.resampled(16000).signal(index))[None])[0, 0].numpy()
        assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-6)
        assert embedding == pytest.approx(vector / np.linalg.norm(vector), abs=1e-5)


@NEEDS_SPEECHBRAIN
def test_no_item_touches_another_and_a_copy_finds_the_same_bits(folder, speech, one_thread):
    together = unit(folder).measure(speech)["embedding"]
    state = torch.get_rng_state()
    alone = pickle.loads(pickle.dumps(unit(folder))).measure(
        batch_of([speech.signal(2)], speech.sample_rate, ["high-0"])
    )
    assert alone["embedding"] == [together[2]]
    assert together[0] != together[2]
    assert torch.equal(torch.get_rng_state(), state)


@NEEDS_SPEECHBRAIN
def test_weights_in_safetensors_are_the_same_weights(folder, speech, tmp_path, one_thread):
    from safetensors.torch import save_file

    (tmp_path / "hyperparams.yaml").write_text(ECAPA_SETTINGS)
    save_file(torch.load(folder / "embedding_model.ckpt", weights_only=True), tmp_path / "embedding_model.safetensors")
    assert unit(tmp_path).measure(speech) == unit(folder).measure(speech)


class Runs:
    """Something that a pickle would run."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('this was run')",))


@NEEDS_SPEECHBRAIN
def test_damaged_and_dangerous_weights_are_one_sentence(folder, speech, tmp_path):
    (tmp_path / "hyperparams.yaml").write_text(ECAPA_SETTINGS)
    with pytest.raises(InputError, match=r"holds no embedding_model.safetensors and no embedding_model.ckpt"):
        unit(tmp_path).measure(speech)
    path = tmp_path / "embedding_model.ckpt"
    path.write_bytes((folder / "embedding_model.ckpt").read_bytes()[:3000])
    with pytest.raises(InputError, match=r"embedding_model.ckpt cannot be read: "):
        unit(tmp_path).measure(speech)
    torch.save({"weights": Runs()}, path)
    with pytest.raises(InputError, match=r"embedding_model.ckpt cannot be read: "):
        unit(tmp_path).measure(speech)
    torch.save({"fc.weight": torch.zeros(2)}, path)
    with pytest.raises(InputError, match=r"is no ECAPA-TDNN: Error\(s\) in loading state_dict"):
        unit(tmp_path).measure(speech)


@NEEDS_SPEECHBRAIN
def test_importing_it_leaves_the_precision_of_torch_alone(folder, speech):
    unit(folder).measure(speech)
    assert "speechbrain" in sys.modules
    assert not torch.backends.cuda.matmul.allow_tf32


def test_settings_are_read_and_never_run(tmp_path):
    path = tmp_path / "hyperparams.yaml"
    path.write_text(ECAPA_SETTINGS + "evil: !apply:os._exit [3]\n")
    found = settings_of(path, "voice.encoder")
    assert found["compute_features"] == {"n_mels": 40}
    assert found["mean_var_norm"] == {"norm_type": "sentence", "std_norm": False}
    assert found["embedding_model"]["input_size"] == 40
    assert found["embedding_model"]["channels"] == [16, 16, 16, 16, 48]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "lobes.features.Fbank",
            "lobes.features.MFCC",
            r"compute_features: found '!new:.*\.MFCC'",
        ),
        ("compute_features: !new", "computed: !new", r"compute_features: found None; accepted: !new:speechbrain"),
        ("    lin_neurons: 12", "    activation: !name:torch.nn.LeakyReLU", r"embedding_model.activation: found \("),
        ("lin_neurons: 12", "lin_neurons: !apply:os._exit [3]", r"embedding_model.lin_neurons: found \('!apply:os"),
        ("ECAPA_TDNN.ECAPA_TDNN", "Xvector.Xvector", r"embedding_model: found '!new:.*Xvector'; accepted: !new:"),
        ("channels: [16", "channels: [[16", r"cannot be read: "),
    ],
)
def test_settings_of_something_else_are_one_sentence(tmp_path, old, new, message):
    path = tmp_path / "hyperparams.yaml"
    assert old in ECAPA_SETTINGS
    path.write_text(ECAPA_SETTINGS.replace(old, new))
    with pytest.raises(InputError, match=message):
        settings_of(path, "voice.encoder")


def test_a_missing_package_is_named_with_the_command(monkeypatch, speech, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"not installed: pip install 'callgap\[ecapa\]'"):
        unit(tmp_path).measure(speech)
