"""The part of a run that hears: corpus, alteration, channel and recognizer, one batch at a time."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import torch

from callgap.alteration import Alteration
from callgap.audio import AudioBatch, batch_of
from callgap.channel import Channel
from callgap.corpus import Corpus
from callgap.fairness.covariates import Covariates, measure, merged
from callgap.recognizer import Hypothesis, Recognizer
from callgap.records import COVARIATES, HYPOTHESES, OK, TIMINGS, Context, Grammar, ItemStatus, Status, table
from callgap.run_directory import Part

_NO_AUDIO_RATE = 16000


@dataclass(frozen=True)
class Job:
    """Utterances to be recognized with one grammar.

    Attributes:
        utterances: rows of the table `utterances`.
        grammar_id: of the grammar; one that is not among the grammars means open speech.
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
        """Hear one batch; a row with a fault is excluded unheard."""
        usable = job.utterances.filter(pc.is_null(job.utterances["fault"]))
        measured: dict[str, list[Covariates]] = defaultdict(list)
        heard: dict[str, list[Hypothesis]] = defaultdict(list)
        unheard: dict[str, ItemStatus] = {}
        for audio in self.corpus.load(usable) if self.corpus.has_audio else ():
            if job.measure:
                _measure(audio, usable, measured)
            if self.recognizer.hears:
                self._hear(audio, job.grammar_id, heard)
            else:
                unheard |= _unheard(audio)
        if not self.recognizer.hears:
            # Whatever has stored texts, a recording that nobody can hear is excluded.
            self._hear(_silence(usable, unheard), job.grammar_id, heard)
        rows = job.utterances.select(["utterance_id", "text", "duration_s", "fault"]).to_pylist()
        found = {row["utterance_id"]: _whole(row, heard) for row in rows}
        covariates = [self._covariates(row, measured) for row in rows] if job.measure else []
        return Part(_hypotheses(found, job.grammar_id), _timings(found, job.grammar_id), table(covariates, COVARIATES))

    def _hear(self, audio: AudioBatch, grammar_id: str, heard: dict[str, list[Hypothesis]]) -> None:
        line = self.channel.transmit(self.alteration.alter(audio))
        found = self.recognizer.transcribe(line, Context(self.language, self.grammars.get(grammar_id)))
        for utterance, hypothesis in zip(found.utterance_ids, found.hypotheses, strict=True):
            heard[utterance].append(hypothesis)

    def _covariates(self, row: Mapping[str, Any], measured: Mapping[str, Sequence[Covariates]]) -> dict[str, object]:
        if found := measured.get(row["utterance_id"]):
            values: dict[str, object] = {**merged(found), "speech_condition": self.corpus.card.speech_condition}
        else:
            # Stored transcripts: what the corpus says, or nothing.
            values = {"duration_s": row["duration_s"]}
        return {"utterance_id": row["utterance_id"], **values}


def _unheard(audio: AudioBatch) -> dict[str, ItemStatus]:
    items = zip(audio.utterance_ids, audio.statuses, strict=True)
    return {utterance: status for utterance, status in items if status.status is not Status.OK}


def _silence(utterances: pa.Table, unheard: Mapping[str, ItemStatus]) -> AudioBatch:
    ids = utterances["utterance_id"].to_pylist()
    statuses = [unheard.get(utterance, OK) for utterance in ids]
    return batch_of([torch.zeros(0)] * len(ids), _NO_AUDIO_RATE, ids, statuses)


def _measure(audio: AudioBatch, utterances: pa.Table, measured: dict[str, list[Covariates]]) -> None:
    texts = dict(zip(utterances["utterance_id"].to_pylist(), utterances["text"].to_pylist(), strict=True))
    for index, utterance in enumerate(audio.utterance_ids):
        if audio.statuses[index].status is Status.OK:
            words = len((texts[utterance] or "").split())
            measured[utterance].append(measure(audio.signal(index).cpu().numpy(), audio.sample_rate, words))


def _whole(row: Mapping[str, Any], heard: Mapping[str, Sequence[Hypothesis]]) -> Hypothesis:
    if row["fault"]:
        return Hypothesis(None, ItemStatus(Status.EXCLUDED, row["fault"]))
    return joined(heard[row["utterance_id"]])


def joined(windows: Sequence[Hypothesis]) -> Hypothesis:
    """The hypothesis of a recording from those of its windows.

    Args:
        windows: in order, at least one.

    Returns:
        The only one; or the texts joined by spaces, without confidence and alternatives, which no recognizer states of
        the whole; or the first status that is not ok, since a text with a hole is no text of the recording.
    """
    if len(windows) == 1:
        return windows[0]
    seconds = sum(window.latency_s for window in windows)
    for window in windows:
        if window.status.status is not Status.OK:
            return Hypothesis(None, window.status, latency_s=seconds)
    text = " ".join(window.text for window in windows if window.text)
    status = ItemStatus(Status.OK, None if text else windows[0].status.reason)
    return Hypothesis(text, status, latency_s=seconds)


def _hypotheses(found: Mapping[str, Hypothesis], grammar_id: str) -> pa.Table:
    rows: list[dict[str, object]] = [
        {
            "utterance_id": utterance,
            "grammar_id": grammar_id,
            "text": hypothesis.text,
            "error_rate": hypothesis.error_rate,
            "confidence": hypothesis.confidence,
            "n_best": list(hypothesis.n_best),
            "status": hypothesis.status.status.value,
            "reason": hypothesis.status.reason,
        }
        for utterance, hypothesis in found.items()
    ]
    return table(rows, HYPOTHESES)


def _timings(found: Mapping[str, Hypothesis], grammar_id: str) -> pa.Table:
    worker = str(os.getpid())
    rows: list[dict[str, object]] = [
        {
            "utterance_id": utterance,
            "grammar_id": grammar_id,
            "latency_s": hypothesis.latency_s,
            "attempt": 1,
            "worker": worker,
        }
        for utterance, hypothesis in found.items()
    ]
    return table(rows, TIMINGS)
