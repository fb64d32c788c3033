"""No alteration: the control beside every alteration."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Identity:
    """Leaves every voice as it is, to the bit.

    Attributes:
        look_ahead_s: none.
    """

    look_ahead_s: ClassVar[float] = 0.0

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Return the batch itself."""
        return batch
