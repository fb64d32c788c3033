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
        self._halves: list[list[Piece]] = []
        self._padded_s = padded_s
        self._alone = alone

    def __bool__(self) -> bool:
        return bool(self._waiting or self._halves)

    def take(self, limit_s: float) -> list[Piece]:
        """The next batch.

        Args:
            limit_s: most seconds of audio, padding included; a single piece may be longer.

        Returns:
            At least one piece; half of a batch that did not fit, as long as there is one.
        """
        if self._halves:
            return self._halves.pop(0)
        count = 1 if self._alone else self._fitting(limit_s)
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def halve(self, batch: list[Piece]) -> None:
        """Let the halves of a batch that did not fit be the next; by pieces, so that halving comes to an end."""
        middle = (len(batch) + 1) // 2
        self._halves += [batch[:middle], batch[middle:]]

    def _fitting(self, limit_s: float) -> int:
        longest = self._padded_s(self._waiting[0].duration_s)
        return max(1, min(len(self._waiting), int(limit_s / max(longest, 1e-3))))

    def size_s(self, batch: Sequence[Piece]) -> float:
        """Seconds of a batch, padding included."""
        return len(batch) * max(self._padded_s(piece.duration_s) for piece in batch)
