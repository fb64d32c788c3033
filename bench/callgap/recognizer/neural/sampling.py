"""Which utterances are recognized again alone, to see whether their batches changed their texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from callgap.recognizer.neural.pieces import Piece

SAMPLED = 64
"""Most utterances of a run."""
SAMPLED_PER_WINDOW = 32
"""Most utterances of a window."""


@dataclass(frozen=True, eq=False)
class Batched:
    """A piece that shared its batch.

    Attributes:
        piece: of the sound.
        text: that it got there.
        padding_s: seconds of padding that it had there.
    """

    piece: Piece
    text: str
    padding_s: float


def chosen(batched: Sequence[Batched], before: int) -> list[Batched]:
    """Choose from a window: the most padded of each of as many stretches of like length as may be chosen.

    Args:
        batched: all that shared a batch.
        before: how many were chosen from the windows before.

    Returns:
        At most `SAMPLED_PER_WINDOW`, and no more than `SAMPLED` together with those before; of equal ones, those that
        come first by a hash of their samples.
    """
    count = min(SAMPLED_PER_WINDOW, SAMPLED - before, len(batched))
    if count <= 0:
        return []
    ordered = sorted(batched, key=lambda item: (-item.piece.duration_s, _drawn(item.piece)))
    bounds = [len(ordered) * part // count for part in range(count + 1)]
    return [max(ordered[begin:end], key=lambda item: item.padding_s) for begin, end in pairwise(bounds)]


def _drawn(piece: Piece) -> bytes:
    return hashlib.sha256(piece.signal.numpy().tobytes()).digest()
