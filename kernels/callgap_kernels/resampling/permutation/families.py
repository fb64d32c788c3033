"""Speakers among whom labels are permuted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, lgamma, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.inputs import SpeakerSums

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Labels = NDArray[np.int32]

OMNIBUS_FAMILY: Final = 0
MOST_ARRANGEMENTS: Final = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Family:
    """Speakers of some groups, ordered by stratum and then as in the input.

    Attributes:
        number: Word of the counter that separates the draws of families.
        labels: Each speaker's place in the family's list of groups [speaker].
        bounds: First speaker of each stratum, and the number of speakers [stratum + 1].
        numerator: Sums per speaker [speaker, endpoint].
        denominator: Likewise.
    """

    number: int
    labels: Labels
    bounds: Int
    numerator: Float
    denominator: Float

    @classmethod
    def of_groups(cls, sums: SpeakerSums, strata: Int, groups: Sequence[int]) -> "Family":
        """Collect the speakers of some groups.

        Args:
            sums: Sums of all speakers.
            strata: Number of each speaker's stratum [speaker].
            groups: Numbers of the groups, ascending, at least one.

        Returns:
            The family; two groups have the same number whatever other groups there are.
        """
        speakers = np.flatnonzero(np.isin(sums.group, groups))
        speakers = speakers[np.argsort(strata[speakers], kind="stable")]
        stratum = strata[speakers]
        starts = np.flatnonzero(np.diff(stratum, prepend=stratum[0] - 1))
        return cls(
            number=1 + comb(groups[1], 2) + groups[0] if len(groups) == 2 else OMNIBUS_FAMILY,
            labels=np.searchsorted(groups, sums.group[speakers]).astype(np.int32),
            bounds=np.append(starts, len(speakers)),
            numerator=sums.numerator[speakers],
            denominator=sums.denominator[speakers],
        )

    @cached_property
    def sizes(self) -> Int:
        """Number of speakers of each group, the same in every arrangement [group]."""
        return np.bincount(self.labels)

    @property
    def rounding(self) -> float:
        """Relative size below which a difference between two of the family's sums is a rounding error."""
        return float((16 + len(self.labels)) * np.finfo(np.float64).eps)

    @cached_property
    def strata_sizes(self) -> Int:
        """Number of speakers of each group in each stratum [stratum, group]."""
        strata, groups = len(self.bounds) - 1, len(self.sizes)
        stratum = np.repeat(np.arange(strata), np.diff(self.bounds))
        return np.bincount(stratum * groups + self.labels, minlength=strata * groups).reshape(strata, groups)

    @cached_property
    def arrangements(self) -> int:
        """Number of distinct arrangements of the labels within the strata, at most `MOST_ARRANGEMENTS`."""
        total = 1
        for sizes in self.strata_sizes.tolist():
            total *= count_orders(sizes)
            if total > MOST_ARRANGEMENTS:
                return MOST_ARRANGEMENTS
        return total


def count_orders(sizes: Sequence[int]) -> int:
    """Count the distinct orders of labels.

    Args:
        sizes: How often each label occurs.

    Returns:
        The multinomial coefficient, or a number above `MOST_ARRANGEMENTS` where it is above.
    """
    # The coefficient of a large stratum has thousands of digits and takes long.
    if lgamma(1 + sum(sizes)) - sum(lgamma(1 + size) for size in sizes) > 1 + log(MOST_ARRANGEMENTS):
        return 2 * MOST_ARRANGEMENTS
    orders, placed = 1, 0
    for size in sizes:
        placed += size
        orders *= comb(placed, size)
    return orders
