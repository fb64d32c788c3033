"""From the cells of a user's table to the table `utterances`: every row becomes one, a bad one with its fault."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from callgap.corpus.card import Card
from callgap.corpus.grouping import Grouping
from callgap.errors import InputError, one_of
from callgap.records import utterances_schema

UNKNOWN_SPEAKER = "unknown"
AGENT = "agent"
"""The role whose utterances are no caller's; also the reason for which they are excluded."""
KNOWN = (
    "path", "text", "speaker_id", "utterance_id", "role", "prompt_id", "language", "intent", "session_id", "take",
    "audio_channel", "begin_s", "end_s", "duration_s",
)  # fmt: skip
"""The columns that have a meaning; any other may be a group attribute."""

_ROLES = ("caller", "agent")
_PIECE = 2**16
_COPIED = ("prompt_id", "intent", "session_id")
WORD = re.compile(r"\w")
"""What a reference holds that is not empty."""

Cells = list[str | None]


@dataclass(frozen=True)
class Source:
    """A user's table.

    Attributes:
        name: of its file, for errors.
        cells: string columns by the names of `KNOWN`, and further ones.
        base: folder that paths are relative to; None where the rows name no files.
        unnamed: what the id of a row without one begins with.
        faults: by row, a fault that was found before; empty for none.
        counted: the rows say in a column `words` how many words were said, and not which.
        wordless: nobody says what was spoken, nor how many words it had.
    """

    name: str
    cells: pa.Table
    base: Path | None
    unnamed: str = "row"
    faults: Sequence[str | None] = ()
    counted: bool = False
    wordless: bool = False

    @property
    def candidates(self) -> list[str]:
        """The columns that could be group attributes."""
        return [name for name in self.cells.column_names if name not in KNOWN]

    def require(self, columns: Sequence[str]) -> None:
        """Refuse a table that lacks a column.

        Raises:
            InputError: it names the file, the column and what was found.
        """
        found = self.cells.column_names
        for column in columns:
            if column not in found:
                raise InputError(f"{self.name}: the column {column!r} is missing; found: {', '.join(found)}")


@dataclass(frozen=True)
class Defaults:
    """What holds for every row that does not say otherwise.

    Attributes:
        language: BCP 47 tag.
        text_source: of the references.
        sample_rate: Hz that the audio is converted to.
        audio_channel: from 0; None where recordings have one.
    """

    language: str
    text_source: str
    sample_rate: int
    audio_channel: int | None = None


def utterances_of(source: Source, card: Card, grouping: Grouping, defaults: Defaults) -> pa.Table:
    """Make the table `utterances` of a user's table.

    Args:
        source: the user's table.
        card: with the attributes to group by.
        grouping: how cells become groups.
        defaults: for what the rows do not say.

    Returns:
        One row per row of the source, in its order; faults `missing_speaker`, `missing_path`, `bad_segment`,
        `bad_role`, `no_such_channel` and `empty_reference`.

    Raises:
        InputError: nothing to group by, a group column that is not there, or two rows with one utterance id.
    """
    columns = grouping.columns(list(card.attributes))
    _check_groups(source, grouping, columns)
    schema = utterances_schema(columns)
    groups = {name: cache(partial(grouping.group, name)) for name in columns}
    made: list[pa.RecordBatch] = []
    begin = 0
    # Piece by piece: as Python's objects the cells take several times the memory.
    for batch in source.cells.to_batches(max_chunksize=_PIECE):
        piece = _Piece(source, begin, {name: batch[name].to_pylist() for name in batch.schema.names}, batch.num_rows)
        values = piece.values(grouping.unknown, defaults)
        known = [speaker != UNKNOWN_SPEAKER for speaker in values["speaker_id"]]
        for name, column in columns.items():
            of = groups[name]
            values[name] = [of(cell) if its else None for cell, its in zip(piece.cells[column], known, strict=True)]
        arrays = [_array(values.get(field.name), field.type, batch.num_rows) for field in schema]
        made.append(pa.record_batch(arrays, schema=schema))
        begin += batch.num_rows
    found = pa.Table.from_batches(made, schema)
    _check_ids(source, found["utterance_id"])
    return found


