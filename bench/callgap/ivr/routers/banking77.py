"""BANKING77: questions of a bank's customers with 77 intents."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError
from callgap.ivr.routers.base import STAGE
from callgap.ivr.routers.texts import Split, Text
from callgap.remote import RemoteTable

_HOME = "https://raw.githubusercontent.com/PolyAI-LDN/task-specific-datasets/{revision}/"
_FOLDER = "banking_data"
_COLUMNS = ["text", "category"]
_VALIDATION = 10
CHECKSUMS = {
    "train.csv": "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b",
    "test.csv": "d12d6e3bc4c3103966ae786dc435913c0c563dfa328f5a3646d0e62cfeeb474d",
}
"""SHA-256 of the files that were used here."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Banking77:
    """The published training and test texts. It has no text out of scope, and no validation part of its own.

    Attributes:
        root: the repository or the folder with `train.csv` and `test.csv`; None looks below `$CALLGAP_DATA`,
            `../shared/data` and the user's cache.
        download: fetch what is nowhere else.
        revision: commit, tag or branch to fetch.
        sha256: by file, what it must be; a file that is not named may be anything.
    """

    root: Path | None = None
    download: bool = False
    revision: str = "HEAD"
    sha256: Mapping[str, str] = Field(default_factory=lambda: dict(CHECKSUMS))

    def split(self) -> Split:
        """Read it; of each intent, the tenth of the training texts whose hashes are lowest is for validation.

        Raises:
            InputError: a file is nowhere, or not the pinned one, or no such table.
        """
        return self._split

    def identity(self) -> Mapping[str, str]:
        """The files' SHA-256."""
        return {"texts": "banking77", **{f"{name}_sha256": self._table(name).digest for name in CHECKSUMS}}

    @cached_property
    def _split(self) -> Split:
        by_intent: dict[str, list[Text]] = defaultdict(list)
        for text in self._read("train.csv"):
            by_intent[str(text.intent)].append(text)
        train: list[Text] = []
        validation: list[Text] = []
        for _, texts in sorted(by_intent.items()):
            texts.sort(key=lambda text: (sha256(text.text.encode()).hexdigest(), text.text))
            cut = -(-len(texts) // _VALIDATION) if len(texts) > 1 else 0
            validation.extend(texts[:cut])
            train.extend(texts[cut:])
        return Split(tuple(train), tuple(validation), self._read("test.csv"))

    def _read(self, name: str) -> tuple[Text, ...]:
        path = self._table(name).path
        try:
            content = path.read_text(encoding="utf-8")
            header, *rows = csv.reader(io.StringIO(content, newline=""), strict=True)
        except (OSError, ValueError, csv.Error) as error:
            raise InputError(f"{path} cannot be read as a table in UTF-8: {error}") from None
        if header != _COLUMNS:
            raise InputError(f"{path}: found the columns {', '.join(header)}; accepted: {', '.join(_COLUMNS)}")
        for place, row in enumerate(rows, start=2):
            if len(row) != len(_COLUMNS) or not all(cell.strip() for cell in row):
                raise InputError(f"{path}, row {place}: accepted is a text and its category, found {row!r:.80}")
        return tuple(Text(" ".join(text.split()), category) for text, category in rows)

    def _table(self, name: str) -> RemoteTable:
        return RemoteTable(
            name=f"{_FOLDER}/{name}",
            folder="banking77",
            home=_HOME,
            revision=self.revision,
            sha256=self.sha256.get(name),
            root=self.root,
            download=self.download,
            stage=f"{STAGE}.texts",
        )
