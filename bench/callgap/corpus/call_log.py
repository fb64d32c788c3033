"""Calls that were really made: who called, what for and where the call ended; nobody says what was spoken."""

from __future__ import annotations

from functools import cached_property

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.rows import KNOWN, Source
from callgap.corpus.table import TableCorpus, joined, renamed
from callgap.tables import read_table

NEEDED = ("speaker_id", "intent")


class Wordless:
    """Marks a corpus without references: no text can be scored, only what became of the calls."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CallLog(TableCorpus, Wordless):
    """One row per call: an id (else the row's number), the caller, groups, and what was called for as `intent`.

    Attributes:
        file: CSV, TSV, JSON lines or Parquet; None looks for `place`.
        columns: by callgap's name of a column (`utterance_id`, `speaker_id`, `intent`, ...), the table's.
    """

    @cached_property
    def source(self) -> Source:
        """The table; a call of which nobody says what was wanted is excluded as `nothing_expected`.

        Raises:
            InputError: a table cannot be read or lacks a column, or two rows describe one speaker.
        """
        path = self._path()
        cells = renamed(read_table(path), self.columns, str(path), KNOWN[1:])
        Source(str(path), cells, None).require(NEEDED)
        if self.speakers is not None:
            cells = joined(cells, read_table(self.speakers), self.speakers, self.columns)
        wanted = [(cell or "").strip() for cell in cells["intent"].to_pylist()]
        faults = [None if want and want not in self.unknown else "nothing_expected" for want in wanted]
        return Source(str(path), cells, None, faults=faults, wordless=True)
