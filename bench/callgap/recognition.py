"""The part of a run that hears: speech as an alteration left it, channel and recognizer, one batch at a time."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import torch

from callgap.audio import AudioBatch, batch_of
from callgap.channel import Channel
from callgap.recognizer import Hypothesis, Recognizer
from callgap.records import COVARIATES, HYPOTHESES, OK, TIMINGS, Context, Grammar, ItemStatus, Status, table
from callgap.run_directory import Part
from callgap.speech import Noted, Row, Speech
from callgap.voice_records import VOICES

_NO_AUDIO_RATE = 16000


@dataclass(frozen=True)
class Job:
    """Utterances to be recognized with one grammar.

    Attributes:
        utterances: rows of the table `utterances`.
        grammar_id: of the grammar; one that is not among the grammars means open speech.
        measure: whether recordings and voices are measured too; once per utterance is enough.
    """

    utterances: pa.Table
    grammar_id: str
    measure: bool


@dataclass(frozen=True)
class Recognition:
    """From utterances to hypotheses; it can be sent to another process."""

    speech: Speech
    channel: Channel
    recognizer: Recognizer
    grammars: Mapping[str, Grammar]
    language: str

    def __call__(self, job: Job) -> Part:
        """Hear one batch; a row with a fault is excluded unheard."""
        usable, corpus = usable_rows(job), self.speech.corpus
        noted = Noted()
        heard: dict[str, list[Hypothesis]] = defaultdict(list)
        unheard: dict[str, ItemStatus] = {}
        audio_s = 0.0
        for audio in self.speech.altered(usable, noted, measured=job.measure) if corpus.has_audio else ():
            if self.recognizer.hears:
                audio_s += self._hear(audio, job.grammar_id, heard)
            else:
                unheard |= _unheard(audio)
        if not self.recognizer.hears:
            # Whatever has stored texts, a recording that nobody can hear is excluded.
            self._hear(_silence(usable, unheard), job.grammar_id, heard)
        rows = job.utterances.select(["utterance_id", "duration_s", "fault"]).to_pylist()
        found = {row["utterance_id"]: whole(row["fault"], heard[row["utterance_id"]]) for row in rows}
        measured = rows if job.measure else []
        return part_of(
            found,
            job.grammar_id,
            [noted.covariates_of(row, corpus) for row in measured],
            [noted.voice_of(row) for row in measured] if self.speech.voice.wanted else [],
            noted.altered_s,
            audio_s,
        )

    def context(self, grammar_id: str) -> Context:
        """What the recognizer is told of jobs with a grammar."""
        return Context(self.language, self.grammars.get(grammar_id))

    def _hear(self, audio: AudioBatch, grammar_id: str, heard: dict[str, list[Hypothesis]]) -> float:
        line = self.channel.transmit(audio)
        found = self.recognizer.transcribe(line, self.context(grammar_id))
        for utterance, hypothesis in zip(found.utterance_ids, found.hypotheses, strict=True):
            heard[utterance].append(hypothesis)
        return float(line.lengths.sum()) / line.sample_rate


def usable_rows(job: Job) -> pa.Table:
    """The utterances of a job that have no fault."""
    return job.utterances.filter(pc.is_null(job.utterances["fault"]))


def part_of(
    found: Mapping[str, Hypothesis],
    grammar_id: str,
    covariates: Sequence[Row],
    voices: Sequence[Row],
    altered_s: Mapping[str, float],
    audio_s: float,
) -> Part:
    """What is kept of some utterances.

    Args:
        found: by utterance, what was understood.
        grammar_id: with which grammar.
        covariates: rows of `covariates`, of some of them.
        voices: rows of `voices`, of some of them.
        altered_s: by utterance, seconds of computing that the alteration took.
        audio_s: seconds of sound that the recognizer was given.
    """
    return Part(
        _hypotheses(found, grammar_id),
        _timings(found, grammar_id, altered_s),
        table(covariates, COVARIATES),
        table(voices, VOICES),
        audio_s,
    )


def _unheard(audio: AudioBatch) -> dict[str, ItemStatus]:
    items = zip(audio.utterance_ids, audio.statuses, strict=True)
    return {utterance: status for utterance, status in items if status.status is not Status.OK}


def _silence(utterances: pa.Table, unheard: Mapping[str, ItemStatus]) -> AudioBatch:
    ids = utterances["utterance_id"].to_pylist()
    statuses = [unheard.get(utterance, OK) for utterance in ids]
    return batch_of([torch.zeros(0)] * len(ids), _NO_AUDIO_RATE, ids, statuses)


def whole(fault: str | None, windows: Sequence[Hypothesis]) -> Hypothesis:
    """The hypothesis of an utterance: excluded unheard for a fault of its row, else that of its windows together."""
    if fault:
        return Hypothesis(None, ItemStatus(Status.EXCLUDED, fault))
    return joined(windows)


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
    rows: list[Row] = [
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


def _timings(found: Mapping[str, Hypothesis], grammar_id: str, altered_s: Mapping[str, float]) -> pa.Table:
    worker = str(os.getpid())
    rows: list[Row] = [
        {
            "utterance_id": utterance,
            "grammar_id": grammar_id,
            "latency_s": hypothesis.latency_s,
            "altered_s": altered_s.get(utterance),
            "attempt": 1,
            "worker": worker,
        }
        for utterance, hypothesis in found.items()
    ]
    return table(rows, TIMINGS)
