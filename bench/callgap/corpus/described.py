"""What every corpus of a user's own data shares: its card and groups, and recordings that are read piece by piece."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import pyarrow as pa
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.corpus.accent_labels import with_varieties
from callgap.corpus.ahead import items_ahead, threads
from callgap.corpus.card import Card, require_language
from callgap.corpus.files import Item, excluded, items_of, read_batches, sha256_of
from callgap.corpus.grouping import Grouping, bare_card, card_from
from callgap.corpus.index import indexed
from callgap.corpus.rows import Defaults, Source, utterances_of
from callgap.corpus.selection import drawn, kept
from callgap.corpus.sound import Extract
from callgap.errors import InputError

STRICT = ConfigDict(extra="forbid")
_ROWS = 1024
UNKNOWN_CELLS = ("", "NA", "N/A", "nan", "unknown")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Described(ABC):
    """A table of utterances whose groups a card, or the configuration, declares.

    Attributes:
        card_at: (`card` in the configuration) a card, its file, or the name of a folder of datasets/; None for
            `card.yaml` beside the data if it is there.
        groups: columns to group by; None for the attributes of the card.
        references: by attribute, the group that the others are compared with; it overrides the card's.
        bands: by column, ascending limits: `{age: [18, 40]}` makes the attribute `age_band` with the groups
            `under 18`, `18-39` and `40 and over`.
        taxonomy: a column with labels of accents; what each states by itself can be grouped by too, in the columns
            `<column>_language`, `<column>_country` and `<column>_first_language` (datasets/accents.yaml).
        language: BCP 47 tag; None for the card's, or else en-US.
        unknown: cells that state nothing.
        only: by column, the groups that are kept: `{age_band: [18 and over]}`; all others are left out, as if they
            were not in the data.
        most_per_speaker: utterances that are kept of each speaker, drawn by their ids; None keeps all.
        strict: end the run where an utterance cannot be used.
    """

    card_at: Path | Card | None = Field(default=None, validation_alias="card")
    groups: tuple[str, ...] | None = None
    references: Mapping[str, str] = Field(default_factory=dict)
    bands: Mapping[str, Annotated[tuple[float, ...], Field(min_length=1)]] = Field(default_factory=dict)
    taxonomy: str | None = None
    language: str | None = None
    unknown: tuple[str, ...] = UNKNOWN_CELLS
    only: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)
    most_per_speaker: Annotated[int, Field(ge=1)] | None = None
    strict: bool = False

    @model_validator(mode="after")
    def _checked(self) -> Self:
        for column, limits in self.bands.items():
            if list(limits) != sorted(set(limits)):
                raise ValueError(f"bands.{column}: found {list(limits)}; accepted: ascending numbers")
        if self.language is not None:
            try:
                require_language(self.language)
            except ValueError as error:
                raise ValueError(f"language: {error}") from None
        return self

    def __getstate__(self) -> dict[str, Any]:
        # What was read before is read again in another process, not sent there.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def card(self) -> Card:
        """What is known of the recordings."""
        stated = self._stated()
        part = "; ".join(f"{column}: {', '.join(groups)}" for column, groups in self.only.items())
        known = {"language": self.language or stated.language}
        if part:
            known["may_conclude"] = f"{stated.may_conclude} Here only a part of it was heard ({part})."
        return self._grouping.card(stated.model_copy(update=known))

    def utterances(self) -> pa.Table:
        """The table `utterances`, in the order of the data.

        Raises:
            InputError: the data cannot be read, or nothing in it can be grouped by.
        """
        return self._utterances

    def revision(self) -> str:
        """The card's, or `not stated`."""
        return self.card.revision

    @property
    @abstractmethod
    def source(self) -> Source:
        """The user's table, as it was read."""

    @cached_property
    def labeled(self) -> Source:
        """The user's table, with what labels of accents state beside them."""
        source = self.source
        if self.taxonomy is None:
            return source
        return replace(source, cells=with_varieties(source.cells, self.taxonomy, source.name))

    @abstractmethod
    def _title(self) -> str:
        """What a bare card calls the corpus."""

    @property
    def is_carded(self) -> bool:
        """Whether there is a card: a given one, or one beside the data."""
        return (self.card_at is not None and self.groups is None) or self.card_beside() is not None

    def card_beside(self) -> Path | None:
        """The file `card.yaml` beside the data, if it is there."""
        place = self._beside()
        return place if place is not None and place.is_file() else None

    def _beside(self) -> Path | None:
        return None

    def _stated(self) -> Card:
        if isinstance(self.card_at, Card):
            return self.card_at
        place = self.card_at or self.card_beside()
        return card_from(place) if place else bare_card(self._title())

    def _defaults(self) -> Defaults:
        return Defaults(self.card.language, self.card.text_source, self.card.sample_rate)

    @property
    def _grouping(self) -> Grouping:
        return Grouping(self.groups, self.references, self.bands, self.unknown, self.taxonomy)

    @cached_property
    def _utterances(self) -> pa.Table:
        stated = {**self.__getstate__(), "card_at": self.card.model_dump(), "class": type(self).__name__}
        return indexed(self._files(), stated, self._listed)

    def _files(self) -> Sequence[Path]:
        """All that the table is read from, where it may be kept in an index."""
        return ()

    def _listed(self) -> pa.Table:
        rows = utterances_of(self.labeled, self.card, self._grouping, self._defaults())
        return drawn(kept(rows, self.only), self.most_per_speaker)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recorded(Described):
    """Utterances that can be heard.

    Attributes:
        sample_rate: Hz that everything is converted to.
        audio_channel: from 0, where recordings have several and the row does not say which.
        window_s: longest item in seconds; what is longer is cut at silences.
    """

    sample_rate: Annotated[int, Field(ge=8000, le=192_000)] = 16000
    audio_channel: Annotated[int, Field(ge=0, lt=1024)] | None = None
    window_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    has_audio: ClassVar[bool] = True

    def load(self, utterances: pa.Table) -> Iterator[AudioBatch]:
        """The audio of some utterances, at most ten minutes at a time, read ahead on all cores."""
        items = items_ahead(rows_of(utterances), self._items, threads())
        yield from read_batches(items, self.sample_rate)

    def fingerprint(self) -> str:
        """SHA-256 over the rows and the bytes of their recordings, wherever these lie."""
        digest = hashlib.sha256()
        for row in rows_of(self.utterances()):
            sound = self._digest(row)
            digest.update(json.dumps({**row, "audio": sound}, sort_keys=True).encode())
        return digest.hexdigest()

    def _defaults(self) -> Defaults:
        return replace(super()._defaults(), sample_rate=self.sample_rate, audio_channel=self.audio_channel)

    def _items(self, row: Mapping[str, Any]) -> Iterator[Item]:
        if row["fault"]:
            yield excluded(row["utterance_id"], row["fault"])
        else:
            place = (row["audio_channel"], row["audio_begin_s"], row["audio_end_s"])
            yield from items_of(row["utterance_id"], Extract(self._sound(row), *place), self.sample_rate, self.window_s)

    def _sound(self, row: Mapping[str, Any]) -> Path | bytes:
        return Path(row["audio"])

    def _digest(self, row: Mapping[str, Any]) -> str | None:
        if row["audio"] is None:
            return None
        if row["audio"] not in self._digests:
            try:
                self._digests[row["audio"]] = sha256_of(Path(row["audio"]))
            except (OSError, ValueError):
                self._digests[row["audio"]] = None
        return self._digests[row["audio"]]

    @cached_property
    def _digests(self) -> dict[str, str | None]:
        return {}


def rows_of(utterances: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table, in memory that does not grow with it."""
    for batch in utterances.to_batches(max_chunksize=_ROWS):
        yield from batch.to_pylist()


def located(key: str, given: Path | None, place: str | None) -> Path:
    """Where data lies.

    Args:
        key: of the configuration.
        given: by the user.
        place: path below `$CALLGAP_DATA` and `../shared/data` to look for where nothing is given.

    Returns:
        The path.

    Raises:
        InputError: nothing is given, and nothing is there.
    """
    if given is not None:
        return given
    if place is None:
        raise InputError(f"{key}: found nothing; accepted: a path")
    bases = [Path(os.environ["CALLGAP_DATA"])] if "CALLGAP_DATA" in os.environ else []
    places = [base / place for base in [*bases, Path("../shared/data")]]
    for found in places:
        if found.exists():
            return found.resolve()
    raise InputError(
        f"corpus finds no data in {' or '.join(map(str, places))}: give {key}=PATH, or set CALLGAP_DATA to the folder "
        f"that holds {place}"
    )
