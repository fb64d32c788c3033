"""References and groups without audio, for transcripts that a system has already given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, batch_of
from callgap.corpus.described import STRICT, Described, located
from callgap.corpus.rows import KNOWN, Source
from callgap.errors import InputError, one_of
from callgap.records import OK, ItemStatus, Status
from callgap.tables import read_table, row_name

SAMPLE_RATE = 16000
NEEDED = ("utterance_id", "text", "speaker_id")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableCorpus(Described):
    """What was said and by whom, in a table; nothing can be heard.

    Attributes:
        file: CSV, TSV, JSON lines or Parquet; None looks for `place`.
        place: path below `$CALLGAP_DATA` and `../shared/data`, where `file` is None.
        columns: by callgap's name of a column, the table's; one that is not named here has callgap's name.
        speakers: a second table, one row per speaker, whose columns can be grouped by; it has the same column of
            speakers.
    """

    file: Path | None = None
    place: str | None = None
    columns: Mapping[str, str] = Field(default_factory=dict)
    speakers: Path | None = None
    has_audio: ClassVar[bool] = False

    @cached_property
    def source(self) -> Source:
        """The table, with the columns of the speakers joined to it.

        Raises:
            InputError: a table cannot be read or lacks a column, or two rows describe one speaker.
        """
        path = self._path()
        source = Source(str(path), renamed(read_table(path), self.columns, str(path), KNOWN[1:]), None)
        source.require(NEEDED)
        if self.speakers is None:
            return source
        people = read_table(self.speakers)
        return Source(source.name, joined(source.cells, people, self.speakers, self.columns), None)

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """Items without a sample: there are no recordings."""
        yield from silent(utterances)

    def fingerprint(self) -> str:
        """SHA-256 over the rows."""
        rows = json.dumps(self.utterances().to_pylist(), sort_keys=True)
        return hashlib.sha256(rows.encode()).hexdigest()

    def _title(self) -> str:
        return self._path().stem

    def _beside(self) -> Path:
        return self._path().parent / "card.yaml"

    def _path(self) -> Path:
        return located("corpus.file", self.file, self.place)


def silent(utterances: pa.Table) -> Iterator[AudioBatch]:
    """One batch of items without a sample, `excluded` where the row has a fault; none for no rows."""
    if len(utterances):
        faults = utterances["fault"].to_pylist()
        statuses = [ItemStatus(Status.EXCLUDED, fault) if fault else OK for fault in faults]
        ids = utterances["utterance_id"].to_pylist()
        yield batch_of([torch.zeros(0)] * len(ids), SAMPLE_RATE, ids, statuses)


def renamed(cells: pa.Table, columns: Mapping[str, str], name: str, known: tuple[str, ...]) -> pa.Table:
    """Give the columns of a table callgap's names.

    Args:
        cells: the table.
        columns: by callgap's name, the table's.
        name: of the table's file, for errors.
        known: the names that callgap knows.

    Returns:
        The table; a column that already bore a name given to another is left out.

    Raises:
        InputError: a name is not known, or a column is not there.
    """
    for own, theirs in columns.items():
        if own not in known:
            raise InputError(f"corpus.columns.{own}: there is no such column; {one_of(own, known)}")
        if theirs not in cells.column_names:
            raise InputError(f"{name}: corpus.columns.{own}={theirs}: there is no such column; "
                             f"{one_of(theirs, cells.column_names)}")  # fmt: skip
    taken = set(columns.values())
    kept = {own: cells[theirs] for own, theirs in columns.items()}
    others = {column: cells[column] for column in cells.column_names if column not in kept and column not in taken}
    return pa.table({**kept, **others})


def joined(cells: pa.Table, people: pa.Table, path: Path, columns: Mapping[str, str]) -> pa.Table:
    """Join what a table of speakers says of each row's speaker.

    Args:
        cells: the table of utterances, its columns named as callgap names them.
        people: one row per speaker.
        path: of the table of speakers, for errors.
        columns: by callgap's name, the column in the user's tables.

    Returns:
        `cells` with the columns of `people` behind its own.

    Raises:
        InputError: the column of speakers is missing, two rows describe one speaker, or both tables have a column.
    """
    key = columns.get("speaker_id", "speaker_id")
    if key not in people.column_names:
        raise InputError(f"{path}: the column {key!r} is missing; found: {', '.join(people.column_names)}")
    rows: dict[str | None, int] = {}
    for place, speaker in enumerate(people[key].to_pylist()):
        if speaker in rows:
            raise InputError(
                f"{row_name(path, rows[speaker])} and row {place + 1}: both describe the speaker {speaker!r}"
            )
        rows[speaker] = place
    places = pa.array([rows.get(speaker) for speaker in cells["speaker_id"].to_pylist()], pa.int64())
    for column in people.column_names:
        if column == key:
            continue
        if column in cells.column_names:
            raise InputError(f"{path}: the column {column!r} also stands in the table of utterances; keep one of them")
        cells = cells.append_column(column, people[column].take(places))
    return cells
