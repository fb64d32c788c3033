"""Reads a corpus from beginning to end, every recording of it, and says whether a run can use it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callgap.audio import AudioBatch
from callgap.corpus.base import Corpus, KnowsFaults
from callgap.corpus.card import Attribute
from callgap.corpus.described import rows_of
from callgap.corpus.folder import FolderCorpus
from callgap.corpus.grouping import bare_card, unfilled_fields
from callgap.corpus.kaldi import KaldiCorpus, is_kaldi
from callgap.corpus.rows import UNKNOWN_SPEAKER
from callgap.errors import InputError
from callgap.records import Status

_MANIFESTS = tuple(f"manifest{ending}" for ending in (".csv", ".tsv", ".jsonl", ".parquet"))
_SHOWN = 3
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192_000)
_ROUNDED = 0.005
_MOST_GROUPS = 50

Row = Mapping[str, Any]
Heard = Callable[[int], object]


@dataclass(frozen=True)
class Checked:
    """What a corpus holds.

    Attributes:
        rows: of the table `utterances`.
        reasons: by utterance id, why it is excluded.
        seconds: by utterance id, how long it is, where it was heard.
        attributes: that speakers are grouped by.
        references: by attribute, the declared one.
        unfilled: fields of the card that are still to be filled in.
        carded: whether there is a card; without one a run has to be told which columns are groups.
        stated: of `utterances` and `speakers`, how many the card says that there are; None where it does not say.
        known_faults: that the corpus finds in its own data, rows of the table `faults`.
        rates: by Hz, how many recordings that can be used have the rate.
        conditions: those of the attributes that are none of persons: a speaker may be in several of their values.
    """

    rows: Sequence[Row]
    reasons: Mapping[str, str]
    seconds: Mapping[str, float]
    attributes: Sequence[str]
    references: Mapping[str, str | None]
    unfilled: Sequence[str]
    carded: bool = True
    stated: Mapping[str, int | None] = field(default_factory=dict)
    known_faults: Sequence[Mapping[str, object]] = ()
    rates: Mapping[int, int] = field(default_factory=dict)
    conditions: frozenset[str] = frozenset()

    @cached_property
    def faults(self) -> list[str]:
        """Why no run can use the corpus, a sentence each; empty where one can."""
        found = [f"The card's field {field} is still to be filled in." for field in self.unfilled]
        if len(self.reasons) == len(self.rows):
            found.append("No utterance can be used.")
        if not self._is_unjudged and not any(len(self.groups(name)) > 1 for name in self.attributes):
            found.append("No attribute has two groups of speakers to compare.")
        for name, reference in self.references.items():
            if reference is not None and reference not in self.groups(name):
                found.append(f"{name}: no speaker that can be heard belongs to the reference {reference!r}.")
        return found

    @property
    def fit(self) -> bool:
        """Whether a run can use the corpus."""
        return not self.faults

    def groups(self, attribute: str) -> dict[str, list[Row]]:
        """By group, the rows that can be used."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row[attribute] and row["utterance_id"] not in self.reasons:
                found[row[attribute]].append(row)
        return dict(sorted(found.items()))

    def contradictory(self, attribute: str) -> list[str]:
        """The speakers whose rows state several groups; of a condition, nobody."""
        if attribute in self.conditions:
            return []
        found: dict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            found[row["speaker_id"]] |= {row[attribute]} - {None}
        return sorted(speaker for speaker, values in found.items() if len(values) > 1)

    def __rich__(self) -> RenderableType:
        """Everything, for a terminal."""
        tables = [self._groups_table(), *([self._excluded_table()] if self.reasons else [])]
        return Group(*map(Text, self._summary()), *tables, *map(Text, self._end()))

    def _summary(self) -> Iterator[str]:
        speakers = {row["speaker_id"] for row in self.rows} - {UNKNOWN_SPEAKER}
        yield (
            f"{_many(len(self.rows), 'utterance')}{self._spoken(len(speakers))}, "
            f"{sum(self.seconds.values()) / 60:.1f} minutes that can be used; {_many(len(self.reasons), 'utterance')} "
            f"{'is' if len(self.reasons) == 1 else 'are'} excluded"
        )

    def _spoken(self, speakers: int) -> str:
        return "" if self._is_unjudged else f" of {_many(speakers, 'speaker')}"

    @property
    def _is_unjudged(self) -> bool:
        return any(fault["consequence"] == "not judged" for fault in self.known_faults)

    def _groups_table(self) -> Table:
        shown = Table("attribute", "group", "speakers", "utterances", "minutes", box=None, header_style="bold")
        for name in self.attributes:
            for group, rows in self.groups(name).items():
                seconds = sum(self.seconds.get(row["utterance_id"], 0.0) for row in rows)
                speakers = len({row["speaker_id"] for row in rows})
                cells = (name, group, str(speakers), str(len(rows)), f"{seconds / 60:.1f}")
                shown.add_row(*map(Text, cells))
        return shown

    def _excluded_table(self) -> Table:
        shown = Table("excluded for", "utterances", "the first of them", box=None, header_style="bold")
        for reason, count in Counter(self.reasons.values()).most_common():
            places = [
                f"row {place} ({row['utterance_id']})"
                for place, row in enumerate(self.rows, start=1)
                if self.reasons.get(row["utterance_id"]) == reason
            ]
            shown.add_row(Text(reason), Text(str(count)), Text(", ".join(places[:_SHOWN])))
        return shown

    def _people(self) -> Iterator[str]:
        for name in self.attributes:
            if speakers := self.contradictory(name):
                themselves = "contradicts itself" if len(speakers) == 1 else "contradict themselves"
                named = ", ".join(speakers[:_SHOWN])
                yield f"{name}: the table of {_many(len(speakers), 'speaker')} {themselves} ({named})"
            for group, rows in self.groups(name).items():
                if name not in self.conditions and len({row["speaker_id"] for row in rows}) == 1:
                    yield f"{name}: {group} is one speaker; nothing is said of one person"

    def _end(self) -> Iterator[str]:
        yield from self._people()
        yield from self._parts()
        if len(self.rates) > 1:
            counted = ", ".join(f"{rate:,} Hz {count:,}" for rate, count in sorted(self.rates.items()))
            yield f"Recordings have several sample rates ({counted}): groups that differ in them differ in bandwidth."
        for fault in self.known_faults:
            what = "Nothing is judged" if fault["consequence"] == "not judged" else f"It is {fault['consequence']}"
            yield f"{fault['detail']} {what}."
        yield from self.faults
        if not self.fit:
            yield "No run can use this corpus yet."
        elif self.carded:
            yield "A run can use this corpus."
        else:
            groups = ",".join(self.attributes)
            yield f"A run can use this corpus if it is told the groups, for want of a card: corpus.groups=[{groups}]"

    def _parts(self) -> Iterator[str]:
        speakers = {row["speaker_id"] for row in self.rows} - {UNKNOWN_SPEAKER}
        for name, found in (("utterances", len(self.rows)), ("speakers", len(speakers))):
            wanted = self.stated.get(name)
            if wanted is not None and wanted != found:
                yield f"The card states {wanted:,} {name} of the whole corpus; here are {found:,}."


