"""No telephone: the recording as it is."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Clean:
    """Carries speech unchanged."""

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Return the batch itself."""
        return batch
