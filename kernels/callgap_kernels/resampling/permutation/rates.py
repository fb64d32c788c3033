"""Statistics of arrangements, from the groups' rates and variances."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.permutation.families import Family

Float = NDArray[np.float64]

STATISTICS: Final = ("studentized", "difference")


@dataclass(frozen=True, eq=False)
class GroupRates:
    """Rates of the groups in each arrangement; every array is float64 [arrangement, group, endpoint].

    Attributes:
        rate: Ratio of sums; NaN where the denominator is 0.
        variance: Variance of the rate; NaN where the rate is, and for one speaker where it comes from the group alone.
    """

    rate: Float
    variance: Float

    def difference(self, rounding: float) -> Float:
        """Studentize the second group's rate minus the first's.

        Args:
            rounding: Relative size of a rounding error.

        Returns:
            Difference over standard error. A standard error of 0 gives 0 where the difference is 0, else infinity with
            its sign; NaN where undefined [arrangement, endpoint].
        """
        reference, rate = self.rate[:, 0], self.rate[:, 1]
        variance = self.variance[:, 0] + self.variance[:, 1]
        still = (variance == 0) & (np.abs(rate - reference) <= rounding * (np.abs(rate) + np.abs(reference)))
        return _divide(rate - reference, np.sqrt(variance), still)

    def omnibus(self, rounding: float) -> Float:
        """Sum the squared deviations from the weighted mean, in units of the variances (Welch 1951; James 1951).

        Args:
            rounding: Relative size of a rounding error.

        Returns:
            Sum over groups of (rate - mean)**2 / variance, the mean weighted by 1 / variance. Groups of variance 0
            have all the weight: the sum is infinite where they differ. NaN where undefined [arrangement, endpoint].
        """
        still = self.variance == 0
        with np.errstate(divide="ignore"):
            weight = np.where(still.any(axis=1, keepdims=True), still, 1 / self.variance)
        mean = (weight * self.rate).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
        deviation = self.rate - mean
        still &= np.abs(deviation) <= rounding * (np.abs(self.rate) + np.abs(mean))
        total: Float = _divide(deviation**2, self.variance, still).sum(axis=1)
        return total


def with_pooled_variance(family: Family, rates: GroupRates) -> GroupRates:
    """Replace the variances by some that depend on no label.

    A statistic divided by a constant has the p-value of the statistic itself. This constant makes endpoints of
    different units comparable in a maximum.

    Args:
        family: The speakers.
        rates: Rates in some arrangements.

    Returns:
        The same rates; each group's variance is that of its number of speakers drawn from the whole family.
    """
    bottom = family.denominator.sum(axis=0)
    pooled = family.numerator.sum(axis=0) / np.where(bottom > 0, bottom, np.nan)
    squares = ((family.numerator - pooled * family.denominator) ** 2).sum(axis=0)
    squares[squares <= squares_rounding(family)] = 0.0
    speakers = len(family.labels)
    variance = squares / max(speakers - 1, 1) * (speakers / bottom.clip(min=np.finfo(np.float64).tiny)) ** 2
    return GroupRates(rates.rate, np.broadcast_to(variance / family.sizes[:, None], rates.rate.shape))


def squares_rounding(family: Family, members: Float | None = None) -> Float:
    """Bound the sum of squared residuals that rounding alone can leave.

    Args:
        family: The speakers.
        members: 1 where a speaker counts, else 0; all count if absent [..., speaker].

    Returns:
        Bounds [..., endpoint].
    """
    everyone = np.ones(len(family.labels)) if members is None else members
    bound: Float = (2 * family.rounding) ** 2 * (everyone @ family.numerator**2)
    return bound


def _divide(deviation: Float, scale: Float, still: NDArray[np.bool_]) -> Float:
    """Divide; 0 where nothing moved, infinite where only the scale is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(still, 0.0, deviation / scale)
