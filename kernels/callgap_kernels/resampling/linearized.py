"""Ratios of sums and their linearized variances, in a sample and in its resamples.

The variance is that of Cochran (1977, section 6.3), at the level of speakers:
    var(R) = n / (n - 1) * sum_s w_s * (e_s - R * N_s)**2 / (sum_s w_s * N_s)**2
with `n` speakers, numerators `e`, denominators `N` and resample counts `w` (all 1 in the sample itself).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# Residuals and sums of squares this small beside their terms are rounding errors of a true zero.
RESIDUAL_ROUNDING: Final = 16 * np.finfo(np.float64).eps
SQUARES_ROUNDING: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates with their variances; every array is float64 [..., member, endpoint].

    Attributes:
        value: Estimate in the sample or in each resample; NaN where undefined.
        deviation: Value minus the value in the sample, free of cancellation.
        variance: Linearized variance of the value.
    """

    value: Float
    deviation: Float
    variance: Float

    def log(self, sample: Float) -> "Estimates":
        """Take natural logs, variances by the delta method.

        Args:
            sample: Values in the sample [member, endpoint].

        Returns:
            Logs; NaN where the value in the sample or in the resample is not positive.
        """
        value = np.where((self.value > 0) & (sample > 0), self.value, np.nan)
        change = ratio(self.deviation, np.where(np.isnan(value), np.nan, sample))
        return Estimates(np.log(value), np.log1p(change), self.variance / value**2)

    def contrast(self, pairs: Int) -> "Estimates":
        """Subtract independent members from each other.

        Args:
            pairs: (member, reference member) [contrast, 2].

        Returns:
            Differences [..., contrast, endpoint].
        """
        one, other = pairs[:, 0], pairs[:, 1]
        return Estimates(
            self.value[..., one, :] - self.value[..., other, :],
            self.deviation[..., one, :] - self.deviation[..., other, :],
            self.variance[..., one, :] + self.variance[..., other, :],
        )

    def studentized(self) -> Float:
        """Divide deviations by standard errors.

        Returns:
            Studentized deviations of the same shape. A standard error of 0 gives 0 where the deviation is 0, else
            infinity with the sign of the deviation; what is undefined is NaN.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            t = self.deviation / np.sqrt(self.variance)
        still = (self.deviation == 0) & (self.variance == 0)
        return np.where(still, 0.0, t)


@dataclass(frozen=True, eq=False)
class GroupMoments:
    """What one group's resamples are computed from.

    Attributes:
        rate: Ratio of sums in the sample; NaN where the denominator is 0 [endpoint].
        columns: e, N, u, u**2, u * N and N**2 of each speaker, u = e - rate * N [speaker, 6 * endpoint].
    """

    rate: Float
    columns: Float

    @classmethod
    def from_sums(cls, numerator: Float, denominator: Float) -> "GroupMoments":
        """Center the numerators and multiply out.

        Args:
            numerator: Sums of one group's speakers [speaker, endpoint].
            denominator: Likewise.

        Returns:
            Moments of the group.
        """
        rate = ratio(numerator.sum(axis=0), denominator.sum(axis=0))
        expected = rate * denominator
        residual = numerator - expected
        residual[np.abs(residual) <= RESIDUAL_ROUNDING * (np.abs(numerator) + np.abs(expected))] = 0.0
        terms = [numerator, denominator, residual, residual**2, residual * denominator, denominator**2]
        return cls(rate, np.concatenate(terms, axis=1))

    def estimates(self, counts: Float) -> Estimates:
        """Compute rates and variances from weighted sums of the moments.

        Args:
            counts: How often each speaker counts [resample, speaker].

        Returns:
            Rates [resample, endpoint]; NaN where the weighted denominator is 0.
        """
        speakers = len(self.columns)
        sums = (counts @ self.columns).reshape(len(counts), 6, len(self.rate))
        e, n, u, uu, un, nn = np.moveaxis(sums, 1, 0)
        deviation = ratio(u, n)
        terms = uu + deviation**2 * nn
        squares = terms - 2 * deviation * un
        squares = np.where(squares <= SQUARES_ROUNDING * terms, 0.0, squares)
        scale = speakers / (speakers - 1) if speakers > 1 else np.nan
        return Estimates(ratio(e, n), deviation, scale * ratio(squares, n**2))


def sample_estimates(groups: list[GroupMoments]) -> Estimates:
    """Compute each group's rate and variance in the sample.

    Args:
        groups: Moments of the groups.

    Returns:
        Rates [group, endpoint], deviations 0.
    """
    each = [group.estimates(np.ones((1, len(group.columns)))) for group in groups]
    rate = np.stack([group.rate for group in groups])
    variance = np.concatenate([estimates.variance for estimates in each])
    return Estimates(rate, np.where(np.isnan(rate), np.nan, 0.0), variance)


def ratio(numerator: Float, denominator: Float) -> Float:
    """Divide, giving NaN where the denominator is 0.

    Args:
        numerator: Any shape.
        denominator: A shape that broadcasts to the numerator's.

    Returns:
        Quotients of the numerator's shape.
    """
    quotient: Float = numerator / np.where(denominator == 0, np.nan, denominator)
    return quotient