def check_corpus(path: Path, heard: Heard = lambda items: None) -> Checked:
    """Read a user's own corpus as a run does, and all of its audio.

    Args:
        path: a manifest, a folder that holds `manifest.csv`, or a Kaldi data folder.
        heard: is told after each batch how many items were read.

    Returns:
        What was found. Without a card, or with one that is still to be filled in, all columns are groups that have at
        most 50 values.

    Raises:
        InputError: there is no corpus, or its tables or its card cannot be read.
    """
    corpus, unfilled = corpus_at(path)
    return checked(corpus, unfilled, corpus.card_beside() is not None, heard)


def checked(
    corpus: Corpus,
    unfilled: Sequence[str] = (),
    carded: bool = True,
    heard: Heard = lambda items: None,
    attributes: Mapping[str, Attribute] | None = None,
) -> Checked:
    """Read a corpus as a run does, and all of its audio, of which no more is held at once than a run holds.

    Args:
        corpus: with audio.
        unfilled: fields of its card that are still to be filled in.
        carded: whether there is a card.
        heard: is told after each batch how many items were read.
        attributes: that are compared; None takes the card's.

    Returns:
        What was found. Of a corpus without audio, minutes are those that its table states.

    Raises:
        InputError: its tables or its card cannot be read.
    """
    table, found, card = corpus.utterances(), _Recordings(), corpus.card
    if corpus.has_audio:
        for batch in corpus.load(table):
            found.take(batch)
            heard(len(batch))
    else:
        found.read(table)
    compared = card.attributes if attributes is None else attributes
    references = {name: of.reference for name, of in compared.items() if name in table.column_names}
    return Checked(
        table.select(["utterance_id", "speaker_id", *references]).to_pylist(),
        found.reasons,
        found.kept(),
        list(references),
        references,
        unfilled,
        carded,
        {"utterances": card.utterances, "speakers": card.speakers},
        corpus.faults() if isinstance(corpus, KnowsFaults) else (),
        Counter(rate for utterance, rate in found.rates.items() if utterance not in found.reasons),
        frozenset(name for name in references if not compared[name].of_person),
    )


