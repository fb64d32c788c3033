"""AfriSpeech-200 with its recordings: English sentences read by people of 13 countries, mostly in Africa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row
from callgap.errors import InputError
from callgap.tables import read_table

_SPLITS = ("train", "dev", "test")
_NEEDED = ("user_ids", "transcript", "audio_paths")
_OPTIONAL = ("accent", "age_group", "country", "gender", "domain", "origin")
_ENDING = ".wav"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Afrispeech200AudioCorpus(Published):
    """Clinical and general prompts, read by crowd workers.

    Attributes:
        split: no speaker is in two of them.
    """

    split: Literal["train", "dev", "test"] = "test"
    corpus: ClassVar[str] = "afrispeech200-audio"
    layout: ClassVar[str] = "transcripts/test.csv or transcripts/yoruba/test.csv, ..., and audio/, unpacked"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder is the repository."""
        return any(_tables(folder, split) for split in _SPLITS)

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per row of the split's tables."""
        tables = _tables(folder, self.split)
        if not tables:
            raise InputError(
                f"{folder / 'transcripts'} holds no table of corpus.split={self.split}; accepted: {self.split}.csv, in "
                "it or in the folder of each accent"
            )
        sounds = _sounds(folder)
        seen: Counter[str] = Counter()
        for cells in chain.from_iterable(map(_cells, tables)):
            yield _row(cells, sounds, seen)


def _tables(folder: Path, split: str) -> Sequence[Path]:
    """The split's one table, or those of the accents, which hold the same rows."""
    whole = folder / "transcripts" / f"{split}.csv"
    return [whole] if whole.is_file() else sorted(folder.glob(f"transcripts/*/{split}.csv"))


def _cells(path: Path) -> Iterator[Mapping[str, str]]:
    table = read_table(path)
    for column in _NEEDED:
        if column not in table.column_names:
            raise InputError(f"{path}: the column {column!r} is missing; found: {', '.join(table.column_names)}")
    yield from table.to_pylist()


def _sounds(folder: Path) -> Mapping[str, str]:
    """Recordings by session and name: what an archive's own folders are called above these is not known."""
    found: dict[str, str] = {}
    for path in chain(sorted((folder / "audio").rglob(f"*{_ENDING}")), sorted(folder.rglob(f"*{_ENDING}"))):
        place = path.relative_to(folder)
        found.setdefault(_key(place.as_posix()), place.as_posix())
    return found


def _key(path: str) -> str:
    return "/".join(PurePosixPath(path.strip()).parts[-2:])


def _row(cells: Mapping[str, str], sounds: Mapping[str, str], seen: Counter[str]) -> Row:
    # One name occurs in two sessions.
    key = _key(cells["audio_paths"])
    seen[key] += 1
    utterance = key.removesuffix(_ENDING)
    return {
        **{name: cells.get(name, "") for name in _OPTIONAL},
        "path": sounds.get(key, ""),
        "utterance_id": utterance if seen[key] == 1 else f"{utterance}~{seen[key]}",
        "speaker_id": cells["user_ids"],
        "text": cells["transcript"],
        "duration_s": cells.get("duration", ""),
        FAULT: _fault(key in sounds, seen[key] > 1),
    }


def _fault(there: bool, again: bool) -> str | None:
    if again:
        return "repeated_recording"
    return None if there else "missing_audio"
