"""Equivalences between a dialect's forms and the standard's, kept in a table that a linguist can edit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, one_of
from callgap.scoring.normalizers import Normalizer
from callgap.tables import read_table, row_name

_SHIPPED = Path(__file__).resolve().parent / "dialects"
_COLUMNS = ("variant", "standard", "note")

Words = tuple[str, ...]


@plain_dataclass(frozen=True)
class _Rule:
    standard: Words
    row: int


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Dialect:
    """Writes a dialect's forms as the standard's, so that neither a transcriber's nor a recognizer's choice counts.

    Reads from left to right, the longest variant first, whole words only. A row whose two sides are the same protects
    its words: `il y a` keeps `y a` from becoming `il y a` a second time.

    Attributes:
        base: the normalizer that comes first, for the text and for both columns of the table.
        equivalences: name of a table that callgap ships, or the path of one's own with the columns `variant`,
            `standard` and `note`.
    """

    base: Any
    equivalences: str

    @model_validator(mode="after")
    def _equivalences_can_be_used(self) -> Self:
        # Before anything runs, and the digest with the rows that it is of.
        len(self._rules)
        len(self._digest)
        return self

    def __call__(self, text: str) -> str:
        """The normalized text, with the standard's forms."""
        normalize: Normalizer = self.base
        return " ".join(_rewritten(normalize(text).split(), self._rules, self._longest))

    def version(self) -> str:
        """The version of the base, and name and SHA-256 of the table."""
        return f"{self.base.version()}, {self._path.stem} sha256:{self._digest}"

    @cached_property
    def _path(self) -> Path:
        if Path(self.equivalences).suffix:
            return Path(self.equivalences)
        shipped = {path.stem: path for path in _SHIPPED.glob("*.tsv")}
        if self.equivalences not in shipped:
            raise InputError(
                f"equivalences: found {self.equivalences!r}; {one_of(self.equivalences, shipped)}, or a path of a table"
            )
        return shipped[self.equivalences]

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._path.read_bytes()).hexdigest()

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._rules))

    @cached_property
    def _rules(self) -> dict[Words, _Rule]:
        rules: dict[Words, _Rule] = {}
        for index, row in enumerate(self._rows()):
            variant, standard = (self._cell(row[name], name, index) for name in ("variant", "standard"))
            known = rules.setdefault(variant, _Rule(standard, index))
            if known.standard != standard:
                raise InputError(
                    f"{row_name(self._path, index)}: {' '.join(variant)!r} stands for {' '.join(standard)!r}, and in "
                    f"row {known.row + 1} for {' '.join(known.standard)!r}; accepted: one standard per variant"
                )
        return {variant: self._settled(rule, rules) for variant, rule in rules.items()}

    def _rows(self) -> list[dict[str, str | None]]:
        table = read_table(self._path)
        for name in _COLUMNS:
            if name not in table.column_names:
                raise InputError(f"{self._path}: there is no column {name!r}; {one_of(name, table.column_names)}")
        rows: list[dict[str, str | None]] = table.to_pylist()
        return rows

    def _cell(self, cell: str | None, column: str, index: int) -> Words:
        words = tuple(self.base(cell or "").split())
        if not words:
            raise InputError(
                f"{row_name(self._path, index)}: found {cell!r} in the column {column!r}, of which the base normalizer "
                f"leaves nothing; accepted: words"
            )
        return words

    def _settled(self, rule: _Rule, rules: Mapping[Words, _Rule]) -> _Rule:
        # What stands for a variant of another row stands for that row's standard.
        longest, words = max(map(len, rules)), rule.standard
        for _ in range(len(rules) + 1):
            further = _rewritten(words, rules, longest)
            if further == words:
                return _Rule(words, rule.row)
            words = further
        raise InputError(
            f"{row_name(self._path, rule.row)}: the standard {' '.join(rule.standard)!r} leads back to a variant "
            f"without end; leave one row of the circle out"
        )


def _rewritten(words: Sequence[str], rules: Mapping[Words, _Rule], longest: int) -> Words:
    written: list[str] = []
    position = 0
    while position < len(words):
        for size in range(min(longest, len(words) - position), 0, -1):
            rule = rules.get(tuple(words[position : position + size]))
            if rule:
                written.extend(rule.standard)
                position += size
                break
        else:
            written.append(words[position])
            position += 1
    return tuple(written)
