"""Features computed on the device beside those of the extractors of transformers."""

import checkpoints
import numpy as np
import pytest
import torch
import transformers

from callgap.recognizer.neural.features import Featurizer

EXTRACTORS = {
    "whisper": lambda: transformers.WhisperFeatureExtractor(feature_size=80),
    "whisper-large": lambda: transformers.WhisperFeatureExtractor(feature_size=128),
    "parakeet": lambda: transformers.ParakeetFeatureExtractor(feature_size=80),
    "parakeet-plain": lambda: transformers.ParakeetFeatureExtractor(feature_size=128, preemphasis=None),
    "wav2vec2": lambda: transformers.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True),
    "wav2vec2-plain": lambda: transformers.Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True),
}


def signals():
    return [checkpoints.noise(seconds, seed=i) for i, seconds in enumerate((1.0, 0.1, 2.7, 0.51))]


@pytest.mark.parametrize("name", EXTRACTORS)
def test_the_features_are_those_of_the_extractor(name):
    extractor = EXTRACTORS[name]()
    own = Featurizer(extractor, torch.device("cpu"), on_device=True)
    theirs = Featurizer(extractor, torch.device("cpu"))
    if name.startswith("whisper"):
        own.padding = theirs.padding = "max_length"
    found, expected = own(signals()), theirs(signals())
    assert own.own
    assert not theirs.own
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(found[key].float().numpy(), value.float().numpy(), rtol=1e-3, atol=2e-3, err_msg=key)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_an_utterance_has_the_same_features_in_any_batch(name):
    own = Featurizer(EXTRACTORS[name](), torch.device("cpu"), on_device=True)
    if name.startswith("whisper"):
        own.padding = "max_length"
    together = own(signals())
    main = next(key for key in together if key != "attention_mask")
    axis = 2 if name.startswith("whisper") else 1
    for place, signal in enumerate(signals()):
        alone = own([signal])[main][0].numpy()
        kept = together[main][place].narrow(axis - 1, 0, alone.shape[axis - 1]).numpy()
        np.testing.assert_allclose(kept, alone, rtol=1e-4, atol=1e-4)


def test_an_extractor_that_does_something_else_does_it_itself():
    class WhisperFeatureExtractor(transformers.WhisperFeatureExtractor):
        def __call__(self, *arguments, **named):
            found = super().__call__(*arguments, **named)
            found["input_features"] = found["input_features"] * 2
            return found

    extractor = WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    featurizer = Featurizer(extractor, torch.device("cpu"), on_device=True)
    featurizer.padding = "max_length"
    plain = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    arrays = [signal.numpy() for signal in signals()]
    expected = plain(arrays, sampling_rate=16000, return_tensors="pt")["input_features"] * 2
    assert torch.equal(featurizer(signals())["input_features"], expected)
    assert not featurizer.own


def test_an_extractor_that_is_not_known_does_it_itself():
    extractor = transformers.SeamlessM4TFeatureExtractor()
    featurizer = Featurizer(extractor, torch.device("cpu"), on_device=True)
    assert not featurizer.own
    expected = extractor(signals()[0].numpy(), sampling_rate=16000, return_tensors="pt")
    assert torch.equal(featurizer(signals()[:1])["input_features"], expected["input_features"])
