"""Svarah: English of speakers of nineteen Indian languages, read and spontaneous."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Row, Speakerless, text_of
from callgap.corpus.rows import number
from callgap.errors import InputError, first_line
from callgap.tables import read_table

_MANIFEST = "svarah_manifest.json"
_TABLE = "meta_speaker_stats.csv"
_PATH, _SPEAKER = "audio_filepath", "speaker_id"
_WITHOUT_PATHS = (_SPEAKER, "duration", "text")
_COPIED = {
    "gender": "gender",
    "age-group": "age_group",
    "primary_language": "first_language",
    "native_place_state": "native_place_state",
    "job_category": "job_category",
    "occupation_domain": "occupation_domain",
}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SvarahCorpus(Speakerless):
    """English spoken all over India, with what its speakers say of themselves; copies do not say who speaks."""

    corpus: ClassVar[str] = "svarah"
    layout: ClassVar[str] = f"{_MANIFEST}, {_TABLE} and audio/"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the list of recordings and the table of speakers are there."""
        return (folder / _MANIFEST).is_file() and (folder / _TABLE).is_file()

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per line of the list, in its order; then what only the table of speakers has."""
        profiles = _Profiles(folder / _TABLE)
        for line in _lines(folder / _MANIFEST):
            path = _path(folder, line[_PATH])
            utterance = PurePosixPath(path).stem
            yield {
                "path": path,
                "utterance_id": utterance,
                "speaker_id": utterance,
                "text": line["text"],
                "duration_s": line.get("duration"),
                **profiles.of(line),
            }
        yield from profiles.left()

    def faults(self) -> list[dict[str, object]]:
        """That recordings stand where speakers should, unless the table says who speaks."""
        return [] if _SPEAKER in read_table(self.folder / _TABLE).column_names else super().faults()


class _Profiles:
    """What the table says of the speakers, in either of its two forms: with paths, or with speakers and no paths."""

    def __init__(self, path: Path) -> None:
        table = read_table(path)
        self._has_paths = _PATH in table.column_names
        self._has_speakers = _SPEAKER in table.column_names
        if not self._has_paths and not set(_WITHOUT_PATHS) <= set(table.column_names):
            raise InputError(
                f"{path}: found the columns {', '.join(table.column_names)}; accepted: with {_PATH}, or with "
                f"{', '.join(_WITHOUT_PATHS)}"
            )
        self._asked: set[object] = set()
        self._rows: dict[object, list[Row]] = defaultdict(list)
        for row in table.to_pylist():
            self._rows[self._key(row)].append(self._profile(row))

    def of(self, line: Mapping[str, str]) -> Row:
        """The cells of a recording's speaker; a fault where rows of several speakers fit it."""
        key = self._key(line)
        self._asked.add(key)
        found = self._rows.get(key, [])
        if not found:
            return {**dict.fromkeys(_COPIED.values(), ""), **({_SPEAKER: ""} if self._has_speakers else {})}
        return found[0] if all(row == found[0] for row in found) else {FAULT: "ambiguous_speaker"}

    def left(self) -> Iterator[Row]:
        """A row with a fault for each recording that the list lacks."""
        for place, (key, found) in enumerate(self._rows.items(), start=1):
            if key not in self._asked:
                name = PurePosixPath(str(key)).stem if self._has_paths else f"{_TABLE}-{place:06d}"
                yield {"utterance_id": name, _SPEAKER: name, **found[0], FAULT: "not_in_manifest"}

    def _key(self, row: Mapping[str, Any]) -> object:
        # Without paths a recording is known by what was said and for how long.
        return PurePosixPath(row[_PATH]).name if self._has_paths else (row["text"].strip(), number(row.get("duration")))

    def _profile(self, row: Mapping[str, str]) -> Row:
        named = {_SPEAKER: row[_SPEAKER]} if self._has_speakers else {}
        return {**named, **{ours: row.get(theirs, "") for theirs, ours in _COPIED.items()}}


def _lines(path: Path) -> Iterator[dict[str, str]]:
    # JSON lines in spite of the name's ending.
    for place, line in enumerate(text_of(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}, line {place}: no JSON ({first_line(error)}); accepted: JSON lines") from None
        if not isinstance(found, dict) or not all(isinstance(found.get(key), str) for key in (_PATH, "text")):
            raise InputError(f"{path}, line {place}: accepted: a JSON object with the texts {_PATH!r} and 'text'")
        yield {key: str(value) for key, value in found.items()}


def _path(folder: Path, stated: str) -> str:
    place = PurePosixPath(stated)
    if not place.name:
        return ""
    # Paths may begin with the archive's folder or be those of its makers' machine.
    foreign = place.is_absolute() or ".." in place.parts or not (folder / place).is_file()
    return f"audio/{place.name}" if foreign else place.as_posix()
