"""From the cells of a user's table to the table `utterances`: every row becomes one, a bad one with its fault."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from callgap.corpus.card import Card
from callgap.corpus.grouping import Grouping
from callgap.errors import InputError, one_of
from callgap.records import table, utterances_schema

UNKNOWN_SPEAKER = "unknown"
AGENT = "agent"
"""The role whose utterances are no caller's; also the reason for which they are excluded."""
KNOWN = (
    "path", "text", "speaker_id", "utterance_id", "role", "prompt_id", "language", "intent", "session_id", "take",
    "audio_channel", "begin_s", "end_s", "duration_s",
)  # fmt: skip
"""The columns that have a meaning; any other may be a group attribute."""

_ROLES = ("caller", "agent")
_COPIED = ("prompt_id", "intent", "session_id")
WORD = re.compile(r"\w")
"""What a reference holds that is not empty."""

Cells = Mapping[str, str | None]


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
    rows = list(_rows(source, grouping, columns, defaults))
    _check_ids(source, [str(row["utterance_id"]) for row in rows])
    return table(rows, schema)


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


def _check_ids(source: Source, ids: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for place, utterance in enumerate(ids):
        if utterance in first:
            raise InputError(
                f"{source.name}, rows {first[utterance] + 1} and {place + 1}: both are the utterance {utterance!r}; "
                "each needs an id of its own"
            )
        first[utterance] = place


def _rows(
    source: Source, grouping: Grouping, columns: Mapping[str, str], defaults: Defaults
) -> Iterator[dict[str, object]]:
    for place, cells in enumerate(source.cells.to_pylist()):
        found = {name: cell.strip() if cell else None for name, cell in cells.items()}
        stated = found.get("speaker_id") or None
        speaker = None if stated in grouping.unknown else stated
        groups = {name: grouping.group(name, cells[column]) for name, column in columns.items()}
        fault = (source.faults[place] if source.faults else None) or _fault(found, speaker, source)
        if fault is None and (found.get("role") or "").lower() == AGENT:
            # An agent's words are no caller's: they are told apart, never scored as theirs.
            fault = AGENT
        yield {
            "utterance_id": found.get("utterance_id") or _name(found, f"{source.unnamed}-{place + 1:06d}"),
            "speaker_id": speaker or UNKNOWN_SPEAKER,
            "role": (found.get("role") or _ROLES[0]).lower(),
            "text": None if source.counted or source.wordless else cells.get("text") or "",
            "words": int(number(found.get("words")) or 0) if source.counted else None,
            "text_source": defaults.text_source,
            "language": found.get("language") or defaults.language,
            "sample_rate": defaults.sample_rate,
            "audio": _audio(found, source.base),
            "slots": [],
            "fault": fault,
            **{name: found.get(name) for name in _COPIED},
            **(groups if speaker else dict.fromkeys(columns)),
            **_numbers(found, defaults),
        }


def _name(cells: Cells, otherwise: str) -> str:
    path, channel = cells.get("path"), cells.get("audio_channel")
    if not path:
        return otherwise
    begin, end = cells.get("begin_s"), cells.get("end_s")
    segment = f"#{begin or ''}-{end or ''}" if begin or end else ""
    return f"{path}{segment}{f'@{channel}' if channel else ''}"


def _audio(cells: Cells, base: Path | None) -> str | None:
    path = cells.get("path")
    return str(base / path) if base is not None and path else None


def _numbers(cells: Cells, defaults: Defaults) -> dict[str, object]:
    begin, end, take = number(cells.get("begin_s")), number(cells.get("end_s")), number(cells.get("take"))
    duration = number(cells.get("duration_s"))
    if duration is None and end is not None:
        duration = end - (begin or 0.0)
    channel = _channel(cells)
    return {
        "audio_begin_s": begin,
        "audio_end_s": end,
        "audio_channel": defaults.audio_channel if channel is None else channel,
        "take": int(take) if take is not None and take.is_integer() and abs(take) < 2**31 else None,
        "duration_s": duration,
    }


def _channel(cells: Cells) -> int | None:
    cell = cells.get("audio_channel") or ""
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) < 10 else None


def _fault(cells: Cells, speaker: str | None, source: Source) -> str | None:
    if speaker is None:
        return "missing_speaker"
    if source.base is not None and not cells.get("path"):
        return "missing_path"
    if not _is_segment(cells):
        return "bad_segment"
    if (cells.get("role") or _ROLES[0]).lower() not in _ROLES:
        return "bad_role"
    if cells.get("audio_channel") and _channel(cells) is None:
        return "no_such_channel"
    if source.wordless:
        return None
    if source.counted:
        return None if number(cells.get("words")) else "empty_reference"
    return None if WORD.search(cells.get("text") or "") else "empty_reference"


def _is_segment(cells: Cells) -> bool:
    begin, end = number(cells.get("begin_s")), number(cells.get("end_s"))
    if (cells.get("begin_s") and begin is None) or (cells.get("end_s") and end is None):
        return False
    return (begin or 0.0) >= 0 and (end is None or end > (begin or 0.0))
