"""MInDS-14: requests to a bank over the telephone in fourteen locales, with what a recognizer wrote of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal, get_args

from pydantic.dataclasses import dataclass

from callgap.corpus.card import Card
from callgap.corpus.described import STRICT
from callgap.corpus.published import Row, Speakerless, text_of
from callgap.errors import InputError

Locale = Literal[
    "cs-CZ", "de-DE", "en-AU", "en-GB", "en-US", "es-ES", "fr-FR", "it-IT", "ko-KR", "nl-NL", "pl-PL", "pt-PT", "ru-RU",
    "zh-CN",
]  # fmt: skip

_FORM = "the path, the text, its English translation and the intent"
_PLACES = {"filepath": 0, "text_asr": 1, "intent": 3}
"""Where the columns stand whose names are known; that of the translation is not."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Minds14Corpus(Speakerless):
    """Requests in one locale; nobody says who speaks, and the texts are another recognizer's.

    Attributes:
        locale: whose recordings to use.
    """

    locale: Locale = "en-US"
    corpus: ClassVar[str] = "minds14"
    layout: ClassVar[str] = (
        "text/en-US.csv, ... and audio/en-US~ADDRESS/response_1.wav, ... (text.zip and audio.zip, unpacked)"
    )

    @classmethod
    def fits(cls, folder: Path) -> bool:
        """Whether there is the table of a locale, in a folder of its own or beside the recordings."""
        return any(_tables(folder, locale) for locale in get_args(Locale))

    def rows(self, folder: Path) -> Iterator[Row]:
        """A row per row of the locale's table, in its order."""
        found = _tables(folder, self.locale)
        if not found:
            there = [locale for locale in get_args(Locale) if _tables(folder, locale)]
            raise InputError(
                f"{folder}: found no table of corpus.locale={self.locale}; accepted here: {', '.join(there)}"
            )
        base = "audio/" if (folder / "audio").is_dir() else ""
        for path, text, _, intent in _cells(found[0]):
            name = path.strip().removeprefix("./")
            yield {
                "path": f"{base}{name}" if name else "",
                "utterance_id": name.removesuffix(".wav"),
                "speaker_id": name.removesuffix(".wav"),
                "text": text,
                "language": self.locale,
                "locale": self.locale,
                "intent": intent,
            }

    def _stated(self) -> Card:
        return super()._stated().model_copy(update={"language": self.locale})


def _tables(folder: Path, locale: str) -> list[Path]:
    places = (folder / "text" / f"{locale}.csv", folder / f"{locale}.csv")
    return [place for place in places if place.is_file()]


def _cells(path: Path) -> Iterator[Sequence[str]]:
    # By place, not by name, and with blanks after commas: so the makers' own program reads them.
    lines = csv.reader(io.StringIO(text_of(path), newline=""), skipinitialspace=True, strict=True)
    try:
        rows = [(lines.line_num, cells) for cells in lines if cells]
    except csv.Error as error:
        raise InputError(f"{path}, line {lines.line_num}: {error}") from None
    for number, cells in rows:
        if len(cells) != 4:
            raise InputError(f"{path}, line {number}: found {len(cells)} cells; accepted: {_FORM}")
    names = [name.strip() for name in rows[0][1]] if rows else []
    elsewhere = any(name in names and names.index(name) != place for name, place in _PLACES.items())
    if not names or elsewhere or names[0].endswith(".wav"):
        raise InputError(f"{path}: found the columns {', '.join(names) or 'of no header'}; accepted: {_FORM}")
    yield from (cells for _, cells in rows[1:])
