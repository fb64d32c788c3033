"""The Speech Accent Archive: one paragraph of English, read by people of two hundred first languages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of
from callgap.errors import InputError, first_line

_TABLE, _PASSAGE = "speakers_all.csv", "reading-passage.txt"
_NEEDED = ("filename", "native_language", "sex", "speakerid")
_COPIED = {
    "first_language": "native_language", "gender": "sex", "age": "age", "age_onset": "age_onset",
    "birthplace": "birthplace", "country": "country",
}  # fmt: skip
_TYPOS = {"famale": "female"}
_SYNTHESIZED = "synthesized"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpeechAccentArchiveCorpus(Published):
    """The archive as it is on Kaggle: a table of speakers, and a recording of each."""

    corpus: ClassVar[str] = "speech-accent-archive"
    layout: ClassVar[str] = f"{_TABLE}, {_PASSAGE} and recordings/recordings/afrikaans1.mp3, ..."

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the table of speakers is there."""
        return (folder / _TABLE).is_file()

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per person of the table, in its order."""
        passage = " ".join(text_of(folder / _PASSAGE).split())
        sounds = folder / "recordings" / "recordings"
        sounds = sounds if sounds.is_dir() else folder / "recordings"
        found = {path.stem for path in sounds.glob("*.mp3")}
        for row in _table(folder / _TABLE):
            if row["native_language"] == _SYNTHESIZED:
                continue
            missing = row.get("file_missing?", "").upper() == "TRUE" or row["filename"] not in found
            yield {
                "path": (sounds / f"{row['filename']}.mp3").relative_to(folder).as_posix(),
                # Several people whose recordings are missing share the name of a file.
                "utterance_id": f"{row['filename']}-{row['speakerid']}",
                "speaker_id": row["speakerid"],
                "text": passage,
                "prompt_id": "reading-passage",
                **_facts(row),
                FAULT: "missing_audio" if missing else None,
            }


def _facts(row: Mapping[str, str]) -> dict[str, str]:
    facts = {ours: row.get(theirs, "") for ours, theirs in _COPIED.items()}
    return {**facts, "gender": _TYPOS.get(facts["gender"], facts["gender"])}


def _table(path: Path) -> Iterator[dict[str, str]]:
    # The header ends in three columns without a name, which no table may have that is read by name.
    lines = csv.reader(io.StringIO(text_of(path)), strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if missing := [name for name in _NEEDED if name not in header]:
            raise InputError(f"{path}: the column {missing[0]!r} is missing; found: {', '.join(filter(None, header))}")
        for cells in filter(None, lines):
            if len(cells) != len(header):
                raise InputError(
                    f"{path}, line {lines.line_num}: found {len(cells)} cells, the header has {len(header)}"
                )
            yield {name: cell.strip() for name, cell in zip(header, cells, strict=True) if name}
    except csv.Error as error:
        raise InputError(f"{path}, line {lines.line_num}: {first_line(error)}") from None
