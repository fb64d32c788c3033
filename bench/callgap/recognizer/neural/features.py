"""Signals to features, by the extractor of the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from callgap.audio import Signal


class Featurizer:
    """Calls a feature extractor of transformers on a batch."""

    def __init__(self, extractor: Any, device: torch.device) -> None:
        self._extractor = extractor
        self._device = device

    def __call__(self, signals: Sequence[Signal]) -> Mapping[str, Tensor]:
        """The features of a batch, padded to its longest item.

        Args:
            signals: at the extractor's rate.

        Returns:
            Tensors by name, with an attention mask: without one the extractors of Wav2Vec2 would take the padding
            into the level that they normalize by.
        """
        arrays = [signal.cpu().numpy() for signal in signals]
        found = self._extractor(
            arrays,
            sampling_rate=self._extractor.sampling_rate,
            return_tensors="pt",
            padding="longest",
            return_attention_mask=True,
        )
        return dict(found)
