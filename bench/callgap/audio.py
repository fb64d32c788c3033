"""A batch of utterances' audio, and the few operations that every stage needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torchaudio.functional
from jaxtyping import Float32, Int64
from torch import Tensor

from callgap.records import OK, ItemStatus, Status

Signal = Float32[Tensor, " _"]
"""Samples of one utterance, `[sample]`; the signals of a batch differ in length."""


@dataclass(frozen=True)
class AudioBatch:
    """Utterances on one device at one sample rate.

    Attributes:
        samples: float32 `[batch, sample]` in [-1, 1], zero behind each item's length.
        lengths: int64 `[batch]`, in samples; 0 for an item whose status is not ok.
        sample_rate: Hz.
        utterance_ids: one per item.
        windows: int64 `[batch, 2]`, first and last-plus-one sample of the item within its recording, at the rate of
            the recording.
        statuses: one per item; a bad item never stops the others.
    """

    samples: Float32[Tensor, "batch sample"]
    lengths: Int64[Tensor, " batch"]
    sample_rate: int
    utterance_ids: tuple[str, ...]
    windows: Int64[Tensor, "batch 2"]
    statuses: tuple[ItemStatus, ...]

    def __post_init__(self) -> None:
        sizes = {len(self.samples), len(self.lengths), len(self.utterance_ids), len(self.windows), len(self.statuses)}
        if len(sizes) != 1:
            raise ValueError(f"the parts of a batch differ in length: {sorted(sizes)}")
        if len(self.lengths) and int(self.lengths.max()) > self.samples.shape[1]:
            raise ValueError("an item is longer than the batch")

    def __len__(self) -> int:
        return len(self.utterance_ids)

    @property
    def device(self) -> torch.device:
        """The device that holds the samples."""
        return self.samples.device

    @property
    def item_ids(self) -> tuple[str, ...]:
        """What each item is seeded by: the utterance, and where its window begins unless that is the beginning."""
        begins = self.windows[:, 0].tolist()
        return tuple(f"{u}@{begin}" if begin else u for u, begin in zip(self.utterance_ids, begins, strict=True))

    def signal(self, index: int) -> Signal:
        """The samples of one item, `[sample]`, without padding."""
        return self.samples[index, : int(self.lengths[index])]

    def with_signals(self, signals: Sequence[Signal], sample_rate: int) -> AudioBatch:
        """The same items with other samples.

        Args:
            signals: one `[sample]` per item.
            sample_rate: of the new samples, in Hz.

        Returns:
            A new batch with the identities, windows and statuses of this one.
        """
        samples, lengths = _pad(signals, self.device)
        return replace(self, samples=samples, lengths=lengths, sample_rate=sample_rate)

    def map(self, function: Callable[[Signal], Signal], sample_rate: int | None = None) -> AudioBatch:
        """Apply a function to each item alone, so that nothing can depend on its neighbors in the batch.

        Args:
            function: from `[sample]` to `[sample]`; not called for items that are not ok.
            sample_rate: of the results, in Hz; None keeps it.

        Returns:
            The new batch.
        """
        return self.map_items(lambda signal, _: function(signal), sample_rate)

    def map_items(self, function: Callable[[Signal, str], Signal], sample_rate: int | None = None) -> AudioBatch:
        """Apply a function that also needs to know which item it works on, for the seed of what it draws.

        Args:
            function: from `[sample]` and the item's id to `[sample]`; not called for items that are not ok.
            sample_rate: of the results, in Hz; None keeps it.

        Returns:
            The new batch.
        """
        signals = [
            function(self.signal(i), item) if self.statuses[i].status is Status.OK else self.signal(i)
            for i, item in enumerate(self.item_ids)
        ]
        return self.with_signals(signals, sample_rate or self.sample_rate)

    def resampled(self, sample_rate: int) -> AudioBatch:
        """The batch at another rate (windowed-sinc interpolation, Hann window, Smith 2002).

        Each item is converted alone: the result holds the same bits in whatever batch it stands.

        Args:
            sample_rate: Hz.

        Returns:
            The batch itself where the rate is the same already.
        """
        if sample_rate == self.sample_rate:
            return self

        def convert(signal: Signal) -> Signal:
            if not len(signal):
                return signal
            converted: Signal = torchaudio.functional.resample(
                signal, self.sample_rate, sample_rate, lowpass_filter_width=32
            )
            return converted

        return self.map(convert, sample_rate)


def batch_of(
    signals: Sequence[Signal],
    sample_rate: int,
    utterance_ids: Sequence[str],
    statuses: Sequence[ItemStatus] | None = None,
) -> AudioBatch:
    """Make a batch in which each item is a whole recording.

    Args:
        signals: one `[sample]` per item, float32 in [-1, 1].
        sample_rate: Hz.
        utterance_ids: one per item.
        statuses: one per item; None means that all are ok.

    Returns:
        The batch, on the device of the signals.
    """
    samples, lengths = _pad(signals, signals[0].device if len(signals) else torch.device("cpu"))
    windows = torch.stack([torch.zeros_like(lengths), lengths], dim=1)
    return AudioBatch(
        samples, lengths, sample_rate, tuple(utterance_ids), windows, tuple(statuses or [OK] * len(signals))
    )


def utterance_seed(seed: int, purpose: str, utterance_id: str) -> int:
    """A seed that depends on the utterance (or item) and the purpose only, never on the system or the order.

    Args:
        seed: of the run.
        purpose: what the numbers are for, for example `line-noise`.
        utterance_id: the utterance.

    Returns:
        An integer below 2**63.
    """
    digest = hashlib.sha256(f"{seed}\0{purpose}\0{utterance_id}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _pad(
    signals: Sequence[Signal], device: torch.device
) -> tuple[Float32[Tensor, "batch sample"], Int64[Tensor, " batch"]]:
    lengths = torch.tensor([len(signal) for signal in signals], dtype=torch.int64, device=device)
    width = int(lengths.max()) if len(signals) else 0
    samples = torch.zeros((len(signals), width), dtype=torch.float32, device=device)
    for row, signal in zip(samples, signals, strict=True):
        row[: len(signal)] = signal
    return samples, lengths
