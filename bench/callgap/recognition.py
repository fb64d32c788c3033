"""The part of a run that hears: corpus, alteration, channel and recognizer, one batch at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from callgap.alteration import Alteration
from callgap.audio import AudioBatch
from callgap.channel import Channel
from callgap.corpus import Corpus
from callgap.fairness.covariates import measure
from callgap.recognizer import Recognizer, Transcription
from callgap.records import COVARIATES, HYPOTHESES, TIMINGS, Context, Grammar, Status, table
from callgap.run_directory import Part


@dataclass(frozen=True)
class Job:
    """Utterances to be recognized with one grammar.

    Attributes:
        utterances: rows of the table `utterances`.
        grammar_id: of the grammar.
        measure: whether the recordings are measured too; once per utterance is enough.
    """

    utterances: pa.Table
    grammar_id: str
    measure: bool


@dataclass(frozen=True)
class Recognition:
    """From utterances to hypotheses; it can be sent to another process."""

    corpus: Corpus
    alteration: Alteration
    channel: Channel
    recognizer: Recognizer
    grammars: Mapping[str, Grammar]
    language: str

    def __call__(self, job: Job) -> Part:
        """Hear one batch."""
        audio = self.corpus.load(job.utterances)
        covariates = self._measured(audio, job.utterances) if job.measure else COVARIATES.empty_table()
        line = self.channel.transmit(self.alteration.alter(audio))
        found = self.recognizer.transcribe(line, Context(self.language, self.grammars[job.grammar_id]))
        return Part(_hypotheses(found, job.grammar_id), _timings(found, job.grammar_id), covariates)

    def _measured(self, audio: AudioBatch, utterances: pa.Table) -> pa.Table:
        rows: list[dict[str, object]] = []
        for index, text in enumerate(utterances["text"].to_pylist()):
            row: dict[str, object] = {"utterance_id": audio.utterance_ids[index]}
            if audio.statuses[index].status is Status.OK:
                row |= measure(audio.signal(index).cpu().numpy(), audio.sample_rate, len((text or "").split()))
                row["speech_condition"] = self.corpus.card.speech_condition
            rows.append(row)
        return table(rows, COVARIATES)


def _hypotheses(found: Transcription, grammar_id: str) -> pa.Table:
    rows: list[dict[str, object]] = [
        {
            "utterance_id": utterance,
            "grammar_id": grammar_id,
            "text": hypothesis.text,
            "confidence": hypothesis.confidence,
            "n_best": list(hypothesis.n_best),
            "status": hypothesis.status.status.value,
            "reason": hypothesis.status.reason,
        }
        for utterance, hypothesis in zip(found.utterance_ids, found.hypotheses, strict=True)
    ]
    return table(rows, HYPOTHESES)


def _timings(found: Transcription, grammar_id: str) -> pa.Table:
    rows: list[dict[str, object]] = [
        {
            "utterance_id": utterance,
            "grammar_id": grammar_id,
            "latency_s": hypothesis.latency_s,
            "attempt": 1,
            "worker": str(os.getpid()),
        }
        for utterance, hypothesis in zip(found.utterance_ids, found.hypotheses, strict=True)
    ]
    return table(rows, TIMINGS)
