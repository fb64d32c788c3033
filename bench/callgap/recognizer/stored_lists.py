"""Lists of alternatives that some recognizer has written already, read from a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError, one_of
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.records import Context, Grammar, ItemStatus, Status
from callgap.tables import read_table, row_name

_NO_LIST = Hypothesis(None, ItemStatus(Status.MISSING, "no_transcript"))


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StoredLists:
    """Looks up n-best lists; no audio is loaded. An utterance without a row is `missing`; an empty list is silence.

    Attributes:
        file: a table (`.csv`, `.tsv`, `.jsonl` or `.parquet`).
        key: columns that name an utterance together, joined by hyphens.
        n_best: column with the alternatives, the best first, as a JSON list of texts.
        id: of the system in a published table; None takes the file's name without its ending.
        revision: of the system; the SHA-256 of the file is added.
        locale: of the system.
    """

    file: Path
    key: Annotated[tuple[str, ...], Field(min_length=1)] = ("utterance_id",)
    n_best: str = "n_best"
    id: str | None = None
    revision: str | None = None
    locale: str = "not stated"
    hears: ClassVar[bool] = False

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Look up the lists of a batch.

        Raises:
            InputError: the file is not what `check` wants.
        """
        found = [
            self._hypotheses.get(u, _NO_LIST) if item.status is Status.OK else Hypothesis(None, item)
            for u, item in zip(batch.utterance_ids, batch.statuses, strict=True)
        ]
        return Transcription(batch.utterance_ids, tuple(found))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Read the file, so that its faults come before anything runs.

        Raises:
            InputError: the file cannot be read, lacks a column, names an utterance twice, or holds a cell that is no
                JSON list of texts.
        """
        len(self._hypotheses)

    def identity(self) -> Mapping[str, str]:
        """What the user says of the system, or the file's name and SHA-256.

        Raises:
            InputError: the file is not what `check` wants.
        """
        self.check([], "")
        stored = f"sha256:{hashlib.sha256(self.file.read_bytes()).hexdigest()}"
        revision = f"{self.revision}, {stored}" if self.revision else stored
        return {"id": self.id or self.file.stem, "revision": revision, "locale": self.locale}

    @cached_property
    def _hypotheses(self) -> dict[str, Hypothesis]:
        cells = read_table(self.file)
        for name in (*self.key, self.n_best):
            if name not in cells.column_names:
                raise InputError(f"{self.file}: there is no column {name!r}; {one_of(name, cells.column_names)}")
        names = zip(*(cells[name].to_pylist() for name in self.key), strict=True)
        found: dict[str, Hypothesis] = {}
        for row, (parts, cell) in enumerate(zip(names, cells[self.n_best].to_pylist(), strict=True)):
            name = "-".join(part or "" for part in parts)
            if name in found:
                raise InputError(f"{row_name(self.file, row)}: {name!r} stands in {', '.join(self.key)} more than once")
            alternatives = self._alternatives(cell, row)
            found[name] = Hypothesis(alternatives[0] if alternatives else "", n_best=alternatives)
        return found

    def _alternatives(self, cell: str | None, row: int) -> tuple[str, ...]:
        try:
            content = json.loads(cell or "")
        except ValueError:
            content = None
        if not isinstance(content, list) or not all(isinstance(text, str) for text in content):
            # The cell is not quoted: it may hold what a caller said.
            raise InputError(
                f"{row_name(self.file, row)}, column {self.n_best!r}: accepted: a JSON list of texts, the best first"
            )
        return tuple(content)
