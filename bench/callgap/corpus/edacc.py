"""EdAcc: friends from many countries who talk with each other in English over video calls."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row, text_of
from callgap.corpus.rows import number
from callgap.errors import InputError, one_of

IGNORED = "IGNORE_TIME_SEGMENT_IN_SCORING"
"""The text of a segment that its makers do not score."""
IGNORED_FAULT = "ignored_segment"
TAG = r"<[^<>]*>"
"""What stands in a text for a sound that is no word."""

_SPLITS = ("dev", "test")
_SURVEY = "linguistic_background.csv"
_ID_QUESTIONS = ("participant_id", "final-participant_id")
_QUESTIONS = {
    "accent": "how would you describe your accent in english",
    "survey_gender": "what is your gender",
    "ethnicity": "what's your ethnic background",
    "education": "what is your higher level of education",
    "birth_year": "what's your year of birth",
}
_LINE = re.compile(r"(\S+)\s+\S+\s+(\S+)\s+(\S+)\s+(\S+)\s+<([^>]*)>\s*(.*)")
_LINE_FORM = "RECORDING CHANNEL SPEAKER BEGIN END <GENDER,L1 OR L2> TEXT"
_LANGUAGES = ("l1", "l2")
_PART = re.compile(r"_P\d+")
_PERSON = re.compile(r"[a-z]+-(c\d+)(?:-([ab])|p([12]))", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EdaccCorpus(Published):
    """Turns of conversations, with what their speakers say of themselves in a survey.

    Attributes:
        split: which of its makers' parts; all is both.
    """

    split: Literal["dev", "test", "all"] = "test"
    corpus: ClassVar[str] = "edacc"
    layout: ClassVar[str] = f"dev/stm or test/stm, {_SURVEY} and data/EDACC-C06.wav, ..."

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder is the archive's edacc_v1.0/."""
        return any((folder / split / "stm").is_file() for split in _SPLITS)

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per line of the splits' stm, in their order."""
        people = _people(_survey(folder))
        unknown = dict.fromkeys(_QUESTIONS, "")
        for split in _SPLITS if self.split == "all" else (self.split,):
            for row in _segments(folder / split / "stm"):
                yield {**row, "split": split, **people.get(str(row["speaker_id"]), unknown)}


def spoken(text: str) -> str:
    """The words of a text, without the tags in angle brackets."""
    return " ".join(re.sub(TAG, " ", text).split())


def _segments(path: Path) -> Iterator[Row]:
    for place, line in enumerate(text_of(path).split("\n"), start=1):
        # Two semicolons begin a comment in this format.
        if not line.strip() or line.startswith(";;"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise InputError(f"{path}, line {place}: found {line.strip()[:80]!r}; accepted: {_LINE_FORM}")
        yield _segment(*found.groups())


def _segment(recording: str, speaker: str, begin: str, end: str, label: str, text: str) -> dict[str, str | None]:
    # Each part of a divided recording begins at 0 and has the same two people.
    part = "".join(_PART.findall(recording))
    person = _PART.sub("", speaker)
    labels = [word.strip() for word in label.split(",")]
    return {
        "path": f"data/{recording}.wav",
        "utterance_id": f"{person}{part}-{_milliseconds(begin)}-{_milliseconds(end)}",
        "speaker_id": person,
        "session_id": _PART.sub("", recording),
        "text": spoken(text),
        "begin_s": begin,
        "end_s": end,
        "english": next((word for word in labels if word in _LANGUAGES), ""),
        "gender": next((word for word in labels if word not in _LANGUAGES), ""),
        FAULT: IGNORED_FAULT if IGNORED in text else None,
    }


def _milliseconds(cell: str) -> str:
    seconds = number(cell)
    return cell if seconds is None else str(round(seconds * 1000))


def _survey(folder: Path) -> Path:
    # The older deposit has the survey beside the archive too.
    places = [folder / _SURVEY, folder.parent / _SURVEY]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise InputError(f"{folder}: found no {_SURVEY}; accepted: the file in this folder or in the one above it")
    return found


def _people(path: Path) -> Mapping[str, dict[str, str]]:
    # Only some of its 28 questions are known here: another may stand there twice, which read_table would refuse.
    lines = csv.reader(io.StringIO(text_of(path)))
    header = [_question(cell) for cell in next(lines, [])]
    ids = next((header.index(name) for name in _ID_QUESTIONS if name in header), None)
    if ids is None:
        raise InputError(f"{path}: the column 'PARTICIPANT_ID' is missing; {one_of('participant_id', header)}")
    places = {column: header.index(asked) for column, asked in _QUESTIONS.items() if asked in header}
    return {
        _participant(cells[ids]): {column: _cell(cells, places.get(column)) for column in _QUESTIONS}
        for cells in lines
        if len(cells) > ids
    }


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _question(cell: str) -> str:
    """A question as it is looked up: what stands before the question mark, its apostrophes and spaces all alike."""
    return " ".join(cell.replace("\u2019", "'").split()).partition("?")[0].rstrip().lower()


def _participant(cell: str) -> str:
    """A speaker's id as the stm has it; older tables write EAEC-C06P1 for EDACC-C06-A."""
    found = _PERSON.fullmatch(_PART.sub("", cell.strip()))
    if found is None:
        return cell.strip()
    return f"EDACC-{found[1].upper()}-{(found[2] or 'AB'[int(found[3]) - 1]).upper()}"
