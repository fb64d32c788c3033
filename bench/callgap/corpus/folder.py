"""A user's recordings, listed in a table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT, Recorded
from callgap.corpus.rows import Source
from callgap.tables import read_table

NEEDED = ("path", "text", "speaker_id")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FolderCorpus(Recorded):
    """Recordings that a manifest lists: CSV, TSV, JSON lines or Parquet.

    It has the columns `path` (absolute, or relative to the manifest), `text` and `speaker_id`; it may have
    `utterance_id`, `role` (caller or agent), `prompt_id`, `language`, `intent`, `session_id`, `take`,
    `audio_channel` (from 0), `begin_s`, `end_s` and `duration_s`; every other column can be grouped by.

    Attributes:
        manifest: the table.
    """

    manifest: Path

    @cached_property
    def source(self) -> Source:
        """The manifest.

        Raises:
            InputError: it cannot be read, or lacks a column.
        """
        source = Source(str(self.manifest), read_table(self.manifest), self.manifest.resolve().parent)
        source.require(NEEDED)
        return source

    def _files(self) -> Sequence[Path]:
        return (self.manifest,)

    def _title(self) -> str:
        return self.manifest.stem

    def _beside(self) -> Path:
        return self.manifest.parent / "card.yaml"
