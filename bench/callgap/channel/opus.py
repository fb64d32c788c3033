"""Internet telephony: Opus (RFC 6716)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import torch
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.channel import sndfile
from callgap.channel.carry import carry

# libsndfile asks for a bit rate per channel as a degree of compression: 0 is 256 kbit/s, 1 is 6 kbit/s.
_KBITS = (6.0, 256.0)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Opus:
    """Code with libopus through libsndfile (20 ms frames, variable bit rate); no delay remains.

    Attributes:
        sample_rate: Hz; it sets the band that can be coded, 4 kHz at 8000 up to 20 kHz at 48000.
        kbits: per second on average, 6 to 256.
    """

    sample_rate: Literal[8000, 12000, 16000, 24000, 48000]
    kbits: Annotated[float, Field(ge=_KBITS[0], le=_KBITS[1])]

    @model_validator(mode="after")
    def _libsndfile_has_it(self) -> Self:
        sndfile.require("Opus", "OGG", "OPUS")
        return self

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has `sample_rate`."""
        return carry(batch.resampled(self.sample_rate), lambda signal, _: self._coded(signal))

    def _coded(self, signal: Signal) -> Signal:
        content = sndfile.encode(
            signal.clamp(-1, 1).cpu().numpy(), self.sample_rate, "OGG", "OPUS", compression_level=self._compression
        )
        heard = torch.from_numpy(sndfile.decode(content, "float32"))
        return heard.clamp(-1, 1).to(signal.device)

    @property
    def _compression(self) -> float:
        low, high = _KBITS
        return (high - self.kbits) / (high - low)
