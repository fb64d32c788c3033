"""What is played in place of lost packets; `waveform` is the pitch waveform replication of ITU-T G.711 Appendix I.

The recommendation works at 8 kHz and delays by 3.75 ms, to have the last quarter of a pitch period in hand when a
packet is lost. Here the whole recording is in hand, so nothing is delayed; at other rates its durations are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

Samples = Float64[np.ndarray, " _"]

_HIGHEST_HZ, _LOWEST_HZ = 200, 200 / 3
_WINDOW_S = 0.02
_HISTORY_S = 0.04875
# Of 16-bit samples, an energy of 250: below, there is nothing whose period could be found.
_LEAST_ENERGY = 250 / 32768**2
_ATTENUATION_PER_FRAME = 0.2
_MORE_OVERLAP_PER_FRAME_S = 0.004


def conceal(
    samples: Samples,
    lost: Bool[np.ndarray, " packet"],
    packet: int,
    sample_rate: int,
    concealment: Literal["silence", "repeat", "waveform"],
) -> Samples:
    """Fill the gaps that lost packets leave.

    Args:
        samples: what was sent; the samples of lost packets are not looked at.
        lost: per packet, whether it is lost.
        packet: samples of a packet; a whole number of frames of 10 ms for `waveform`.
        sample_rate: Hz.
        concealment: how.

    Returns:
        What is heard, as long as `samples`.
    """
    gap = np.repeat(lost, packet)[: len(samples)]
    heard = np.where(gap, 0.0, samples)
    if concealment == "repeat":
        return _repeated(heard, lost, packet)
    if concealment == "waveform":
        frame = round(sample_rate / 100)
        for begin, end in _bursts(lost):
            _replicate(heard, begin * packet, min(end * packet, len(heard)), frame, sample_rate)
    return heard


def _repeated(heard: Samples, lost: Bool[np.ndarray, " packet"], packet: int) -> Samples:
    packets = np.zeros((len(lost) + 1, packet))
    packets[1:].reshape(-1)[: len(heard)] = heard
    # Row 0 is the silence that stands for a packet when none has arrived yet.
    source = np.maximum.accumulate(np.where(lost, 0, np.arange(1, len(lost) + 1)))
    repeated: Samples = packets[source].reshape(-1)[: len(heard)]
    return repeated


def _bursts(lost: Bool[np.ndarray, " packet"]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _replicate(heard: Samples, begin: int, end: int, frame: int, sample_rate: int) -> None:
    """Fill one burst in place, and smooth the edges around it."""
    size = round(_HISTORY_S * sample_rate)
    history = np.zeros(size)
    known = heard[max(0, begin - size) : begin]
    history[size - len(known) :] = known
    voice = _Voice(history, _period(history, sample_rate), frame)

    length = end - begin
    frames = -(-length // frame)
    overlap = min(voice.quarter + (frames - 1) * round(_MORE_OVERLAP_PER_FRAME_S * sample_rate), frame)
    overlap = min(overlap, len(heard) - end)
    synthetic = voice.spoken(length + overlap)
    synthetic *= np.clip(1 - _ATTENUATION_PER_FRAME * (np.minimum(np.arange(len(synthetic)), length) / frame - 1), 0, 1)

    before = min(voice.quarter, begin)
    heard[begin - before : begin] = voice.smoothed(1)[size - before :]
    heard[begin:end] = synthetic[:length]
    heard[end : end + overlap] = _crossfade(synthetic[length:], heard[end : end + overlap])


@dataclass(frozen=True)
class _Voice:
    """The last 48.75 ms before a loss, and the period that is repeated."""

    history: Samples
    period: int
    frame: int

    @property
    def quarter(self) -> int:
        return self.period // 4

    def smoothed(self, periods: int) -> Samples:
        """The history, its last quarter of a period faded into what stands `periods` earlier."""
        ended = self.history.copy()
        cut, back = len(ended) - self.quarter, periods * self.period
        ended[cut:] = _crossfade(self.history[cut:], self.history[cut - back : len(ended) - back])
        return ended

    def spoken(self, length: int) -> Samples:
        """Repeat one period for the first frame, the last two from the second and the last three from the third."""
        out = self._loop(1, 0, length)
        place = 0
        for periods in (2, 3):
            begin = (periods - 1) * self.frame
            if begin >= length:
                break
            place = (place + self.frame) % ((periods - 1) * self.period) % self.period
            longer = self._loop(periods, place, length - begin)
            fade = min(self.quarter, len(longer))
            longer[:fade] = _crossfade(out[begin : begin + fade], longer[:fade])
            out[begin:] = longer
        return out

    def _loop(self, periods: int, place: int, length: int) -> Samples:
        cycle = self.smoothed(periods)[-periods * self.period :]
        looped: Samples = np.resize(np.roll(cycle, -place), length)
        return looped


def _crossfade(old: Samples, new: Samples) -> Samples:
    rising = np.arange(1, len(old) + 1) / (len(old) + 1)
    faded: Samples = old * (1 - rising) + new * rising
    return faded


def _period(history: Samples, sample_rate: int) -> int:
    """The lag of 5 to 15 ms at which the last 20 ms correlate best with what came before."""
    shortest, longest = round(sample_rate / _HIGHEST_HZ), round(sample_rate / _LOWEST_HZ)
    window = round(_WINDOW_S * sample_rate)
    recent = history[-window:]
    # Row i is the window that begins `longest - i` samples before the last one.
    earlier = np.lib.stride_tricks.sliding_window_view(history[-window - longest : -shortest], window)
    energies = np.maximum(np.square(earlier).sum(axis=1), _LEAST_ENERGY)
    return longest - int(np.argmax(earlier @ recent / np.sqrt(energies)))
