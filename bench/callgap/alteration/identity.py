"""No alteration: the control beside every alteration."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Identity:
    """Leaves every voice as it is, to the bit."""

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Return the batch itself."""
        return batch
