"""`callgap corpus stats`: who speaks how long, how well they were recorded, and whether groups said the same."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from callgap.corpus import Corpus
from callgap.corpus.accent_labels import unknown_labels
from callgap.corpus.described import Described, rows_of
from callgap.fairness import membership
from callgap.fairness.covariates import Covariates, measure, merged
from callgap.records import Status

Heard = Callable[[int], object]


@dataclass(frozen=True)
class GroupFacts:
    """What is known of the recordings of a group; None where nothing could be measured.

    Attributes:
        attribute: what speakers are grouped by.
        group: the group.
        speakers: of the utterances that can be used.
        utterances: that can be used.
        minutes: of them.
        snr_db_q10: signal-to-noise ratio of its utterances, a rank within the corpus: the quantile 0.1.
        snr_db: the median.
        snr_db_q90: the quantile 0.9.
        bandwidth_hz_q10: below which 99 % of an utterance's energy lies, likewise.
        bandwidth_hz: the median.
        bandwidth_hz_q90: the quantile 0.9.
        shared_prompts: share of its utterances whose prompt, or text, another group of the attribute also says.
    """

    attribute: str
    group: str
    speakers: int
    utterances: int
    minutes: float | None
    snr_db_q10: float | None
    snr_db: float | None
    snr_db_q90: float | None
    bandwidth_hz_q10: float | None
    bandwidth_hz: float | None
    bandwidth_hz_q90: float | None
    shared_prompts: float | None


@dataclass(frozen=True)
class CorpusFacts:
    """What is known of a corpus.

    Attributes:
        title: of its card.
        revision: of its data.
        utterances: of its table.
        excluded: by reason, how many of them cannot be used.
        groups: by attribute and size.
        unknown_labels: of accents, which the taxonomy does not know; None where no taxonomy is used.
        read_as: the experiment, and which part of the corpus; empty where there is nothing to choose.
    """

    title: str
    revision: str
    utterances: int
    excluded: Mapping[str, int]
    groups: Sequence[GroupFacts]
    unknown_labels: Sequence[str] | None
    read_as: str = ""

    @property
    def is_heard(self) -> bool:
        """Whether anything was measured on recordings."""
        return any(group.snr_db is not None for group in self.groups)


@dataclass(frozen=True)
class _Heard:
    """By utterance id, its seconds and what was measured; and why it is excluded."""

    seconds: Mapping[str, float]
    measured: Mapping[str, Covariates]
    reasons: Mapping[str, str]


def describe(corpus: Corpus, heard: Heard = lambda items: None) -> CorpusFacts:
    """Read a corpus from beginning to end, and measure its recordings.

    Args:
        corpus: with audio or without; then minutes are those that its table states.
        heard: is told after each batch how many items were read.

    Returns:
        What was found.

    Raises:
        InputError: its tables cannot be read.
    """
    table = corpus.utterances()
    listened = _listened(corpus, table, heard) if corpus.has_audio else _stated(table)
    usable = table.filter(pa.array([u not in listened.reasons for u in table["utterance_id"].to_pylist()]))
    labels = None
    if isinstance(corpus, Described) and corpus.taxonomy is not None:
        labels = unknown_labels(corpus.source.cells[corpus.taxonomy].to_pylist())
    attributes = corpus.card.attributes.items()
    groups = [facts for name, of in attributes for facts in _groups(name, usable, listened, of_person=of.of_person)]
    reasons = dict(Counter(listened.reasons.values()).most_common())
    return CorpusFacts(corpus.card.title, corpus.revision(), len(table), reasons, groups, labels)


def _listened(corpus: Corpus, table: pa.Table, heard: Heard) -> _Heard:
    words = {row["utterance_id"]: len((row["text"] or "").split()) for row in rows_of(table)}
    seconds: dict[str, float] = defaultdict(float)
    windows: dict[str, list[Covariates]] = defaultdict(list)
    reasons: dict[str, str] = {}
    for batch in corpus.load(table):
        for index, utterance in enumerate(batch.utterance_ids):
            status = batch.statuses[index]
            if status.status is Status.OK:
                found = measure(batch.signal(index).numpy(), batch.sample_rate, words[utterance])
                seconds[utterance] += found["duration_s"]
                windows[utterance].append(found)
            else:
                reasons[utterance] = str(status.reason)
        heard(len(batch))
    return _Heard(seconds, {utterance: merged(found) for utterance, found in windows.items()}, reasons)


def _stated(table: pa.Table) -> _Heard:
    rows = table.select(["utterance_id", "duration_s", "fault"]).to_pylist()
    seconds = {row["utterance_id"]: row["duration_s"] for row in rows if row["duration_s"] is not None}
    return _Heard(seconds, {}, {row["utterance_id"]: row["fault"] for row in rows if row["fault"]})


def _groups(attribute: str, usable: pa.Table, heard: _Heard, *, of_person: bool) -> Iterator[GroupFacts]:
    of = membership(usable, attribute)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(usable.select(["utterance_id", "speaker_id", "prompt_id", "text", attribute])):
        # A condition may change from one utterance of a speaker to the next; a person who does is contradictory.
        known = of[row["speaker_id"]]
        rows[known if of_person else row[attribute] or known].append(row)
    prompts = {group: {_prompt(row) for row in own} for group, own in rows.items()}
    for group, own in sorted(rows.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        others = set().union(*(said for name, said in prompts.items() if name != group))
        yield _facts(attribute, group, own, others, heard)


def _facts(
    attribute: str, group: str, rows: Sequence[Mapping[str, Any]], others: set[str], heard: _Heard
) -> GroupFacts:
    measured = [heard.measured[row["utterance_id"]] for row in rows if row["utterance_id"] in heard.measured]
    seconds = [heard.seconds[row["utterance_id"]] for row in rows if row["utterance_id"] in heard.seconds]
    said = [_prompt(row) for row in rows]
    return GroupFacts(
        attribute,
        group,
        len({row["speaker_id"] for row in rows}),
        len(rows),
        sum(seconds) / 60 if seconds else None,
        *_quantiles([one["snr_db"] for one in measured]),
        *_quantiles([one["bandwidth_hz"] for one in measured]),
        sum(prompt in others for prompt in said) / len(said) if any(said) else None,
    )


def _prompt(row: Mapping[str, Any]) -> str:
    return str(row["prompt_id"] or " ".join((row["text"] or "").lower().split()))


def _quantiles(values: Sequence[float | None]) -> tuple[float | None, float | None, float | None]:
    known = [value for value in values if value is not None]
    if not known:
        return None, None, None
    low, middle, high = (float(value) for value in np.quantile(known, (0.1, 0.5, 0.9)))
    return low, middle, high


def write_csv(facts: CorpusFacts, path: Path) -> None:
    """Write the groups as a table, one row each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([field.name for field in fields(GroupFacts)])
        for group in facts.groups:
            table.writerow([_cell(getattr(group, field.name)) for field in fields(GroupFacts)])


def _cell(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
