"""What is trained on: the sound of each utterance as it comes out of the line, and its text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from rich.console import Console

from callgap.alteration import Alteration
from callgap.audio import Signal
from callgap.channel import Channel
from callgap.corpus import Corpus
from callgap.engine import Engine
from callgap.errors import InputError, one_of
from callgap.progress import track
from callgap.records import Status, utterances_schema

_AT_ONCE = 48


@dataclass(frozen=True, eq=False)
class Example:
    """An utterance to be learned.

    Attributes:
        utterance_id: in the corpus.
        speaker_id: who says it.
        text: NFC, single spaces.
        group: of the speaker, where groups are asked for and it is known.
        signal: float32 `[sample]` at the rate that the model listens at.
        duration_s: as it came out of the line.
    """

    utterance_id: str
    speaker_id: str
    text: str
    group: str | None
    signal: Signal
    duration_s: float


@dataclass(frozen=True)
class Dataset:
    """What can be learned of a corpus, in its order.

    Attributes:
        examples: at least one.
        left_out: how many utterances cannot be learned, by reason.
    """

    examples: tuple[Example, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class _Listening:
    """From rows to signals; it can be sent to another process."""

    corpus: Corpus
    alteration: Alteration
    channel: Channel
    sample_rate: int

    def __call__(self, rows: pa.Table) -> list[tuple[str, NDArray[np.float32], float, str]]:
        """By item: utterance, signal, seconds, and why it cannot be used, or nothing."""
        # Arrays, not tensors: of these each would take an open file on its way from one process to another.
        heard = []
        for audio in self.corpus.load(rows):
            line = self.channel.transmit(self.alteration.alter(audio))
            ready = line.resampled(self.sample_rate)
            for place, status in enumerate(ready.statuses):
                fault = "" if status.status is Status.OK else status.reason or status.status.value
                seconds = int(line.lengths[place]) / line.sample_rate
                heard.append((ready.utterance_ids[place], ready.signal(place).numpy().copy(), seconds, fault))
        return heard


def require_audio(corpus: Corpus) -> None:
    """Check that there is something to learn from.

    Raises:
        InputError: the corpus has no audio.
    """
    if not corpus.has_audio:
        raise InputError("corpus: it holds transcripts and no audio, and nobody can learn to hear from these")


def read_dataset(
    corpus: Corpus,
    alteration: Alteration,
    channel: Channel,
    engine: Engine,
    *,
    sample_rate: int,
    longest_s: float,
    attribute: str | None,
    console: Console,
) -> Dataset:
    """Read, alter, transmit and resample a whole corpus into memory (32 kB a second at 8 kHz).

    Args:
        corpus: with audio.
        alteration: of the voices.
        channel: the line.
        engine: does it.
        sample_rate: Hz of the signals.
        longest_s: what lasts longer is left out.
        attribute: column of the groups; None for none.
        console: for progress.

    Returns:
        What can be learned. Left out are faulty rows, empty texts, and recordings so long that they are heard in
        windows, since nobody says which words stand in which.

    Raises:
        InputError: the corpus has no audio, no such column, or nothing that can be learned.
    """
    require_audio(corpus)
    utterances = corpus.utterances()
    known = set(utterances.column_names) - set(utterances_schema([]).names)
    if attribute and attribute not in known:
        raise InputError(f"holdout.attribute: the corpus has no column {attribute!r}; {one_of(attribute, known)}")
    usable = utterances.filter(pc.is_null(utterances["fault"]))
    jobs = [usable.slice(begin, _AT_ONCE) for begin in range(0, len(usable), _AT_ONCE)]
    stage = _Listening(corpus, alteration, channel, sample_rate)
    parts = ((len({item[0] for item in part}), part) for part in engine.map(stage, jobs))
    heard = [item for part in track(parts, len(usable), "reading", console) for item in part]
    left_out = Counter({"fault": len(utterances) - len(usable)})
    windows = Counter(item[0] for item in heard)
    signals = {utterance: (signal, seconds, fault) for utterance, signal, seconds, fault in heard}
    examples = []
    for row in usable.to_pylist():
        signal, seconds, fault = signals[row["utterance_id"]]
        text = _text(row["text"])
        why = fault or _unfit(text, seconds, windows[row["utterance_id"]], longest_s)
        if why:
            left_out[why] += 1
            continue
        group = row[attribute] if attribute else None
        examples.append(Example(row["utterance_id"], row["speaker_id"], text, group, torch.from_numpy(signal), seconds))
    counted = {reason: count for reason, count in sorted(left_out.items()) if count}
    if not examples:
        found = ", ".join(f"{count} {reason}" for reason, count in counted.items()) or "no utterance"
        raise InputError(f"corpus: nothing of it can be learned, found {found}; needed are recordings with texts")
    return Dataset(tuple(examples), counted)


def _text(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def _unfit(text: str, seconds: float, windows: int, longest_s: float) -> str:
    if not text:
        return "empty_text"
    return "too_long" if windows > 1 or seconds > longest_s else ""