class _Recordings:
    """What was found out of each recording, by utterance id."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.seconds: dict[str, float] = defaultdict(float)
        self.rates: dict[str, int] = {}

    def take(self, batch: AudioBatch) -> None:
        """Add the items of a batch."""
        spans = zip(batch.lengths.tolist(), batch.windows.tolist(), strict=True)
        for utterance, status, span in zip(batch.utterance_ids, batch.statuses, spans, strict=True):
            if status.status is not Status.OK:
                self.reasons[utterance] = str(status.reason)
                continue
            length, (begin, end) = span
            self.seconds[utterance] += length / batch.sample_rate
            self.rates.setdefault(utterance, _rate((end - begin) * batch.sample_rate / length))

    def read(self, table: pa.Table) -> None:
        """Add what the table states of utterances that nobody can hear."""
        for row in rows_of(table.select(["utterance_id", "fault", "duration_s"])):
            if row["fault"]:
                self.reasons[row["utterance_id"]] = row["fault"]
            else:
                self.seconds[row["utterance_id"]] = row["duration_s"] or 0.0

    def kept(self) -> dict[str, float]:
        """How long those are that can be used."""
        return {utterance: length for utterance, length in self.seconds.items() if utterance not in self.reasons}


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _rate(found: float) -> int:
    """The rate of a recording from its length before and after conversion, which rounded it to whole samples."""
    nearest = min(_RATES, key=lambda rate: abs(rate - found))
    return nearest if abs(nearest - found) <= _ROUNDED * nearest else round(found)


def is_described(path: Path) -> bool:
    """Whether a folder holds a manifest, or is a Kaldi data folder."""
    return is_kaldi(path) or any((path / name).is_file() for name in _MANIFESTS)


def corpus_at(path: Path) -> tuple[FolderCorpus | KaldiCorpus, list[str]]:
    """A user's own corpus, and the fields of its card that are still to be filled in.

    Raises:
        InputError: there is none.
    """
    found = _made(path, {})
    card = found.card_beside()
    unfilled = unfilled_fields(card) if card else []
    if card and not unfilled:
        return found, []
    columns = found.source.candidates
    few = tuple(name for name in columns if len(set(found.source.cells[name].to_pylist())) <= _MOST_GROUPS)
    return _made(path, {"card": bare_card(path.stem), "groups": few}), unfilled


def _made(path: Path, options: Mapping[str, Any]) -> FolderCorpus | KaldiCorpus:
    if path.is_dir():
        for name in _MANIFESTS:
            if (path / name).is_file():
                return FolderCorpus(manifest=path / name, **options)
        if is_kaldi(path):
            return KaldiCorpus(root=path, **options)
        raise InputError(
            f"{path} is no corpus: found neither manifest.csv nor wav.scp, text and utt2spk; begin one with "
            f"callgap corpus init {path}"
        )
    return FolderCorpus(manifest=path, **options)
