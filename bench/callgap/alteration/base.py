"""What every alteration offers."""

from __future__ import annotations

from typing import Protocol

from callgap.audio import AudioBatch


class Alteration(Protocol):
    """Changes voices. Items come back in their order, each with its status."""

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter the voices of a batch.

        Args:
            batch: any sample rate.

        Returns:
            The altered batch; an item that could not be altered carries `failed` and a reason.
        """
