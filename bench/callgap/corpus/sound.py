"""Hears one utterance: opens its file, says why it cannot be used, and cuts what is long at silences."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from callgap.corpus.containers import ends_early, readable, states_frames

Samples = NDArray[np.float32]
"""Samples of one channel, `[sample]`, in [-1, 1]."""

LOWEST_RATE = 8000
_HIGHEST_RATE = 768_000
_STEP = 1 / 2**15
_BLOCK = 2**18
_UNKNOWN = 2**62
# As Kaldi's extract-segments: a segment may overshoot the end of its recording by this much.
_OVERSHOOT_S = 0.5


class UnheardError(Exception):
    """Why an utterance cannot be heard: the reason code is its only argument."""

    @property
    def reason(self) -> str:
        """The reason code."""
        return str(self.args[0])


@dataclass(frozen=True)
class Extract:
    """Where the sound of one utterance is.

    Attributes:
        sound: a file that libsndfile reads, or the bytes of one.
        audio_channel: from 0; None where the file must have one channel.
        begin_s: seconds from the beginning of the file; None for its beginning.
        end_s: the same; None for its end.
    """

    sound: Path | bytes
    audio_channel: int | None = None
    begin_s: float | None = None
    end_s: float | None = None


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from its beginning to its end.

    soundfile seeks after each read, which fails in GSM 6.10 and at the end of a FLAC stream of unstated length.
    """

    def seekable(self) -> bool:
        return False

    def skip(self, frames: int, size: int) -> None:
        """Go on behind some frames."""
        if frames and super().seekable():
            self.seek(frames)
            return
        while frames > 0 and len(skipped := self.read(min(size, frames))):
            frames -= len(skipped)


@dataclass(frozen=True)
class Sound:
    """The sound of an extract whose header was read.

    Attributes:
        extract: which sound.
        rate: Hz.
        channel: to be read.
        begin: first sample.
        end: last-plus-one sample.
        promised: whether fewer samples than these mean that the file was cut off.
        block: frames to read at a time.
    """

    extract: Extract
    rate: int
    channel: int
    begin: int
    end: int
    promised: bool
    block: int

    def blocks(self) -> Iterator[Samples]:
        """The samples from first to last, piece by piece.

        Raises:
            UnheardError: the decoder fails, or there are fewer samples than promised.
        """
        done, total = 0, self.end - self.begin
        with _opened(self.extract.sound) as file:
            try:
                file.skip(self.begin, self.block)
                while done < total and len(frames := self._read(file, total - done)):
                    done += len(frames)
                    yield np.ascontiguousarray(frames[:, self.channel])
            except (soundfile.SoundFileError, RuntimeError):
                raise UnheardError("truncated_audio" if done or self._begins() else "unreadable_audio") from None
        if done < total and self.promised:
            raise UnheardError("truncated_audio")

    def _read(self, file: _Forward, most: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = file.read(min(self.block, most), dtype="float32", always_2d=True)
        return found

    def _begins(self) -> bool:
        # A decoder that fails within the first block gives out nothing of it.
        try:
            with _opened(self.extract.sound) as file:
                return len(file.read(1)) > 0
        except (soundfile.SoundFileError, RuntimeError):
            return False


def sound_of(extract: Extract) -> Sound:
    """Read what the header of an extract's file says.

    Args:
        extract: which sound.

    Returns:
        What can be read, at least one sample of it.

    Raises:
        UnheardError: `missing_audio`, `unreadable_audio`, `several_channels` (mixing a call would charge the caller
            with the agent's words), `no_such_channel`, `low_sample_rate` (below 8000 Hz no telephone speech is left),
            `truncated_audio`, `empty_audio` or `bad_segment`.
    """
    with _stream(extract.sound) as stream:
        early, states = ends_early(stream), states_frames(stream)
    with _opened(extract.sound) as file:
        channel = _channel(extract, file.channels)
        _check_rate(file.samplerate)
        begin, end = _span(extract, file.frames, file.samplerate, early)
        promised = file.frames < _UNKNOWN and (states or file.format != "MP3")
        return Sound(extract, file.samplerate, channel, begin, end, promised, max(1, _BLOCK // file.channels))


@contextmanager
def _opened(sound: Path | bytes) -> Iterator[_Forward]:
    with _stream(sound) as stream:
        try:
            file = _Forward(readable(stream))
        except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError):
            raise UnheardError("unreadable_audio") from None
        with file:
            yield file


def _stream(sound: Path | bytes) -> BinaryIO:
    if isinstance(sound, bytes):
        return io.BytesIO(sound)
    try:
        if not sound.is_file():
            raise UnheardError("missing_audio")
        return sound.open("rb")
    except OSError as error:
        raise UnheardError("unreadable_audio" if isinstance(error, PermissionError) else "missing_audio") from None


def _channel(extract: Extract, channels: int) -> int:
    if extract.audio_channel is None:
        if channels != 1:
            raise UnheardError("several_channels")
        return 0
    if extract.audio_channel >= channels:
        raise UnheardError("no_such_channel")
    return extract.audio_channel


def _check_rate(rate: int) -> None:
    if rate < LOWEST_RATE:
        raise UnheardError("low_sample_rate")
    if rate > _HIGHEST_RATE:
        raise UnheardError("unreadable_audio")


def _span(extract: Extract, frames: int, rate: int, early: bool) -> tuple[int, int]:
    begin = round((extract.begin_s or 0) * rate)
    end = frames if extract.end_s is None else round(extract.end_s * rate)
    # What a file that was cut off still holds can be heard.
    if early and (extract.end_s is None or end > frames):
        raise UnheardError("truncated_audio")
    if not frames:
        raise UnheardError("empty_audio")
    end = frames if frames < end <= frames + _OVERSHOOT_S * rate else end
    if not begin < end <= frames:
        raise UnheardError("bad_segment")
    return begin, end


class Examination:
    """Looks at samples as they pass by."""

    def __init__(self) -> None:
        self._count, self._sum, self._low, self._high = 0, 0.0, np.inf, -np.inf

    def add(self, block: Samples) -> None:
        """Look at the next samples.

        Raises:
            UnheardError: `not_finite`.
        """
        if not np.isfinite(block).all():
            raise UnheardError("not_finite")
        if not len(block):
            return
        self._count += len(block)
        self._sum += float(block.sum(dtype=np.float64))
        self._low, self._high = min(self._low, float(block.min())), max(self._high, float(block.max()))

    def conclude(self) -> None:
        """Say what follows from all samples.

        Raises:
            UnheardError: `empty_audio`, or `silent_audio` where no sample differs from the mean by more than one step
                of 16 bits.
        """
        if not self._count:
            raise UnheardError("empty_audio")
        mean = self._sum / self._count
        if max(self._high - mean, mean - self._low) <= _STEP:
            raise UnheardError("silent_audio")
