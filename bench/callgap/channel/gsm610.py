"""The first digital mobile network: GSM full rate, 13 kbit/s (GSM 06.10, RPE-LTP)."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.channel import sndfile
from callgap.channel.carry import carry, from_pcm, padded, to_pcm
from callgap.channel.g711 import SAMPLE_RATE, band_limit

# Two frames of 160 samples, as libsndfile packs them into one block of a WAV file.
_BLOCK = 320


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Gsm610:
    """Band-limit to 300-3400 Hz, 8 kHz, and code with GSM 06.10 full rate; no delay remains."""

    @model_validator(mode="after")
    def _libsndfile_has_it(self) -> Self:
        sndfile.require("GSM 06.10", "WAV", "GSM610")
        return self

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has 8 kHz."""
        return carry(batch.resampled(SAMPLE_RATE).map(band_limit), lambda signal, _: _coded(signal))


def _coded(signal: Signal) -> Signal:
    content = sndfile.encode(padded(to_pcm(signal), 0, _BLOCK), SAMPLE_RATE, "WAV", "GSM610")
    return from_pcm(sndfile.decode(content, "int16")[: len(signal)], signal.device)
