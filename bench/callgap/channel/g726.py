"""Cordless telephones and trunk multiplexers: ADPCM at 16 to 40 kbit/s (ITU-T G.726)."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from jaxtyping import Int16
from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.channel import pyav, sndfile
from callgap.channel.carry import carry, from_pcm, padded, to_pcm
from callgap.channel.g711 import SAMPLE_RATE, band_limit

_SUBTYPES = {24: "G723_24", 32: "G721_32", 40: "G723_40"}
# What libsndfile codes at a time; FFmpeg fills whole octets, which is fewer samples.
_BLOCK = 120


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class G726:
    """Band-limit to 300-3400 Hz, 8 kHz, and code with G.726; no delay remains.

    Attributes:
        kbits: per second. 24, 32 and 40 are libsndfile's G.723 (1988) and G.721, which became G.726 in 1990; 16 is
            FFmpeg's and needs the extra `codecs`.
    """

    kbits: Literal[16, 24, 32, 40]

    @model_validator(mode="after")
    def _codec_is_there(self) -> Self:
        if self.kbits == 16:
            pyav.require("G.726 at 16 kbit/s", ("g726", "w"), ("g726", "r"))
        else:
            sndfile.require("G.726", "AU", _SUBTYPES[self.kbits])
        return self

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has 8 kHz."""
        return carry(batch.resampled(SAMPLE_RATE).map(band_limit), lambda signal, _: self._coded(signal))

    def _coded(self, signal: Signal) -> Signal:
        heard = self._heard(padded(to_pcm(signal), 0, _BLOCK))
        return from_pcm(heard[: len(signal)], signal.device)

    def _heard(self, pcm: Int16[np.ndarray, " sample"]) -> Int16[np.ndarray, " sample"]:
        if self.kbits == 16:
            return pyav.decode(pyav.encode(pcm, SAMPLE_RATE, "wav", "g726", 16_000), "wav")
        content = sndfile.encode(pcm, SAMPLE_RATE, "AU", _SUBTYPES[self.kbits])
        heard: Int16[np.ndarray, " sample"] = sndfile.decode(content, "int16")
        return heard
