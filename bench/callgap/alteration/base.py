"""What every alteration offers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from callgap.audio import AudioBatch

WHOLE_UTTERANCE = math.inf
"""The look-ahead of what cannot begin before the speaker has ended."""


class Alteration(Protocol):
    """Changes voices. Items come back in their order, each with its status.

    The result depends on the utterance and the seed alone, never on the batch.
    """

    @property
    def look_ahead_s(self) -> float | None:
        """Seconds of the future that a sample needs before it can be given out, computing time not counted.

        `WHOLE_UTTERANCE` (infinity) where it needs all; None where nobody has said it.
        """

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter the voices of a batch.

        Args:
            batch: any sample rate.

        Returns:
            The altered batch; an item that could not be altered carries `failed` and a reason, one that was given with
            its alteration and cannot be used carries `excluded` and a reason.
        """


@runtime_checkable
class BySpeaker(Protocol):
    """An alteration that treats all utterances of a speaker alike and has to be told whose each one is."""

    def told(self, speaker_of: Mapping[str, str]) -> Alteration:
        """The alteration with the speakers at hand; it can be sent to another process.

        Args:
            speaker_of: by utterance id, the speaker's.
        """


@runtime_checkable
class Recorded(Protocol):
    """An alteration that was made outside and recorded: it has content of its own, as a corpus has."""

    def fingerprint(self) -> str:
        """SHA-256 over all recordings, in hexadecimal."""


@runtime_checkable
class Checked(Protocol):
    """An alteration that rests on something outside: files, a program, a server, a checkpoint."""

    def check(self) -> None:
        """Check what can be checked before anything is altered, without asking a network.

        Raises:
            InputError: it cannot be used.
        """
