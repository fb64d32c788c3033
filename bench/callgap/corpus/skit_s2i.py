"""Skit-S2I: eleven employees of an Indian firm who telephone a bank's service with requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row
from callgap.corpus.rows import Source
from callgap.errors import InputError
from callgap.tables import read_table, row_name

_SPLITS = ("test", "train")
_INTENTS, _SPEAKERS = "intent_info.csv", "speaker_info.csv"
_NEEDED = ("id", "intent_class", "template", "audio_path", "speaker_id")
_TRAITS = ("native_language", "gender")
_PLACEHOLDER = re.compile(r"<[^<>]*>|\([^()]*/[^()]*\)")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SkitS2ICorpus(Published):
    """Requests to a bank over the telephone; references are the templates that the callers were shown.

    Attributes:
        split: whose recordings to use; the same people speak in both.
    """

    split: Literal["test", "train", "all"] = "test"
    corpus: ClassVar[str] = "skit-s2i"
    layout: ClassVar[str] = f"train.csv, test.csv, {_INTENTS}, {_SPEAKERS} and wav_audios/"

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether all four tables are there."""
        return all((folder / name).is_file() for name in (*(f"{split}.csv" for split in _SPLITS), _INTENTS, _SPEAKERS))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per row of the table of the split, in its order; of `all`, first the test's."""
        intents = _by(folder / _INTENTS, "intent_class", ("intent_name",))
        speakers = _by(folder / _SPEAKERS, "speaker_id", ())
        for split in _SPLITS if self.split == "all" else (self.split,):
            for cells in _table(folder / f"{split}.csv", _NEEDED).to_pylist():
                speaker = speakers.get(cells["speaker_id"].strip(), {})
                yield {
                    **_row(cells),
                    "utterance_id": f"{split}-{cells['id']}",
                    "intent": intents.get(cells["intent_class"].strip(), {}).get("intent_name", ""),
                    "split": split,
                    **{trait: speaker.get(trait, "") for trait in _TRAITS},
                }


def _row(cells: Mapping[str, Any]) -> Row:
    path, template = cells["audio_path"].strip(), cells["template"]
    return {
        "path": f"wav_audios/{path}" if path and "/" not in path else path,
        "speaker_id": cells["speaker_id"],
        "text": template,
        "prompt_id": template,
        "intent_class": cells["intent_class"],
        # What was said in the place of a number or of a choice is not known.
        FAULT: "placeholder_reference" if _PLACEHOLDER.search(template) else None,
    }


def _by(path: Path, key: str, needed: Sequence[str]) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for place, row in enumerate(_table(path, (key, *needed)).to_pylist()):
        name = row[key].strip()
        if name in found:
            raise InputError(f"{row_name(path, place)}: found the {key} {name!r} again; accepted: one row for each")
        found[name] = row
    return found


def _table(path: Path, needed: Sequence[str]) -> pa.Table:
    table = read_table(path)
    Source(str(path), table, None).require(needed)
    return table
