"""Which utterances share a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from callgap.recognizer.neural.pieces import Piece


class Filling:
    """A window's pieces, the longest first, in batches of limited padded length.

    The longest come first so that memory runs out at once if it does, and so that a batch holds pieces of like length.
    """

    def __init__(self, pieces: Iterable[Piece], padded_s: Callable[[float], float], *, alone: bool) -> None:
        self._waiting = sorted(pieces, key=lambda piece: (-piece.duration_s, piece.place, piece.part))
        self._padded_s = padded_s
        self._alone = alone

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, limit_s: float) -> list[Piece]:
        """The next batch.

        Args:
            limit_s: most seconds of audio, padding included; a single piece may be longer.

        Returns:
            At least one piece.
        """
        count = 1 if self._alone else self.fitting(self._waiting, limit_s)
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def put_back(self, batch: Sequence[Piece]) -> None:
        """Let a batch that did not fit be the next."""
        self._waiting = [*batch, *self._waiting]

    def fitting(self, pieces: Sequence[Piece], limit_s: float) -> int:
        """How many of the first pieces fit."""
        longest = self._padded_s(pieces[0].duration_s)
        return max(1, min(len(pieces), int(limit_s / max(longest, 1e-3))))

    def size_s(self, batch: Sequence[Piece]) -> float:
        """Seconds of a batch, padding included."""
        return len(batch) * max(self._padded_s(piece.duration_s) for piece in batch)
