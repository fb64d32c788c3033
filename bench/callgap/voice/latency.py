"""How long a streaming alteration takes: chunk by chunk in a loop, as a telephone line would ask it to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from callgap.audio import AudioBatch, Signal, batch_of
from callgap.errors import InputError
from callgap.records import Status

Clock = Callable[[], float]


@dataclass(frozen=True)
class Latency:
    """Of one alteration on one device.

    Attributes:
        p50: seconds of computing for a chunk, the median.
        p95: seconds that 95 % of the chunks take at most.
        first_s: seconds of the first chunk, which may load something; it is in no other figure.
        real_time_factor: seconds of computing per second of audio.
        look_ahead_s: of audio behind the chunk that must have arrived before it.
        chunk_s: of audio that is handed on at a time.
        chunks: that were clocked.
        failed_chunks: that came back with another status than ok.
        device: that held the audio.
    """

    p50: float
    p95: float
    first_s: float
    real_time_factor: float
    look_ahead_s: float
    chunk_s: float
    chunks: int
    failed_chunks: int
    device: str

    @property
    def delay_s(self) -> float:
        """Seconds by which 95 % of the chunks' first samples are late: chunk, look-ahead and computing."""
        return self.chunk_s + self.look_ahead_s + self.p95

    @property
    def keeps_up(self) -> bool:
        """Whether computing is faster than speaking, on the whole and for 95 % of the chunks."""
        return self.real_time_factor < 1 and self.p95 <= self.chunk_s


def streamed(
    alter: Callable[[AudioBatch], AudioBatch],
    batch: AudioBatch,
    chunk_s: float,
    look_ahead_s: float,
    clock: Clock = time.perf_counter,
) -> Latency:
    """Feed recordings chunk by chunk, one at a time, and clock each answer.

    Args:
        alter: given one item, the chunk and then as much of what follows as `look_ahead_s`, less at the end. What it
            keeps from chunk to chunk is its own affair; a new recording has another utterance id.
        batch: items that are not ok are passed over.
        chunk_s: seconds of audio at a time.
        look_ahead_s: seconds behind a chunk.
        clock: seconds that only rise.

    Returns:
        Quantiles by the nearest rank: a value that was measured.

    Raises:
        InputError: a chunk is shorter than a sample, the look-ahead is negative, or there are fewer than two chunks.
    """
    size, ahead = round(chunk_s * batch.sample_rate), round(look_ahead_s * batch.sample_rate)
    if size < 1:
        raise InputError(f"chunk_s: found {chunk_s}; accepted: one sample at least, 1/{batch.sample_rate} s")
    if ahead < 0:
        raise InputError(f"look_ahead_s: found {look_ahead_s}; accepted: 0 or more seconds")
    seconds: list[float] = []
    failed = 0
    for chunk in _chunks(batch, size, ahead):
        begin = clock()
        answer = alter(chunk)
        _finish(answer.device)
        seconds.append(clock() - begin)
        failed += answer.statuses[0].status is not Status.OK
    if len(seconds) < 2:
        raise InputError(f"chunk_s: found {chunk_s}, which gives {len(seconds)} chunks of this audio; two are needed")
    lengths = [int(batch.lengths[index]) for index in _usable(batch)]
    return Latency(
        p50=quantile(seconds[1:], 0.5),
        p95=quantile(seconds[1:], 0.95),
        first_s=seconds[0],
        real_time_factor=sum(seconds[1:]) * batch.sample_rate / (sum(lengths) - min(size, lengths[0])),
        look_ahead_s=look_ahead_s,
        chunk_s=chunk_s,
        chunks=len(seconds) - 1,
        failed_chunks=failed,
        device=str(batch.device),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]


def _usable(batch: AudioBatch) -> Iterator[int]:
    for index, status in enumerate(batch.statuses):
        if status.status is Status.OK and int(batch.lengths[index]):
            yield index


def _chunks(batch: AudioBatch, size: int, ahead: int) -> Iterator[AudioBatch]:
    for index in _usable(batch):
        signal: Signal = batch.signal(index)
        for begin in range(0, len(signal), size):
            part = signal[begin : begin + size + ahead]
            yield batch_of([part], batch.sample_rate, [batch.utterance_ids[index]])


def _finish(device: torch.device) -> None:
    # A GPU answers before it has computed.
    if device.type == "cuda":
        torch.cuda.synchronize(device)
