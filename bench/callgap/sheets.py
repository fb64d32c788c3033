"""A sample on disk: a folder for each transcriber, the key apart from them, and the sheets when they come back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from callgap.drawing import Listening
from callgap.errors import InputError, one_of
from callgap.tables import Row, read_table, row_name

FORMAT = 1
KEY = "keep-from-transcribers"
NOTHING = "[nothing]"
"""What a transcriber writes where nobody says a word."""

COLUMNS = ("sample", "item", "text", "cannot_be_heard", "remark")
_KEY_COLUMNS = ("item", "sheet", "utterance_id", "turn")
_MARKS = ("x", "yes", "y", "1", "true")
# No letter that is taken for a digit, and no digit: a spreadsheet makes no number or date of it.
_LETTERS = "abcdefghjkmnpqrtuvwxyz"
_INSTRUCTIONS = """\
# How to transcribe

This folder holds {count} recordings, item-....wav, and {sheet}, a table with one row for each. Write into the column
`text` what is said in the recording. Fill the rows in their order; what lies below the last filled row may be done
later. Save the table as CSV in UTF-8 and send it back; leave the columns `sample` and `item` as they are.

- Write what was said, not what should have been said: words that are repeated, left out, wrong or broken off.
- Correct no grammar. Write words of a dialect as they are usually written, and all others in the usual spelling.
- Write numbers in words, as they are spoken: "four oh two", not 402.
- Write no sounds that are no words: breath, coughs, noise. Write "um" and "uh" where they are said.
- Everyone who can be heard speaks as you hear it; do not look for a text that the words could be from.
- Where nobody says a word, write {nothing}.
- Where you cannot make out every word after three hearings, put x into `cannot_be_heard` and leave `text` empty; do
  not guess. What you did make out may stand in `remark`.
- Work alone: do not compare with others who transcribe.
"""


@dataclass(frozen=True)
class Sample:
    """What was drawn, and from where.

    Attributes:
        folder: of the sample.
        attribute: whose groups were drawn.
        corpus_fingerprint: of the corpus that was drawn from.
        run: the run that was drawn from.
        settings: the numbers that the draw depends on.
        listenings: the rows of all sheets.
    """

    folder: Path
    attribute: str
    corpus_fingerprint: str
    run: Path
    settings: Mapping[str, int]
    listenings: tuple[Listening, ...]

    @property
    def code(self) -> str:
        """Eight letters that stand in every row of its sheets, so that no sheet of another sample is read."""
        parts = [self.attribute, self.corpus_fingerprint, [asdict(row) for row in self.listenings]]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:8])

    @property
    def sheets(self) -> tuple[Path, ...]:
        """Where each transcriber's sheet was written."""
        return tuple(
            sheet_folder(self.folder, n) / f"sheet-{n}.csv" for n in sorted({r.sheet for r in self.listenings})
        )

    @classmethod
    def open(cls, folder: Path) -> Sample:
        """Read the key of a sample.

        Raises:
            InputError: the folder holds no sample, one of another version, or a key that was changed.
        """
        place = folder / KEY
        try:
            notes = json.loads((place / "sample.json").read_text(encoding="utf-8"))
            found = notes["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{folder} holds no sample: it has no readable {KEY}/sample.json") from None
        if found != FORMAT:
            raise InputError(f"{place / 'sample.json'}, key format: found {found!r}, accepted: {FORMAT}")
        rows = read_table(place / "key.csv")
        changed = InputError(f"{place / 'key.csv'} is not the key that was drawn: restore it, or draw a new sample")
        try:
            listenings = tuple(
                Listening(r["item"], int(r["sheet"]), r["utterance_id"], int(r["turn"])) for r in rows.to_pylist()
            )
            sample = cls(
                folder,
                notes["attribute"],
                notes["corpus_fingerprint"],
                Path(notes["run"]),
                notes["settings"],
                listenings,
            )
        except (KeyError, ValueError):
            raise changed from None
        if sample.code != notes.get("sample"):
            raise changed
        return sample

    def write_texts(self, place: Path) -> None:
        """Write everything but the sound into a folder that becomes the sample's: instructions, sheets and key."""
        for sheet in sorted({row.sheet for row in self.listenings}):
            own = [row for row in self.listenings if row.sheet == sheet]
            name = f"sheet-{sheet}.csv"
            told = _INSTRUCTIONS.format(count=len(own), sheet=name, nothing=NOTHING)
            target = sheet_folder(place, sheet)
            target.mkdir()
            (target / "instructions.md").write_text(told, encoding="utf-8")
            # With its mark at the beginning, spreadsheets take a file for UTF-8 and save it so.
            (target / name).write_text(
                _csv([COLUMNS, *((self.code, row.item, "", "", "") for row in own)]), encoding="utf-8-sig"
            )
        notes = {
            "format": FORMAT,
            "note": "Do not give this folder to transcribers: it says what they must not know.",
            "sample": self.code,
            "attribute": self.attribute,
            "corpus_fingerprint": self.corpus_fingerprint,
            "run": str(self.run),
            "settings": dict(self.settings),
        }
        (place / KEY).mkdir()
        (place / KEY / "sample.json").write_text(json.dumps(notes, indent=2) + "\n", encoding="utf-8")
        rows = [tuple(getattr(row, name) for name in _KEY_COLUMNS) for row in self.listenings]
        (place / KEY / "key.csv").write_text(_csv([_KEY_COLUMNS, *rows]), encoding="utf-8")


