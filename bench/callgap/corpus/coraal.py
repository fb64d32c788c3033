"""CORAAL: sociolinguistic interviews with African American speakers, transcribed line by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass as plain
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of
from callgap.corpus.rows import number
from callgap.errors import InputError, first_line

_FILE = re.compile(r"([A-Z]{3})_se\d_ag\d_[a-z]_\d\d_\d+")
_PERSON = re.compile(r"[A-Z]{3}_se\d_ag\d_[a-z]_\d\d")
_METADATA = "*_metadata_*.txt"
_NEEDED = ("Spkr", "StTime", "Content", "EnTime")
_COPIED = {
    "gender": "Gender", "age": "Age", "age_group": "Age.Group", "education": "Education",
    "sec_group": "CORAAL.SEC.Group",
}  # fmt: skip
_UNGROUPED = "0"
"""The socio-economic group of a speaker whose component has no such groups."""
_NOTE = re.compile(r"\([^()]*\)")
_TAG = re.compile(r"<[^<>]*>")
# Redactions are written in several broken ways, as /RD-NAME-3. and [RD-SCHOOL-3/.
_FAULTS = (
    ("overlapped_speech", re.compile(r"[\[\]]")),
    ("redacted", re.compile(r"\bRD-")),
    ("unintelligible", re.compile(r"/")),
    ("broken_markup", re.compile(r"[<>()]")),
)

Facts = Mapping[tuple[str, str], dict[str, str]]


@plain(frozen=True)
class _Line:
    place: int
    speaker: str
    begin_s: str
    end_s: str
    text: str
    fault: str | None

    def times(self) -> tuple[float, float]:
        return number(self.begin_s) or 0.0, number(self.end_s) or 0.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CoraalCorpus(Published):
    """Interviews as spontaneous speech: each line of a transcript, or successive ones of one speaker, is an utterance.

    Attributes:
        longest_s: seconds up to which successive usable lines of a speaker are joined.
    """

    longest_s: Annotated[float, Field(ge=0)] = 30.0
    corpus: ClassVar[str] = "coraal"
    layout: ClassVar[str] = "DCB_se1_ag1_f_01_1.wav, DCB_se1_ag1_f_01_1.txt, ..., DCB_metadata_2018.10.06.txt"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether transcripts lie flat in the folder."""
        return any(_FILE.fullmatch(path.stem) for path in folder.glob("*.txt"))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per utterance, those that cannot be used included, ordered by file and time."""
        facts = _facts(folder)
        described = {speaker[:3] for speaker, _ in facts}
        for path in sorted(folder.glob("*.txt")):
            name = _FILE.fullmatch(path.stem)
            if name is None:
                continue
            if name[1] not in described:
                raise InputError(f"{path}: no {name[1]}_metadata_*.txt beside it says who speaks in {name[1]}")
            for lines in _joined(_lines(path), self.longest_s):
                yield _row(path.stem, name[1], lines, facts)


def spoken(content: str) -> tuple[str, str | None]:
    """What a transcript's line says, by CORAAL's conventions.

    Args:
        content: of the line.

    Returns:
        Its words without notes and tags, and the fault for which they are no reference.
    """
    words = _TAG.sub(" ", _NOTE.sub(" ", content))
    fault = next((fault for fault, sign in _FAULTS if sign.search(words)), None)
    return " ".join(words.split()), fault


def _row(file: str, component: str, lines: Sequence[_Line], facts: Facts) -> Row:
    first = lines[0]
    stated = facts.get((first.speaker, file)) or facts.get((first.speaker, "")) or dict.fromkeys(_COPIED, "")
    return {
        "path": f"{file}.wav",
        "utterance_id": f"{file}-{first.place:05d}",
        "speaker_id": first.speaker,
        "text": " ".join(line.text for line in lines),
        "begin_s": first.begin_s,
        "end_s": lines[-1].end_s,
        "session_id": file,
        "component": component,
        **stated,
        FAULT: first.fault,
    }


def _joined(lines: Sequence[_Line], longest_s: float) -> Iterator[Sequence[_Line]]:
    held: list[_Line] = []
    for line in lines:
        if held and _breaks(held, line, longest_s):
            yield held
            held = []
        # Laughter alone, of whomever, is no utterance.
        if line.fault and line.text:
            yield [line]
        elif line.text:
            held.append(line)
    if held:
        yield held


def _breaks(held: Sequence[_Line], line: _Line, longest_s: float) -> bool:
    if line.fault or line.speaker != held[0].speaker:
        return True
    return bool(line.text) and line.times()[1] - held[0].times()[0] > longest_s


def _lines(path: Path) -> list[_Line]:
    # Quotes in a transcript are the speaker's, not the table's.
    found = _table(path, _NEEDED, quoted=False)
    lines = [_line(place, row) for place, row in enumerate(found, start=1) if _NOTE.sub("", row["Content"]).strip()]
    return sorted(lines, key=lambda line: line.times()[0])


def _line(place: int, row: Mapping[str, str]) -> _Line:
    speaker, begin, end = (row[name].strip() for name in ("Spkr", "StTime", "EnTime"))
    text, fault = spoken(row["Content"])
    if number(begin) is None or number(end) is None:
        fault = "bad_segment"
    return _Line(place, speaker, begin, end, text, _of_other(speaker) or fault)


def _of_other(speaker: str) -> str | None:
    if "_int_" in speaker:
        return "interviewer"
    return None if not speaker or _PERSON.fullmatch(speaker) else "other_speaker"


def _facts(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """What the metadata say of speakers, by speaker and file, and under no file what the first row says."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path in sorted(folder.glob(_METADATA)):
        for row in _table(path, ("CORAAL.Spkr", "CORAAL.File"), quoted=True):
            cells = {ours: row.get(theirs, "").strip() for ours, theirs in _COPIED.items()}
            if cells["sec_group"] == _UNGROUPED:
                cells["sec_group"] = ""
            speaker = row["CORAAL.Spkr"].strip()
            found[speaker, row["CORAAL.File"].strip()] = cells
            found.setdefault((speaker, ""), cells)
    return found


def _table(path: Path, needed: Sequence[str], *, quoted: bool) -> list[dict[str, str]]:
    """A tab-separated table whose last cells may be missing; cells beyond the header are left out."""
    file = io.StringIO(text_of(path))
    try:
        read = csv.reader(file, delimiter="\t") if quoted else csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        lines = list(read)
    except csv.Error as error:
        raise InputError(f"{path} is no table with tabs: {first_line(error)}") from None
    header = [cell.strip() for cell in lines[0]] if lines else []
    if missing := [name for name in needed if name not in header]:
        raise InputError(f"{path}: the column {missing[0]!r} is missing; found: {', '.join(header) or 'nothing'}")
    rows = (dict(zip(header, cells, strict=False)) for cells in lines[1:])
    return [{**dict.fromkeys(header, ""), **row} for row in rows if row]
