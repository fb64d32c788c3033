"""Reads tables that people have: CSV, TSV, JSON lines, Parquet and NIST transcripts, every cell as text."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from callgap.errors import InputError, first_line

Row = dict[str, str | None]
_LARGEST_CELL = 16 * 2**20
_PIECE = 2**16


def read_table(path: Path) -> pa.Table:
    """Read a table by the ending of its name.

    A cell that is there and empty is an empty text; null is what is absent: JSON null or a key left out, a null of
    Parquet. CSV and TSV have no null.

    Args:
        path: `.csv` (comma, or semicolon where the header has no comma), `.tsv`, `.jsonl`, `.parquet` or `.trn`
            (NIST: words, then the utterance id in parentheses; columns `utterance_id` and `text`).

    Returns:
        String columns in the order of the file.

    Raises:
        InputError: the file is missing, has another ending, is no UTF-8, has no rows, two columns of one name, a row
            that does not fit its header, or a NUL character.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{path}: found the ending {path.suffix!r}; accepted: {', '.join(_READERS)}")
    csv.field_size_limit(_LARGEST_CELL)
    try:
        table = read(path)
    except UnicodeDecodeError:
        raise InputError(
            f"{path}, line {_undecodable(path)}: the bytes are not UTF-8; save the file as UTF-8"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or first_line(error)}") from None
    if not table.num_rows:
        raise InputError(f"{path} has no rows")
    for name, column in zip(table.column_names, table.columns, strict=True):
        broken = pc.index(pc.match_substring(column, "\0"), True).as_py()
        if broken >= 0:
            raise InputError(f"{row_name(path, broken)}, column {name}: found a NUL character; accepted: text without")
    return table


def row_name(path: Path, index: int) -> str:
    """Where a row of a table stands, for an error's sentence.

    Args:
        path: of the file.
        index: of the row, from 0.

    Returns:
        The file and the row, counted from 1 without the header.
    """
    return f"{path}, row {index + 1}"


def _csv(path: Path) -> pa.Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        lines = csv.reader(file, delimiter=";" if ";" in header and "," not in header else ",", strict=True)
        try:
            return _cells(path, lines, lambda: lines.line_num)
        except csv.Error as error:
            raise InputError(f"{path}, line {lines.line_num}: {error}") from None


def _tsv(path: Path) -> pa.Table:
    # A tab-separated file has no quotes by its definition (IANA text/tab-separated-values), but some programs write
    # them around a whole cell.
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = (line.rstrip("\r\n") for line in file)
        return _cells(path, ([_unquoted(cell) for cell in line.split("\t")] for line in lines if line), None)


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _cells(path: Path, lines: Iterable[list[str]], line_number: Callable[[], int] | None) -> pa.Table:
    kept = ((n, cells) for n, cells in enumerate(lines, start=1) if cells)
    _, header = next(kept, (0, []))
    schema = pa.schema([(name, pa.string()) for name in _header(path, header)])
    held: list[list[str]] = []
    pieces: list[pa.RecordBatch] = []
    for number, cells in kept:
        if len(cells) != len(schema):
            line = line_number() if line_number else number
            raise InputError(f"{path}, line {line}: found {len(cells)} cells, the header has {len(schema)}")
        held.append(cells)
        if len(held) == _PIECE:
            # As Python's objects the cells take several times the memory.
            pieces.append(_piece(held, schema))
            held = []
    return pa.Table.from_batches([*pieces, _piece(held, schema)] if held else pieces, schema)


def _piece(rows: list[list[str]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema)


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise InputError(f"{path} has no header: the first line must name the columns")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: the column {twice[0]!r} stands twice in the header")
    return names


def _jsonl(path: Path) -> pa.Table:
    with path.open(encoding="utf-8-sig") as file:
        rows = [_object(path, number, line) for number, line in enumerate(file, start=1) if line.strip()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table([pa.array([row.get(name) for row in rows], pa.string()) for name in names], names=names)


def _object(path: Path, number: int, line: str) -> Row:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}, line {number}: no JSON ({first_line(error)})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}, line {number}: found {type(content).__name__}, accepted: one JSON object per line")
    return {str(key): _text(value) for key, value in content.items()}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and math.isnan(value):
        # What pandas writes for nothing.
        return None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list | bool) else str(value)


def _parquet(path: Path) -> pa.Table:
    try:
        found = pq.read_table(path)
    except pa.ArrowException as error:
        raise InputError(f"{path} is no readable Parquet file ({first_line(error)})") from None
    columns = [pa.array([_text(value) for value in column.to_pylist()], pa.string()) for column in found.columns]
    return pa.table(columns, names=_header(path, found.column_names))


def _trn(path: Path) -> pa.Table:
    with path.open(encoding="utf-8-sig") as file:
        rows = list(_transcripts(path, file))
    return pa.table({"utterance_id": [u for u, _ in rows], "text": [text for _, text in rows]})


def _transcripts(path: Path, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        kept = line.strip()
        # Two semicolons begin a comment.
        if not kept or kept.startswith(";;"):
            continue
        text, opened, name = kept.rpartition("(")
        if not opened or not name.endswith(")") or not name[:-1].strip():
            raise InputError(f"{path}, line {number}: no utterance id in parentheses at the end of the line")
        yield name[:-1].strip(), text.strip()


def _undecodable(path: Path) -> int:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return number
    return 0


_READERS = {".csv": _csv, ".tsv": _tsv, ".jsonl": _jsonl, ".parquet": _parquet, ".trn": _trn}
