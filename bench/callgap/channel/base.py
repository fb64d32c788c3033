"""What every channel offers."""

from __future__ import annotations

from typing import Protocol

from callgap.audio import AudioBatch


class Channel(Protocol):
    """Carries speech. The result depends on the utterance and the seed alone, never on the batch."""

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch.

        Args:
            batch: any sample rate.

        Returns:
            What arrives at the other end, at the channel's sample rate.
        """
