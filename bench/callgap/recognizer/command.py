"""Any program that reads a WAV file and prints what it understood."""

from __future__ import annotations

import re
import tempfile
import time
import wave
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.isolation import (
    ProgramError,
    check_arguments,
    check_environment,
    environment_of,
    output_of,
    program_at,
)
from callgap.recognizer.answers import Answer, AnswerError, read_answer
from callgap.recognizer.base import Hypothesis, Transcription
from callgap.recognizer.pcm import pcm16
from callgap.records import OK, Context, Grammar, ItemStatus, Status

_PLACEHOLDER = re.compile(r"\{(wav|language)\}")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Command:
    """Runs a program once per utterance, in an empty folder of its own that is removed afterwards.

    The program prints the text, or a JSON object with `text` and, if it likes, `confidence` and `n_best`. One that
    fails loses its own utterance only.

    Attributes:
        command: program and arguments, with `{wav}` where the path of the WAV file goes and `{language}` where the
            BCP 47 tag goes. No shell reads it. Files that it names need absolute paths.
        timeout_s: seconds after which the program and all that it started are killed.
        sample_rate: of the WAV file (16-bit PCM, one channel), in Hz.
        id: of the system in a published table; None takes the program's name.
        revision: of the system.
        locale: of the system.
        environment: names of variables that the program sees besides PATH, LANG and HOME.
    """

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout_s: Annotated[float, Field(gt=0)]
    sample_rate: Annotated[int, Field(ge=8000, le=48000)]
    id: str | None = None
    revision: str = "not stated"
    locale: str = "not stated"
    environment: tuple[str, ...] = ()
    hears: ClassVar[bool] = True

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch, one program after the other.

        Raises:
            InputError: the program is not there.
        """
        audio = batch.resampled(self.sample_rate)
        hypotheses = [
            self._recognize(audio.signal(i), context.language)
            if status.status is Status.OK
            else Hypothesis(None, status)
            for i, status in enumerate(audio.statuses)
        ]
        return Transcription(audio.utterance_ids, tuple(hypotheses))

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check that the program is there, gets the audio, and sees what it is meant to see.

        Raises:
            InputError: there is no such program, no `{wav}` in its arguments, a relative path, or an unset variable.
        """
        check_arguments(self.command, {"wav": "the file to read"}, "recognizer.command")
        check_environment(self.environment, "recognizer.environment")

    def identity(self) -> Mapping[str, str]:
        """What the user says of the system."""
        return {"id": self.id or Path(self.command[0]).stem, "revision": self.revision, "locale": self.locale}

    def _recognize(self, signal: Signal, language: str) -> Hypothesis:
        program = program_at(self.command[0], "recognizer.command")
        # What a program leaves behind may be impossible to remove, and is no reason to stop the others.
        with tempfile.TemporaryDirectory(prefix="callgap-", ignore_cleanup_errors=True) as folder:
            wav = Path(folder) / "utterance.wav"
            self._write(wav, signal)
            values = {"wav": str(wav), "language": language}
            arguments = [_PLACEHOLDER.sub(lambda found: values[found[1]], part) for part in self.command[1:]]
            begin = time.perf_counter()
            try:
                answer = read_answer(
                    output_of(
                        [program, *arguments], Path(folder), environment_of(self.environment), timeout_s=self.timeout_s
                    )
                )
            except (ProgramError, AnswerError) as error:
                latency = time.perf_counter() - begin
                return Hypothesis(None, ItemStatus(Status.FAILED, str(error)), latency_s=latency)
            return _hypothesis(answer, time.perf_counter() - begin)

    def _write(self, path: Path, signal: Signal) -> None:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(pcm16(signal))


def _hypothesis(answer: Answer, latency_s: float) -> Hypothesis:
    if answer.text is None:
        return Hypothesis(None, ItemStatus(Status.MISSING, "no_text"), latency_s=latency_s)
    return Hypothesis(answer.text, OK, answer.confidence, answer.n_best, latency_s)
