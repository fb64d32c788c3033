"""No recognizer: calls of which nothing but their end is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.records import Context, Grammar


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Unheard:
    """Names the system behind a call log; it has no text to give and owes none.

    Attributes:
        file: the call log.
        id: of the system in a published table; None takes the file's name without its ending.
        revision: of the system; the SHA-256 of the file is added.
        locale: of the system.
    """

    file: Path
    id: str | None = None
    revision: str | None = None
    locale: str = "not stated"
    hears: ClassVar[bool] = False

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Give every call its status and no text."""
        return Transcription(batch.utterance_ids, tuple(Hypothesis(None, item) for item in batch.statuses))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Read the file's bytes, so that a missing one is told before anything runs.

        Raises:
            InputError: the file cannot be read.
        """
        len(self._digest)

    def identity(self) -> Mapping[str, str]:
        """What the user says of the system, or the file's name and SHA-256.

        Raises:
            InputError: the file cannot be read.
        """
        stored = f"sha256:{self._digest}"
        revision = f"{self.revision}, {stored}" if self.revision else stored
        return {"id": self.id or self.file.stem, "revision": revision, "locale": self.locale}

    @cached_property
    def _digest(self) -> str:
        try:
            return hashlib.sha256(self.file.read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(f"{self.file} cannot be read: {error.strerror}") from None
