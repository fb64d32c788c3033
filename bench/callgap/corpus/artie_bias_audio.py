"""Artie Bias Corpus with its recordings: clips of Common Voice whose volunteers said who they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import Published, Row
from callgap.errors import InputError
from callgap.tables import read_table

_TABLE = "artie-bias-corpus.tsv"
_NEEDED = ("client_id", "path", "sentence")
_LABELS = ("accent", "gender", "age")
_UNKNOWN = "NA"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ArtieBiasAudioCorpus(Published):
    """Read sentences, one MP3 file each, with the labels that the volunteers chose.

    Attributes:
        table: which texts to use; None for the archive's own, in which digits stand as figures. The table in the
            repository has the same name and the texts as they were heard, in words.
    """

    table: Path | None = None
    corpus: ClassVar[str] = "artie-bias-audio"
    layout: ClassVar[str] = f"common_voice_en_<number>.mp3, ... and {_TABLE}"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder holds clips as they are named: the table alone is that of the release without audio."""
        return any(folder.glob("common_voice_en_*.mp3"))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per row of the table, in its order."""
        path = self.table or folder / _TABLE
        for row in _checked(read_table(path), path).to_pylist():
            yield {
                "path": row["path"],
                # As in the text release, so that transcripts of either can be laid side by side.
                "utterance_id": row["path"],
                "speaker_id": row["client_id"],
                "text": row["sentence"],
                **{name: "" if row.get(name, "") == _UNKNOWN else row.get(name, "") for name in _LABELS},
            }


def _checked(cells: pa.Table, path: Path) -> pa.Table:
    for column in _NEEDED:
        if column not in cells.column_names:
            raise InputError(
                f"{path}: the column {column!r} is missing; found: {', '.join(cells.column_names)}; accepted: a table "
                f"with {', '.join(_NEEDED)}, and with {', '.join(_LABELS)} to group by"
            )
    return cells
