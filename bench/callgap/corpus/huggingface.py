"""Recordings in a data set of Hugging Face's `datasets`, from a folder, from Parquet files or from the hub."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT, Recorded
from callgap.corpus.rows import KNOWN, Source
from callgap.corpus.table import renamed
from callgap.errors import InputError, first_line, one_of

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAMES = ("audio", *KNOWN[1:])
_SAVED = ("state.json", "dataset_dict.json")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class HuggingFaceCorpus(Recorded):
    """A split of a data set with a column of audio; it needs the package `datasets`.

    Attributes:
        path: a folder that `save_to_disk` wrote, a folder or a pattern of Parquet files, or an id of the hub.
        pinned: (`revision` in the configuration) commit of a data set of the hub, 40 hexadecimal digits.
        split: None where there is only one.
        name: configuration of a data set of the hub.
        columns: by callgap's name of a column (`audio`, `text`, `speaker_id`, ...), the data set's.
    """

    path: str
    pinned: str | None = Field(default=None, validation_alias="revision")
    split: str | None = None
    name: str | None = None
    columns: Mapping[str, str] = Field(default_factory=dict)

    @cached_property
    def source(self) -> Source:
        """The columns that are no audio, as text.

        Raises:
            InputError: the data set cannot be read, or lacks a column.
        """
        _, data = self._data
        texts = {name: _texts(data, name) for name in data.column_names if not _is_audio(data, name)}
        texts[self._audio] = [None] * len(data)
        columns = {"audio": self._audio, **self.columns}
        cells = renamed(pa.table({k: pa.array(v, pa.string()) for k, v in texts.items()}), columns, self.path, _NAMES)
        source = Source(self.path, cells.drop_columns("audio"), None, unnamed=self._data[0])
        source.require(("text", "speaker_id"))
        return source

    def revision(self) -> str:
        """The pinned commit of the hub, or the card's."""
        return self.pinned if self._kind == "hub" and self.pinned else super().revision()

    def _title(self) -> str:
        return Path(self.path).stem if self._kind != "hub" else self.path

    def _beside(self) -> Path | None:
        place = Path(self.path)
        return place / "card.yaml" if place.is_dir() else None

    def _sound(self, row: Mapping[str, Any]) -> Path | bytes:
        cell = self._data[1][self._places[row["utterance_id"]]][self._audio] or {}
        if cell.get("bytes") is not None:
            return bytes(cell["bytes"])
        base = Path(self.path) if Path(self.path).is_dir() else Path(self.path).parent
        return base / cell["path"] if cell.get("path") else Path()

    def _digest(self, row: Mapping[str, Any]) -> str | None:
        sound = self._sound(row)
        if isinstance(sound, bytes):
            return hashlib.sha256(sound).hexdigest()
        return super()._digest({"audio": str(sound)})

    @cached_property
    def _places(self) -> dict[str, int]:
        return {utterance: place for place, utterance in enumerate(self.utterances()["utterance_id"].to_pylist())}

    @property
    def _kind(self) -> str:
        place = Path(self.path)
        if any((place / name).is_file() for name in _SAVED):
            return "saved"
        if place.exists() or "*" in self.path:
            return "parquet"
        return "hub"

    @cached_property
    def _data(self) -> tuple[str, Any]:
        datasets = _package()
        split, data = _split(self._read(datasets), self.split)
        if self._audio not in data.column_names:
            raise InputError(
                f"{self.path}: corpus.columns.audio={self._audio}: there is no such column; "
                f"{one_of(self._audio, data.column_names)}"
            )
        try:
            return split, data.cast_column(self._audio, datasets.Audio(decode=False))
        except (TypeError, ValueError, pa.ArrowException) as error:
            raise InputError(f"{self.path}: the column {self._audio!r} holds no audio ({first_line(error)})") from None

    @property
    def _audio(self) -> str:
        return self.columns.get("audio", "audio")

    def _read(self, datasets: Any) -> Any:
        try:
            if self._kind == "saved":
                return datasets.load_from_disk(self.path)
            if self._kind == "parquet":
                return datasets.load_dataset("parquet", data_files=_parquet_files(self.path))
            return datasets.load_dataset(self._hub_id(), self.name, revision=self.pinned)
        except _faults(datasets) as error:
            raise InputError(_sentence(self.path, error)) from None

    def _hub_id(self) -> str:
        if not _HUB_ID.fullmatch(self.path):
            raise InputError(f"corpus.path={self.path}: found no such folder or file, and it is no id of the hub")
        if self.pinned is None or not _COMMIT.fullmatch(self.pinned):
            raise InputError(
                f"corpus.revision: found {self.pinned!r}; a data set of the hub is read at a pinned commit, 40 "
                f"hexadecimal digits (corpus.path={self.path} is no folder here)"
            )
        return self.path


def _package() -> Any:
    try:
        import datasets
    except ModuleNotFoundError:
        raise InputError(
            "corpus=huggingface needs the package 'datasets', which is not installed: "
            "pip install 'callgap[huggingface]'"
        ) from None
    return datasets


def _faults(datasets: Any) -> tuple[type[Exception], ...]:
    known = datasets.exceptions
    return (
        OSError,
        ValueError,
        RuntimeError,
        TypeError,
        pa.ArrowException,
        known.DatasetsError,
        known.DatasetGenerationError,
    )


def _parquet_files(path: str) -> list[str]:
    place = Path(path)
    if place.is_file():
        return [path]
    found = sorted(place.rglob("*.parquet") if place.is_dir() else Path(place.anchor or ".").glob(_relative(place)))
    if found:
        return [str(file) for file in found]
    if place.is_dir() and list(place.glob("*.py")):
        raise InputError(f"corpus.path={path} has a loading script, which is never run; give its data as Parquet files")
    raise InputError(f"corpus.path={path} holds neither Parquet files nor what save_to_disk writes")


def _relative(place: Path) -> str:
    return str(place.relative_to(place.anchor))


def _sentence(path: str, error: Exception) -> str:
    text = str(error)
    if "script" in text or "trust_remote_code" in text:
        return f"corpus.path={path} has a loading script, which is never run; give its data as Parquet files"
    return f"corpus.path={path} cannot be read: {type(error).__name__}: {first_line(error)}"


def _split(data: Any, wanted: str | None) -> tuple[str, Any]:
    if not isinstance(data, Mapping):
        return wanted or "row", data
    if wanted is None and len(data) == 1:
        return next(iter(data.items()))
    if wanted is None or wanted not in data:
        raise InputError(f"corpus.split: found {wanted!r}; {one_of(wanted or '', data)}")
    return wanted, data[wanted]


def _is_audio(data: Any, name: str) -> bool:
    return type(data.features[name]).__name__ in ("Audio", "Image", "Video")


def _texts(data: Any, name: str) -> Sequence[str | None]:
    feature = data.features[name]
    if not hasattr(feature, "int2str"):
        return [_text(value) for value in data[name]]
    # A class label of -1 is one that was not given.
    return [None if value is None or value < 0 else feature.int2str(value) for value in data[name]]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping | list) else str(value)
