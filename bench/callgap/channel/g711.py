"""The public telephone network: 300 to 3,400 Hz, 8 kHz, 8-bit companding (ITU-T G.711).

Implementations of G.711 differ by one code where a sample lies on a decision level. This one follows libsndfile: a
float is rounded half to even onto a grid of 14 bits (u-law) or 12 bits (A-law), sign and magnitude, and the segment and
the four bits within it are read off there. The tests compare every code and a million samples with libsndfile's own
encoder and decoder.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import scipy.fft
import torch
from jaxtyping import Float32, Float64, Int32, UInt8
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.audio import AudioBatch, Signal

SAMPLE_RATE = 8000
"""Hz of the telephone network."""

_TAPS = 401
_PASSBAND_HZ = (250.0, 3450.0)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class G711:
    """Band-limit to 300-3400 Hz, 8 kHz, and compand.

    Attributes:
        law: `u` (North America, Japan) or `a` (elsewhere).
    """

    law: Literal["u", "a"]

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch through the network; the result has 8 kHz."""
        line = batch.resampled(SAMPLE_RATE).map(band_limit)
        codes = encode(line.samples, self.law)
        heard = decode(codes, self.law)
        signals = [row[: int(length)] for row, length in zip(heard, line.lengths, strict=True)]
        return line.with_signals(signals, SAMPLE_RATE)


@cache
def _taps() -> Float64[Tensor, " tap"]:
    # Imported where it is used: it takes a second, and most commands carry no audio.
    import scipy.signal

    taps = scipy.signal.firwin(_TAPS, _PASSBAND_HZ, window=("kaiser", 6.0), pass_zero=False, fs=SAMPLE_RATE)
    return torch.from_numpy(taps)


def band_limit(signal: Signal) -> Signal:
    """Keep 300 to 3,400 Hz with a linear-phase FIR filter (Kaiser window), delay removed.

    The response stays within 0.5 dB from 300 to 3,400 Hz and is 30 dB down at 200 Hz and below and at 3,600 Hz and
    above, inside the masks of ITU-T G.712.

    Args:
        signal: float32 `[sample]` at 8 kHz.

    Returns:
        float32 `[sample]`, as long as the input.
    """
    size = scipy.fft.next_fast_len(len(signal) + _TAPS - 1, real=True)
    spectrum = torch.fft.rfft(signal.double(), size) * torch.fft.rfft(_taps().to(signal.device), size)
    filtered: Signal = torch.fft.irfft(spectrum, size)[_TAPS // 2 : _TAPS // 2 + len(signal)].float()
    return filtered


def encode(samples: Float32[Tensor, "*any"], law: Literal["u", "a"]) -> UInt8[Tensor, "*any"]:
    """Compand (ITU-T G.711, tables 1a to 2b), to the code that libsndfile writes for the same floats.

    Args:
        samples: any shape, in [-1, 1]; values outside are clipped.
        law: `u` or `a`.

    Returns:
        One octet per sample.
    """
    steps = 0x7FFF / 4 if law == "u" else 0x7FFF / 16
    clipped = samples.clamp(-1, 1)
    magnitude = torch.round(clipped * steps).abs().to(torch.int32)
    code = _u_code(magnitude) if law == "u" else _a_code(magnitude)
    return torch.where(clipped >= 0, code, code & 0x7F).to(torch.uint8)


def _u_code(magnitude: Int32[Tensor, "*any"]) -> Int32[Tensor, "*any"]:
    biased = (magnitude + 33).clamp(max=8191)
    segment = _log2(biased) - 5
    return ~(segment << 4 | (biased >> (segment + 1)) & 15) & 0xFF


def _a_code(magnitude: Int32[Tensor, "*any"]) -> Int32[Tensor, "*any"]:
    level = magnitude.clamp(max=2047)
    segment = (_log2(level.clamp(min=1)) - 3).clamp(min=0)
    return (segment << 4 | (level >> (segment - 1).clamp(min=0)) & 15) ^ 0x55 | 0x80


def _log2(value: Int32[Tensor, "*any"]) -> Int32[Tensor, "*any"]:
    # frexp is exact: value = mantissa * 2**exponent with the mantissa in [0.5, 1).
    return torch.frexp(value.double()).exponent.to(torch.int32) - 1


def decode(codes: UInt8[Tensor, "*any"], law: Literal["u", "a"]) -> Float32[Tensor, "*any"]:
    """Expand (ITU-T G.711), to the 16-bit values that libsndfile reads.

    Args:
        codes: octets, any shape.
        law: `u` or `a`.

    Returns:
        float32 in [-1, 1), the 16-bit value divided by 32,768.
    """
    return _expansion(law).to(codes.device)[codes.long()]


@cache
def _expansion(law: Literal["u", "a"]) -> Float32[Tensor, code]:
    code = torch.arange(256, dtype=torch.int32)
    plain = ~code & 0xFF if law == "u" else code ^ 0x55
    segment, step = plain >> 4 & 7, plain & 15
    if law == "u":
        magnitude = (((step << 1) + 33 << segment) - 33) * 4
        negative = plain & 0x80 != 0
    else:
        magnitude = torch.where(segment == 0, (step << 4) + 8, (step << 4) + 264 << (segment - 1).clamp(min=0))
        negative = plain & 0x80 == 0
    return torch.where(negative, -magnitude, magnitude).float() / 32768
