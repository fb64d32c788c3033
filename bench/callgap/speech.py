"""What is heard of a corpus once an alteration has changed it, and what is measured on the way."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from callgap.alteration import Alteration
from callgap.audio import AudioBatch
from callgap.corpus import Corpus
from callgap.fairness.covariates import Covariates, measure, merged
from callgap.records import Status
from callgap.voice import Measures, joined

Row = dict[str, object]

UNMEASURED = Measures()


@dataclass(frozen=True)
class Noted:
    """What was found out on the way, by utterance.

    Attributes:
        covariates: of the unaltered recording, window by window.
        voices: rows of the table `voices`, window by window.
        altered_s: seconds of computing that the alteration took; those of a batch are shared by length.
    """

    covariates: defaultdict[str, list[Covariates]] = field(default_factory=lambda: defaultdict(list))
    voices: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    altered_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def covariates_of(self, row: Mapping[str, Any], corpus: Corpus) -> Row:
        """The row of `covariates` of an utterance.

        Args:
            row: with `utterance_id` and `duration_s`.
            corpus: that it is from.

        Returns:
            What was measured; of stored transcripts, what the corpus says, or nothing.
        """
        if found := self.covariates.get(row["utterance_id"]):
            values: Row = {**merged(found), "speech_condition": corpus.card.speech_condition}
        else:
            values = {"duration_s": row["duration_s"]}
        return {"utterance_id": row["utterance_id"], **values}

    def voice_of(self, row: Mapping[str, Any]) -> Row:
        """The row of `voices` of an utterance.

        Args:
            row: with `utterance_id` and `fault`.

        Returns:
            What was measured; of a row with a fault, that it was not heard.
        """
        if found := self.voices.get(row["utterance_id"]):
            return joined(found)[0]
        return {"utterance_id": row["utterance_id"], "status": Status.EXCLUDED.value, "reason": row["fault"]}


@dataclass(frozen=True)
class Speech:
    """A corpus, altered; it can be sent to another process.

    Attributes:
        corpus: whose recordings.
        alteration: of the voices.
        voice: what is measured of them.
    """

    corpus: Corpus
    alteration: Alteration
    voice: Measures = UNMEASURED

    def altered(self, rows: pa.Table, noted: Noted, *, measured: bool) -> Iterator[AudioBatch]:
        """Read and alter recordings.

        Args:
            rows: of the table `utterances`, none with a fault.
            noted: what is found out is added to it.
            measured: whether recordings and voices are measured; else only how long the alteration takes.

        Yields:
            Every window of every recording.
        """
        words = _words(rows)
        for audio in self.corpus.load(rows):
            if measured:
                _measure(audio, words, noted)
            begin = time.perf_counter()
            after = self.alteration.alter(audio)
            _share(time.perf_counter() - begin, audio, noted)
            after = self.voice.checked(audio, after)
            if measured and self.voice.wanted:
                for row in self.voice.rows(audio, after, {u: count for u, count in words.items() if count}):
                    noted.voices[str(row["utterance_id"])].append(row)
            yield after


def _words(rows: pa.Table) -> dict[str, int]:
    texts = zip(rows["utterance_id"].to_pylist(), rows["text"].to_pylist(), strict=True)
    return {utterance: len((text or "").split()) for utterance, text in texts}


def _measure(audio: AudioBatch, words: Mapping[str, int], noted: Noted) -> None:
    for index, utterance in enumerate(audio.utterance_ids):
        if audio.statuses[index].status is Status.OK:
            signal = audio.signal(index).cpu().numpy()
            noted.covariates[utterance].append(measure(signal, audio.sample_rate, words[utterance]))


def _share(seconds: float, audio: AudioBatch, noted: Noted) -> None:
    lengths: Sequence[int] = audio.lengths.tolist()
    total = sum(lengths)
    for utterance, length in zip(audio.utterance_ids, lengths, strict=True):
        noted.altered_s[utterance] += seconds * length / total if total else 0.0
