"""Log-mel features of a batch, and what makes each epoch hear other ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from callgap.audio import Signal
from callgap.training.settings import Settings


@dataclass(frozen=True, eq=False)
class Features:
    """What a model hears.

    Attributes:
        values: float32 `[batch, frame, mel]`, zero behind each item's length.
        mask: bool `[batch, frame]`, true within it.
    """

    values: Tensor
    mask: Tensor


def features_of(extractor: Any, signals: Sequence[Signal]) -> Features:
    """Features exactly as the checkpoint's own extractor makes them.

    Args:
        extractor: a `ParakeetFeatureExtractor`.
        signals: `[sample]` each, at its rate.

    Returns:
        The features, each mel band with mean 0 and variance 1 over the utterance.
    """
    made = extractor([signal.numpy() for signal in signals], sampling_rate=extractor.sampling_rate, return_tensors="pt")
    return Features(made["input_features"], made["attention_mask"])


class Augmentation:
    """Changes signals and features at random, so that no voice is heard twice alike.

    Speed shifts a voice's pitch and formants with its tempo, tempo alone leaves them; both together make other voices.
    Bands and times are blanked out as in SpecAugment (Park et al. 2019).
    """

    def __init__(self, settings: Settings, random: torch.Generator) -> None:
        self._settings, self._random = settings, random

    def signal(self, signal: Signal) -> Signal:
        """Another speed, and white noise.

        Args:
            signal: `[sample]`.

        Returns:
            A signal of another length.
        """
        samples = max(1, round(len(signal) / self._between(*self._settings.speed)))
        faster: Signal = _stretched(signal[None], samples)[0]
        level = faster.square().mean().sqrt() * 10 ** (-self._between(*self._settings.noise_db) / 20)
        return faster + level * torch.randn(len(faster), generator=self._random)

    def features(self, features: Features) -> Features:
        """Another tempo, a blank band and a blank time.

        Args:
            features: of a batch.

        Returns:
            Features of other lengths.
        """
        changed = [self._item(row[mask]) for row, mask in zip(features.values, features.mask, strict=True)]
        lengths = torch.tensor([len(item) for item in changed])
        mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
        return Features(torch.nn.utils.rnn.pad_sequence(changed, batch_first=True), mask)

    def _item(self, frames: Tensor) -> Tensor:
        count = max(1, round(len(frames) / self._between(*self._settings.tempo)))
        changed = _stretched(frames.T, count).T.clone()
        for axis in range(2):
            for _ in range(2):
                self._blank(changed.transpose(0, axis))
        return changed

    def _blank(self, rows: Tensor) -> None:
        width = int(self._between(0, self._settings.masked) * len(rows))
        begin = int(self._between(0, len(rows) - width))
        rows[begin : begin + width] = 0

    def _between(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self._random))


def _stretched(rows: Tensor, length: int) -> Tensor:
    if length == rows.shape[1]:
        return rows
    return functional.interpolate(rows[None], size=length, mode="linear", align_corners=False)[0]
