"""How much faster all cores recognize than one process does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

import pyarrow as pa

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.engine import LocalEngine
from callgap.recognition import Job, Recognition
from callgap.recognizing import evened
from callgap.records import OPEN
from callgap.run_directory import Part
from callgap.speech import Speech
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case

PARTS = ("corpus=synthetic", "recognizer=pocketsphinx-ngram", "channel=g711u", "ivr=none")
"""Voices, telephone and recognizer that are in the wheel: the same work wherever it is measured."""

UTTERANCES = 240
_JOB = 48
"""As `batch_size` is where nothing is said."""

Texts = Mapping[str, str | None]


def across_processes(utterances: int, rounds: int, workers: int | None = None) -> list[Timed]:
    """Time PocketSphinx in one process and in as many as there are cores, the start of the processes included.

    Args:
        utterances: how many of the synthetic corpus.
        rounds: timed runs of each.
        workers: processes; None takes a core each.

    Returns:
        Microseconds per utterance of both.

    Raises:
        WrongResultError: an utterance has another text in the one than in the other.
    """
    unit = units(plain(composed([*PARTS])))
    corpus = unit["corpus"]
    rows = corpus.utterances()
    rows = rows.take([place * len(rows) // utterances for place in range(min(utterances, len(rows)))])
    stage = Recognition(
        Speech(corpus, unit["alteration"]), unit["channel"], unit["recognizer"], {}, corpus.card.language
    )
    jobs = list(evened([Job(rows.slice(begin, _JOB), OPEN, False) for begin in range(0, len(rows), _JOB)]))
    count = workers or len(os.sched_getaffinity(0))
    expected = recognized(stage, LocalEngine(0), jobs[:1])
    names = {0: "one process", count: f"callgap, {count} processes"}
    found: dict[int, Texts] = {}

    def agree(number: int, texts: object) -> None:
        found[number] = texts if isinstance(texts, dict) else {}
        require_same(expected, {name: found[number].get(name) for name in expected}, names[number])
        require_same(found[0], found[number], names[number])

    contenders = [
        Contender(name, partial(recognized, stage, LocalEngine(number), jobs), len(rows), partial(agree, number))
        for number, name in names.items()
    ]
    return time_case(f"PocketSphinx, {len(rows):,} calls", contenders, rounds=rounds)


def recognized(stage: Recognition, engine: LocalEngine, jobs: Sequence[Job]) -> Texts:
    """By utterance, the text."""
    parts: list[Part] = list(engine.map(stage, jobs))
    rows = pa.concat_tables([part.hypotheses for part in parts])
    return dict(zip(rows["utterance_id"].to_pylist(), rows["text"].to_pylist(), strict=True))


def require_same(expected: Texts, found: Texts, name: str) -> None:
    """Compare all texts.

    Raises:
        WrongResultError: one of them differs, or is not there.
    """
    for utterance in sorted(expected.keys() | found.keys()):
        if expected.get(utterance) != found.get(utterance):
            raise WrongResultError(
                f"{name} makes {found.get(utterance)!r} of {utterance}, one process {expected.get(utterance)!r}"
            )
