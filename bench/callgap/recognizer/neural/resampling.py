"""Signals at the rate that a model hears, converted on its device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torchaudio.transforms

from callgap.audio import Signal

# The same filter as everywhere in callgap.
_FILTER_WIDTH = 32
# Shorter ones are padded with silence: the first layers of some models need as much to have one frame.
_SHORTEST_S = 0.1


class Resampler:
    """Converts to one rate, with a filter for each rate that came."""

    def __init__(self, sample_rate: int, device: torch.device) -> None:
        self._sample_rate = sample_rate
        self._device = device
        self._filters: dict[int, Any] = {}

    def __call__(self, signals: Sequence[Signal], rates: Sequence[int]) -> list[Signal]:
        """Convert signals, each alone.

        Args:
            signals: in the memory of the processor.
            rates: of each, in Hz.

        Returns:
            The signals at the one rate, on the device.
        """
        return [self._converted(signal, rate) for signal, rate in zip(signals, rates, strict=True)]

    def _converted(self, signal: Signal, rate: int) -> Signal:
        if self._device.type == "cuda":
            signal = signal.pin_memory()
        moved = signal.to(self._device, torch.float32, non_blocking=True)
        if rate != self._sample_rate and len(moved):
            moved = self._filter(rate)(moved)
        lacking = round(_SHORTEST_S * self._sample_rate) - len(moved)
        return torch.nn.functional.pad(moved, (0, lacking)) if lacking > 0 else moved

    def _filter(self, rate: int) -> Any:
        if rate not in self._filters:
            self._filters[rate] = torchaudio.transforms.Resample(
                rate, self._sample_rate, lowpass_filter_width=_FILTER_WIDTH, dtype=torch.float32
            ).to(self._device)
        return self._filters[rate]
