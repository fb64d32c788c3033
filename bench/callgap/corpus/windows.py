"""Cuts what is long into windows at its silences, in memory that does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from callgap.corpus.sound import Examination, Extract, Samples, sound_of

_QUIET_S = 0.3


@dataclass(frozen=True)
class Window:
    """A stretch of an utterance.

    Attributes:
        samples: `[sample]`.
        begin: first sample within the utterance.
        rate: Hz of the recording.
    """

    samples: Samples
    begin: int
    rate: int

    @property
    def end(self) -> int:
        """Last-plus-one sample within the utterance."""
        return self.begin + len(self.samples)


def windows_of(extract: Extract, window_s: float | None) -> Iterator[Window]:
    """Read an utterance; successive windows cover it without gap or overlap.

    What is longer than a window is read twice: nothing of it is given out before all of it was found to be sound.

    Args:
        extract: which sound.
        window_s: longest window in seconds; None gives the whole as one.

    Yields:
        The windows.

    Raises:
        UnheardError: the utterance cannot be used.
    """
    sound = sound_of(extract)
    length = sound.end - sound.begin
    longest = length if window_s is None else int(window_s * sound.rate)
    examination = Examination()
    if length <= longest:
        samples = np.concatenate([np.zeros(0, np.float32), *sound.blocks()])
        examination.add(samples)
        examination.conclude()
        yield Window(samples, 0, sound.rate)
        return
    for block in sound.blocks():
        examination.add(block)
    examination.conclude()
    begin = 0
    for samples in cut(sound.blocks(), longest, round(_QUIET_S * sound.rate)):
        yield Window(samples, begin, sound.rate)
        begin += len(samples)


def cut(blocks: Iterable[Samples], longest: int, quiet: int) -> Iterator[Samples]:
    """Cut a stream of samples into pieces.

    Args:
        blocks: the samples, in blocks of any size.
        longest: samples of a piece at most.
        quiet: samples of the stretch in whose middle a cut falls.

    Yields:
        Pieces that together are the stream; each but the last is at least half as long as the longest.
    """
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > longest:
            place = longest // 2 + quietest(held[longest // 2 : longest], quiet)
            yield held[:place].copy()
            held = held[place:]
    if len(held):
        yield held.copy()


def quietest(samples: Samples, quiet: int) -> int:
    """The middle of the stretch of `quiet` samples that has the least power around the mean."""
    centered = samples.astype(np.float64) - samples.mean(dtype=np.float64)
    energy = np.concatenate([[0.0], np.cumsum(centered**2)])
    return int(np.argmin(energy[quiet:] - energy[:-quiet])) + quiet // 2
