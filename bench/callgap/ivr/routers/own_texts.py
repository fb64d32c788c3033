"""Labeled texts of one's own: in a table, or written into the configuration."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, one_of
from callgap.ivr.routers.texts import OUT_OF_SCOPE, Split, Text, digest, normalized

_PARTS = ("train", "validation", "test")
_COLUMNS = ("text", "intent", "part")
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class TableTexts:
    """A table with the columns `text`, `intent` and `part` (train, validation or test).

    Attributes:
        path: of a CSV or TSV file in UTF-8; its intent `out-of-scope` means that there is none.
    """

    path: Path

    def split(self) -> Split:
        """Read it.

        Raises:
            InputError: it cannot be read, lacks a column, or a row lacks a text, an intent or a part.
        """
        return self._split

    def identity(self) -> Mapping[str, str]:
        """The file's name and what its rows hold."""
        read = self._split
        return {"texts": self.path.name, "texts_sha256": digest(read.train, read.validation, read.test)}

    @cached_property
    def _split(self) -> Split:
        parts: dict[str, list[Text]] = {part: [] for part in _PARTS}
        for part, text in self._rows():
            parts[part].append(text)
        return Split(**{part: tuple(texts) for part, texts in parts.items()})

    def _rows(self) -> Iterator[tuple[str, Text]]:
        separator = _SEPARATORS.get(self.path.suffix.lower())
        if separator is None:
            raise InputError(f"{self.path}: found the ending {self.path.suffix!r}; accepted: .csv, .tsv")
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file, delimiter=separator, strict=True)
                self._require_columns(rows.fieldnames or [])
                for row in rows:
                    yield self._checked(row, rows.line_num)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from None
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} cannot be read as a table in UTF-8: {error}") from None

    def _require_columns(self, found: Sequence[str]) -> None:
        for column in _COLUMNS:
            if column not in found:
                raise InputError(f"{self.path}: there is no column {column!r}; found: {', '.join(found) or 'none'}")

    def _checked(self, row: Mapping[str | None, str | None], line: int) -> tuple[str, Text]:
        if None in row:
            raise InputError(f"{self.path}, line {line}: the row has more cells than there are columns")
        text, intent, part = ((row[column] or "").strip() for column in _COLUMNS)
        if not normalized(text) or not intent:
            lacking = "intent" if normalized(text) else "text"
            raise InputError(f"{self.path}, line {line}: the column {lacking!r} is empty")
        if part not in _PARTS:
            raise InputError(f"{self.path}, line {line}: found the part {part!r}; {one_of(part, _PARTS)}")
        return part, Text(text, None if intent == OUT_OF_SCOPE else intent)


@dataclass(frozen=True, config=_STRICT)
class WrittenTexts:
    """Texts that stand in the configuration itself.

    Attributes:
        train: by intent; the intent `out-of-scope` means that there is none.
        validation: the same.
        test: the same.
    """

    train: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    validation: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    test: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    def split(self) -> Split:
        """The three parts.

        Raises:
            InputError: a text holds no word.
        """
        return Split(_listed(self.train, "train"), _listed(self.validation, "validation"), _listed(self.test, "test"))

    def identity(self) -> Mapping[str, str]:
        """What they hold."""
        read = self.split()
        return {"texts": "written", "texts_sha256": digest(read.train, read.validation, read.test)}


def _listed(texts: Mapping[str, tuple[str, ...]], part: str) -> tuple[Text, ...]:
    for intent, each in texts.items():
        for text in each:
            if not normalized(text):
                raise InputError(f"{part}, intent {intent!r}: the text {text!r} holds no word")
    return tuple(
        Text(text, None if intent == OUT_OF_SCOPE else intent) for intent, each in texts.items() for text in each
    )
