"""Results of the resampling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupEstimates:
    """Rate of each group; every array is float64 [group, endpoint].

    Attributes:
        rate: Ratio of sums; NaN where the denominator is 0.
        se: Linearized standard error; NaN for one speaker, 0 where all speakers have the same rate.
        lower: Lower equal-tailed bootstrap-t limit of the rate itself, not clipped to its range.
        upper: Upper limit, likewise. Both are NaN unless the standard error is positive.
        percentile_lower: Lower percentile limit, for display; NaN likewise.
        percentile_upper: Upper limit, likewise.
    """

    rate: Float
    se: Float
    lower: Float
    upper: Float
    percentile_lower: Float
    percentile_upper: Float


@dataclass(frozen=True, eq=False)
class ContrastEstimates:
    """Difference or log ratio of two groups; every array is float64 [contrast, endpoint].

    Attributes:
        estimate: Rate of the group minus rate of the reference group, or log of their ratio; NaN where undefined.
        se: Linearized standard error of the estimate.
        lower: Lower equal-tailed bootstrap-t limit, for this contrast and endpoint alone.
        upper: Upper limit, likewise. Both are NaN unless the standard errors of both groups are positive.
        simultaneous_lower: Lower max-T limit, valid for all contrasts and endpoints together.
        simultaneous_upper: Upper limit, likewise. Both are NaN for a member left out of the maximum: one with NaN
            pointwise limits, or with so many infinite deviations that the family's critical value could be infinite.
        percentile_lower: Lower percentile limit, for this contrast and endpoint alone, for display.
        percentile_upper: Upper limit, likewise. Both are NaN where `lower` and `upper` are.
        degenerate: Share of resamples in which the studentized deviation is undefined or its standard error is 0.
        critical: Critical value of the maximum, one number for all members; NaN if no member is left.
    """

    estimate: Float
    se: Float
    lower: Float
    upper: Float
    simultaneous_lower: Float
    simultaneous_upper: Float
    percentile_lower: Float
    percentile_upper: Float
    degenerate: Float
    critical: float


@dataclass(frozen=True, eq=False)
class BootstrapT:
    """Estimates with limits, and what they were made with.

    Attributes:
        groups: Rate of each group [group, endpoint].
        difference: Differences of rates [contrast, endpoint].
        log_ratio: Natural logs of ratios of rates [contrast, endpoint].
        seed: Key of the draws.
        resamples: Number of resamples.
        alpha: Two-sided error rate of all limits.
    """

    groups: GroupEstimates
    difference: ContrastEstimates
    log_ratio: ContrastEstimates
    seed: int
    resamples: int
    alpha: float
