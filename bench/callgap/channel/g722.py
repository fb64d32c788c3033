"""Wideband telephony: 50 to 7,000 Hz in 64 kbit/s, two bands of ADPCM at 16 kHz (ITU-T G.722)."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.channel import pyav
from callgap.channel.carry import carry, from_pcm, padded, to_pcm

SAMPLE_RATE = 16_000
"""Hz of the codec."""

# The two quadrature mirror filters of 24 taps delay by 22 samples together.
_DELAY = 22
_FRAME = 320


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class G722:
    """16 kHz, G.722 at 64 kbit/s; the codec's delay of 22 samples is taken out."""

    @model_validator(mode="after")
    def _codec_is_there(self) -> Self:
        pyav.require("G.722", ("g722", "w"), ("g722", "r"))
        return self

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has 16 kHz."""
        return carry(batch.resampled(SAMPLE_RATE), lambda signal, _: _coded(signal))


def _coded(signal: Signal) -> Signal:
    content = pyav.encode(padded(to_pcm(signal), _DELAY, _FRAME), SAMPLE_RATE, "g722", "g722", 64_000)
    return from_pcm(pyav.decode(content, "g722")[_DELAY : _DELAY + len(signal)], signal.device)
