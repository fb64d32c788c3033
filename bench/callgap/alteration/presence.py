"""An equalizer for the band in which consonants are told apart."""

from __future__ import annotations

import math
from dataclasses import dataclass as plain
from functools import cache
from typing import Annotated, ClassVar

import scipy.fft
import torch
from jaxtyping import Complex128
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.alteration.items import each
from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError

_FORGOTTEN = 1e-12


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Presence:
    """A peaking equalizer (R. Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients).

    The recursive filter is applied as a product of spectra, padded until its response has died away to 1e-12: nothing
    is looped over samples, and nothing of the future is needed.

    Attributes:
        center_hz: where the gain is all there.
        gain_db: decibels at the center; below 0 the band is turned down.
        q: the center over the bandwidth between the points of half the gain in decibels, as the cookbook defines it.
        look_ahead_s: none.
    """

    center_hz: Annotated[float, Field(gt=0, le=20_000)]
    gain_db: Annotated[float, Field(ge=-40, le=40)]
    q: Annotated[float, Field(ge=0.1, le=20)]
    look_ahead_s: ClassVar[float] = 0.0

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch; rate and lengths stay, what exceeds full scale is clipped.

        Raises:
            InputError: the recordings have no such band.
        """
        if 2 * self.center_hz >= batch.sample_rate:
            raise InputError(
                f"alteration.center_hz: found {self.center_hz:g}, and recordings of {batch.sample_rate} Hz; accepted: "
                f"below {batch.sample_rate / 2:g}"
            )
        filter_ = peaking(self.center_hz, self.gain_db, self.q, batch.sample_rate)
        return each(batch, lambda signal, _: filter_.applied(signal))


@plain(frozen=True)
class Biquad:
    """A recursive filter of second order.

    Attributes:
        b: coefficients of the numerator.
        a: coefficients of the denominator, the first one 1.
    """

    b: tuple[float, float, float]
    a: tuple[float, float, float]

    def applied(self, signal: Signal) -> Signal:
        """Filter a recording before which there was silence.

        Args:
            signal: float32 `[sample]`.

        Returns:
            float32 `[sample]`, as long as the input.
        """
        size = scipy.fft.next_fast_len(len(signal) + self._lasts(), real=True)
        response = _response(self, size).to(signal.device)
        filtered: Signal = torch.fft.irfft(torch.fft.rfft(signal.double(), size) * response, size)[
            : len(signal)
        ].float()
        return filtered

    def _lasts(self) -> int:
        """Samples until the response has died away."""
        half = -self.a[1] / 2
        spread = half * half - self.a[2]
        radius = abs(half) + math.sqrt(spread) if spread > 0 else math.sqrt(self.a[2])
        return math.ceil(math.log(_FORGOTTEN) / math.log(radius))


@cache
def _response(filter_: Biquad, size: int) -> Complex128[Tensor, " frequency"]:
    b, a = (torch.fft.rfft(torch.tensor(part, dtype=torch.float64), size) for part in (filter_.b, filter_.a))
    response: Complex128[Tensor, " frequency"] = b / a
    return response


def peaking(center_hz: float, gain_db: float, q: float, sample_rate: int) -> Biquad:
    """The cookbook's filter `peakingEQ`.

    Args:
        center_hz: Hz, below half the sample rate.
        gain_db: decibels at the center.
        q: as in `Presence`.
        sample_rate: Hz.
    """
    amplitude, w0 = 10 ** (gain_db / 40), 2 * math.pi * center_hz / sample_rate
    alpha = math.sin(w0) / (2 * q)
    a0 = 1 + alpha / amplitude
    cosine = -2 * math.cos(w0) / a0
    b = ((1 + alpha * amplitude) / a0, cosine, (1 - alpha * amplitude) / a0)
    return Biquad(b, (1.0, cosine, (1 - alpha / amplitude) / a0))
