"""Results of the permutation tests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ContrastTests:
    """Tests of pairs of groups, labels exchanged among the speakers of the two groups only.

    Attributes:
        estimate: Rate of the group minus rate of the reference group, NaN where undefined [contrast, endpoint].
        statistic: Studentized estimate; infinite where the standard error is 0 and the estimate is not
            [contrast, endpoint].
        p: Two-sided p-value, never 0, NaN where the statistic is undefined [contrast, endpoint].
        p_adjusted: Single-step max-T p-value over all contrasts and endpoints, at least `p` [contrast, endpoint].
        exact: Whether all arrangements were enumerated [contrast].
        arrangements: Number of distinct arrangements of the labels, at most 2**63 - 1 [contrast].
    """

    estimate: Float
    statistic: Float
    p: Float
    p_adjusted: Float
    exact: Bool
    arrangements: Int


@dataclass(frozen=True, eq=False)
class OmnibusTests:
    """Tests of "any difference", labels permuted among all groups.

    Attributes:
        statistic: Weighted sum of squared deviations of the groups' rates, not negative [endpoint].
        p: p-value, never 0, NaN where the statistic is undefined [endpoint].
        p_adjusted: Single-step max-T p-value over the endpoints, at least `p` [endpoint].
        exact: Whether all arrangements were enumerated.
        arrangements: Number of distinct arrangements of the labels, at most 2**63 - 1.
    """

    statistic: Float
    p: Float
    p_adjusted: Float
    exact: bool
    arrangements: int


@dataclass(frozen=True, eq=False)
class Permutation:
    """Permutation tests, and what they were made with.

    Attributes:
        difference: Tests of the contrasts.
        omnibus: Tests of any difference between the groups.
        seed: Key of the random permutations.
        resamples: Number of random permutations where the arrangements were not enumerated.
        statistic: How the estimates are studentized, one of `STATISTICS`.
    """

    difference: ContrastTests
    omnibus: OmnibusTests
    seed: int
    resamples: int
    statistic: str
