"""Any program that alters a voice while it speaks: samples in, samples out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass as plain
from pathlib import Path
from typing import Annotated

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.alteration.command import KEY, Rate, Seconds
from callgap.alteration.items import NotAlteredError, each
from callgap.alteration.sound import check_clipping, check_sound, from_pcm, to_pcm
from callgap.audio import AudioBatch, Signal
from callgap.isolation import (
    ProgramError,
    check_arguments,
    check_environment,
    environment_of,
    exchanged,
    program_at,
)

_BYTES = 2


@plain(frozen=True)
class Streamed:
    """What a program made of a recording that it was given in chunks.

    Attributes:
        signal: `[sample]`, as long as the recording and aligned with it: the delay that was declared is removed.
        chunk_seconds: per chunk, from when it was given until what the look-ahead allows had come.
    """

    signal: Signal
    chunk_seconds: tuple[float, ...]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StreamingCommand:
    """Runs a program once per utterance and gives it one chunk after the other, as a telephone call would.

    The program reads samples (16-bit little-endian PCM, one channel) from standard input, ends with it, and writes as
    many to standard output, each at most `stated_look_ahead_s` late. It is given a chunk only when it has written all
    that it owes for those before: one that holds back more than it states never answers and fails with `timeout`. One
    that says silence instead comes out late by the difference, and its end is lost.
    After the last chunk it is given the look-ahead's length of silence.

    Attributes:
        command: program and arguments. No shell reads it. Files that it names need absolute paths.
        chunk_s: seconds that it is given at a time.
        stated_look_ahead_s: by which its output lags behind its input.
        timeout_s: seconds after which the program and all that it started are killed.
        sample_rate: of the samples either way, in Hz.
        environment: names of variables that the program sees besides PATH, LANG and HOME.
    """

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    chunk_s: Seconds
    stated_look_ahead_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    timeout_s: Seconds
    sample_rate: Rate
    environment: tuple[str, ...] = ()

    @property
    def look_ahead_s(self) -> float:
        """What the program needs, and the rest of the chunk that a sample arrives in."""
        return self.chunk_s + self.stated_look_ahead_s

    def check(self) -> None:
        """Check that the program is there and sees what it is meant to see.

        Raises:
            InputError: there is no such program, a path is relative, or a variable is not set.
        """
        check_arguments(self.command, {}, KEY)
        check_environment(self.environment, "alteration.environment")

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch, one program after the other; rate and lengths stay.

        Raises:
            InputError: as `check` does.
        """
        self.check()
        audio = batch.resampled(self.sample_rate)
        altered = each(audio, lambda signal, _: self.streamed(signal).signal)
        return altered.resampled(batch.sample_rate)

    def streamed(self, signal: Signal) -> Streamed:
        """Alter one recording.

        Args:
            signal: `[sample]` at `sample_rate`, at least one.

        Raises:
            NotAlteredError: `timeout`, `too_much_output`, `ended_early`, `exit_<status>`, `signal_<number>`,
                `not_started`, `longer`, `shorter`, `silent` or `clipped`.
        """
        ahead, chunk = (
            round(self.stated_look_ahead_s * self.sample_rate),
            max(1, round(self.chunk_s * self.sample_rate)),
        )
        given = torch.cat([signal.cpu(), torch.zeros(ahead)])
        pieces = [to_pcm(piece) for piece in torch.split(given, chunk)]
        owed = [_BYTES * max(0, min((k + 1) * chunk, len(given)) - ahead) for k in range(len(pieces))]
        with tempfile.TemporaryDirectory(prefix="callgap-", ignore_cleanup_errors=True) as folder:
            command = [program_at(self.command[0], KEY), *self.command[1:]]
            seen = environment_of(self.environment)
            try:
                found = exchanged(command, Path(folder), seen, pieces, owed, timeout_s=self.timeout_s)
            except ProgramError as error:
                raise NotAlteredError(str(error)) from None
        altered = from_pcm(found.output)
        if len(altered) != len(given):
            raise NotAlteredError("longer" if len(altered) > len(given) else "shorter")
        check_sound(signal.cpu(), altered[ahead:])
        check_clipping(signal.cpu(), altered[ahead:])
        return Streamed(altered[ahead:], found.seconds)
