"""The interviews of Koenecke et al. 2020 that can be heard: snippets of three components of CORAAL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic.dataclasses import dataclass

from callgap.corpus.coraal import spoken
from callgap.corpus.described import STRICT
from callgap.corpus.published import FAULT, Published, Row
from callgap.corpus.rows import Source
from callgap.tables import read_table

_TABLE = "CORAAL_transcripts.csv"
_NEEDED = ("segment_filename", "basefile", "content")
_COPIED = ("gender", "age", "source", "race_ethnicity")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class KoeneckeAudioCorpus(Published):
    """Snippets of interviews with Black speakers; the white speakers of the study were never published."""

    corpus: ClassVar[str] = "koenecke-2020-audio"
    layout: ClassVar[str] = f"input/{_TABLE} and input/CORAAL_audio/dcb, ..."

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether the folder is the repository."""
        return (folder / "input" / _TABLE).is_file()

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per snippet of the table, in its order."""
        path = folder / "input" / _TABLE
        cells = read_table(path)
        Source(str(path), cells, None).require(_NEEDED)
        for row in cells.to_pylist():
            yield _row(row)


def _row(row: Mapping[str, str]) -> Row:
    # The table says .wav, the files are .mp3; each lies in the folder of its component.
    stem = row["segment_filename"].strip().removesuffix(".wav")
    component = stem.partition("_")[0].lower()
    text, fault = spoken(row["content"])
    return {
        "path": f"input/CORAAL_audio/{component}/{stem}.mp3" if stem else "",
        "utterance_id": stem,
        "speaker_id": row["basefile"].strip(),
        "text": text,
        "duration_s": row.get("duration", ""),
        **{name: row.get(name, "").strip() for name in _COPIED},
        FAULT: fault,
    }
