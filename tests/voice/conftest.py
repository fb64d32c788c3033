"""Speech, and embeddings whose speakers are planted."""

import importlib.util

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.corpus.espeak import espeak
from callgap.voice import Voiceprints


@pytest.fixture(scope="session")
def needs():
    """Skip where a package of the extra is not installed."""

    def check(*packages):
        for package in packages:
            if importlib.util.find_spec(package) is None:
                pytest.skip(f"the package {package!r} of the extra `voice` is not installed")

    return check


@pytest.fixture(scope="session")
def speech():
    """Two sentences of two espeak-ng voices, a batch at its own rate; ids are voice and sentence."""
    texts = ("please transfer two hundred pounds to my checking account", "what is the balance of my savings account")
    voices = {"low": ("en-us+m3", 30), "high": ("en-us+f3", 70)}
    said = {
        f"{name}-{number}": espeak().speak(text, voice, pitch=pitch, rate=160)
        for name, (voice, pitch) in voices.items()
        for number, text in enumerate(texts)
    }
    return batch_of(list(said.values()), espeak().sample_rate, list(said))


@pytest.fixture(scope="session")
def vowel():
    """Harmonics of a fundamental that follows a curve of Hz, float32 numpy at 16 kHz."""

    def sing(hertz, level=0.1):
        phase = 2 * np.pi * np.cumsum(np.asarray(hertz, dtype=np.float64)) / 16000
        return (level * sum(np.sin(k * phase) / k for k in range(1, 12))).astype(np.float32)

    return sing


@pytest.fixture(scope="session")
def planted():
    """Voiceprints of speakers: random directions, with a spread around each."""

    def make(speakers=6, utterances=5, spread=0.3, seed=0, dimensions=32):
        random = np.random.default_rng(seed)
        centers = random.standard_normal((speakers, dimensions))
        centers /= np.linalg.norm(centers, axis=1, keepdims=True)
        noise = spread * random.standard_normal((speakers, utterances, dimensions)) / np.sqrt(dimensions)
        vectors = (centers[:, None] + noise).reshape(-1, dimensions)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = tuple(f"s{k}" for k in range(speakers) for _ in range(utterances))
        ids = tuple(f"{name}-{i}" for i, name in enumerate(names))
        return Voiceprints(vectors, names, ids)

    return make


@pytest.fixture
def one_thread():
    """Torch on one thread, as in a worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
