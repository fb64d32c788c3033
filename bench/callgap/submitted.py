"""Files of transcripts as a user has them, with the part that each of their columns plays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import pyarrow as pa

from callgap.columns import NAMES, Columns, Role, Wanted, columns_of, require_columns
from callgap.corpus.described import UNKNOWN_CELLS
from callgap.corpus.grouping import banded_name
from callgap.corpus.rows import number
from callgap.errors import InputError
from callgap.tables import read_table, row_name

_TRN = ".trn"


@dataclass(frozen=True)
class Submitted:
    """One file of the user's.

    Attributes:
        path: of the file.
        cells: its table.
        columns: which of its columns plays which part.
    """

    path: Path
    cells: pa.Table
    columns: Columns

    def column(self, name: str) -> list[str | None]:
        """The cells of a column."""
        found: list[str | None] = self.cells[name].to_pylist()
        return found

    @cached_property
    def rows(self) -> dict[str, int]:
        """By utterance id, the row.

        Raises:
            InputError: there is no column of ids, or a row has none, or one with spaces around it, or one twice.
        """
        if self.columns.utterance is None:
            raise lacks(self, "utterance")
        return rows_by(self, self.columns.utterance)


def submitted(paths: Sequence[Path], wanted: Wanted) -> list[Submitted]:
    """Read files and find out which part each of their columns plays.

    Args:
        paths: of the files.
        wanted: columns that the user names.

    Returns:
        The files in their order. Of the `.trn` files the first holds the references, unless another file does.

    Raises:
        InputError: a file is given twice or cannot be read, a column that the user names is in none of them, or two
            columns may play one part.
    """
    for path, count in Counter(path.absolute() for path in paths).items():
        if count > 1:
            raise InputError(f"{path} is given {count} times; accepted: each file once")
    tables = {path: read_table(path) for path in paths}
    named = {path: cells.column_names for path, cells in tables.items() if not is_trn(path)}
    require_columns(wanted, [name for names in named.values() for name in names])
    columns = {path: columns_of(path, names, wanted) for path, names in named.items()}
    said = any(found.reference for found in columns.values())
    for path in filter(is_trn, paths):
        texts = Columns("utterance_id", hypothesis="text") if said else Columns("utterance_id", reference="text")
        columns[path], said = texts, True
    return [Submitted(path, tables[path], columns[path]) for path in paths]


def rows_by(file: Submitted, column: str) -> dict[str, int]:
    """By id, the one row that bears it.

    Raises:
        InputError: a row has no id, or one with spaces around it, or one that an earlier row has.
    """
    rows: dict[str, int] = {}
    for row, name in enumerate(file.column(column)):
        if not name or name != name.strip():
            raise InputError(
                f"{row_name(file.path, row)}, column {column!r}: found {name!r}; accepted: an id, no spaces around it"
            )
        if name in rows:
            raise InputError(
                f"{row_name(file.path, rows[name])} and row {row + 1}: both have {name!r} in the column {column!r}"
            )
        rows[name] = row
    return rows


def comparison(file: Submitted, base: Submitted) -> Callable[[str], str]:
    """How the ids of two files are compared.

    Args:
        file: whose ids should be among those of `base`.
        base: the file with the references.

    Returns:
        `stem` where only the stems of the ids are the same, and all of them differ; else the ids as they stand.
    """
    if file.rows.keys() <= base.rows.keys():
        return as_it_stands
    mine, theirs = ({stem(utterance) for utterance in rows} for rows in (file.rows, base.rows))
    distinct = len(mine) == len(file.rows) and len(theirs) == len(base.rows)
    return stem if distinct and mine <= theirs else as_it_stands


def as_it_stands(utterance: str) -> str:
    """The id itself."""
    return utterance


def stem(utterance: str) -> str:
    """The id without folders and ending: `clips/a.mp3` as `a`."""
    return PurePosixPath(utterance.replace("\\", "/")).stem


def speaker_of(file: Submitted, utterance: str) -> str:
    """The speaker in the id of a `.trn` file: up to the first hyphen or underscore, as NIST sclite takes it.

    Raises:
        InputError: the id begins with one of them.
    """
    speaker = re.split("[-_]", utterance, maxsplit=1)[0]
    if not speaker:
        raise InputError(f"{file.path}: the id {utterance!r} names no speaker before its first '-' or '_'")
    return speaker


def lacks(file: Submitted, role: Role) -> InputError:
    """The error that a file has no column for a part that it has to play."""
    return InputError(
        f"{file.path} has no column for the {role}; name it with --{role}; {found_in([file])}; usual names: "
        f"{', '.join(NAMES[role])}"
    )


def found_in(files: Sequence[Submitted]) -> str:
    """The columns that files have, as the end of an error's sentence."""
    names = dict.fromkeys(name for file in files for name in file.cells.column_names)
    return f"found: {', '.join(names)}"


def is_trn(path: Path) -> bool:
    """Whether a file holds NIST transcripts, whose columns have no names."""
    return path.suffix.lower() == _TRN


def require_bands(groups: Sequence[str], files: Sequence[Submitted], wanted: Wanted) -> None:
    """Refuse bands of a column without numbers, and bands whose name another column has.

    Raises:
        InputError: it names the option and the column.
    """
    for name in wanted.bands:
        if banded_name(name) in groups:
            raise InputError(f"--band {name}: a column {banded_name(name)!r} is grouped by already; keep one of them")
        cells = {cell for file in files if name in file.columns.groups for cell in file.column(name)}
        if cells and all(number(cell) is None for cell in cells):
            raise InputError(f"--band {name}: found no number in the column {name!r}; accepted: a column of numbers")


def are_numbers(name: str, files: Sequence[Submitted]) -> bool:
    """Whether all that a column states are numbers."""
    cells = [cell for file in files if name in file.columns.groups for cell in file.column(name)]
    stated = {cell.strip() for cell in cells if cell is not None} - {*UNKNOWN_CELLS}
    return bool(stated) and all(number(cell) is not None for cell in stated)
