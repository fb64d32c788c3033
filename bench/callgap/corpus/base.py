"""What every corpus offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import pyarrow as pa

from callgap.audio import AudioBatch
from callgap.corpus.card import Card


class Corpus(Protocol):
    """Utterances and their audio. Nothing is read or downloaded before `utterances` is called."""

    @property
    def card(self) -> Card:
        """What is known of the recordings."""

    @property
    def has_audio(self) -> bool:
        """Whether there are recordings; False for stored transcripts, of which nothing can be heard."""

    @property
    def strict(self) -> bool:
        """Whether an utterance that is `excluded` ends the run."""

    def utterances(self) -> pa.Table:
        """The table `utterances` of `callgap.records`, in a fixed order.

        Raises:
            InputError: the recordings are not there or do not have the corpus's layout.
        """

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """The audio of some utterances, piece by piece, in memory that does not grow with their length.

        Args:
            utterances: rows of the table that `utterances` gave.

        Yields:
            Batches whose items follow the rows in order: one item per row, or several with successive windows where a
            recording is long. A row that cannot be heard is one item, `excluded` with its reason.
        """

    def revision(self) -> str:
        """Which version of the data was read: the card's, or that with a note of what differs from it."""

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of everything that the utterances and their audio depend on."""


@runtime_checkable
class KnowsFaults(Protocol):
    """A corpus that finds faults in its own data which no later table shows."""

    def faults(self) -> list[dict[str, object]]:
        """Rows of the table `faults` of `callgap.group_records`."""
