"""VCTK: 110 speakers of English of several accents, who read newspapers in a studio in Edinburgh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of
from callgap.errors import InputError

_PEOPLE = "speaker-info.txt"
_HEADER = ["ID", "AGE", "GENDER", "ACCENTS"]
_COLUMNS = ("age", "gender", "accent", "region")
_OLD, _NEW = "wav48", "wav48_silence_trimmed"
_COMMENT = re.compile(r"\s*\([^()]*\)\s*$")
_UNKNOWN = "Unknown"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VctkCorpus(Published):
    """Sentences in studio quality, in the layout of version 0.80 or 0.92.

    Attributes:
        mic: which of the two microphones of version 0.92 to hear; 0.80 has the first one only.
    """

    mic: Literal[1, 2] = 1
    corpus: ClassVar[str] = "vctk"
    layout: ClassVar[str] = f"{_PEOPLE}, txt/p225 and {_NEW}/p225 (version 0.92) or {_OLD}/p225 (version 0.80)"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the table of speakers lies beside recordings of either version."""
        return (folder / _PEOPLE).is_file() and any((folder / name).is_dir() for name in (_OLD, _NEW))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per utterance that has a recording or a text, ordered by speaker and number."""
        people = _people(folder / _PEOPLE)
        sounds, ending = self._sounds(folder)
        recorded = {path.name.removesuffix(ending) for path in sounds.glob(f"*/*{ending}")}
        texts = {path.stem: path for path in folder.glob("txt/*/*.txt")}
        for name in sorted(recorded | set(texts)):
            speaker = name.partition("_")[0]
            yield {
                "path": (sounds / speaker / f"{name}{ending}").relative_to(folder).as_posix(),
                "utterance_id": name,
                "speaker_id": speaker,
                "text": " ".join(text_of(texts[name]).split()) if name in texts else "",
                **people.get(speaker, dict.fromkeys(_COLUMNS, "")),
                FAULT: None if name in recorded else "missing_audio",
            }

    def _sounds(self, folder: Path) -> tuple[Path, str]:
        """Where the recordings lie, and what follows an utterance's id in their names."""
        if (folder / _NEW).is_dir():
            return folder / _NEW, f"_mic{self.mic}.flac"
        if self.mic != 1:
            raise InputError(
                f"corpus.mic={self.mic}: {folder} holds version 0.80, which has one microphone; accepted: 1"
            )
        return folder / _OLD, ".wav"


def _people(path: Path) -> dict[str, dict[str, str]]:
    # Cells are set apart by one or more spaces and hold spaces too: only the last one, the region, may have several.
    lines = text_of(path).splitlines()
    header = lines[0].split() if lines else []
    if header[: len(_HEADER)] != _HEADER:
        raise InputError(f"{path}, line 1: found {' '.join(header) or 'nothing'}; accepted: {' '.join(_HEADER)} ...")
    found = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        name, *cells = _COMMENT.sub("", line).split()
        if len(cells) < len(_HEADER) - 1:
            raise InputError(
                f"{path}, line {number}: found {line.strip()!r}; accepted: {', '.join(_HEADER)} and a region"
            )
        age, gender, accent, *region = cells
        stated = (age, gender, "" if accent == _UNKNOWN else accent, " ".join(region))
        # Version 0.80 leaves out the letter that begins the names of files.
        found[f"p{name}" if name.isdigit() else name] = dict(zip(_COLUMNS, stated, strict=True))
    return found
