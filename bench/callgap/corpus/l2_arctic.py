"""L2-ARCTIC: English read by people of six first languages, the same sentences by all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import Published, Row, text_of
from callgap.errors import InputError

_TABLE = "README.md"
_STORIES = "suitcase_corpus"
_COLUMNS = {"Speaker": "speaker_id", "Gender": "gender", "Native Language": "first_language"}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class L2ArcticCorpus(Published):
    """English of learners in a quiet room: sentences that were read, or a story that was told of pictures.

    Attributes:
        suitcase: read the spontaneous stories instead of the sentences.
    """

    suitcase: bool = False
    corpus: ClassVar[str] = "l2-arctic"
    layout: ClassVar[str] = f"{_TABLE} and ABA/wav, ABA/transcript, ..., each speaker's archive unpacked"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether a speaker of the folder is unpacked."""
        return any(_home(place) for place in folder.iterdir())

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per utterance that has a recording or a transcript, ordered by speaker and name."""
        people = _people(folder / _TABLE)
        for name, home in _homes(folder, people, self.suitcase):
            for stem in _stems(home):
                speaker = stem.upper() if self.suitcase else name
                transcript = home / "transcript" / f"{stem}.txt"
                yield {
                    "path": (home / "wav" / f"{stem}.wav").relative_to(folder).as_posix(),
                    "utterance_id": f"{speaker}-{stem}",
                    "speaker_id": speaker,
                    "text": " ".join(text_of(transcript).split()) if transcript.is_file() else "",
                    "prompt_id": stem,
                    **people.get(speaker, {"gender": "", "first_language": ""}),
                }


def _people(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        raise InputError(f"{path} is missing; its table of speakers says who speaks which first language")
    lines = [[cell.strip() for cell in line.strip(" |").split("|")] for line in text_of(path).splitlines()]
    header = next((place for place, cells in enumerate(lines) if set(_COLUMNS) <= set(cells)), None)
    if header is None:
        raise InputError(f"{path} holds no table with the columns {', '.join(_COLUMNS)}")
    found = {}
    for cells in lines[header + 2 :]:
        if len(cells) < len(_COLUMNS):
            break
        row = {_COLUMNS[name]: cell for name, cell in zip(lines[header], cells, strict=False) if name in _COLUMNS}
        found[row.pop("speaker_id")] = row
    return found


def _homes(folder: Path, people: Mapping[str, object], stories: bool) -> Iterator[tuple[str, Path]]:
    """The folders that hold recordings, by name."""
    packed = [name for name in ([_STORIES] if stories else people) if (folder / f"{name}.zip").is_file()]
    for name in packed:
        if _home(folder / name) is None:
            raise InputError(f"{folder / name}.zip is an archive; unpack it beside {_TABLE}")
    for place in sorted(folder.iterdir()):
        home = _home(place) if (place.name == _STORIES) is stories else None
        if home is not None:
            yield place.name, home


def _home(place: Path) -> Path | None:
    # A speaker's archive holds a folder of the speaker's name, so that some unpackers make one within another.
    return next((home for home in (place, place / place.name) if (home / "wav").is_dir()), None)


def _stems(home: Path) -> list[str]:
    found = [*home.glob("wav/*.wav"), *home.glob("transcript/*.txt")]
    return sorted({path.stem for path in found if not path.name.startswith(".")})
