"""Utterances of which others have published how many of their words were misrecognized, and no text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.rows import KNOWN, Source, number
from callgap.corpus.table import TableCorpus, joined, renamed
from callgap.errors import InputError, one_of
from callgap.remote import RemoteTable
from callgap.tables import read_table, row_name

NEEDED = ("utterance_id", "words", "speaker_id")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ErrorRates(TableCorpus):
    """Who spoke, and how many words each utterance has; nothing can be heard or read.

    Attributes:
        file: CSV, TSV, JSON lines or Parquet; None looks for `place`.
        columns: by callgap's name of a column (`utterance_id`, `speaker_id`, `words`, `duration_s`, ...) or by a name
            of `labels`, the table's.
        labels: by column of groups, what its cells stand for: `{race: {"1": Black, "0": white}}`.
    """

    labels: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)

    @cached_property
    def source(self) -> Source:
        """The table, its cells labeled.

        Raises:
            InputError: a table cannot be read or lacks a column, a number of words is none, or a cell has no label.
        """
        path = self._path()
        cells = renamed(read_table(path), self.columns, str(path), (*KNOWN[1:], "words", *self.labels))
        Source(str(path), cells, None).require((*NEEDED, *self.labels))
        _require_counts(cells, path, self.columns.get("words", "words"))
        for column in self.labels:
            cells = self._labeled(cells, column, path)
        if self.speakers is not None:
            cells = joined(cells, read_table(self.speakers), self.speakers, self.columns)
        return Source(str(path), cells, None, counted=True)

    def _labeled(self, cells: pa.Table, column: str, path: Path) -> pa.Table:
        known, theirs = self.labels[column], self.columns.get(column, column)
        found = cells[column].to_pylist()
        for row, cell in enumerate(found):
            if not self._states_nothing(cell) and cell.strip() not in known:
                raise InputError(f"{row_name(path, row)}, column {theirs!r}: found {cell!r}; {one_of(cell, known)}")
        named = [None if self._states_nothing(cell) else known[cell.strip()] for cell in found]
        return cells.set_column(cells.column_names.index(column), column, pa.array(named, pa.string()))

    def _states_nothing(self, cell: str | None) -> bool:
        return cell is None or cell.strip() in self.unknown


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FetchedErrorRates(ErrorRates):
    """A table of error rates in a public repository.

    Attributes:
        root: the repository, or the folder that holds the table; None looks at `$CALLGAP_DATA/<place>` and then at
            `../shared/data/<place>`.
        name: of the table in the repository.
        home: address of the repository's files, with `{revision}` in it.
        source_revision: (`revision` in the configuration) commit, tag or branch to fetch.
        sha256: of the table; None accepts any. The one that was read stands in the provenance of a run.
        download: fetch the table into the user's cache when it is nowhere else.
    """

    root: Path | None = None
    name: str
    home: str
    source_revision: str = Field(default="HEAD", validation_alias="revision")
    sha256: str | None = None
    download: bool = False

    def revision(self) -> str:
        """The revision where it was fetched, and the SHA-256 of the table."""
        return self._remote.read_revision

    @cached_property
    def _remote(self) -> RemoteTable:
        return RemoteTable(
            name=self.name,
            folder=self.place or Path(self.name).stem,
            home=self.home,
            revision=self.source_revision,
            sha256=self.sha256,
            root=self.root,
            download=self.download,
        )

    def _path(self) -> Path:
        return self._remote.path


def _require_counts(cells: pa.Table, path: Path, column: str) -> None:
    for row, cell in enumerate(cells["words"].to_pylist()):
        found = number(cell)
        if found is None or found < 0 or not found.is_integer():
            raise InputError(
                f"{row_name(path, row)}, column {column!r}: found {cell!r}; accepted: a whole number of words"
            )
