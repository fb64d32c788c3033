"""Recordings in a Kaldi data folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT, Recorded, located
from callgap.corpus.rows import KNOWN, Source, number
from callgap.errors import InputError

_SPEAKER_FILE = re.compile(r"spk2(?!utt$)(\w+)")
_OPTIONAL = {"utt2lang": "language", "utt2dur": "duration_s"}
_NOWHERE = "nowhere"

Lines = dict[str, str]
Row = dict[str, str | None]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class KaldiCorpus(Recorded):
    """Recordings that `wav.scp`, `text`, `utt2spk` and perhaps `segments` list; each `spk2*` can be grouped by.

    An entry of `wav.scp` that is a command (`... |`) is never run: its utterances carry the fault `pipe_not_run`.

    Attributes:
        root: the folder; None looks for `place`.
        place: path below `$CALLGAP_DATA` and `../shared/data`, where `root` is None.
        audio_root: folder that relative paths in `wav.scp` start from; None for `root`.
    """

    root: Path | None = None
    place: str | None = None
    audio_root: Path | None = None

    @cached_property
    def source(self) -> Source:
        """The folder's files as one table: utterances in the order of `segments` or `wav.scp`, then further ones.

        Raises:
            InputError: a file is missing or cannot be read, or says two things of one utterance.
        """
        folder = self._folder
        rows, faults = _utterances(folder, _attributes(folder))
        if not rows:
            raise InputError(f"{folder} holds no utterance in wav.scp, text and utt2spk")
        names = sorted({name for row in rows for name in row} | set(_columns(folder)))
        cells = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
        return Source(str(folder), cells, (self.audio_root or folder).resolve(), faults=faults)

    def _title(self) -> str:
        return self._folder.name

    def _beside(self) -> Path:
        return self._folder / "card.yaml"

    @property
    def _folder(self) -> Path:
        return located("corpus.root", self.root, self.place).resolve()


def is_kaldi(folder: Path) -> bool:
    """Whether a folder has what a Kaldi data folder must have."""
    return all((folder / name).is_file() for name in ("wav.scp", "text", "utt2spk"))


def _columns(folder: Path) -> dict[str, Path]:
    found = {m[1]: path for path in sorted(folder.glob("spk2*")) if (m := _SPEAKER_FILE.fullmatch(path.name))}
    return {name: path for name, path in found.items() if name not in KNOWN and path.is_file()}


def _attributes(folder: Path) -> dict[str, Lines]:
    return {name: _lines(path) for name, path in _columns(folder).items()}


def _utterances(folder: Path, attributes: dict[str, Lines]) -> tuple[list[Row], list[str | None]]:
    recordings, texts, speakers = (_lines(folder / name) for name in ("wav.scp", "text", "utt2spk"))
    segments = _lines(folder / "segments") if (folder / "segments").is_file() else None
    optional = {name: _lines(folder / file) for file, name in _OPTIONAL.items() if (folder / file).is_file()}
    listed = recordings if segments is None else segments
    rows: list[Row] = []
    faults: list[str | None] = []
    for utterance in dict.fromkeys((*listed, *texts, *speakers)):
        row = _place(utterance, segments)
        sound = recordings.get(row["path"] or "")
        speaker = speakers.get(utterance)
        rows.append(
            {
                **row,
                **{name: lines.get(speaker or "") for name, lines in attributes.items()},
                **{name: lines.get(utterance) for name, lines in optional.items()},
                "utterance_id": utterance,
                "text": texts.get(utterance),
                "speaker_id": speaker,
                "path": sound,
            }
        )
        faults.append(_fault(sound, row))
    return rows, faults


def _place(utterance: str, segments: Lines | None) -> Row:
    if segments is None:
        return {"path": utterance}
    if utterance not in segments:
        return {"path": None}
    recording, begin, end, channel = (*segments[utterance].split()[:4], *[None] * 4)[:4]
    return {
        "path": recording,
        "begin_s": begin or _NOWHERE,
        # A segment that ends at -1 ends with its recording.
        "end_s": None if end and number(end) == -1 else end or _NOWHERE,
        "audio_channel": channel,
    }


def _fault(sound: str | None, row: Row) -> str | None:
    if not sound:
        return "missing_audio"
    return "pipe_not_run" if sound.rstrip().endswith("|") else None


def _lines(path: Path) -> Lines:
    found: Lines = {}
    first: dict[str, int] = {}
    for line, (key, rest) in enumerate(_pairs(path), start=1):
        if key in found:
            raise InputError(f"{path}, lines {first[key]} and {line}: both begin with {key!r}; one line each")
        if key:
            found[key], first[key] = rest, line
    return found


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the bytes at {error.start} are not UTF-8; save the file as UTF-8") from None
    for line in text.split("\n"):
        key, _, rest = line.strip().replace("\t", " ", 1).partition(" ")
        yield key, rest.strip()
