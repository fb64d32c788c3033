"""A central recognizer at work: the line in worker processes, windows of many utterances in this one."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from callgap.audio import AudioBatch
from callgap.background import Ahead
from callgap.channel import Channel
from callgap.engine import Engine
from callgap.recognition import Job, Recognition, part_of, usable_rows, whole
from callgap.recognizer import Central, Hypothesis, Sound
from callgap.records import ItemStatus, Status
from callgap.run_directory import Part
from callgap.speech import Noted, Row, Speech

_WINDOW_BYTES = 2**30
"""Sound of one window at most, whatever the recognizer wants to see at once; one recording may be longer."""

_KEPT_EVERY_S = 10.0


@dataclass(frozen=True)
class Piece:
    """One utterance, or one window of a long recording, on its way between processes.

    Attributes:
        samples: float32 `[sample]` in [-1, 1]. No tensor: torch would send it through a shared file, and files run out.
        sample_rate: Hz.
        status: whether it can be heard.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    status: ItemStatus

    @property
    def can_be_heard(self) -> bool:
        """Whether the recognizer is given it."""
        return self.status.status is Status.OK


@dataclass(frozen=True)
class Recording:
    """One utterance as it came out of the line.

    Attributes:
        utterance_id: of the utterance.
        fault: of its row; then there are no pieces.
        pieces: its windows, in order.
        covariates: row of `covariates`; None where they are not wanted.
        voice: row of `voices`, likewise.
        altered_s: seconds of computing that the alteration took; None where nothing was altered.
    """

    utterance_id: str
    fault: str | None
    pieces: tuple[Piece, ...]
    covariates: Row | None
    voice: Row | None
    altered_s: float | None

    @property
    def sounds(self) -> int:
        """How many pieces the recognizer is given."""
        return sum(piece.can_be_heard for piece in self.pieces)

    @property
    def bytes(self) -> int:
        """Of all samples."""
        return sum(piece.samples.nbytes for piece in self.pieces)


@dataclass(frozen=True)
class Recorded:
    """What came out of the line for one job."""

    grammar_id: str
    recordings: tuple[Recording, ...]


@dataclass(frozen=True)
class Line:
    """From utterances to what the recognizer is given; it can be sent to another process."""

    speech: Speech
    channel: Channel

    def __call__(self, job: Job) -> Recorded:
        """Read, alter and transmit one job; a row with a fault stays unread."""
        noted = Noted()
        pieces: dict[str, list[Piece]] = defaultdict(list)
        for audio in self.speech.altered(usable_rows(job), noted, measured=job.measure):
            line = self.channel.transmit(audio)
            for index, utterance in enumerate(line.utterance_ids):
                pieces[utterance].append(_piece(line, index))
        rows = job.utterances.select(["utterance_id", "duration_s", "fault"]).to_pylist()
        return Recorded(
            job.grammar_id,
            tuple(
                Recording(
                    row["utterance_id"],
                    row["fault"],
                    tuple(pieces[row["utterance_id"]]),
                    noted.covariates_of(row, self.speech.corpus) if job.measure else None,
                    noted.voice_of(row) if job.measure and self.speech.voice.wanted else None,
                    noted.altered_s.get(row["utterance_id"]),
                )
                for row in rows
            ),
        )


def _piece(line: AudioBatch, index: int) -> Piece:
    # A copy: what is sent must not drag the rest of its batch along.
    return Piece(line.signal(index).cpu().numpy().copy(), line.sample_rate, line.statuses[index])


def parts(recognition: Recognition, engine: Engine, jobs: Sequence[Job], keep: int) -> Iterator[Part]:
    """Recognize with a central recognizer.

    Args:
        recognition: of the run.
        engine: has the line's work done, a window ahead of the recognizer.
        jobs: what is to be recognized.
        keep: utterances after which what was found is passed on, even within a window.

    Yields:
        Every utterance of every job once. Where the recognizer gives up, what it found before comes first.
    """
    recognizer = recognition.recognizer
    assert isinstance(recognizer, Central)
    line = Line(recognition.speech, recognition.channel)

    def recorded() -> Generator[Recorded, None, None]:
        yield from engine.map(line, jobs)

    def weight(item: Recorded) -> float:
        return fullness(item.recordings, recognizer.window)

    with Ahead(recorded(), weight, 1.0) as ahead:
        for grammar_id, window in windows(ahead, recognizer.window):
            yield from _recognized(recognition, recognizer, grammar_id, window, keep)


def fullness(recordings: Iterable[Recording], window: int) -> float:
    """How much of a window some recordings are: by their sounds or by their bytes, whichever is more."""
    sounds, size = 0, 0
    for recording in recordings:
        sounds, size = sounds + recording.sounds, size + recording.bytes
    return max(sounds / window, size / _WINDOW_BYTES)


