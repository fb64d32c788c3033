"""Mobile telephony since 1999: AMR narrowband, 4.75 to 12.2 kbit/s (3GPP TS 26.071)."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, field_validator, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.channel import pyav
from callgap.channel.carry import carry, from_pcm, padded, to_pcm
from callgap.channel.g711 import SAMPLE_RATE, band_limit

MODES = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
"""kbit/s of the modes of AMR narrowband."""

# 5 ms of look-ahead: the encoder's windows reach into the next frame.
_DELAY = 40
_FRAME = 160


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class AmrNb:
    """Band-limit to 300-3400 Hz, 8 kHz, and code with AMR narrowband; the encoder's delay of 5 ms is taken out.

    Attributes:
        kbits: per second, one of `MODES`; the mode never changes and silence is coded like speech.
    """

    kbits: float

    @field_validator("kbits")
    @classmethod
    def _is_a_mode(cls, kbits: float) -> float:
        if kbits not in MODES:
            raise ValueError(f"accepted: {', '.join(map(str, MODES))}")
        return kbits

    @model_validator(mode="after")
    def _codec_is_there(self) -> Self:
        pyav.require("AMR narrowband", ("libopencore_amrnb", "w"), ("amrnb", "r"))
        return self

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has 8 kHz."""
        return carry(batch.resampled(SAMPLE_RATE).map(band_limit), lambda signal, _: self._coded(signal))

    def _coded(self, signal: Signal) -> Signal:
        pcm = padded(to_pcm(signal), _DELAY, _FRAME)
        content = pyav.encode(pcm, SAMPLE_RATE, "amr", "libopencore_amrnb", round(self.kbits * 1000))
        return from_pcm(pyav.decode(content, "amr")[_DELAY : _DELAY + len(signal)], signal.device)
