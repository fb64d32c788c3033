"""Signals to features: on the device where the extractor is one that is known here, else by the extractor itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from callgap.audio import Signal

Batch = Float32[Tensor, "item sample"]
Lengths = Int64[Tensor, " item"]
Features = Mapping[str, Tensor]


class Featurizer:
    """Makes the features of a batch as the extractor of a checkpoint would.

    On a device other than the processor, extractors of three kinds are computed there; a probe compares the result with
    the extractor's own first, and where it differs the extractor does the work.

    Attributes:
        padding: `longest`, or `max_length` where the model hears a fixed length.
    """

    def __init__(self, extractor: Any, device: torch.device, *, on_device: bool | None = None) -> None:
        """Make a featurizer.

        Args:
            extractor: of transformers.
            device: of the signals.
            on_device: whether known extractors are computed on the device; None means unless it is the processor.
        """
        self._extractor = extractor
        self._device = device
        self._own = _KNOWN.get(type(extractor).__name__) if on_device or device.type != "cpu" else None
        self._tried = False
        self.padding = "longest"

    @property
    def own(self) -> bool:
        """Whether the features are computed here."""
        return self._own is not None

    def __call__(self, signals: Sequence[Signal]) -> Features:
        """The features of a batch, padded to its longest item.

        Args:
            signals: at the extractor's rate.

        Returns:
            Tensors by name, with an attention mask: without one the extractors of Wav2Vec2 would take the padding
            into the level that they normalize by.
        """
        if self._own is not None and not self._tried:
            self._try()
        return self._extracted(signals) if self._own is None else self._computed(self._own, signals)

    def _extracted(self, signals: Sequence[Signal]) -> Features:
        found = self._extractor(
            [signal.cpu().numpy() for signal in signals],
            sampling_rate=self._extractor.sampling_rate,
            return_tensors="pt",
            padding=self.padding,
            return_attention_mask=True,
        )
        return dict(found)

    def _computed(self, compute: Callable[[Any, Batch, Lengths], Features], signals: Sequence[Signal]) -> Features:
        lengths = torch.tensor([len(signal) for signal in signals], device=self._device)
        width = self._extractor.n_samples if self.padding == "max_length" else max(len(signal) for signal in signals)
        samples = torch.zeros(len(signals), width, device=self._device)
        for row, signal in zip(samples, signals, strict=True):
            row[: len(signal)] = signal[:width]
        return compute(self._extractor, samples, lengths)

    def _try(self) -> None:
        self._tried = True
        rate = self._extractor.sampling_rate
        drawn = np.random.default_rng(0).standard_normal(rate).astype(np.float32) / 10
        probe = [torch.from_numpy(drawn[:count]).to(self._device) for count in (rate, rate // 2 + 7)]
        expected = self._extracted(probe)
        try:
            found = self._computed(self._own, probe) if self._own else {}
        except (AttributeError, RuntimeError):
            found = {}
        if not _alike(expected, found):
            self._own = None


def _alike(expected: Features, found: Features) -> bool:
    return expected.keys() == found.keys() and all(
        value.shape == found[name].shape
        and torch.allclose(value.float(), found[name].float().cpu(), rtol=1e-3, atol=2e-3)
        for name, value in expected.items()
    )


def whisper_features(extractor: Any, samples: Batch, lengths: Lengths) -> Features:
    """What `WhisperFeatureExtractor` makes: log mel energies within 80 dB of the loudest, moved towards [-1, 1].

    Args:
        extractor: for its sizes and filters.
        samples: padded with zeros.
        lengths: in samples.

    Returns:
        `input_features` `[item, mel, frame]` and `attention_mask` `[item, frame]`.
    """
    window = torch.hann_window(extractor.n_fft, device=samples.device)
    spectrum = torch.stft(samples, extractor.n_fft, extractor.hop_length, window=window, return_complex=True)
    filters = torch.as_tensor(extractor.mel_filters, dtype=torch.float32, device=samples.device)
    energies = (filters.T @ spectrum[..., :-1].abs().square()).clamp(min=1e-10).log10()
    energies = torch.maximum(energies, energies.amax(dim=(1, 2), keepdim=True) - 8.0)
    starts = torch.arange(energies.shape[2], device=samples.device) * extractor.hop_length
    return {"input_features": (energies + 4.0) / 4.0, "attention_mask": (starts < lengths[:, None]).int()}


def parakeet_features(extractor: Any, samples: Batch, lengths: Lengths) -> Features:
    """What `ParakeetFeatureExtractor` makes: log mel energies of mean 0 and variance 1 over the utterance.

    Args:
        extractor: for its sizes and filters.
        samples: padded with zeros.
        lengths: in samples.

    Returns:
        `input_features` `[item, frame, mel]` and `attention_mask` `[item, frame]`.
    """
    if extractor.preemphasis is not None:
        heard = torch.arange(samples.shape[1], device=samples.device) < lengths[:, None]
        steps = samples[:, 1:] - extractor.preemphasis * samples[:, :-1]
        samples = torch.cat([samples[:, :1], steps], dim=1).masked_fill(~heard, 0.0)
    window = torch.hann_window(extractor.win_length, periodic=False, device=samples.device)
    spectrum = torch.stft(
        samples,
        extractor.n_fft,
        extractor.hop_length,
        extractor.win_length,
        window,
        return_complex=True,
        pad_mode="constant",
    )
    energies = (extractor.mel_filters.to(samples.device) @ spectrum.abs().square() + 2**-24).log().transpose(1, 2)
    frames = lengths // extractor.hop_length
    mask = torch.arange(energies.shape[1], device=samples.device) < frames[:, None]
    inside = mask[:, :, None]
    mean = (energies * inside).sum(dim=1, keepdim=True) / frames[:, None, None]
    variance = ((energies - mean).square() * inside).sum(dim=1, keepdim=True) / (frames[:, None, None] - 1)
    return {"input_features": (energies - mean) / (variance.sqrt() + 1e-5) * inside, "attention_mask": mask}


def wav2vec2_features(extractor: Any, samples: Batch, lengths: Lengths) -> Features:
    """What `Wav2Vec2FeatureExtractor` makes: the samples, of mean 0 and variance 1 where it normalizes.

    Args:
        extractor: for whether it normalizes.
        samples: padded with zeros.
        lengths: in samples.

    Returns:
        `input_values` `[item, sample]` and `attention_mask` `[item, sample]`.
    """
    mask = torch.arange(samples.shape[1], device=samples.device) < lengths[:, None]
    if extractor.do_normalize:
        mean = samples.sum(dim=1, keepdim=True) / lengths[:, None]
        variance = ((samples - mean) * mask).square().sum(dim=1, keepdim=True) / lengths[:, None]
        samples = (samples - mean) / (variance + 1e-7).sqrt()
    return {"input_values": samples.masked_fill(~mask, extractor.padding_value), "attention_mask": mask.int()}


_KNOWN: Mapping[str, Callable[[Any, Batch, Lengths], Features]] = {
    "ParakeetFeatureExtractor": parakeet_features,
    "Wav2Vec2FeatureExtractor": wav2vec2_features,
    "WhisperFeatureExtractor": whisper_features,
}
