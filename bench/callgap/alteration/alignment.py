"""Whether two recordings say the same at the same time, as far as the loudness of a few bands over time can tell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64

from callgap.audio import Signal

Envelope = Float64[np.ndarray, "band frame"]

HOP_S = 0.01
"""Seconds between two values of an envelope."""

_WINDOW_S = 0.03
_RANGE_DB = 35.0
_EDGES_HZ = (300, 600, 1000, 1600, 2400, 3400)
"""Of the bands, all within what a telephone carries, wide enough for a resonance that was moved to stay within one."""

_LEAST_THIRD = 30


@dataclass(frozen=True)
class Match:
    """How one envelope lies on another.

    Attributes:
        delay_s: by which the second follows the first.
        likeness: correlation of the two at that delay, over all bands, each around its own mean; 0 where one is even.
    """

    delay_s: float
    likeness: float


def envelope(signal: Signal, sample_rate: int) -> Envelope:
    """Loudness of five bands over time: the power in windows of 30 ms every 10 ms.

    Args:
        signal: `[sample]`.
        sample_rate: Hz, at least 8000.

    Returns:
        `[band, frame]`, at least one frame: decibels above what lies 35 dB below the band's loudest window, at least 0.
    """
    samples = signal.cpu().double().numpy()
    hop, window = round(HOP_S * sample_rate), round(_WINDOW_S * sample_rate)
    count = max(1, -(-len(samples) // hop))
    padded = np.pad(samples, (window // 2, max(0, (count - 1) * hop + window - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[: count * hop : hop][:count]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(window))))
    places = np.rint(np.array(_EDGES_HZ) * window / sample_rate).astype(int)
    bands = np.stack([power[:, low:high].sum(1) for low, high in pairwise(places.tolist())])
    loudness = 10 * np.log10(bands + 1e-12)
    above: Envelope = np.maximum(loudness - loudness.max(axis=1, keepdims=True) + _RANGE_DB, 0)
    # A band in which there is nothing at all is even, not loud.
    return np.where(bands.max(axis=1, keepdims=True) > 0, above, 0)


def match(before: Envelope, after: Envelope, longest_s: float) -> Match:
    """Find the delay at which two envelopes are most alike; beyond their ends both are taken to be silent.

    Args:
        before: `[band, frame]`.
        after: `[band, frame]`.
        longest_s: delays of up to this are tried, either way.

    Returns:
        The best; of equal ones the one with the smallest delay.
    """
    most = round(longest_s / HOP_S)
    lags = np.array(sorted(range(-most, most + 1), key=abs))
    likeness = _likeness(before, after, lags)
    best = int(np.argmax(likeness))
    return Match(float(lags[best] * HOP_S), float(likeness[best]))


def drift_s(before: Envelope, after: Envelope, delay_s: float, longest_s: float) -> float:
    """By how much the delay changes between the first and the last third of the recordings.

    Args:
        before: `[band, frame]`.
        after: `[band, frame]`.
        delay_s: of the whole, from which it is looked for in each part.
        longest_s: a part's own delay differs by at most this from that of the whole.

    Returns:
        Seconds, positive where the second recording runs slower; 0 where a third lasts less than 0.3 s or is even.
    """
    frames = before.shape[1]
    third = frames // 3
    if third < _LEAST_THIRD:
        return 0.0
    begin, end = (
        _own_delay(before, after, part, round(delay_s / HOP_S), round(longest_s / HOP_S))
        for part in (slice(0, third), slice(frames - third, frames))
    )
    return (end - begin) * HOP_S if begin is not None and end is not None else 0.0


def _own_delay(before: Envelope, after: Envelope, part: slice, delay: int, most: int) -> int | None:
    """The delay in frames of a stretch of `before` within `after`; None where nothing stands out."""
    piece = before[:, part] - before[:, part].mean(axis=1, keepdims=True)
    margin = abs(delay) + most
    around = np.pad(after, ((0, 0), (margin, margin + piece.shape[1])))
    best, found = 0.0, None
    for lag in sorted(range(delay - most, delay + most + 1), key=lambda lag: abs(lag - delay)):
        begin = margin + part.start + lag
        other = around[:, begin : begin + piece.shape[1]]
        if other.shape != piece.shape:
            continue
        other = other - other.mean(axis=1, keepdims=True)
        scale = float(np.sqrt(np.square(piece).sum() * np.square(other).sum()))
        likeness = float((piece * other).sum()) / scale if scale > 0 else 0.0
        if likeness > best + 1e-12:
            best, found = likeness, lag
    return found


def _likeness(before: Envelope, after: Envelope, lags: Float64[np.ndarray, " lag"]) -> Float64[np.ndarray, " lag"]:
    n, m = before.shape[1], after.shape[1]
    # Silent beyond their ends: the sums do not depend on the lag, only how long both together last.
    union = np.maximum(n, m + lags) - np.minimum(0, lags)
    products = np.stack([np.correlate(b, a, "full") for a, b in zip(before, after, strict=True)])
    # np.correlate(b, a)[k] = sum_t b[t + k - (n - 1)] a[t]
    places = lags + n - 1
    known = (places >= 0) & (places < products.shape[1])
    product = np.where(known, products[:, np.clip(places, 0, products.shape[1] - 1)], 0)
    first, second = before.sum(1)[:, None], after.sum(1)[:, None]
    covariance = (product - first * second / union).sum(0)
    spread = (np.square(before).sum(1)[:, None] - first**2 / union).sum(0)
    spread = spread * (np.square(after).sum(1)[:, None] - second**2 / union).sum(0)
    likeness: Float64[np.ndarray, " lag"] = np.where(spread > 0, covariance / np.sqrt(np.maximum(spread, 1e-300)), 0)
    return likeness
