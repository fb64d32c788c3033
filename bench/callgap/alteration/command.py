"""Any program that reads a WAV file and writes another."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import NotAlteredError, each
from callgap.alteration.sound import check_clipping, check_length, check_sound, from_file, to_wav
from callgap.audio import AudioBatch, Signal, batch_of
from callgap.isolation import ProgramError, check_arguments, check_environment, environment_of, output_of, program_at

KEY = "alteration.command"
_PLACEHOLDER = re.compile(r"\{(in|out)\}")
_LARGEST_FILE = 2**28

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[int, Field(ge=8000, le=48000)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Command:
    """Runs a program once per utterance, in an empty folder of its own that is removed afterwards.

    One that crashes, hangs or writes no recording of about the same length loses its own utterance only (`failed`):
    `timeout`, `too_much_output`, `exit_<status>`, `signal_<number>`, `not_started`, `no_file`, `unreadable`,
    `several_channels`, `wrong_rate`, `not_finite`, `longer`, `shorter` or `silent`.

    Attributes:
        command: program and arguments, with `{in}` where the path of the WAV file goes and `{out}` where that of the
            altered one goes. No shell reads it. Files that it names need absolute paths.
        timeout_s: seconds after which the program and all that it started in its session are killed.
        sample_rate: of the WAV file (16-bit PCM, one channel), in Hz; the result may have another rate.
        length_within: share of the length before by which that after may differ.
        environment: names of variables that the program sees besides PATH, LANG and HOME.
        stated_look_ahead_s: of what the program stands for, where it could stream; None is the whole utterance, which
            it is given.
    """

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout_s: Seconds
    sample_rate: Rate
    length_within: Annotated[float, Field(gt=0, le=10)] = 0.2
    environment: tuple[str, ...] = ()
    stated_look_ahead_s: Annotated[float, Field(ge=0)] | None = None

    @property
    def look_ahead_s(self) -> float:
        """As it is stated, else the whole utterance."""
        return WHOLE_UTTERANCE if self.stated_look_ahead_s is None else self.stated_look_ahead_s

    def check(self) -> None:
        """Check that the program is there, gets the audio, and sees what it is meant to see.

        Raises:
            InputError: there is no such program, no `{in}` or `{out}` in its arguments, a relative path, or an unset
                variable.
        """
        check_arguments(self.command, {"in": "the file to read", "out": "the file to write"}, KEY)
        check_environment(self.environment, "alteration.environment")

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch, one program after the other; the result has the rate of the batch.

        Raises:
            InputError: as `check` does.
        """
        self.check()
        audio = batch.resampled(self.sample_rate)
        return each(audio, lambda signal, _: self._converted(signal)).resampled(batch.sample_rate)

    def _converted(self, signal: Signal) -> Signal:
        content = self._run(to_wav(signal, self.sample_rate))
        altered, rate = from_file(content)
        check_length(signal, self.sample_rate, altered, rate, self.length_within)
        check_sound(signal, altered)
        check_clipping(signal, altered)
        return batch_of([altered], rate, [""]).resampled(self.sample_rate).signal(0)

    def _run(self, wav: bytes) -> bytes:
        program = program_at(self.command[0], KEY)
        # What a program leaves behind may be impossible to remove, and is no reason to stop the others.
        with tempfile.TemporaryDirectory(prefix="callgap-", ignore_cleanup_errors=True) as folder:
            paths = {"in": Path(folder) / "before.wav", "out": Path(folder) / "after.wav"}
            paths["in"].write_bytes(wav)
            arguments = [_PLACEHOLDER.sub(lambda found: str(paths[found[1]]), part) for part in self.command[1:]]
            try:
                output_of(
                    [program, *arguments], Path(folder), environment_of(self.environment), timeout_s=self.timeout_s
                )
            except ProgramError as error:
                raise NotAlteredError(str(error)) from None
            return _written(paths["out"])


def _written(path: Path) -> bytes:
    """The bytes of a file that a program was to write, which may be anything."""
    try:
        # A link or a pipe would lead elsewhere, or never end.
        if path.is_symlink() or not path.is_file():
            raise NotAlteredError("no_file")
        if path.stat().st_size > _LARGEST_FILE:
            raise NotAlteredError("too_much_output")
        return path.read_bytes()
    except OSError:
        raise NotAlteredError("no_file") from None