def sheet_folder(folder: Path, sheet: int) -> Path:
    """The folder that one transcriber is given."""
    return folder / f"transcriber-{sheet}"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Fill a folder aside; it stands under its name once it is whole.

    Raises:
        InputError: something of that name is there already.
    """
    if target.exists():
        raise InputError(f"{target} is there already and is never overwritten: choose another folder with --output")
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        aside.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"--output {target} cannot be made: {error.strerror}; choose another folder") from None
    try:
        yield aside
        aside.replace(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def read_sheets(sample: Sample, paths: Sequence[Path]) -> dict[str, str | None]:
    """Read what transcribers wrote.

    Args:
        sample: the sample that the sheets belong to.
        paths: of the sheets.

    Returns:
        By item, what was said: an empty text where nobody said a word, None where it could not be heard. Rows below
        the last filled one of a sheet are not there.

    Raises:
        InputError: a sheet cannot be read, is of another sample, or has a row that is unknown, doubled or skipped, or
            holds both a text and a mark.
    """
    known = {row.item for row in sample.listenings}
    answers: dict[str, str | None] = {}
    places: dict[str, str] = {}
    for path in paths:
        for index, row in _rows(path, sample.code, known):
            item, where = str(row["item"]), row_name(path, index)
            if item in places:
                raise InputError(f"{places[item]} and {where}: both are of {item}; keep one of them")
            places[item] = where
            if _is_filled(row):
                answers[item] = _answer(row, where)
    return answers


def _rows(path: Path, code: str, known: set[str]) -> Iterator[tuple[int, Row]]:
    table = read_table(path)
    for name in COLUMNS[:4]:
        if name not in table.column_names:
            raise InputError(f"{path}: there is no column {name!r}; {one_of(name, table.column_names)}")
    rows: list[tuple[int, Row]] = [
        (index, {name: (cell or "").strip() for name, cell in row.items()})
        for index, row in enumerate(table.to_pylist())
        if any((cell or "").strip() for cell in row.values())
    ]
    last = max((index for index, row in rows if _is_filled(row)), default=-1)
    for index, row in rows:
        where = row_name(path, index)
        if row["sample"] != code:
            raise InputError(f"{where}: found the sample {row['sample']!r}, accepted: {code!r}, the code of this one")
        if row["item"] not in known:
            raise InputError(f"{where}: found the item {row['item']!r}, which this sample does not hold")
        if index < last and not _is_filled(row):
            raise InputError(f"{where}: {row['item']} was skipped: write its text, or x into cannot_be_heard")
        yield index, row


def _is_filled(row: Row) -> bool:
    return any(row.get(name) for name in COLUMNS[2:])


def _answer(row: Row, where: str) -> str | None:
    text, mark = str(row["text"]), str(row["cannot_be_heard"])
    if mark and mark.lower() not in _MARKS:
        raise InputError(f"{where}: found {mark!r} in cannot_be_heard; {one_of(mark, _MARKS)}, or nothing")
    if mark and text:
        raise InputError(
            f"{where}: {row['item']} has a text and is marked cannot_be_heard; keep one (words that were made out go "
            "into remark)"
        )
    if not mark and not text:
        raise InputError(f"{where}: {row['item']} has a remark alone: write its text, or x into cannot_be_heard")
    if mark:
        return None
    return "" if text.lower() == NOTHING else text


def _csv(rows: Sequence[Sequence[object]]) -> str:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    return lines.getvalue()
