"""Texts that some recognizer has written already, read from a file."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pyarrow as pa
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError, one_of
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.records import LOST, OK, Context, Grammar, ItemStatus, Status
from callgap.tables import read_table, row_name

_NO_TRANSCRIPT = Hypothesis(None, ItemStatus(Status.MISSING, "no_transcript"))
_STATUSES = [Status.OK, *LOST]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Transcripts:
    """Looks up what was understood; no audio is loaded. An utterance without a row, or with a null text, is `missing`.

    Attributes:
        file: a table (`.csv`, `.tsv`, `.jsonl`, `.parquet` or `.trn`).
        key: column with the utterance id.
        column: column with the text; an empty text is what the recognizer said.
        stems: compare ids without their folders and endings, `clips/a.mp3` as `a`.
        confidence: column with the recognizer's confidence; None for none.
        status: column that says `ok`, `failed`, `refused` or `missing`; None takes every text as ok.
        reason: column with a reason code for what has no text, or for why the text is empty; None for none.
        id: of the system in a published table; None takes the file's name without its ending.
        revision: of the system; the SHA-256 of the file is added.
        locale: of the system.
    """

    file: Path
    key: str = "utterance_id"
    column: str = "text"
    stems: bool = False
    confidence: str | None = None
    status: str | None = None
    reason: str | None = None
    id: str | None = None
    revision: str | None = None
    locale: str = "not stated"
    hears: ClassVar[bool] = False

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Look up the texts of a batch.

        Raises:
            InputError: the file is not what `check` wants.
        """
        found = [
            self._hypotheses.get(self._compared(u), _NO_TRANSCRIPT)
            if item.status is Status.OK
            else Hypothesis(None, item)
            for u, item in zip(batch.utterance_ids, batch.statuses, strict=True)
        ]
        return Transcription(batch.utterance_ids, tuple(found))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Read the file, so that its faults come before anything runs.

        Raises:
            InputError: the file cannot be read, lacks a column, names an utterance twice or not at all, or holds a
                status or a confidence that is none.
        """
        len(self._hypotheses)
        len(self._digest)

    def identity(self) -> Mapping[str, str]:
        """What the user says of the system, or the file's name and SHA-256.

        Raises:
            InputError: the file is not what `check` wants.
        """
        self.check([], "")
        stored = f"sha256:{self._digest}"
        revision = f"{self.revision}, {stored}" if self.revision else stored
        return {"id": self.id or self.file.stem, "revision": revision, "locale": self.locale}

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self.file.read_bytes()).hexdigest()

    @cached_property
    def _hypotheses(self) -> dict[str, Hypothesis]:
        rows = self._table.to_pylist()
        places: dict[str, list[int]] = defaultdict(list)
        for index, row in enumerate(rows):
            if not row[self.key]:
                raise InputError(f"{row_name(self.file, index)}: the column {self.key!r} names no utterance")
            places[self._compared(row[self.key])].append(index)
        for name, indices in places.items():
            if len(indices) > 1:
                listed = ", ".join(str(index + 1) for index in indices[:5])
                raise InputError(
                    f"{self.file}, rows {listed}: {name!r} stands in the column {self.key!r} more than once"
                )
        return {name: self._hypothesis(rows[index], index) for name, (index,) in places.items()}

    @cached_property
    def _table(self) -> pa.Table:
        table = read_table(self.file)
        for name in (self.key, self.column, self.confidence, self.status, self.reason):
            if name is not None and name not in table.column_names:
                raise InputError(f"{self.file}: there is no column {name!r}; {one_of(name, table.column_names)}")
        return table

    def _compared(self, name: str) -> str:
        return PurePosixPath(name.replace("\\", "/")).stem if self.stems else name

    def _hypothesis(self, row: Mapping[str, str | None], index: int) -> Hypothesis:
        text, status = row[self.column], self._status(row, index)
        reason = row[self.reason] if self.reason else None
        if status is not Status.OK:
            return Hypothesis(None, ItemStatus(status, reason or "not_stated"))
        if text is None:
            return Hypothesis(None, ItemStatus(Status.MISSING, reason or "no_transcript"))
        said = OK if text or not reason else ItemStatus(Status.OK, reason)
        return Hypothesis(text, said, self._confidence(row, index), (text,) if text else ())

    def _status(self, row: Mapping[str, str | None], index: int) -> Status:
        if self.status is None:
            return Status.OK
        found = row[self.status] or ""
        if found not in _STATUSES:
            raise InputError(f"{row_name(self.file, index)}: found the status {found!r}; {one_of(found, _STATUSES)}")
        return Status(found)

    def _confidence(self, row: Mapping[str, str | None], index: int) -> float | None:
        found = row[self.confidence] if self.confidence else None
        if not found:
            return None
        try:
            value = float(found)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"{row_name(self.file, index)}: found the confidence {found!r}; accepted: a finite number")
        return value