def windows(jobs: Iterable[Recorded], most: int) -> Iterator[tuple[str, list[Recording]]]:
    """Gather recordings until there are enough of them.

    Args:
        jobs: in whatever order.
        most: sounds of a window.

    Yields:
        A grammar and recordings for it: as many as fit into a window, or one that is longer. With several grammars
        the fullest comes first, so that never more than one window and one job are held.
    """
    held: defaultdict[str, deque[Recording]] = defaultdict(deque)
    full: dict[str, float] = {}
    for job in jobs:
        held[job.grammar_id].extend(job.recordings)
        full[job.grammar_id] = fullness(held[job.grammar_id], most)
        while sum(full.values()) >= 1:
            largest = max(full, key=lambda grammar_id: full[grammar_id])
            yield largest, _taken(held[largest], most)
            full[largest] = fullness(held[largest], most)
    for grammar_id, left in held.items():
        while left:
            yield grammar_id, _taken(left, most)


def _taken(held: deque[Recording], most: int) -> list[Recording]:
    taken = [held.popleft()]
    sounds, size = taken[0].sounds, taken[0].bytes
    while held and sounds + held[0].sounds <= most and size + held[0].bytes <= _WINDOW_BYTES:
        sounds, size = sounds + held[0].sounds, size + held[0].bytes
        taken.append(held.popleft())
    return taken


@dataclass
class _Window:
    """Recordings of which hypotheses come in, sound by sound, in whatever order."""

    recordings: Sequence[Recording]
    found: dict[tuple[int, int], Hypothesis] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = [
            (row, piece)
            for row, recording in enumerate(self.recordings)
            for piece, each in enumerate(recording.pieces)
            if each.can_be_heard
        ]
        self._left = [recording.sounds for recording in self.recordings]
        self.complete = [row for row, left in enumerate(self._left) if left == 0]

    @property
    def sounds(self) -> list[Sound]:
        """What the recognizer is given."""
        return [self._sound(self.recordings[row], piece) for row, piece in self.places]

    def take(self, place: int, hypothesis: Hypothesis) -> None:
        """Keep the hypothesis of one sound.

        Raises:
            RuntimeError: it was there already.
        """
        row, piece = self.places[place]
        if (row, piece) in self.found:
            raise RuntimeError(f"the recognizer gave two texts for sound {place} of {len(self.places)}")
        self.found[row, piece] = hypothesis
        self._left[row] -= 1
        if self._left[row] == 0:
            self.complete.append(row)

    def part(self, grammar_id: str) -> Part:
        """Give away the recordings that are complete."""
        rows, self.complete = self.complete, []
        chosen = [self.recordings[row] for row in rows]
        found = {self.recordings[row].utterance_id: self._whole(row) for row in rows}
        heard = (piece for recording in chosen for piece in recording.pieces if piece.can_be_heard)
        return part_of(
            found,
            grammar_id,
            [recording.covariates for recording in chosen if recording.covariates is not None],
            [recording.voice for recording in chosen if recording.voice is not None],
            {recording.utterance_id: recording.altered_s for recording in chosen if recording.altered_s is not None},
            sum(len(piece.samples) / piece.sample_rate for piece in heard),
        )

    @staticmethod
    def _sound(recording: Recording, place: int) -> Sound:
        piece = recording.pieces[place]
        return Sound(torch.from_numpy(piece.samples), piece.sample_rate, recording.utterance_id)

    def _whole(self, row: int) -> Hypothesis:
        recording = self.recordings[row]
        return whole(
            recording.fault,
            [
                self.found[row, place] if piece.can_be_heard else Hypothesis(None, piece.status)
                for place, piece in enumerate(recording.pieces)
            ],
        )


def _recognized(
    recognition: Recognition, recognizer: Central, grammar_id: str, recordings: Sequence[Recording], keep: int
) -> Iterator[Part]:
    window = _Window(recordings)
    answers = recognizer.recognize(window.sounds, recognition.context(grammar_id)) if window.places else iter(())
    fault: BaseException | None = None
    last = time.monotonic()
    while fault is None:
        try:
            answer = next(answers, None)
            if answer is None:
                break
            window.take(*answer)
        except (Exception, KeyboardInterrupt) as error:
            # Whatever ends the run, texts that somebody waited or paid for are kept.
            fault = error
        if len(window.complete) >= keep or (time.monotonic() - last > _KEPT_EVERY_S and window.complete):
            yield window.part(grammar_id)
            last = time.monotonic()
    if window.complete:
        yield window.part(grammar_id)
    if fault is not None:
        raise fault
    if len(window.found) < len(window.places):
        raise RuntimeError(f"the recognizer gave {len(window.found)} texts for {len(window.places)} sounds")
