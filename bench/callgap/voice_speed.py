"""How fast voices are altered and measured."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import pyarrow as pa
import torch

from callgap.alteration import WHOLE_UTTERANCE, Alteration, BySpeaker
from callgap.assembly import units
from callgap.audio import AudioBatch, batch_of
from callgap.configuration import composed, plain
from callgap.corpus import Corpus
from callgap.engine import LocalEngine
from callgap.records import Status
from callgap.voice import Measures, streamed
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case

ALTERATIONS = (
    *("mcadams", "mcadams-by-speaker", "presence", "resample-only", "codec-only", "denoise", "pitch-shift"),
    *("pitch-flatten", "vocoder-only"),
)
"""Without weights; those whose package is not installed are left out."""

_EXTRA = {name: "pyworld" for name in ("pitch-shift", "pitch-flatten", "vocoder-only")} | {"denoise": "noisereduce"}
_MEASURES = {
    "voiceprint": Measures(voiceprint=True),
    "quality (DNSMOS)": Measures(quality=True),
    "prosody": Measures(prosody=True),
    "emphasis": Measures(emphasis="linear"),
}
_SENTENCES = ("balance", "transfer", "agent-sentence", "lost-card", "bill", "pin")
_BATCH = 48
_CHUNK_S = 0.1


def altering(utterances: int, rounds: int, device: str) -> tuple[list[Timed], str]:
    """Time every alteration on the same sentences.

    Args:
        utterances: how many, of synthetic voices.
        rounds: timed runs of each.
        device: that holds the audio.

    Returns:
        Microseconds per second of sound, and a sentence on those that could run on a live call.

    Raises:
        WrongResultError: an alteration failed, or gave something else the second time.
    """
    batches = [_on(device, batch) for batch in _sentences(utterances)]
    seconds = sum(float(batch.lengths.sum()) / batch.sample_rate for batch in batches)
    made = {name: _unit(name, utterances) for name in ALTERATIONS if _installed(name)}
    contenders = [
        Contender(name, partial(_all, one, batches), round(seconds), partial(_require_same, name, _all(one, batches)))
        for name, one in made.items()
    ]
    rows = time_case(f"{utterances} sentences, {seconds:,.0f} s", contenders, rounds=rounds, device=device)
    live = {name: one for name, one in made.items() if one.look_ahead_s not in (None, WHOLE_UTTERANCE)}
    return rows, " ".join(_told(name, one, batches[0]) for name, one in live.items())


def measuring(utterances: int, rounds: int) -> list[Timed]:
    """Time every measure of voices in one process.

    Args:
        utterances: how many sentences of synthetic voices.
        rounds: timed runs of each.

    Returns:
        Microseconds per utterance.

    Raises:
        WrongResultError: a measure gave something else the second time.
    """
    batches = list(_sentences(utterances))
    contenders = [
        Contender(name, partial(_rows, one, batches), utterances, partial(_require_same, name, _rows(one, batches)))
        for name, one in _MEASURES.items()
    ]
    return time_case(f"{utterances} sentences, one process", contenders, rounds=rounds)


def measuring_many(utterances: int) -> Timed:
    """Time embeddings and DNSMOS of many utterances once, over all cores, the start of the processes included.

    Args:
        utterances: how many sentences of synthetic voices.

    Returns:
        Microseconds per utterance.

    Raises:
        WrongResultError: an utterance was not measured.
    """
    corpus, rows = _callers(utterances)
    jobs = [rows.slice(begin, _BATCH) for begin in range(0, len(rows), _BATCH)]
    cores = len(os.sched_getaffinity(0))
    stage = _Measuring(corpus, Measures(voiceprint=True, quality=True))
    begin = perf_counter()
    found = [row for part in LocalEngine().map(stage, jobs) for row in part]
    taken = perf_counter() - begin
    if len(found) != utterances or any(row["reason"] or row["embedding"] is None for row in found):
        fit = sum(row["reason"] is None for row in found)
        raise WrongResultError(f"{fit} of {utterances} utterances were measured")
    us = taken / utterances * 1e6
    name = f"voiceprint and quality, {cores} processes"
    return Timed(f"{utterances:,} sentences", name, "cpu", utterances, (us, us, us), {})


@dataclass(frozen=True)
class _Measuring:
    """Reads and measures some utterances; it can be sent to another process."""

    corpus: Corpus
    measures: Measures

    def __call__(self, rows: pa.Table) -> list[dict[str, object]]:
        return [row for audio in self.corpus.load(rows) for row in self.measures.rows(audio, audio, {})]


def _callers(utterances: int) -> tuple[Corpus, pa.Table]:
    said = ",".join(_SENTENCES)
    each = -(-utterances // (len(_SENTENCES) * 13))
    unit = units(plain(composed([f"corpus.said=[{said}]", f"corpus.speakers_per_group={each}"])))
    rows = unit["corpus"].utterances()
    return unit["corpus"], rows.take([place * len(rows) // utterances for place in range(utterances)])


def _sentences(utterances: int) -> Sequence[AudioBatch]:
    corpus, rows = _callers(utterances)
    return [audio for begin in range(0, len(rows), _BATCH) for audio in corpus.load(rows.slice(begin, _BATCH))]


def _on(device: str, batch: AudioBatch) -> AudioBatch:
    return replace(batch, samples=batch.samples.to(device), lengths=batch.lengths.to(device))


def _unit(name: str, utterances: int) -> Alteration:
    made: Alteration = units(plain(composed([f"alteration={name}"])))["alteration"]
    if isinstance(made, BySpeaker):
        rows = _callers(utterances)[1]
        return made.told(dict(zip(rows["utterance_id"].to_pylist(), rows["speaker_id"].to_pylist(), strict=True)))
    return made


def _installed(name: str) -> bool:
    return name not in _EXTRA or importlib.util.find_spec(_EXTRA[name]) is not None


def _all(one: Alteration, batches: Sequence[AudioBatch]) -> list[AudioBatch]:
    return [one.alter(batch) for batch in batches]


def _rows(one: Measures, batches: Sequence[AudioBatch]) -> list[dict[str, object]]:
    return [row for batch in batches for row in one.rows(batch, batch, {})]


def _require_same(name: str, expected: object, found: object) -> None:
    if isinstance(expected, list) and expected and isinstance(expected[0], AudioBatch):
        assert isinstance(found, list)
        for one, other in zip(expected, found, strict=True):
            if any(status.status is not Status.OK for status in other.statuses):
                raise WrongResultError(f"{name} failed on some sentences")
            if not torch.equal(one.samples, other.samples):
                raise WrongResultError(f"{name} gave other samples the second time")
    elif expected != found:
        raise WrongResultError(f"{name} gave other values the second time")


def _told(name: str, one: Alteration, batch: AudioBatch) -> str:
    assert one.look_ahead_s is not None
    few = batch_of([batch.signal(i) for i in range(12)], batch.sample_rate, batch.utterance_ids[:12])
    found = streamed(one.alter, few, _CHUNK_S, one.look_ahead_s)
    return (
        f"`{name}` in chunks of {1000 * _CHUNK_S:.0f} ms: 95 % take {1000 * found.p95:.1f} ms at most, look-ahead "
        f"{1000 * one.look_ahead_s:.0f} ms, each chunk altered by itself with what follows it."
    )
