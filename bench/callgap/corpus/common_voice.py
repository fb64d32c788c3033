"""Common Voice: volunteers in many languages who read sentences, with what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import OUTSIDE, Published, Row, leads_out
from callgap.corpus.rows import Source
from callgap.errors import InputError, first_line, one_of

_SPLITS = ("validated", "train", "dev", "test", "other")
_NEEDED = ("client_id", "path", "sentence")
_ACCENTS = ("accents", "accent")
"""The newer name and the older."""
_COPIED = ("gender", "age", "variant", "locale")
_PROMPT = "sentence_id"
_DURATIONS = "clip_durations.tsv"
_CLIP, _MILLISECONDS = "clip", "duration[ms]"
_ENDING = r"\.[A-Za-z0-9]+$"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CommonVoiceCorpus(Published):
    """Scripted speech of one language.

    Attributes:
        locale: the language's folder in that of a release; None for the only one, or the folder itself.
        split: which of the tables; other holds the clips that volunteers have not judged yet.
    """

    locale: str | None = None
    split: Literal["validated", "train", "dev", "test", "other"] = "test"
    corpus: ClassVar[str] = "common-voice"
    layout: ClassVar[str] = "en/test.tsv (or validated.tsv, ...) and en/clips/, or the same without en/"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder is a language's, or holds one."""
        return bool(_languages(folder))

    @cached_property
    def folder(self) -> Path:
        """The language's folder.

        Raises:
            InputError: no folder has the layout, or `locale` does not say which.
        """
        found = super().folder
        languages = {place.name: place for place in _languages(found)}
        if self.locale is None and len(languages) == 1:
            return next(iter(languages.values()))
        if self.locale not in languages:
            raise InputError(f"{found}: corpus.locale: found {self.locale!r}; {one_of(self.locale or '', languages)}")
        return languages[self.locale]

    @cached_property
    def source(self) -> Source:
        """The split's table, whole columns at a time: the largest have more than a million rows.

        Raises:
            InputError: the table is missing, lacks a column, or does not have its published form.
        """
        path, *durations = self._files()
        found = _read(path, _NEEDED, (*_ACCENTS, *_COPIED, _PROMPT))
        cells = _cells(found)
        if durations:
            cells = cells.append_column("duration_s", _seconds(durations[0], _clips(found["path"])))
        return Source(str(path), cells, self.folder, faults=_outside(cells["path"]))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per row of the split's table."""
        yield from self.source.cells.to_pylist()

    def _files(self) -> Sequence[Path]:
        path, durations = self.folder / f"{self.split}.tsv", self.folder / _DURATIONS
        if not path.is_file():
            raise InputError(f"{self.folder}: corpus.split: found {self.split!r}; {one_of(self.split, _there(path))}")
        return (path, durations) if durations.is_file() else (path,)


def _languages(folder: Path) -> list[Path]:
    places = [folder] if _is_language(folder) else sorted(folder.iterdir())
    return [place for place in places if _is_language(place)]


def _is_language(folder: Path) -> bool:
    return (folder / "clips").is_dir() and any((folder / f"{split}.tsv").is_file() for split in _SPLITS)


def _there(path: Path) -> list[str]:
    return [split for split in _SPLITS if path.with_stem(split).is_file()]


def _read(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> pa.Table:
    """Some columns of a table as text, every cell verbatim: sentences begin and end with quotes of their own."""
    try:
        header = _header(path)
        for column in needed:
            if column not in header:
                raise InputError(f"{path}: the column {column!r} is missing; found: {', '.join(header)}")
        wanted = [*needed, *(column for column in optional if column in header)]
        found = pyarrow.csv.read_csv(
            path,
            parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise InputError(f"{path} is no readable table: {first_line(error)}") from None
    if not found.num_rows:
        raise InputError(f"{path} has no rows")
    return found


def _header(path: Path) -> list[str]:
    with path.open("rb") as file:
        return file.readline().decode("utf-8-sig").rstrip("\r\n").split("\t")


def _cells(found: pa.Table) -> pa.Table:
    empty = pa.array([""] * found.num_rows, pa.string())
    named = set(found.column_names)
    accents = next((name for name in _ACCENTS if name in named), None)
    clips = _clips(found["path"])
    cells = {
        "path": pc.if_else(pc.equal(clips, ""), "", pc.binary_join_element_wise("clips/", clips, "")),
        "utterance_id": pc.replace_substring_regex(clips, _ENDING, ""),
        "speaker_id": found["client_id"],
        "text": found["sentence"],
        "accents": found[accents] if accents else empty,
        **{name: found[name] if name in named else empty for name in _COPIED},
    }
    return pa.table({**cells, "prompt_id": found[_PROMPT]} if _PROMPT in named else cells)


def _outside(paths: pa.ChunkedArray) -> list[str | None]:
    """Faults by row; none where no clip lies outside the folder."""
    if not pc.any(pc.match_substring(paths, "..")).as_py():
        return []
    return [OUTSIDE if leads_out(path) else None for path in paths.to_pylist()]


def _clips(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    """Names of files: the oldest releases leave the ending out."""
    whole = pc.or_(pc.match_substring_regex(paths, _ENDING), pc.equal(paths, ""))
    return pc.if_else(whole, paths, pc.binary_join_element_wise(paths, ".mp3", ""))


def _seconds(path: Path, clips: pa.ChunkedArray) -> pa.ChunkedArray:
    found = _read(path, (_CLIP, _MILLISECONDS))
    try:
        seconds = pc.divide(pc.cast(found[_MILLISECONDS], pa.float64()), 1000.0)
    except pa.ArrowException as error:
        raise InputError(f"{path}, column {_MILLISECONDS}: {first_line(error)}; accepted: milliseconds") from None
    places = pc.index_in(clips, value_set=found[_CLIP].combine_chunks())
    return pc.cast(seconds.take(places), pa.string())
