"""What every corpus offers."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from callgap.audio import AudioBatch
from callgap.corpus.card import Card


class Corpus(Protocol):
    """Utterances and their audio. Nothing is read or downloaded before `utterances` is called."""

    @property
    def card(self) -> Card:
        """What is known of the recordings."""

    def utterances(self) -> pa.Table:
        """The table `utterances` of `callgap.records`, in a fixed order.

        Raises:
            InputError: the recordings are not there or do not have the corpus's layout.
        """

    def load(self, utterances: pa.Table) -> AudioBatch:
        """The audio of some utterances.

        Args:
            utterances: rows of the table that `utterances` gave.

        Returns:
            One item per row, in its order; an item that cannot be heard is `excluded` with its reason.
        """

    def revision(self) -> str:
        """Which version of the data was read: the card's, or that with a note of what differs from it."""

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of everything that the utterances and their audio depend on."""
