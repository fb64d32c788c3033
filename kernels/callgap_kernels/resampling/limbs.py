"""Sums without rounding: columns split into two limbs whose weighted sums float64 holds exactly, in any order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# A sum of at most 2**52 steps of a grid is exact in float64, and rounding to the grid cannot take it past 2**53 steps.
GRID_BITS: Final = 52
# OpenBLAS does products of up to 2**18 multiplications in the calling thread. Its other threads gain little at these
# shapes, and where cores are busy they cost a hundred times the product (measured).
PRODUCT: Final = 2**18
FEWEST_ROWS: Final = 16


@dataclass(frozen=True, eq=False)
class Limbs:
    """Columns as sums of two parts, such that float64 sums of each part are exact.

    A part is a multiple of a power of two so large that the sum over as many draws as there are speakers stays below
    2**53 of it, in any order. With n speakers the two parts miss less than (n * 2**-52)**2 of the largest value.

    Attributes:
        parts: High parts of all columns, then low parts of those columns that have any [part, speaker].
        split: Columns that have a low part [part].
        columns: Number of columns.
    """

    parts: Float
    split: Int
    columns: int

    @classmethod
    def from_columns(cls, columns: Float) -> "Limbs":
        """Split columns.

        Args:
            columns: Any numbers [speaker, column].

        Returns:
            Their parts.
        """
        high = _round_to_grid(columns)
        low = _round_to_grid(columns - high)
        split = np.flatnonzero(low.any(axis=0))
        return cls(np.concatenate([high, low[:, split]], axis=1).T.copy(), split, columns.shape[1])

    def weigh(self, counts: Float) -> Float:
        """Sum the columns over the speakers of each resample.

        Args:
            counts: How often each speaker counts, as many in all as there are speakers [resample, speaker].

        Returns:
            Sums, rounded once; whole numbers are exact below 2**53 [column, resample].
        """
        parts, speakers = self.parts.shape
        rows = max(FEWEST_ROWS, PRODUCT // (parts * speakers))
        depth = max(1, PRODUCT // (parts * min(rows, len(counts))))
        sums = np.zeros((parts, len(counts)))
        for row in range(0, len(counts), rows):
            few, total = counts[row : row + rows].T, sums[:, row : row + rows]
            for speaker in range(0, speakers, depth):
                total += self.parts[:, speaker : speaker + depth] @ few[speaker : speaker + depth]
        return self._joined(sums)

    def total(self) -> Float:
        """Sum the columns over all speakers, each counted once.

        Returns:
            Sums, as exact as those of `weigh` [column].
        """
        return self._joined(self.parts.sum(axis=1))

    def _joined(self, sums: Float) -> Float:
        joined = sums[: self.columns]
        joined[self.split] += sums[self.columns :]
        return joined


def _round_to_grid(columns: Float) -> Float:
    """Round to a grid so coarse that weighted sums over all speakers are exact, and as fine as that allows."""
    largest = len(columns) * np.abs(columns).max(axis=0)
    exponent = np.frexp(largest)[1] - GRID_BITS
    rounded: Float = np.ldexp(np.rint(np.ldexp(columns, -exponent)), exponent)
    return rounded
