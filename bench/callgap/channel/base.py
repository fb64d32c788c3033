"""What every channel offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from callgap.audio import AudioBatch, Signal


class Channel(Protocol):
    """Carries speech. The result depends on the utterance and the seed alone, never on the batch."""

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch.

        Args:
            batch: any sample rate.

        Returns:
            What arrives at the other end, at the channel's sample rate; an item that could not be carried is `failed`
            with a reason.
        """


class Voices(Protocol):
    """Recordings of the corpus's other speakers, for channels in which they are heard in the background."""

    @property
    def sample_rate(self) -> int:
        """Hz of the recordings."""

    @property
    def speakers(self) -> int:
        """How many different speakers there are."""

    def others(self, utterance_id: str) -> Sequence[Signal]:
        """One recording of each speaker who does not say this utterance, `[sample]` each, in a fixed order."""


@runtime_checkable
class Overhears(Protocol):
    """A channel in which other callers are heard."""

    def among(self, voices: Voices) -> Channel:
        """The channel with others' voices at hand; it can be sent to another process.

        Raises:
            InputError: the corpus has too few speakers.
        """