def number(cell: str | None) -> float | None:
    """A cell's finite number, or None where it holds none."""
    try:
        found = float(cell or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _check_groups(source: Source, grouping: Grouping, columns: Mapping[str, str]) -> None:
    accepted = source.candidates
    for column in [*columns.values(), *grouping.bands]:
        if column not in accepted:
            raise InputError(f"{source.name}: there is no column {column!r} to group by; {one_of(column, accepted)}")
    if not columns:
        raise InputError(
            f"{source.name}: nothing says which groups to compare; give corpus.groups=[COLUMN,...] or a card; columns "
            f"that could be groups: {', '.join(accepted) or 'none, add one to the table'}"
        )


def _check_ids(source: Source, ids: pa.ChunkedArray) -> None:
    if pc.count_distinct(ids).as_py() == len(ids):
        return
    first: dict[str, int] = {}
    for place, utterance in enumerate(ids.to_pylist()):
        if utterance in first:
            raise InputError(
                f"{source.name}, rows {first[utterance] + 1} and {place + 1}: both are the utterance {utterance!r}; "
                "each needs an id of its own"
            )
        first[utterance] = place


def _array(values: Sequence[object] | None, kind: pa.DataType, size: int) -> pa.Array:
    return pa.nulls(size, kind) if values is None else pa.array(values, kind)


class _Piece:
    """Some successive rows of a user's table, column by column."""

    def __init__(self, source: Source, begin: int, cells: Mapping[str, Cells], size: int) -> None:
        self.cells = cells
        self._source, self._begin, self._size = source, begin, size
        self._stripped: dict[str, Cells] = {}

    def values(self, unknown: Sequence[str], defaults: Defaults) -> dict[str, Sequence[object]]:
        """By column of `utterances`, its cells; a column that is left out is null."""
        source = self._source
        stated = self._or_none("speaker_id")
        speakers = [None if speaker in unknown else speaker for speaker in stated]
        words = [int(number(cell) or 0) for cell in self._column("words")] if source.counted else None
        values: dict[str, Sequence[object] | None] = {
            "utterance_id": self._ids(),
            "speaker_id": [speaker or UNKNOWN_SPEAKER for speaker in speakers],
            "role": self._roles(),
            "text": None if source.counted or source.wordless else [cell or "" for cell in self._raw("text")],
            "words": words,
            "text_source": [defaults.text_source] * self._size,
            "language": [cell or defaults.language for cell in self._column("language")],
            "sample_rate": [defaults.sample_rate] * self._size,
            "audio": self._sounds(),
            "slots": [[]] * self._size,
            "fault": self._faults(speakers),
            **{name: self._column(name) for name in _COPIED},
            **self._numbers(defaults),
        }
        return {name: column for name, column in values.items() if column is not None}

    def _raw(self, name: str) -> Cells:
        return self.cells.get(name) or [None] * self._size

    def _column(self, name: str) -> Cells:
        if name not in self._stripped:
            self._stripped[name] = [cell.strip() if cell else None for cell in self._raw(name)]
        return self._stripped[name]

    def _or_none(self, name: str) -> Cells:
        return [cell or None for cell in self._column(name)]

    def _roles(self) -> list[str]:
        return [(cell or _ROLES[0]).lower() for cell in self._column("role")]

    def _ids(self) -> list[str]:
        names = ("path", "begin_s", "end_s", "audio_channel")
        places = [_name(*cells) for cells in zip(*map(self._column, names), strict=True)]
        numbered = enumerate(zip(self._column("utterance_id"), places, strict=True), start=self._begin + 1)
        return [stated or place or f"{self._source.unnamed}-{row:06d}" for row, (stated, place) in numbered]

    def _sounds(self) -> Cells | None:
        base = self._source.base
        if base is None:
            return None
        return [str(base / path) if path else None for path in self._column("path")]

    def _numbers(self, defaults: Defaults) -> dict[str, Sequence[object]]:
        begins, ends = self._reals("begin_s"), self._reals("end_s")
        spans = zip(self._reals("duration_s"), begins, ends, strict=True)
        channels = [_channel(cell) for cell in self._column("audio_channel")]
        return {
            "audio_begin_s": begins,
            "audio_end_s": ends,
            "audio_channel": [defaults.audio_channel if channel is None else channel for channel in channels],
            "take": [int(t) if t is not None and _is_take(t) else None for t in self._reals("take")],
            "duration_s": [
                end - (begin or 0.0) if duration is None and end is not None else duration
                for duration, begin, end in spans
            ],
        }

    def _reals(self, name: str) -> list[float | None]:
        return [number(cell) if cell else None for cell in self._column(name)]

    def _faults(self, speakers: Cells) -> Cells:
        found = [fault or None for fault in self._source.faults[self._begin : self._begin + self._size]]
        found = found or [None] * self._size
        for fault, where in self._checks(speakers):
            for row, bad in enumerate(where):
                if bad and found[row] is None:
                    found[row] = fault
        return found

    def _checks(self, speakers: Cells) -> Iterator[tuple[str, Iterable[bool]]]:
        yield "missing_speaker", (speaker is None for speaker in speakers)
        if self._source.base is not None:
            yield "missing_path", (not path for path in self._column("path"))
        if {"begin_s", "end_s"} & set(self.cells):
            spans = zip(self._column("begin_s"), self._column("end_s"), strict=True)
            yield "bad_segment", (not _is_segment(begin, end) for begin, end in spans)
        if "role" in self.cells:
            yield "bad_role", (role not in _ROLES for role in self._roles())
        if "audio_channel" in self.cells:
            yield "no_such_channel", (bool(c) and _channel(c) is None for c in self._column("audio_channel"))
        if not self._source.wordless:
            yield "empty_reference", self._empty()
        if "role" in self.cells:
            # An agent's words are no caller's: they are told apart, never scored as theirs.
            yield AGENT, (role == AGENT for role in self._roles())

    def _empty(self) -> Iterable[bool]:
        if self._source.counted:
            return (not number(cell) for cell in self._column("words"))
        search: Callable[[str], object] = WORD.search
        return (not search(cell or "") for cell in self._raw("text"))


def _name(path: str | None, begin: str | None, end: str | None, channel: str | None) -> str | None:
    if not path:
        return None
    segment = f"#{begin or ''}-{end or ''}" if begin or end else ""
    return f"{path}{segment}{f'@{channel}' if channel else ''}"


def _is_take(number: float) -> bool:
    return number.is_integer() and abs(number) < 2**31


def _channel(cell: str | None) -> int | None:
    return int(cell) if cell and cell.isascii() and cell.isdecimal() and len(cell) < 10 else None


def _is_segment(begin_cell: str | None, end_cell: str | None) -> bool:
    begin, end = number(begin_cell), number(end_cell)
    if (begin_cell and begin is None) or (end_cell and end is None):
        return False
    return (begin or 0.0) >= 0 and (end is None or end > (begin or 0.0))
