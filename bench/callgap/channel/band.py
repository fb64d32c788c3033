"""The filters of a telephone connection."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.channel.g711 import SAMPLE_RATE, band_limit


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TelephoneBand:
    """300 to 3,400 Hz at 8 kHz inside the masks of ITU-T G.712; what overshoots full scale is clipped."""

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has 8 kHz."""
        return batch.resampled(SAMPLE_RATE).map(lambda signal: band_limit(signal).clamp(-1, 1))
