"""Fair-Speech: commands that 593 people in the United States gave in their own words; never publish their texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import Row, Speakerless, text_of
from callgap.errors import InputError

_NAME, _TEXT = "hash_name", "transcription"
_TRAITS = ("age", "gender", "first_language", "socioeconomic_bkgd", "ethnicity")
_AUDIO = "asr_fairness_audio"
_ENDINGS = (".tsv", ".txt")
_LONGEST_HEADER = 4096


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FairSpeechCorpus(Speakerless):
    """Commands to a device, with what the speakers say of themselves but not who speaks."""

    corpus: ClassVar[str] = "fair-speech"
    layout: ClassVar[str] = f"a table (*.tsv or *.txt) with the columns {_NAME} and {_TEXT}, and {_AUDIO}/"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder holds a table of recordings, under whatever name it was stored."""
        return bool(_tables(folder))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per row of the table, in its order."""
        found = _tables(folder)
        if len(found) > 1:
            raise InputError(
                f"{folder}: found several tables with the column {_NAME}, {', '.join(path.name for path in found)}; "
                "accepted: one"
            )
        for cells in _cells(found[0]):
            name = cells[_NAME].strip()
            yield {
                "path": f"{_AUDIO}/{name}.wav" if name else "",
                "utterance_id": name,
                "speaker_id": name,
                "text": cells[_TEXT],
                **{trait: cells.get(trait, "") for trait in _TRAITS},
            }


def _tables(folder: Path) -> list[Path]:
    # What a Mac adds to an archive has names of this form, too.
    candidates = (path for path in folder.iterdir() if path.suffix in _ENDINGS and not path.name.startswith("._"))
    return sorted(path for path in candidates if path.is_file() and _NAME in _header(path))


def _header(path: Path) -> list[str]:
    with path.open("rb") as file:
        return _split(file.readline(_LONGEST_HEADER).decode("utf-8-sig", errors="replace").rstrip("\r\n"))


def _cells(path: Path) -> Iterator[dict[str, str]]:
    # The form of a .tsv table, whose name may end in .txt. No error shows a cell: the texts must not be printed.
    lines = enumerate((line.removesuffix("\r") for line in text_of(path).split("\n")), start=1)
    kept = [(number, _split(line)) for number, line in lines if line]
    header = [name.strip() for name in kept[0][1]]
    if _TEXT not in header or len(set(header)) < len(header):
        raise InputError(f"{path}: found the columns {', '.join(header)}; accepted: {_NAME}, {_TEXT}, each once")
    for number, cells in kept[1:]:
        if len(cells) != len(header):
            raise InputError(f"{path}, line {number}: found {len(cells)} cells, the header has {len(header)}")
        yield dict(zip(header, cells, strict=True))


def _split(line: str) -> list[str]:
    return [_unquoted(cell) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
