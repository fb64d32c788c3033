"""The work of a run that hears: which utterances are left, recognized wherever they are, kept as they come."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

import pyarrow as pa
from rich.console import Console

from callgap.background import Behind
from callgap.engine import Engine
from callgap.errors import InputError
from callgap.hearing import parts
from callgap.ivr import Plan
from callgap.progress import track
from callgap.recognition import Job, Recognition
from callgap.recognizer import Central
from callgap.records import Status
from callgap.run_directory import SITTINGS, Part, RunDirectory
from callgap.sittings import Sitting

_JOB_S = 600.0
"""Seconds of sound of one job at most, for it waits in memory; one recording may be longer."""

_LAST_SHARE, _LEAST = 16, 4
"""A job is no more than this part of the work that is left, and need not be less than that many utterances."""


def jobs_left(plan: Plan, utterances: pa.Table, directory: RunDirectory, size: int) -> Iterator[Job]:
    """What a run still has to recognize.

    Args:
        plan: all of it.
        utterances: table `utterances`.
        directory: holds the parts that are finished.
        size: most utterances of a job.

    Yields:
        Jobs grouped by grammar; each recording is measured in one of them.
    """
    done = directory.read_parts("hypotheses")
    finished = set(zip(done["grammar_id"].to_pylist(), done["utterance_id"].to_pylist(), strict=True))
    measured = set(directory.read_parts("covariates")["utterance_id"].to_pylist())
    places = {utterance: row for row, utterance in enumerate(utterances["utterance_id"].to_pylist())}
    for kind in (plan.calls, plan.probes):
        for grammar_id, ids in kind.items():
            open_ids = [u for u in ids if (grammar_id, u) not in finished]
            first = [u for u in open_ids if u not in measured]
            again = [u for u in open_ids if u in measured]
            measured.update(first)
            for chosen, measure in ((first, True), (again, False)):
                for begin in range(0, len(chosen), size):
                    rows = utterances.take([places[u] for u in chosen[begin : begin + size]])
                    for piece in _in_pieces(rows):
                        yield Job(piece, grammar_id, measure)


def _in_pieces(rows: pa.Table) -> Iterator[pa.Table]:
    begin, seconds = 0, 0.0
    for place, duration in enumerate(rows["duration_s"].to_pylist()):
        if place > begin and seconds + (duration or 0.0) > _JOB_S:
            yield rows.slice(begin, place - begin)
            begin, seconds = place, 0.0
        seconds += duration or 0.0
    yield rows.slice(begin)


def evened(jobs: Sequence[Job]) -> Iterator[Job]:
    """Cut jobs so that no process waits long for the last: guided self-scheduling (Polychronopoulos and Kuck 1987).

    Args:
        jobs: in order.

    Yields:
        The same utterances in the same order; the nearer the end, the smaller the jobs.
    """
    left = sum(len(job.utterances) for job in jobs)
    for job in jobs:
        begin = 0
        while begin < len(job.utterances):
            size = max(_LEAST, -(-left // _LAST_SHARE))
            piece = replace(job, utterances=job.utterances.slice(begin, size))
            yield piece
            begin += len(piece.utterances)
            left -= len(piece.utterances)


def recognize(
    stage: Recognition, engine: Engine, jobs: Sequence[Job], directory: RunDirectory, *, keep: int, console: Console
) -> None:
    """Recognize what is left of a run and write it down in the background.

    Args:
        stage: from utterances to hypotheses.
        engine: where the work is done.
        jobs: what is left.
        directory: of the run.
        keep: utterances after which a central recognizer's texts are written.
        console: for progress.

    Raises:
        InputError: the recognizer cannot begin or go on, the corpus is strict and an utterance cannot be used, or the
            directory cannot be written to; what was finished before is kept.
    """
    recognizer = stage.recognizer
    if jobs and _is_central(stage):
        assert isinstance(recognizer, Central)
        recognizer.warm(stage.context(jobs[0].grammar_id))
    sitting = Sitting(directory, recognizer)
    total = sum(len(job.utterances) for job in jobs)
    with Behind() as behind, closing(_parts(stage, engine, jobs, keep)) as found:
        counted = ((len(part.hypotheses), part) for part in found)
        for part in track(counted, total, "recognizing" if recognizer.hears else "looking up", console):
            behind.do(partial(directory.write_part, part))
            if recognizer.hears:
                behind.do(partial(directory.write_json, SITTINGS, sitting.after(part)))
            if stage.speech.corpus.strict:
                _require_none_excluded(part, jobs, directory)


def _is_central(stage: Recognition) -> bool:
    return stage.recognizer.hears and isinstance(stage.recognizer, Central)


def _parts(stage: Recognition, engine: Engine, jobs: Sequence[Job], keep: int) -> Generator[Part, None, None]:
    yield from parts(stage, engine, jobs, keep) if _is_central(stage) else engine.map(stage, jobs)


def _require_none_excluded(part: Part, jobs: Sequence[Job], directory: RunDirectory) -> None:
    for row in part.hypotheses.to_pylist():
        if row["status"] == Status.EXCLUDED:
            utterance = row["utterance_id"]
            audio = next(
                file
                for job in jobs
                for file, name in zip(
                    job.utterances["audio"].to_pylist(), job.utterances["utterance_id"].to_pylist(), strict=True
                )
                if name == utterance
            )
            place = f" ({audio})" if audio else ""
            raise InputError(
                f"corpus.strict=true: the utterance {utterance}{place} cannot be used: {row['reason']}; mend "
                f"it, or repeat the command with corpus.strict=false resume={directory.path}"
            )
