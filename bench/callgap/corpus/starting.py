"""Begins a corpus from a folder of recordings: a manifest, and a card whose fields the user has still to fill in."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from callgap.corpus.grouping import FILL_IN
from callgap.errors import InputError
from callgap.tables import read_table

ENDINGS = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".snd", ".caf", ".w64", ".rf64", ".sph",
)  # fmt: skip
"""Endings of files that libsndfile reads."""

_SIDECARS = (".txt", ".lab")
_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
_PATHS = ("path", "file", "file_name", "filename", "audio", "utterance_id", "id")
_TEXTS = ("text", "sentence", "transcript", "transcription")
_COLUMNS = ("path", "text", "speaker_id")

Row = dict[str, str]


@dataclass(frozen=True)
class Started:
    """What was written.

    Attributes:
        manifest: the table of recordings.
        card: to be filled in.
        recordings: how many were found.
        next_steps: what is left to do, in sentences.
    """

    manifest: Path
    card: Path
    recordings: int
    next_steps: str


def init_corpus(path: Path) -> Started:
    """Write `manifest.csv` and `card.yaml` into a folder of recordings.

    Args:
        path: the folder; its recordings may lie in subfolders, one per speaker. Texts come from a `.txt` or `.lab`
            of the same name, or from the folder's one table with a column of files and one of texts.

    Returns:
        What was written, and what is left to do.

    Raises:
        InputError: there is no such folder, it holds no recordings, or one of the files is there already.
    """
    if not path.is_dir():
        raise InputError(f"{path} is no folder; accepted: a folder of recordings")
    manifest, card = path / "manifest.csv", path / "card.yaml"
    for file in (manifest, card):
        if file.exists():
            raise InputError(f"{file} is there already and is never overwritten; move it away, or go on with it")
    sounds = sorted(place for place in path.rglob("*") if _is_sound(place.relative_to(path)) and place.is_file())
    if not sounds:
        raise InputError(f"{path} holds no recordings; accepted endings: {', '.join(ENDINGS)}")
    table = _transcripts(path)
    folders = {place.relative_to(path).parts[0] for place in sounds if place.parent != path}
    rows = [_row(place, path, table, len(folders) > 1) for place in sounds]
    attributes = sorted({name for row in rows for name in row} - set(_COLUMNS))
    try:
        _write_manifest(manifest, rows, attributes)
        with card.open("x", encoding="utf-8") as stream:
            stream.write(_card(path.resolve().name, attributes, _rate(sounds)))
    except OSError as error:
        raise InputError(f"{path}: cannot be written to: {error.strerror}") from None
    return Started(manifest, card, len(sounds), _next_steps(manifest, card, rows, attributes))


def _is_sound(place: Path) -> bool:
    return place.suffix.lower() in ENDINGS and not any(part.startswith(".") for part in place.parts)


def _transcripts(path: Path) -> Mapping[str, Row]:
    found = [place for place in sorted(path.iterdir()) if place.suffix.lower() in _TABLES]
    if len(found) != 1:
        return {}
    table = read_table(found[0])
    name = next((column for column in _PATHS if column in table.column_names), None)
    text = next((column for column in _TEXTS if column in table.column_names), None)
    if name is None or text is None:
        return {}
    others = [column for column in table.column_names if column not in (name, text, *_PATHS)]
    return {
        Path(row[name] or "").stem: {"text": row[text] or "", **{column: row[column] or "" for column in others}}
        for row in table.to_pylist()
    }


def _row(place: Path, base: Path, table: Mapping[str, Row], speakers: bool) -> Row:
    relative = place.relative_to(base)
    row = {
        "path": relative.as_posix(),
        "text": "",
        "speaker_id": relative.parts[0] if speakers and len(relative.parts) > 1 else "",
    }
    row |= table.get(place.stem, {})
    sidecar = next((place.with_suffix(end) for end in _SIDECARS if place.with_suffix(end).is_file()), None)
    if sidecar is not None:
        try:
            row["text"] = " ".join(sidecar.read_text(encoding="utf-8-sig").split())
        except UnicodeDecodeError:
            raise InputError(f"{sidecar}: the bytes are not UTF-8; save the file as UTF-8") from None
    return row


def _write_manifest(path: Path, rows: Sequence[Row], attributes: Sequence[str]) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*_COLUMNS, *attributes], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _rate(sounds: Sequence[Path]) -> int:
    for place in sounds:
        try:
            return int(soundfile.info(place).samplerate)
        except (soundfile.SoundFileError, TypeError):
            continue
    return 16000


def _next_steps(manifest: Path, card: Path, rows: Sequence[Row], attributes: Sequence[str]) -> str:
    textless, nameless = (sum(not row[column] for row in rows) for column in ("text", "speaker_id"))
    steps = [f"{len(rows)} recordings are listed in {manifest}."]
    if textless:
        steps.append(f"{textless} of them have no text: write what was said, word for word, into the column text.")
    if nameless:
        steps.append(f"{nameless} have no speaker: write an id into the column speaker_id, the same for one person.")
    if nameless < len(rows):
        steps.append("Check the column speaker_id: folders, or a table, say who speaks.")
    if not attributes:
        steps.append("Add a column for each group that you compare, for example accent, gender or age.")
    steps.append(f"Replace every {FILL_IN!r} in {card}.")
    steps.append(f"Then run: callgap corpus check {manifest}")
    return "\n".join(steps)


def _card(title: str, attributes: Sequence[str], sample_rate: int) -> str:
    entries = "\n".join(_ATTRIBUTE.format(name=json.dumps(name)) for name in attributes or [_UNNAMED])
    return _CARD.format(title=json.dumps(title), attributes=entries, sample_rate=sample_rate, fill=FILL_IN)


_UNNAMED = f"{FILL_IN}: name of a column of the manifest, for example accent"
_ATTRIBUTE = f"""\
  {{name}}:
    # self-declared, assigned, inferred, simulated or not stated: who said to which group a speaker belongs
    label_source: "{FILL_IN}: who labeled the speakers"
    # Declare it before any result is known; null compares nothing.
    reference: "{FILL_IN}: the group that the others are compared with, or null"
    description: "{FILL_IN}: what the column means\""""
_CARD = """\
# What a report says of these recordings. Replace every value that begins with {fill}; where nobody knows, write
# "not stated". A run refuses a card that still holds one.
title: {title}
summary: "{fill}: one sentence: who says what"
# Address, or department, where the recordings can be asked for
home: "{fill}: where the recordings are kept"
# Changes whenever the recordings or the texts change
revision: "{fill}: a version or a date"
license: "{fill}: under which terms the recordings may be used"
commercial_use: "{fill}: whether a procurement may use them"
consent: "{fill}: how the speakers agreed to this use"
collection: "{fill}: how the recordings were made: microphone or telephone, where, when"
retention: "{fill}: how long the audio is kept, and where"
# read, spontaneous, commands, synthetic or not stated
speech_condition: "{fill}: how the speech came about"
# transcript (someone wrote down what was said) or prompt (what they were asked to say), or not stated
text_source: "{fill}: where the texts come from"
# true only where the voices are no person's
synthetic: false
# BCP 47 tag of what is spoken, for example en-US
language: "{fill}: the language"
# Hz, as found in the first recording
sample_rate: {sample_rate}
# One entry per column of the manifest that callers are grouped by
attributes:
{attributes}
missing_groups: "{fill}: who cannot be heard in these recordings"
# Add lines for what is wrong with the data and known
known_faults: []
may_conclude: "{fill}: what a result on these recordings says, and what it does not say"
citation: "{fill}: how to cite them"
"""
