"""Long signals in pieces: cut where it is quiet, without overlap, joined again as texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from callgap.audio import Signal
from callgap.recognizer.base import Hypothesis, Sound
from callgap.recognizer.vad import frame_levels_db
from callgap.records import ItemStatus, Status

NOT_UNDERSTOOD = ItemStatus(Status.OK, "not_understood")
_FRAME_S = 0.02
# Frames over which the level is averaged where a cut is looked for: a stop consonant is shorter.
_QUIET_FRAMES = 10


@dataclass(frozen=True, eq=False)
class Piece:
    """Part of one sound, as long as a model hears at once.

    Attributes:
        place: of the sound in the window.
        part: of the sound, from 0.
        signal: `[sample]`.
        sample_rate: Hz.
    """

    place: int
    part: int
    signal: Signal
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self.signal) / self.sample_rate


def pieces_of(sounds: Sequence[Sound], longest_s: float) -> list[Piece]:
    """Cut what is too long.

    Args:
        sounds: of a window.
        longest_s: most seconds of a piece.

    Returns:
        At least one piece per sound, which together are the sound.
    """
    return [
        Piece(place, part, signal, sound.sample_rate)
        for place, sound in enumerate(sounds)
        for part, signal in enumerate(_parts(sound, longest_s))
    ]


def _parts(sound: Sound, longest_s: float) -> list[Signal]:
    rest, parts = sound.signal, []
    longest = sound.signal.numel() if longest_s == float("inf") else int(longest_s * sound.sample_rate)
    while len(rest) > longest:
        cut = _quietest(rest[:longest], sound.sample_rate)
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest]


def _quietest(signal: Tensor, sample_rate: int) -> int:
    # In the second half, so that no more pieces come out than twice the fewest.
    half = len(signal) // 2
    levels = frame_levels_db(signal[half:], sample_rate)
    if len(levels) < _QUIET_FRAMES:
        return len(signal)
    power = (levels / 10 * torch.log(torch.tensor(10.0))).exp()
    means = power.unfold(0, _QUIET_FRAMES, 1).mean(dim=1)
    size = max(1, round(_FRAME_S * sample_rate))
    return half + (int(means.argmin()) + _QUIET_FRAMES // 2) * size


def joined(parts: Sequence[Hypothesis]) -> Hypothesis:
    """The hypothesis of a sound from those of its pieces.

    Args:
        parts: in order, at least one.

    Returns:
        The only one; or the texts joined by spaces, without a confidence of the whole; or the first status that is not
        ok, since a text with a hole is no text of the sound.
    """
    if len(parts) == 1:
        return parts[0]
    seconds = sum(part.latency_s for part in parts)
    for part in parts:
        if part.status.status is not Status.OK:
            return Hypothesis(None, part.status, latency_s=seconds)
    text = " ".join(part.text for part in parts if part.text)
    if not text:
        return Hypothesis("", NOT_UNDERSTOOD, latency_s=seconds)
    return Hypothesis(text, n_best=(text,), latency_s=seconds)
