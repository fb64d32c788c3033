"""Word error rates that others have published of a recognizer's output, read from a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError, one_of
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.records import Context, Grammar, ItemStatus, Status
from callgap.remote import RemoteTable
from callgap.tables import read_table, row_name

_NO_RATE = Hypothesis(None, ItemStatus(Status.MISSING, "no_error_rate"))
_SUFFIX = "_wer"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PublishedRates:
    """Looks up word errors per word; no text is known. An utterance without a row, or with an empty cell, is `missing`.

    Attributes:
        file: a table (`.csv`, `.tsv`, `.jsonl` or `.parquet`), or one that is fetched.
        column: with the word errors per word: 0.35, not 35.
        key: column with the utterance id.
        largest: rate above which a cell is taken for a percentage and refused; a recognizer in a loop may exceed 1 far.
        id: of the system in a published table; None takes the column's name without `_wer`.
        revision: of the system; the SHA-256 of the file is added.
        locale: of the system.
    """

    file: Path | RemoteTable
    column: str
    key: str = "utterance_id"
    largest: Annotated[float, Field(gt=0)] = 20.0
    id: str | None = None
    revision: str | None = None
    locale: str = "not stated"
    hears: ClassVar[bool] = False

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Look up the rates of a batch.

        Raises:
            InputError: the file is not what `check` wants.
        """
        found = [
            self._hypotheses.get(u, _NO_RATE) if item.status is Status.OK else Hypothesis(None, item)
            for u, item in zip(batch.utterance_ids, batch.statuses, strict=True)
        ]
        return Transcription(batch.utterance_ids, tuple(found))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Read the file, so that its faults come before anything runs.

        Raises:
            InputError: the file cannot be read, lacks a column, names an utterance twice or not at all, or holds a cell
                that is no rate.
        """
        len(self._hypotheses)
        len(self._digest)

    def identity(self) -> Mapping[str, str]:
        """What the user says of the system, or the column's name and the file's SHA-256.

        Raises:
            InputError: the file is not what `check` wants.
        """
        self.check([], "")
        stored = f"sha256:{self._digest}"
        revision = f"{self.revision}, {stored}" if self.revision else stored
        return {"id": self.id or system_of(self.column), "revision": revision, "locale": self.locale}

    @cached_property
    def _path(self) -> Path:
        return self.file.path if isinstance(self.file, RemoteTable) else self.file

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._path.read_bytes()).hexdigest()

    @cached_property
    def _hypotheses(self) -> dict[str, Hypothesis]:
        cells = self._table
        rows: dict[str, int] = {}
        for row, name in enumerate(cells[self.key].to_pylist()):
            if not name:
                raise InputError(f"{row_name(self._path, row)}: the column {self.key!r} names no utterance")
            if name in rows:
                raise InputError(
                    f"{row_name(self._path, rows[name])} and row {row + 1}: both have {name!r} in the column "
                    f"{self.key!r}"
                )
            rows[name] = row
        rates = cells[self.column].to_pylist()
        return {name: self._hypothesis(rates[row], row) for name, row in rows.items()}

    @cached_property
    def _table(self) -> pa.Table:
        table = read_table(self._path)
        for name in (self.key, self.column):
            if name not in table.column_names:
                raise InputError(f"{self._path}: there is no column {name!r}; {one_of(name, table.column_names)}")
        return table

    def _hypothesis(self, cell: str | None, row: int) -> Hypothesis:
        if cell is None or not cell.strip():
            return _NO_RATE
        try:
            rate = float(cell)
        except ValueError:
            rate = math.nan
        place = f"{row_name(self._path, row)}, column {self.column!r}: found {cell!r}"
        if not (math.isfinite(rate) and rate >= 0):
            raise InputError(
                f"{place}; accepted: word errors per word, a number from 0 on, or nothing where none is known"
            )
        if rate > self.largest:
            raise InputError(
                f"{place}, more than {self.largest:g} errors per word; accepted: 0.35 where 35 % is meant (or a larger "
                "recognizer.largest where the rate is right)"
            )
        return Hypothesis(None, error_rate=rate)


def system_of(column: str) -> str:
    """Name of the system whose rates a column holds: `clean_google_wer` is `clean_google`."""
    name = column[: -len(_SUFFIX)] if column.lower().endswith(_SUFFIX) else column
    return name or column
