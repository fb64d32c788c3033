"""SpeechT5 on a tiny checkpoint with random weights: loaded, pinned, seeded, and alone in each utterance."""

import pickle

import numpy as np
import pytest
import torch

from callgap.alteration import SpeechT5
from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.records import OK, ItemStatus, Status

BANDS, SPEAKER = 8, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("speecht5")
    written(transformers, folder)
    return folder


def written(transformers, folder):
    torch.manual_seed(1)
    config = transformers.SpeechT5Config(
        vocab_size=12, hidden_size=16, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=16,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=16, conv_dim=(16,) * 7, num_mel_bins=BANDS,
        speech_decoder_prenet_units=16, speech_decoder_postnet_units=16, speaker_embedding_dim=SPEAKER,
        num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, max_speech_positions=400,
    )  # fmt: skip
    model = audible(transformers.SpeechT5ForSpeechToSpeech(config), 10)
    # Else it would end with the first frame.
    model.speech_decoder_postnet.prob_out.bias.data.fill_(-1000.0)
    model.save_pretrained(folder / "model")
    transformers.SpeechT5FeatureExtractor(num_mel_bins=BANDS).save_pretrained(folder / "model")
    vocoder = transformers.SpeechT5HifiGanConfig(
        model_in_dim=BANDS, upsample_initial_channel=32, upsample_rates=[4] * 4, upsample_kernel_sizes=[8] * 4,
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3, 5]],
    )  # fmt: skip
    audible(transformers.SpeechT5HifiGan(vocoder), 20).save_pretrained(folder / "vocoder")
    np.save(folder / "voice.npy", np.ones(SPEAKER, np.float32))


def audible(model, times):
    """As they come, random weights give sounds below a step of 16 bits, whatever is said."""
    for weight in model.parameters():
        if weight.dim() > 1:
            weight.data *= times
    return model


def unit(folder, **options):
    given = {"checkpoint": str(folder / "model"), "vocoder": str(folder / "vocoder"), "speaker": folder / "voice.npy"}
    return SpeechT5(**given | {"seed": 1, "longest_ratio": 1.0, "device": "cpu"} | options)


def noise(length, seed=0):
    return 0.2 * torch.rand(length, generator=torch.Generator().manual_seed(seed)) - 0.1


@pytest.fixture(scope="module")
def sent():
    missing = ItemStatus(Status.EXCLUDED, "missing_audio")
    signals = [noise(8000, 1), noise(6000, 2), noise(300, 3), torch.zeros(0)]
    return batch_of(signals, 16000, list("abcd"), [OK, OK, OK, missing])


def test_each_utterance_is_said_again_and_one_that_cannot_be_fails_alone(folder, sent):
    altered = unit(folder).alter(sent)
    assert [status.reason for status in altered.statuses] == [None, None, "too_short", "missing_audio"]
    assert altered.sample_rate == 16000
    # 24 frames of 20 ms are read, and as many of 256 samples written, two at a time.
    assert 20 * 256 <= int(altered.lengths[0]) <= 25 * 256
    assert altered.signal(0).abs().max() > 0.01
    assert torch.isfinite(altered.samples).all()


def test_the_same_bits_alone_in_a_copy_and_with_the_same_seed_and_others_with_another(folder, sent):
    together = unit(folder).alter(sent)
    state = torch.get_rng_state()
    alone = pickle.loads(pickle.dumps(unit(folder))).alter(batch_of([sent.signal(1)], 16000, ["b"]))
    assert torch.equal(alone.signal(0), together.signal(1))
    # What the model draws is drawn aside.
    assert torch.equal(torch.get_rng_state(), state)
    other = unit(folder, seed=2).alter(batch_of([sent.signal(1)], 16000, ["b"]))
    assert not torch.equal(other.signal(0), alone.signal(0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoint": "microsoft/speecht5_vc"}, r"alteration.checkpoint_revision: found None for the hub id"),
        ({"checkpoint": "microsoft/speecht5_vc", "checkpoint_revision": "main"}, "accepted: the hash of a commit"),
        ({"vocoder": "no/such/folder"}, "alteration.vocoder: there is no folder 'no/such/folder'"),
        ({"vocoder_revision": "0" * 40}, "alteration.vocoder_revision: found '0{40}' and the folder .* has none"),
        ({"device": "tpu"}, "alteration.device: found 'tpu'; accepted: cpu, cuda, cuda:N"),
    ],
)
def test_what_is_not_pinned_or_not_there_is_one_sentence_before_anything_is_loaded(folder, options, message):
    with pytest.raises(InputError, match=message):
        unit(folder, **options).check()


def test_a_voice_that_does_not_fit_is_one_sentence(folder, tmp_path, sent):
    for name, values, message in [
        ("wide.npy", np.ones(SPEAKER + 1, np.float32), "has 7 dimensions; accepted: 6"),
        ("flat.npy", np.ones((2, 3), np.float32), r"holds float32 \[2, 3\]"),
        ("whole.npy", np.ones(SPEAKER, np.int64), "holds int64"),
        ("nan.npy", np.full(SPEAKER, np.nan), "accepted: finite floats"),
    ]:
        np.save(tmp_path / name, values)
        with pytest.raises(InputError, match=message):
            unit(folder, speaker=tmp_path / name).alter(sent)


def test_a_checkpoint_of_something_else_is_one_sentence(folder, tmp_path, sent):
    (tmp_path / "config.json").write_text('{"model_type": "speecht5"}')
    with pytest.raises(InputError, match="cannot be loaded as SpeechT5ForSpeechToSpeech"):
        unit(folder, checkpoint=str(tmp_path)).alter(sent)
