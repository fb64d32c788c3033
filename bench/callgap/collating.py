"""From files of transcripts to one table of references and several systems that were given the same utterances."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa

from callgap.columns import Columns, Wanted
from callgap.corpus.rows import WORD, number
from callgap.errors import InputError
from callgap.recognizer.published_rates import system_of
from callgap.submitted import (
    Submitted,
    are_numbers,
    comparison,
    found_in,
    is_trn,
    lacks,
    require_bands,
    rows_by,
    speaker_of,
    stem,
    submitted,
)
from callgap.tables import row_name

RESERVED = ("input", "report.html", "report.md", "procurement.md")
"""Names in the folder of an audit that no system can have."""


@dataclass(frozen=True)
class System:
    """What one system understood.

    Attributes:
        name: of the system.
        file: that holds its texts.
        key: column with the utterance id.
        column: column with the text.
        stems: whether ids are compared without folders and endings.
        texts: how many of the utterances it has a row for.
    """

    name: str
    file: Path
    key: str
    column: str
    stems: bool
    texts: int


@dataclass(frozen=True)
class Collated:
    """What was said, by whom, and what each system understood of it.

    Attributes:
        base: the file with the references, from which the utterances come.
        columns: by callgap's name, the column of `base`; empty where `merged` is written instead.
        speakers: a table of speakers to join; None for none.
        groups: columns to group speakers by.
        numbers: columns with the name of a group that hold numbers, of which no groups are made.
        systems: at least one.
        rates: whether the systems are columns of published error rates, and `base` holds no texts.
        merged: the references with speakers and groups, where no file holds them together; else None.
    """

    base: Submitted
    columns: Mapping[str, str]
    speakers: Path | None
    groups: tuple[str, ...]
    numbers: tuple[str, ...]
    systems: tuple[System, ...]
    merged: pa.Table | None
    rates: bool = False

    @property
    def utterances(self) -> int:
        """How many utterances have a reference."""
        return len(self.base.rows)


def collate(paths: Sequence[Path], wanted: Wanted) -> Collated:
    """Read files and find out what each of them holds.

    Args:
        paths: tables. One with references and hypotheses is a whole system, one with references alone gives them for
            all, one with hypotheses alone is a further system, and one with neither describes speakers (or, where it
            has ids of utterances, utterances). Of `.trn` files the first holds the references, unless another file
            does. Without hypotheses, one with error rates and numbers of words is as many systems as it has rates.
        wanted: columns that the user names.

    Returns:
        References, speakers, groups and systems that fit together.

    Raises:
        InputError: a file cannot be read or plays no part, a part is played by none or by too many, or two files
            contradict each other.
    """
    files = submitted(paths, wanted)
    rated = _rated(files, wanted)
    base = _base(files) if rated is None else rated
    systems = _heard(files, base) if rated is None else _counted(rated)
    groups = tuple(dict.fromkeys(name for file in files for name in file.columns.groups))
    require_bands(groups, files, wanted)
    asked = (*(wanted.groups or ()), *wanted.bands)
    numbers = tuple(name for name in groups if name not in asked and are_numbers(name, files))
    kept = tuple(name for name in groups if name not in numbers)
    if not kept:
        held = f" ({numbers[0]} holds numbers)" if numbers else ""
        raise InputError(f"no file has a column to group speakers by{held}; name one with --group; {found_in(files)}")
    return _Parts(base, tuple(files), kept, numbers, rated is not None).collated(systems)


def system_names(paths: Sequence[Path]) -> list[str]:
    """Names for files that differ: those of the files, or with their folders below the one they share.

    Args:
        paths: of the files.

    Returns:
        One name per path, without the ending.

    Raises:
        InputError: two files would have one name, or one that a report has.
    """
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        full = [path.absolute() for path in paths]
        shared = os.path.commonpath([path.parent for path in full])
        names = ["-".join(path.relative_to(shared).with_suffix("").parts) for path in full]
    for name, count in Counter(names).items():
        if count > 1 or name in RESERVED:
            raise InputError(
                f"{paths[names.index(name)]}: {name!r} cannot be the name of a system here; rename the file"
            )
    return names


@dataclass(frozen=True)
class _Parts:
    """The files, of which `base` says which utterances there are."""

    base: Submitted
    files: tuple[Submitted, ...]
    groups: tuple[str, ...]
    numbers: tuple[str, ...]
    rates: bool

    def collated(self, systems: tuple[System, ...]) -> Collated:
        self._require_references()
        if not self.rates:
            self._agreed_references()
        cells = {"speaker_id": self._speakers, **{name: self._group(name) for name in self.groups}}
        own, made = self.base.columns, partial(Collated, self.base, rates=self.rates)
        part, said = ("words", str(own.words)) if self.rates else ("text", str(own.reference))
        if own.speaker:
            columns = {"utterance_id": str(own.utterance), part: said, "speaker_id": own.speaker}
            if all(self._is_own(name, column) for name, column in cells.items()):
                return made(columns, None, self.groups, self.numbers, systems, None)
            if people := self._joinable():
                return made(columns, people.path, self.groups, self.numbers, systems, None)
        all_cells = {"utterance_id": list(self.base.rows), part: self.base.column(said), **cells}
        merged = pa.table({name: pa.array(column, pa.string()) for name, column in all_cells.items()})
        return made({}, None, self.groups, self.numbers, systems, merged)

    def _is_own(self, part: str, agreed: Sequence[str | None]) -> bool:
        """Whether the file with the references says itself what all files together say."""
        name = str(self.base.columns.speaker) if part == "speaker_id" else part
        return name in self.base.cells.column_names and self.base.column(name) == agreed

    def _require_references(self) -> None:
        """Refuse a table from which every utterance would be excluded: then nothing is known of anybody."""
        name = str(self.base.columns.words if self.rates else self.base.columns.reference)
        says, what = (number, "how many words were said") if self.rates else (WORD.search, "what was said")
        if not any(says(cell or "") for cell in self.base.column(name)):
            raise InputError(f"{self.base.path}, column {name!r}: every row is empty; accepted: {what}")

    def _agreed_references(self) -> None:
        told = [file for file in self.files if file.columns.reference]
        _agreed("reference", self.base, [(file, self._values(file, str(file.columns.reference))) for file in told])

    @cached_property
    def _speakers(self) -> list[str | None]:
        told = [file for file in self.files if file.columns.speaker and file.columns.utterance]
        if told:
            return _agreed(
                "speaker", self.base, [(file, self._values(file, str(file.columns.speaker))) for file in told]
            )
        if not is_trn(self.base.path):
            raise lacks(self.base, "speaker")
        return [speaker_of(self.base, utterance) for utterance in self.base.rows]

    def _group(self, name: str) -> list[str | None]:
        told = [file for file in self.files if name in file.columns.groups]
        return _agreed(name, self.base, [(file, self._stated(file, name)) for file in told])

    def _stated(self, file: Submitted, name: str) -> list[str | None]:
        if file.columns.utterance:
            return self._values(file, name)
        if file.columns.speaker is None:
            raise lacks(file, "speaker")
        rows, cells = rows_by(file, file.columns.speaker), file.column(name)
        return [cells[rows[speaker]] if speaker in rows else None for speaker in self._speakers]

    def _values(self, file: Submitted, name: str) -> list[str | None]:
        cells, compared = file.column(name), comparison(file, self.base)
        rows = {compared(utterance): row for utterance, row in file.rows.items()}
        found = [rows.get(compared(utterance)) for utterance in self.base.rows]
        if all(row is None for row in found):
            raise InputError(f"{file.path}: none of its utterances is one of {self.base.path}")
        return [None if row is None else cells[row] for row in found]

    def _joinable(self) -> Submitted | None:
        """The one table of speakers, if it can be joined to the references as it is."""
        people = [f for f in self.files if f is not self.base and f.columns.groups and not f.columns.utterance]
        if len(people) != 1 or people[0].columns.speaker != self.base.columns.speaker:
            return None
        mine, theirs = {*self.base.cells.column_names}, {*people[0].cells.column_names}
        return people[0] if mine & theirs == {self.base.columns.speaker} and {*self.groups} <= mine | theirs else None


def _agreed(part: str, base: Submitted, told: Sequence[tuple[Submitted, Sequence[str | None]]]) -> list[str | None]:
    """What the files say of each utterance; None where none says anything."""
    agreed: list[str | None] = []
    for row, utterance in enumerate(base.rows):
        said = [(file.path, cells[row]) for file, cells in told if cells[row] is not None]
        for path, cell in said[1:]:
            if cell != said[0][1]:
                raise InputError(
                    f"the utterance {utterance!r}, {part}: found {said[0][1]!r} in {said[0][0]} and {cell!r} in "
                    f"{path}; they must agree"
                )
        agreed.append(said[0][1] if said else None)
    return agreed


def _base(files: Sequence[Submitted]) -> Submitted:
    said = [file for file in files if file.columns.reference]
    if not said:
        raise InputError(f"no file says what was said; name the column with --reference; {found_in(files)}")
    alone = [file for file in said if not file.columns.hypothesis]
    if len(alone) > 1:
        raise InputError(
            f"{alone[0].path} and {alone[1].path} both hold references and no hypotheses; give one of them"
        )
    for file in files:
        if not (file.columns.reference or file.columns.hypothesis or _describes(file.columns)):
            raise InputError(f"{file.path} plays no part: neither texts nor groups of speakers; {found_in([file])}")
    return alone[0] if alone else said[0]


def _heard(files: Sequence[Submitted], base: Submitted) -> tuple[System, ...]:
    heard = [file for file in files if file.columns.hypothesis is not None]
    if not heard:
        raise InputError(f"no file says what was understood; name the column with --hypothesis; {found_in(files)}")
    names = system_names([file.path for file in heard])
    return tuple(_system(file, name, base) for file, name in zip(heard, names, strict=True))


def _rated(files: Sequence[Submitted], wanted: Wanted) -> Submitted | None:
    """The file of published error rates; None where hypotheses are to be scored."""
    if wanted.rates is None and any(file.columns.hypothesis for file in files):
        return None
    rated = [file for file in files if file.columns.rates]
    if len(rated) > 1:
        raise InputError(f"{rated[0].path} and {rated[1].path} both hold error rates; give one of them")
    if rated and rated[0].columns.words is None:
        raise lacks(rated[0], "words")
    if rated and (idle := [file for file in files if file not in rated and not _describes(file.columns)]):
        raise InputError(f"{idle[0].path} plays no part beside error rates: no groups; {found_in(idle[:1])}")
    return rated[0] if rated else None


def _counted(base: Submitted) -> tuple[System, ...]:
    key, columns = str(base.columns.utterance), base.columns.rates
    named = {system_of(column): column for column in columns}
    for name, column in named.items():
        if len(named) < len(columns) or name in RESERVED or Path(name).name != name:
            raise InputError(f"{base.path}: the column {column!r} cannot give a system its name; rename the column")
    return tuple(System(name, base.path, key, rate, False, len(base.rows)) for name, rate in named.items())


def _describes(columns: Columns) -> bool:
    return bool(columns.groups or (columns.speaker and columns.utterance))


def _system(file: Submitted, name: str, base: Submitted) -> System:
    compared = comparison(file, base)
    known = {compared(utterance) for utterance in base.rows}
    for utterance, row in file.rows.items():
        if compared(utterance) not in known:
            raise InputError(
                f"{row_name(file.path, row)}: {base.path} has no utterance {utterance!r}; its ids are like "
                f"{next(iter(base.rows))!r}"
            )
    columns = file.columns
    return System(name, file.path, str(columns.utterance), str(columns.hypothesis), compared is stem, len(file.rows))
